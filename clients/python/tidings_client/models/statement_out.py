from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.statement_out_value import StatementOutValue


T = TypeVar("T", bound="StatementOut")


@_attrs_define
class StatementOut:
    """One thing that a customer asked for, as it was written down.

    Attributes:
        id (int):
        kind (str):
        brand (str):
        topic (str):
        channels (list[str]):
        value (StatementOutValue):
        from_at (datetime.datetime | None):
        until_at (datetime.datetime | None):
        source (str):
        proof (str):
        actor (str):
        on_behalf (str):
        at (datetime.datetime):
        recorded_at (datetime.datetime):
    """

    id: int
    kind: str
    brand: str
    topic: str
    channels: list[str]
    value: StatementOutValue
    from_at: datetime.datetime | None
    until_at: datetime.datetime | None
    source: str
    proof: str
    actor: str
    on_behalf: str
    at: datetime.datetime
    recorded_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.statement_out_value import StatementOutValue  # noqa: PLC0415

        id = self.id

        kind = self.kind

        brand = self.brand

        topic = self.topic

        channels = self.channels

        value = self.value.to_dict()

        from_at: None | str
        if isinstance(self.from_at, datetime.datetime):
            from_at = self.from_at.isoformat()
        else:
            from_at = self.from_at

        until_at: None | str
        if isinstance(self.until_at, datetime.datetime):
            until_at = self.until_at.isoformat()
        else:
            until_at = self.until_at

        source = self.source

        proof = self.proof

        actor = self.actor

        on_behalf = self.on_behalf

        at = self.at.isoformat()

        recorded_at = self.recorded_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "kind": kind,
                "brand": brand,
                "topic": topic,
                "channels": channels,
                "value": value,
                "from_at": from_at,
                "until_at": until_at,
                "source": source,
                "proof": proof,
                "actor": actor,
                "on_behalf": on_behalf,
                "at": at,
                "recorded_at": recorded_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.statement_out_value import StatementOutValue  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        kind = d.pop("kind")

        brand = d.pop("brand")

        topic = d.pop("topic")

        channels = cast(list[str], d.pop("channels"))

        value = StatementOutValue.from_dict(d.pop("value"))

        def _parse_from_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_at_type_0 = datetime.datetime.fromisoformat(data)

                return from_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        from_at = _parse_from_at(d.pop("from_at"))

        def _parse_until_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_at_type_0 = datetime.datetime.fromisoformat(data)

                return until_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        until_at = _parse_until_at(d.pop("until_at"))

        source = d.pop("source")

        proof = d.pop("proof")

        actor = d.pop("actor")

        on_behalf = d.pop("on_behalf")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        recorded_at = datetime.datetime.fromisoformat(d.pop("recorded_at"))

        statement_out = cls(
            id=id,
            kind=kind,
            brand=brand,
            topic=topic,
            channels=channels,
            value=value,
            from_at=from_at,
            until_at=until_at,
            source=source,
            proof=proof,
            actor=actor,
            on_behalf=on_behalf,
            at=at,
            recorded_at=recorded_at,
        )

        statement_out.additional_properties = d
        return statement_out

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
