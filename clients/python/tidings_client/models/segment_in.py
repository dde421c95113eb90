from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.segment_in_rule import SegmentInRule


T = TypeVar("T", bound="SegmentIn")


@_attrs_define
class SegmentIn:
    """A rule and what people call it.

    Attributes:
        rule (SegmentInRule): As the audience of a campaign.
        title (str | Unset):  Default: ''.
    """

    rule: SegmentInRule
    title: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        from ..models.segment_in_rule import SegmentInRule  # noqa: PLC0415

        rule = self.rule.to_dict()

        title = self.title

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rule": rule,
            }
        )
        if title is not UNSET:
            field_dict["title"] = title

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.segment_in_rule import SegmentInRule  # noqa: PLC0415

        d = dict(src_dict)
        rule = SegmentInRule.from_dict(d.pop("rule"))

        title = d.pop("title", UNSET)

        segment_in = cls(
            rule=rule,
            title=title,
        )

        return segment_in
