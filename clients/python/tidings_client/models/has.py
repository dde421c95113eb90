from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel


T = TypeVar("T", bound="Has")


@_attrs_define
class Has:
    """The customer has an address on this channel that may be used.

    Attributes:
        has (Channel): A medium, never a company: Twilio is a provider, SMS is a channel.
    """

    has: Channel

    def to_dict(self) -> dict[str, Any]:
        has = self.has.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "has": has,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        has = Channel(d.pop("has"))

        has = cls(
            has=has,
        )

        return has
