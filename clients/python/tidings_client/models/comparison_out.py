from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.comparison_out_causes_item import ComparisonOutCausesItem
    from ..models.comparison_out_channels import ComparisonOutChannels
    from ..models.comparison_out_held import ComparisonOutHeld
    from ..models.comparison_out_people_item import ComparisonOutPeopleItem


T = TypeVar("T", bound="ComparisonOut")


@_attrs_define
class ComparisonOut:
    """What was rehearsed against what happened.

    Attributes:
        run (str):
        rehearsal (str):
        policy_changed (bool):
        customers (int):
        same (int):
        other (int):
        channels (ComparisonOutChannels):
        held (ComparisonOutHeld):
        causes (list[ComparisonOutCausesItem]):
        people (list[ComparisonOutPeopleItem]): Every customer who went another way.
    """

    run: str
    rehearsal: str
    policy_changed: bool
    customers: int
    same: int
    other: int
    channels: ComparisonOutChannels
    held: ComparisonOutHeld
    causes: list[ComparisonOutCausesItem]
    people: list[ComparisonOutPeopleItem]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.comparison_out_causes_item import ComparisonOutCausesItem  # noqa: PLC0415
        from ..models.comparison_out_channels import ComparisonOutChannels  # noqa: PLC0415
        from ..models.comparison_out_held import ComparisonOutHeld  # noqa: PLC0415
        from ..models.comparison_out_people_item import ComparisonOutPeopleItem  # noqa: PLC0415

        run = self.run

        rehearsal = self.rehearsal

        policy_changed = self.policy_changed

        customers = self.customers

        same = self.same

        other = self.other

        channels = self.channels.to_dict()

        held = self.held.to_dict()

        causes = []
        for causes_item_data in self.causes:
            causes_item = causes_item_data.to_dict()
            causes.append(causes_item)

        people = []
        for people_item_data in self.people:
            people_item = people_item_data.to_dict()
            people.append(people_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "run": run,
                "rehearsal": rehearsal,
                "policy_changed": policy_changed,
                "customers": customers,
                "same": same,
                "other": other,
                "channels": channels,
                "held": held,
                "causes": causes,
                "people": people,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.comparison_out_causes_item import ComparisonOutCausesItem  # noqa: PLC0415
        from ..models.comparison_out_channels import ComparisonOutChannels  # noqa: PLC0415
        from ..models.comparison_out_held import ComparisonOutHeld  # noqa: PLC0415
        from ..models.comparison_out_people_item import ComparisonOutPeopleItem  # noqa: PLC0415

        d = dict(src_dict)
        run = d.pop("run")

        rehearsal = d.pop("rehearsal")

        policy_changed = d.pop("policy_changed")

        customers = d.pop("customers")

        same = d.pop("same")

        other = d.pop("other")

        channels = ComparisonOutChannels.from_dict(d.pop("channels"))

        held = ComparisonOutHeld.from_dict(d.pop("held"))

        causes = []
        _causes = d.pop("causes")
        for causes_item_data in _causes:
            causes_item = ComparisonOutCausesItem.from_dict(causes_item_data)

            causes.append(causes_item)

        people = []
        _people = d.pop("people")
        for people_item_data in _people:
            people_item = ComparisonOutPeopleItem.from_dict(people_item_data)

            people.append(people_item)

        comparison_out = cls(
            run=run,
            rehearsal=rehearsal,
            policy_changed=policy_changed,
            customers=customers,
            same=same,
            other=other,
            channels=channels,
            held=held,
            causes=causes,
            people=people,
        )

        comparison_out.additional_properties = d
        return comparison_out

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
