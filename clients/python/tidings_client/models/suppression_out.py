from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="SuppressionOut")


@_attrs_define
class SuppressionOut:
    """An address that must not be used, or was not to be.

    Attributes:
        id (int):
        brand (str):
        channel (str):
        value (str):
        reason (str):
        source (str):
        proof (str):
        actor (str):
        at (datetime.datetime):
        recorded_at (datetime.datetime):
        lifted_at (datetime.datetime | None): null: it is in force.
    """

    id: int
    brand: str
    channel: str
    value: str
    reason: str
    source: str
    proof: str
    actor: str
    at: datetime.datetime
    recorded_at: datetime.datetime
    lifted_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        brand = self.brand

        channel = self.channel

        value = self.value

        reason = self.reason

        source = self.source

        proof = self.proof

        actor = self.actor

        at = self.at.isoformat()

        recorded_at = self.recorded_at.isoformat()

        lifted_at: None | str
        if isinstance(self.lifted_at, datetime.datetime):
            lifted_at = self.lifted_at.isoformat()
        else:
            lifted_at = self.lifted_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "brand": brand,
                "channel": channel,
                "value": value,
                "reason": reason,
                "source": source,
                "proof": proof,
                "actor": actor,
                "at": at,
                "recorded_at": recorded_at,
                "lifted_at": lifted_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        brand = d.pop("brand")

        channel = d.pop("channel")

        value = d.pop("value")

        reason = d.pop("reason")

        source = d.pop("source")

        proof = d.pop("proof")

        actor = d.pop("actor")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        recorded_at = datetime.datetime.fromisoformat(d.pop("recorded_at"))

        def _parse_lifted_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                lifted_at_type_0 = datetime.datetime.fromisoformat(data)

                return lifted_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        lifted_at = _parse_lifted_at(d.pop("lifted_at"))

        suppression_out = cls(
            id=id,
            brand=brand,
            channel=channel,
            value=value,
            reason=reason,
            source=source,
            proof=proof,
            actor=actor,
            at=at,
            recorded_at=recorded_at,
            lifted_at=lifted_at,
        )

        suppression_out.additional_properties = d
        return suppression_out

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
