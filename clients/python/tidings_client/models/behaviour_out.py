from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.hour_out import HourOut
    from ..models.seen_out import SeenOut


T = TypeVar("T", bound="BehaviourOut")


@_attrs_define
class BehaviourOut:
    """What was noticed of a customer.

    Attributes:
        customer (str):
        channels (list[SeenOut]):
        time_zone (str):
        reactions (int):
        hours (list[HourOut]): Most often first.
    """

    customer: str
    channels: list[SeenOut]
    time_zone: str
    reactions: int
    hours: list[HourOut]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.hour_out import HourOut  # noqa: PLC0415
        from ..models.seen_out import SeenOut  # noqa: PLC0415

        customer = self.customer

        channels = []
        for channels_item_data in self.channels:
            channels_item = channels_item_data.to_dict()
            channels.append(channels_item)

        time_zone = self.time_zone

        reactions = self.reactions

        hours = []
        for hours_item_data in self.hours:
            hours_item = hours_item_data.to_dict()
            hours.append(hours_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "customer": customer,
                "channels": channels,
                "time_zone": time_zone,
                "reactions": reactions,
                "hours": hours,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.hour_out import HourOut  # noqa: PLC0415
        from ..models.seen_out import SeenOut  # noqa: PLC0415

        d = dict(src_dict)
        customer = d.pop("customer")

        channels = []
        _channels = d.pop("channels")
        for channels_item_data in _channels:
            channels_item = SeenOut.from_dict(channels_item_data)

            channels.append(channels_item)

        time_zone = d.pop("time_zone")

        reactions = d.pop("reactions")

        hours = []
        _hours = d.pop("hours")
        for hours_item_data in _hours:
            hours_item = HourOut.from_dict(hours_item_data)

            hours.append(hours_item)

        behaviour_out = cls(
            customer=customer,
            channels=channels,
            time_zone=time_zone,
            reactions=reactions,
            hours=hours,
        )

        behaviour_out.additional_properties = d
        return behaviour_out

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
