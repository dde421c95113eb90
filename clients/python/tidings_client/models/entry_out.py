from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.entry_out_evidence import EntryOutEvidence


T = TypeVar("T", bound="EntryOut")


@_attrs_define
class EntryOut:
    """One thing that happened.

    Attributes:
        at (datetime.datetime):
        kind (str):
        channel (str):
        direction (str): `in` from the customer, `out` from us, '' for our own books.
        title (str):
        message (None | str):
        evidence (EntryOutEvidence):
    """

    at: datetime.datetime
    kind: str
    channel: str
    direction: str
    title: str
    message: None | str
    evidence: EntryOutEvidence
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.entry_out_evidence import EntryOutEvidence  # noqa: PLC0415

        at = self.at.isoformat()

        kind = self.kind

        channel = self.channel

        direction = self.direction

        title = self.title

        message: None | str
        message = self.message

        evidence = self.evidence.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "kind": kind,
                "channel": channel,
                "direction": direction,
                "title": title,
                "message": message,
                "evidence": evidence,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.entry_out_evidence import EntryOutEvidence  # noqa: PLC0415

        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        kind = d.pop("kind")

        channel = d.pop("channel")

        direction = d.pop("direction")

        title = d.pop("title")

        def _parse_message(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        message = _parse_message(d.pop("message"))

        evidence = EntryOutEvidence.from_dict(d.pop("evidence"))

        entry_out = cls(
            at=at,
            kind=kind,
            channel=channel,
            direction=direction,
            title=title,
            message=message,
            evidence=evidence,
        )

        entry_out.additional_properties = d
        return entry_out

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
