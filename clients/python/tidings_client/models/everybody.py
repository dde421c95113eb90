from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="Everybody")


@_attrs_define
class Everybody:
    """All customers, said explicitly, so that an empty rule is never a whole audience by accident.

    Attributes:
        everybody (bool):
    """

    everybody: bool

    def to_dict(self) -> dict[str, Any]:
        everybody = self.everybody

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "everybody": everybody,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        everybody = d.pop("everybody")

        everybody = cls(
            everybody=everybody,
        )

        return everybody
