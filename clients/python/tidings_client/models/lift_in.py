from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="LiftIn")


@_attrs_define
class LiftIn:
    """Why an address may be used again.

    Attributes:
        because (str): Why; it stands in the audit.
    """

    because: str

    def to_dict(self) -> dict[str, Any]:
        because = self.because

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "because": because,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        because = d.pop("because")

        lift_in = cls(
            because=because,
        )

        return lift_in
