from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="ConsentOut")


@_attrs_define
class ConsentOut:
    """One event of a customer's permissions.

    Attributes:
        id (int):
        brand (str):
        topic (str):
        channel (str):
        action (str):
        source (str):
        proof (str):
        actor (str):
        on_behalf (str):
        expires_at (datetime.datetime | None):
        at (datetime.datetime):
        recorded_at (datetime.datetime):
    """

    id: int
    brand: str
    topic: str
    channel: str
    action: str
    source: str
    proof: str
    actor: str
    on_behalf: str
    expires_at: datetime.datetime | None
    at: datetime.datetime
    recorded_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        brand = self.brand

        topic = self.topic

        channel = self.channel

        action = self.action

        source = self.source

        proof = self.proof

        actor = self.actor

        on_behalf = self.on_behalf

        expires_at: None | str
        if isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        at = self.at.isoformat()

        recorded_at = self.recorded_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "brand": brand,
                "topic": topic,
                "channel": channel,
                "action": action,
                "source": source,
                "proof": proof,
                "actor": actor,
                "on_behalf": on_behalf,
                "expires_at": expires_at,
                "at": at,
                "recorded_at": recorded_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        brand = d.pop("brand")

        topic = d.pop("topic")

        channel = d.pop("channel")

        action = d.pop("action")

        source = d.pop("source")

        proof = d.pop("proof")

        actor = d.pop("actor")

        on_behalf = d.pop("on_behalf")

        def _parse_expires_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        expires_at = _parse_expires_at(d.pop("expires_at"))

        at = datetime.datetime.fromisoformat(d.pop("at"))

        recorded_at = datetime.datetime.fromisoformat(d.pop("recorded_at"))

        consent_out = cls(
            id=id,
            brand=brand,
            topic=topic,
            channel=channel,
            action=action,
            source=source,
            proof=proof,
            actor=actor,
            on_behalf=on_behalf,
            expires_at=expires_at,
            at=at,
            recorded_at=recorded_at,
        )

        consent_out.additional_properties = d
        return consent_out

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
