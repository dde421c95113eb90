from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.preferences_out_answers import PreferencesOutAnswers
    from ..models.way import Way


T = TypeVar("T", bound="PreferencesOut")


@_attrs_define
class PreferencesOut:
    """What a customer's form shows.

    Attributes:
        customer (str):
        brand (str):
        answers (PreferencesOutAnswers): Question to answer, as the form has them.
        ways (list[Way]):
    """

    customer: str
    brand: str
    answers: PreferencesOutAnswers
    ways: list[Way]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.preferences_out_answers import PreferencesOutAnswers  # noqa: PLC0415
        from ..models.way import Way  # noqa: PLC0415

        customer = self.customer

        brand = self.brand

        answers = self.answers.to_dict()

        ways = []
        for ways_item_data in self.ways:
            ways_item = ways_item_data.to_dict()
            ways.append(ways_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "customer": customer,
                "brand": brand,
                "answers": answers,
                "ways": ways,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preferences_out_answers import PreferencesOutAnswers  # noqa: PLC0415
        from ..models.way import Way  # noqa: PLC0415

        d = dict(src_dict)
        customer = d.pop("customer")

        brand = d.pop("brand")

        answers = PreferencesOutAnswers.from_dict(d.pop("answers"))

        ways = []
        _ways = d.pop("ways")
        for ways_item_data in _ways:
            ways_item = Way.from_dict(ways_item_data)

            ways.append(ways_item)

        preferences_out = cls(
            customer=customer,
            brand=brand,
            answers=answers,
            ways=ways,
        )

        preferences_out.additional_properties = d
        return preferences_out

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
