from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.preferences_saved_answers import PreferencesSavedAnswers
    from ..models.preferences_saved_changed import PreferencesSavedChanged
    from ..models.way import Way


T = TypeVar("T", bound="PreferencesSaved")


@_attrs_define
class PreferencesSaved:
    """What the form shows now, and what that changed.

    Attributes:
        customer (str):
        brand (str):
        answers (PreferencesSavedAnswers): Question to answer, as the form has them.
        ways (list[Way]):
        changed (PreferencesSavedChanged):
    """

    customer: str
    brand: str
    answers: PreferencesSavedAnswers
    ways: list[Way]
    changed: PreferencesSavedChanged
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.preferences_saved_answers import PreferencesSavedAnswers  # noqa: PLC0415
        from ..models.preferences_saved_changed import PreferencesSavedChanged  # noqa: PLC0415
        from ..models.way import Way  # noqa: PLC0415

        customer = self.customer

        brand = self.brand

        answers = self.answers.to_dict()

        ways = []
        for ways_item_data in self.ways:
            ways_item = ways_item_data.to_dict()
            ways.append(ways_item)

        changed = self.changed.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "customer": customer,
                "brand": brand,
                "answers": answers,
                "ways": ways,
                "changed": changed,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preferences_saved_answers import PreferencesSavedAnswers  # noqa: PLC0415
        from ..models.preferences_saved_changed import PreferencesSavedChanged  # noqa: PLC0415
        from ..models.way import Way  # noqa: PLC0415

        d = dict(src_dict)
        customer = d.pop("customer")

        brand = d.pop("brand")

        answers = PreferencesSavedAnswers.from_dict(d.pop("answers"))

        ways = []
        _ways = d.pop("ways")
        for ways_item_data in _ways:
            ways_item = Way.from_dict(ways_item_data)

            ways.append(ways_item)

        changed = PreferencesSavedChanged.from_dict(d.pop("changed"))

        preferences_saved = cls(
            customer=customer,
            brand=brand,
            answers=answers,
            ways=ways,
            changed=changed,
        )

        preferences_saved.additional_properties = d
        return preferences_saved

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
