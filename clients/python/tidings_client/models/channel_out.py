from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.channel_out_evidence import ChannelOutEvidence


T = TypeVar("T", bound="ChannelOut")


@_attrs_define
class ChannelOut:
    """A channel's place, and why.

    Attributes:
        channel (str):
        rank (int | None): 1 is first; null: it is not possible.
        reason (str):
        sentence (str):
        evidence (ChannelOutEvidence):
    """

    channel: str
    rank: int | None
    reason: str
    sentence: str
    evidence: ChannelOutEvidence
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.channel_out_evidence import ChannelOutEvidence  # noqa: PLC0415

        channel = self.channel

        rank: int | None
        rank = self.rank

        reason = self.reason

        sentence = self.sentence

        evidence = self.evidence.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "channel": channel,
                "rank": rank,
                "reason": reason,
                "sentence": sentence,
                "evidence": evidence,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.channel_out_evidence import ChannelOutEvidence  # noqa: PLC0415

        d = dict(src_dict)
        channel = d.pop("channel")

        def _parse_rank(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        rank = _parse_rank(d.pop("rank"))

        reason = d.pop("reason")

        sentence = d.pop("sentence")

        evidence = ChannelOutEvidence.from_dict(d.pop("evidence"))

        channel_out = cls(
            channel=channel,
            rank=rank,
            reason=reason,
            sentence=sentence,
            evidence=evidence,
        )

        channel_out.additional_properties = d
        return channel_out

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
