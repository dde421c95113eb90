from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..types import UNSET, Unset


T = TypeVar("T", bound="Prefers")


@_attrs_define
class Prefers:
    """The first channel of the order that the customer asked for, where it speaks of `topic`.

    Attributes:
        prefers (Channel): A medium, never a company: Twilio is a provider, SMS is a channel.
        topic (str | Unset):  Default: 'all'.
    """

    prefers: Channel
    topic: str | Unset = "all"

    def to_dict(self) -> dict[str, Any]:
        prefers = self.prefers.value

        topic = self.topic

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "prefers": prefers,
            }
        )
        if topic is not UNSET:
            field_dict["topic"] = topic

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prefers = Channel(d.pop("prefers"))

        topic = d.pop("topic", UNSET)

        prefers = cls(
            prefers=prefers,
            topic=topic,
        )

        return prefers
