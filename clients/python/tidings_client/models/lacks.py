from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel


T = TypeVar("T", bound="Lacks")


@_attrs_define
class Lacks:
    """The customer has no address on this channel that may be used.

    Attributes:
        lacks (Channel): A medium, never a company: Twilio is a provider, SMS is a channel.
    """

    lacks: Channel

    def to_dict(self) -> dict[str, Any]:
        lacks = self.lacks.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "lacks": lacks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        lacks = Channel(d.pop("lacks"))

        lacks = cls(
            lacks=lacks,
        )

        return lacks
