from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..models.consent_consent import ConsentConsent
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="Consent")


@_attrs_define
class Consent:
    """The last that the customer said about this topic (or one above it) and this channel was this.

    Whether a message may leave is for `preferences.consent` alone to judge; this only selects.

        Attributes:
            consent (ConsentConsent):
            topic (str):
            channel (Channel | None | Unset):
    """

    consent: ConsentConsent
    topic: str
    channel: Channel | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        consent = self.consent.value

        topic = self.topic

        channel: None | str | Unset
        if isinstance(self.channel, Unset):
            channel = UNSET
        elif isinstance(self.channel, Channel):
            channel = self.channel.value
        else:
            channel = self.channel

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "consent": consent,
                "topic": topic,
            }
        )
        if channel is not UNSET:
            field_dict["channel"] = channel

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        consent = ConsentConsent(d.pop("consent"))

        topic = d.pop("topic")

        def _parse_channel(data: object) -> Channel | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                channel_type_0 = Channel(data)

                return channel_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Channel | None | Unset, data)

        channel = _parse_channel(d.pop("channel", UNSET))

        consent = cls(
            consent=consent,
            topic=topic,
            channel=channel,
        )

        return consent
