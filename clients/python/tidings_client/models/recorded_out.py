from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.recorded_out_problems_item import RecordedOutProblemsItem


T = TypeVar("T", bound="RecordedOut")


@_attrs_define
class RecordedOut:
    """What became of the touchpoints of a request.

    Attributes:
        received (int):
        recorded (int):
        known (int): They had been sent before.
        problems (list[RecordedOutProblemsItem]): index, pointer, field, problem and value of each that was not taken.
    """

    received: int
    recorded: int
    known: int
    problems: list[RecordedOutProblemsItem]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.recorded_out_problems_item import RecordedOutProblemsItem  # noqa: PLC0415

        received = self.received

        recorded = self.recorded

        known = self.known

        problems = []
        for problems_item_data in self.problems:
            problems_item = problems_item_data.to_dict()
            problems.append(problems_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "received": received,
                "recorded": recorded,
                "known": known,
                "problems": problems,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.recorded_out_problems_item import RecordedOutProblemsItem  # noqa: PLC0415

        d = dict(src_dict)
        received = d.pop("received")

        recorded = d.pop("recorded")

        known = d.pop("known")

        problems = []
        _problems = d.pop("problems")
        for problems_item_data in _problems:
            problems_item = RecordedOutProblemsItem.from_dict(problems_item_data)

            problems.append(problems_item)

        recorded_out = cls(
            received=received,
            recorded=recorded,
            known=known,
            problems=problems,
        )

        recorded_out.additional_properties = d
        return recorded_out

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
