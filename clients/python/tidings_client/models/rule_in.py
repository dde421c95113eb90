from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.rule_in_rule import RuleInRule


T = TypeVar("T", bound="RuleIn")


@_attrs_define
class RuleIn:
    """A rule to count.

    Attributes:
        rule (RuleInRule): As the audience of a campaign.
    """

    rule: RuleInRule

    def to_dict(self) -> dict[str, Any]:
        from ..models.rule_in_rule import RuleInRule  # noqa: PLC0415

        rule = self.rule.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "rule": rule,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.rule_in_rule import RuleInRule  # noqa: PLC0415

        d = dict(src_dict)
        rule = RuleInRule.from_dict(d.pop("rule"))

        rule_in = cls(
            rule=rule,
        )

        return rule_in
