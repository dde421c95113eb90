from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.evidence_out_manifest import EvidenceOutManifest


T = TypeVar("T", bound="EvidenceOut")


@_attrs_define
class EvidenceOut:
    """The evidence pack of an invoice.

    Attributes:
        number (str):
        made_at (datetime.datetime):
        sha256 (str): Of the PDF.
        manifest (EvidenceOutManifest): Files attached to the PDF, each with its SHA-256.
        pdf (str): Base64.
    """

    number: str
    made_at: datetime.datetime
    sha256: str
    manifest: EvidenceOutManifest
    pdf: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.evidence_out_manifest import EvidenceOutManifest  # noqa: PLC0415

        number = self.number

        made_at = self.made_at.isoformat()

        sha256 = self.sha256

        manifest = self.manifest.to_dict()

        pdf = self.pdf

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "number": number,
                "made_at": made_at,
                "sha256": sha256,
                "manifest": manifest,
                "pdf": pdf,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.evidence_out_manifest import EvidenceOutManifest  # noqa: PLC0415

        d = dict(src_dict)
        number = d.pop("number")

        made_at = datetime.datetime.fromisoformat(d.pop("made_at"))

        sha256 = d.pop("sha256")

        manifest = EvidenceOutManifest.from_dict(d.pop("manifest"))

        pdf = d.pop("pdf")

        evidence_out = cls(
            number=number,
            made_at=made_at,
            sha256=sha256,
            manifest=manifest,
            pdf=pdf,
        )

        evidence_out.additional_properties = d
        return evidence_out

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
