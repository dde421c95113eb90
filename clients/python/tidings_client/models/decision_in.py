from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="DecisionIn")


@_attrs_define
class DecisionIn:
    """What would be sent.

    Attributes:
        customer (str): As `{ref}` in paths.
        topic (str): A purpose, or a topic below one.
        source (str | Unset):  Default: ''.
        brand (str | Unset): The first brand when left out. Default: ''.
        channels (list[Channel] | Unset): None: all that the brand writes on.
    """

    customer: str
    topic: str
    source: str | Unset = ""
    brand: str | Unset = ""
    channels: list[Channel] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        customer = self.customer

        topic = self.topic

        source = self.source

        brand = self.brand

        channels: list[str] | Unset = UNSET
        if not isinstance(self.channels, Unset):
            channels = []
            for channels_item_data in self.channels:
                channels_item = channels_item_data.value
                channels.append(channels_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "customer": customer,
                "topic": topic,
            }
        )
        if source is not UNSET:
            field_dict["source"] = source
        if brand is not UNSET:
            field_dict["brand"] = brand
        if channels is not UNSET:
            field_dict["channels"] = channels

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        customer = d.pop("customer")

        topic = d.pop("topic")

        source = d.pop("source", UNSET)

        brand = d.pop("brand", UNSET)

        _channels = d.pop("channels", UNSET)
        channels: list[Channel] | Unset = UNSET
        if _channels is not UNSET:
            channels = []
            for channels_item_data in _channels:
                channels_item = Channel(channels_item_data)

                channels.append(channels_item)

        decision_in = cls(
            customer=customer,
            topic=topic,
            source=source,
            brand=brand,
            channels=channels,
        )

        return decision_in
