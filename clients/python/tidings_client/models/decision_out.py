from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.channel_out import ChannelOut


T = TypeVar("T", bound="DecisionOut")


@_attrs_define
class DecisionOut:
    """What would be decided now.

    Attributes:
        customer (str):
        state (str): `ready`, or `held`.
        reason (str): Why it is held or waits; '' when neither.
        sentence (str):
        channel (None | str):
        language (str):
        due_at (datetime.datetime | None):
        channels (list[ChannelOut]):
    """

    customer: str
    state: str
    reason: str
    sentence: str
    channel: None | str
    language: str
    due_at: datetime.datetime | None
    channels: list[ChannelOut]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.channel_out import ChannelOut  # noqa: PLC0415

        customer = self.customer

        state = self.state

        reason = self.reason

        sentence = self.sentence

        channel: None | str
        channel = self.channel

        language = self.language

        due_at: None | str
        if isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        channels = []
        for channels_item_data in self.channels:
            channels_item = channels_item_data.to_dict()
            channels.append(channels_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "customer": customer,
                "state": state,
                "reason": reason,
                "sentence": sentence,
                "channel": channel,
                "language": language,
                "due_at": due_at,
                "channels": channels,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.channel_out import ChannelOut  # noqa: PLC0415

        d = dict(src_dict)
        customer = d.pop("customer")

        state = d.pop("state")

        reason = d.pop("reason")

        sentence = d.pop("sentence")

        def _parse_channel(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        channel = _parse_channel(d.pop("channel"))

        language = d.pop("language")

        def _parse_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)

                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        due_at = _parse_due_at(d.pop("due_at"))

        channels = []
        _channels = d.pop("channels")
        for channels_item_data in _channels:
            channels_item = ChannelOut.from_dict(channels_item_data)

            channels.append(channels_item)

        decision_out = cls(
            customer=customer,
            state=state,
            reason=reason,
            sentence=sentence,
            channel=channel,
            language=language,
            due_at=due_at,
            channels=channels,
        )

        decision_out.additional_properties = d
        return decision_out

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
