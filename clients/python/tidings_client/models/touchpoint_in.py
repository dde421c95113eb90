from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
from uuid import UUID
import datetime

if TYPE_CHECKING:
    from ..models.touchpoint_in_detail import TouchpointInDetail


T = TypeVar("T", bound="TouchpointIn")


@_attrs_define
class TouchpointIn:
    """One thing that happened with a customer.

    Attributes:
        id (str): Unique in its source; sent twice, it is kept once. Also `external_id`.
        customer (str): The customer's reference. Also `reference`.
        channel (str): A channel, or call, visit, web, payment.
        kind (str): opened, clicked, replied, paid, called, ...; `redeemed` with `offer` or `code` in its detail ends
            reminders of that offer.
        customer_source (str | Unset): The system that gave the reference. Default: ''.
        source (str | Unset): Who reports it; the key's name when left out. Default: ''.
        direction (str | Unset):  Default: 'in'.
        purpose (str | Unset):  Default: ''.
        brand (str | Unset):  Default: 'all'.
        machine (bool | Unset):  Default: False.
        message (None | Unset | UUID):
        at (datetime.datetime | None | Unset): With an offset; now when left out.
        detail (TouchpointInDetail | Unset):
    """

    id: str
    customer: str
    channel: str
    kind: str
    customer_source: str | Unset = ""
    source: str | Unset = ""
    direction: str | Unset = "in"
    purpose: str | Unset = ""
    brand: str | Unset = "all"
    machine: bool | Unset = False
    message: None | Unset | UUID = UNSET
    at: datetime.datetime | None | Unset = UNSET
    detail: TouchpointInDetail | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.touchpoint_in_detail import TouchpointInDetail  # noqa: PLC0415

        id = self.id

        customer = self.customer

        channel = self.channel

        kind = self.kind

        customer_source = self.customer_source

        source = self.source

        direction = self.direction

        purpose = self.purpose

        brand = self.brand

        machine = self.machine

        message: None | str | Unset
        if isinstance(self.message, Unset):
            message = UNSET
        elif isinstance(self.message, UUID):
            message = str(self.message)
        else:
            message = self.message

        at: None | str | Unset
        if isinstance(self.at, Unset):
            at = UNSET
        elif isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        detail: dict[str, Any] | Unset = UNSET
        if not isinstance(self.detail, Unset):
            detail = self.detail.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "customer": customer,
                "channel": channel,
                "kind": kind,
            }
        )
        if customer_source is not UNSET:
            field_dict["customer_source"] = customer_source
        if source is not UNSET:
            field_dict["source"] = source
        if direction is not UNSET:
            field_dict["direction"] = direction
        if purpose is not UNSET:
            field_dict["purpose"] = purpose
        if brand is not UNSET:
            field_dict["brand"] = brand
        if machine is not UNSET:
            field_dict["machine"] = machine
        if message is not UNSET:
            field_dict["message"] = message
        if at is not UNSET:
            field_dict["at"] = at
        if detail is not UNSET:
            field_dict["detail"] = detail

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.touchpoint_in_detail import TouchpointInDetail  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        customer = d.pop("customer")

        channel = d.pop("channel")

        kind = d.pop("kind")

        customer_source = d.pop("customer_source", UNSET)

        source = d.pop("source", UNSET)

        direction = d.pop("direction", UNSET)

        purpose = d.pop("purpose", UNSET)

        brand = d.pop("brand", UNSET)

        machine = d.pop("machine", UNSET)

        def _parse_message(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                message_type_0 = UUID(data)

                return message_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        message = _parse_message(d.pop("message", UNSET))

        def _parse_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        at = _parse_at(d.pop("at", UNSET))

        _detail = d.pop("detail", UNSET)
        detail: TouchpointInDetail | Unset
        if isinstance(_detail, Unset):
            detail = UNSET
        else:
            detail = TouchpointInDetail.from_dict(_detail)

        touchpoint_in = cls(
            id=id,
            customer=customer,
            channel=channel,
            kind=kind,
            customer_source=customer_source,
            source=source,
            direction=direction,
            purpose=purpose,
            brand=brand,
            machine=machine,
            message=message,
            at=at,
            detail=detail,
        )

        return touchpoint_in
