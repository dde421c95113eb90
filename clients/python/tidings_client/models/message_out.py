from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.delivery_out import DeliveryOut


T = TypeVar("T", bound="MessageOut")


@_attrs_define
class MessageOut:
    """What one customer gets, without its content.

    Attributes:
        message (str):
        customer (int): Paths take it as `id:` and the number.
        run (str):
        brand (str):
        purpose (str):
        document (str): Invoice number, or campaign/edition.
        state (str):
        reason (str):
        channel (None | str): To try next, or that took it.
        language (str):
        copy (int): 0 is the original.
        copy_because (str):
        due_at (datetime.datetime | None):
        planned_at (datetime.datetime):
        updated_at (datetime.datetime):
        deliveries (list[DeliveryOut]):
    """

    message: str
    customer: int
    run: str
    brand: str
    purpose: str
    document: str
    state: str
    reason: str
    channel: None | str
    language: str
    copy: int
    copy_because: str
    due_at: datetime.datetime | None
    planned_at: datetime.datetime
    updated_at: datetime.datetime
    deliveries: list[DeliveryOut]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.delivery_out import DeliveryOut  # noqa: PLC0415

        message = self.message

        customer = self.customer

        run = self.run

        brand = self.brand

        purpose = self.purpose

        document = self.document

        state = self.state

        reason = self.reason

        channel: None | str
        channel = self.channel

        language = self.language

        copy = self.copy

        copy_because = self.copy_because

        due_at: None | str
        if isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        planned_at = self.planned_at.isoformat()

        updated_at = self.updated_at.isoformat()

        deliveries = []
        for deliveries_item_data in self.deliveries:
            deliveries_item = deliveries_item_data.to_dict()
            deliveries.append(deliveries_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "message": message,
                "customer": customer,
                "run": run,
                "brand": brand,
                "purpose": purpose,
                "document": document,
                "state": state,
                "reason": reason,
                "channel": channel,
                "language": language,
                "copy": copy,
                "copy_because": copy_because,
                "due_at": due_at,
                "planned_at": planned_at,
                "updated_at": updated_at,
                "deliveries": deliveries,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.delivery_out import DeliveryOut  # noqa: PLC0415

        d = dict(src_dict)
        message = d.pop("message")

        customer = d.pop("customer")

        run = d.pop("run")

        brand = d.pop("brand")

        purpose = d.pop("purpose")

        document = d.pop("document")

        state = d.pop("state")

        reason = d.pop("reason")

        def _parse_channel(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        channel = _parse_channel(d.pop("channel"))

        language = d.pop("language")

        copy = d.pop("copy")

        copy_because = d.pop("copy_because")

        def _parse_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)

                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        due_at = _parse_due_at(d.pop("due_at"))

        planned_at = datetime.datetime.fromisoformat(d.pop("planned_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        deliveries = []
        _deliveries = d.pop("deliveries")
        for deliveries_item_data in _deliveries:
            deliveries_item = DeliveryOut.from_dict(deliveries_item_data)

            deliveries.append(deliveries_item)

        message_out = cls(
            message=message,
            customer=customer,
            run=run,
            brand=brand,
            purpose=purpose,
            document=document,
            state=state,
            reason=reason,
            channel=channel,
            language=language,
            copy=copy,
            copy_because=copy_because,
            due_at=due_at,
            planned_at=planned_at,
            updated_at=updated_at,
            deliveries=deliveries,
        )

        message_out.additional_properties = d
        return message_out

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
