from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.finding_out_verdict import FindingOutVerdict


T = TypeVar("T", bound="FindingOut")


@_attrs_define
class FindingOut:
    """One check of a PDF.

    Attributes:
        check (str):
        verdict (FindingOutVerdict):
        page (int): From 1; 0: about the file.
        detail (str):
    """

    check: str
    verdict: FindingOutVerdict
    page: int
    detail: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        check = self.check

        verdict = self.verdict.value

        page = self.page

        detail = self.detail

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "check": check,
                "verdict": verdict,
                "page": page,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        check = d.pop("check")

        verdict = FindingOutVerdict(d.pop("verdict"))

        page = d.pop("page")

        detail = d.pop("detail")

        finding_out = cls(
            check=check,
            verdict=verdict,
            page=page,
            detail=detail,
        )

        finding_out.additional_properties = d
        return finding_out

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
