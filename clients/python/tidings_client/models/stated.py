from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.stated_stated import StatedStated
from ..types import UNSET, Unset


T = TypeVar("T", bound="Stated")


@_attrs_define
class Stated:
    """A wish of this kind is in force for the topic, or for one above it; see `preferences.statement`.

    Attributes:
        stated (StatedStated):
        topic (str | Unset):  Default: 'all'.
    """

    stated: StatedStated
    topic: str | Unset = "all"

    def to_dict(self) -> dict[str, Any]:
        stated = self.stated.value

        topic = self.topic

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "stated": stated,
            }
        )
        if topic is not UNSET:
            field_dict["topic"] = topic

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        stated = StatedStated(d.pop("stated"))

        topic = d.pop("topic", UNSET)

        stated = cls(
            stated=stated,
            topic=topic,
        )

        return stated
