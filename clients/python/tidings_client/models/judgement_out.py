from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.finding_out import FindingOut


T = TypeVar("T", bound="JudgementOut")


@_attrs_define
class JudgementOut:
    """What `tidings letters check --json` says of a file.

    Attributes:
        country (str):
        window (str):
        pages (int):
        sheets (int): Printed on both sides.
        colour_pages (list[int]):
        address (list[str]): The lines that stand in the window.
        findings (list[FindingOut]):
        printable (bool):
    """

    country: str
    window: str
    pages: int
    sheets: int
    colour_pages: list[int]
    address: list[str]
    findings: list[FindingOut]
    printable: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.finding_out import FindingOut  # noqa: PLC0415

        country = self.country

        window = self.window

        pages = self.pages

        sheets = self.sheets

        colour_pages = self.colour_pages

        address = self.address

        findings = []
        for findings_item_data in self.findings:
            findings_item = findings_item_data.to_dict()
            findings.append(findings_item)

        printable = self.printable

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "country": country,
                "window": window,
                "pages": pages,
                "sheets": sheets,
                "colour_pages": colour_pages,
                "address": address,
                "findings": findings,
                "printable": printable,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.finding_out import FindingOut  # noqa: PLC0415

        d = dict(src_dict)
        country = d.pop("country")

        window = d.pop("window")

        pages = d.pop("pages")

        sheets = d.pop("sheets")

        colour_pages = cast(list[int], d.pop("colour_pages"))

        address = cast(list[str], d.pop("address"))

        findings = []
        _findings = d.pop("findings")
        for findings_item_data in _findings:
            findings_item = FindingOut.from_dict(findings_item_data)

            findings.append(findings_item)

        printable = d.pop("printable")

        judgement_out = cls(
            country=country,
            window=window,
            pages=pages,
            sheets=sheets,
            colour_pages=colour_pages,
            address=address,
            findings=findings,
            printable=printable,
        )

        judgement_out.additional_properties = d
        return judgement_out

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
