from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.segment_out_rule import SegmentOutRule


T = TypeVar("T", bound="SegmentOut")


@_attrs_define
class SegmentOut:
    """A saved rule: its newest version.

    Attributes:
        name (str):
        version (int):
        title (str):
        rule (SegmentOutRule):
        created_by (str):
        created_at (datetime.datetime):
    """

    name: str
    version: int
    title: str
    rule: SegmentOutRule
    created_by: str
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.segment_out_rule import SegmentOutRule  # noqa: PLC0415

        name = self.name

        version = self.version

        title = self.title

        rule = self.rule.to_dict()

        created_by = self.created_by

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "version": version,
                "title": title,
                "rule": rule,
                "created_by": created_by,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.segment_out_rule import SegmentOutRule  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        version = d.pop("version")

        title = d.pop("title")

        rule = SegmentOutRule.from_dict(d.pop("rule"))

        created_by = d.pop("created_by")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        segment_out = cls(
            name=name,
            version=version,
            title=title,
            rule=rule,
            created_by=created_by,
            created_at=created_at,
        )

        segment_out.additional_properties = d
        return segment_out

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
