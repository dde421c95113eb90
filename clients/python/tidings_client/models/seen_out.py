from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="SeenOut")


@_attrs_define
class SeenOut:
    """The same of one customer.

    Attributes:
        channel (str):
        purpose_class (str): `required` or `marketing`.
        observations (int): Messages that reached somebody.
        share (float): Answered, 0 to 1, with the base rate blended in.
        between (list[float]): The interval that decisions use.
        enough (bool): Whether it was seen often enough to count.
        last_engaged_at (datetime.datetime | None):
    """

    channel: str
    purpose_class: str
    observations: int
    share: float
    between: list[float]
    enough: bool
    last_engaged_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        channel = self.channel

        purpose_class = self.purpose_class

        observations = self.observations

        share = self.share

        between = []
        for between_item_data in self.between:
            between_item: float
            between_item = between_item_data
            between.append(between_item)

        enough = self.enough

        last_engaged_at: None | str
        if isinstance(self.last_engaged_at, datetime.datetime):
            last_engaged_at = self.last_engaged_at.isoformat()
        else:
            last_engaged_at = self.last_engaged_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "channel": channel,
                "purpose_class": purpose_class,
                "observations": observations,
                "share": share,
                "between": between,
                "enough": enough,
                "last_engaged_at": last_engaged_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        channel = d.pop("channel")

        purpose_class = d.pop("purpose_class")

        observations = d.pop("observations")

        share = d.pop("share")

        between = []
        _between = d.pop("between")
        for between_item_data in _between:

            def _parse_between_item(data: object) -> float:
                return cast(float, data)

            between_item = _parse_between_item(between_item_data)

            between.append(between_item)

        enough = d.pop("enough")

        def _parse_last_engaged_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_engaged_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_engaged_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        last_engaged_at = _parse_last_engaged_at(d.pop("last_engaged_at"))

        seen_out = cls(
            channel=channel,
            purpose_class=purpose_class,
            observations=observations,
            share=share,
            between=between,
            enough=enough,
            last_engaged_at=last_engaged_at,
        )

        seen_out.additional_properties = d
        return seen_out

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
