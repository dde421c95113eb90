from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..models.consent_in_action import ConsentInAction
from ..models.consent_in_spoken_by import ConsentInSpokenBy
from ..types import UNSET, Unset
from typing import cast
from typing import Literal, cast
import datetime


T = TypeVar("T", bound="ConsentIn")


@_attrs_define
class ConsentIn:
    """A customer gave permission, or took it back.

    Attributes:
        topic (str):
        action (ConsentInAction):
        channel (Channel | Literal['all'] | Unset):  Default: 'all'.
        brand (str | Unset):  Default: 'all'.
        proof (str | Unset): What shows it (GDPR art. 7(1)); `given` counts only with one. Default: ''.
        at (datetime.datetime | None | Unset): When they said so; now when left out.
        expires_at (datetime.datetime | None | Unset): `given` counts until then; null: until it is taken back.
        spoken_by (ConsentInSpokenBy | Unset): Who spoke for the customer; '' when they did themselves. Default:
            ConsentInSpokenBy.VALUE_0.
        mandate (str | Unset): The reference of the mandate of a relative or guardian. Default: ''.
    """

    topic: str
    action: ConsentInAction
    channel: Channel | Literal["all"] | Unset = "all"
    brand: str | Unset = "all"
    proof: str | Unset = ""
    at: datetime.datetime | None | Unset = UNSET
    expires_at: datetime.datetime | None | Unset = UNSET
    spoken_by: ConsentInSpokenBy | Unset = ConsentInSpokenBy.VALUE_0
    mandate: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        topic = self.topic

        action = self.action.value

        channel: Literal["all"] | str | Unset
        if isinstance(self.channel, Unset):
            channel = UNSET
        elif isinstance(self.channel, Channel):
            channel = self.channel.value
        else:
            channel = self.channel

        brand = self.brand

        proof = self.proof

        at: None | str | Unset
        if isinstance(self.at, Unset):
            at = UNSET
        elif isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        spoken_by: str | Unset = UNSET
        if not isinstance(self.spoken_by, Unset):
            spoken_by = self.spoken_by.value

        mandate = self.mandate

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "topic": topic,
                "action": action,
            }
        )
        if channel is not UNSET:
            field_dict["channel"] = channel
        if brand is not UNSET:
            field_dict["brand"] = brand
        if proof is not UNSET:
            field_dict["proof"] = proof
        if at is not UNSET:
            field_dict["at"] = at
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at
        if spoken_by is not UNSET:
            field_dict["spoken_by"] = spoken_by
        if mandate is not UNSET:
            field_dict["mandate"] = mandate

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        topic = d.pop("topic")

        action = ConsentInAction(d.pop("action"))

        def _parse_channel(data: object) -> Channel | Literal["all"] | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                channel_type_0 = Channel(data)

                return channel_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            channel_type_1 = cast(Literal["all"], data)
            if channel_type_1 != "all":
                raise ValueError(
                    f"channel_type_1 must match const 'all', got '{channel_type_1}'"
                )
            return channel_type_1

        channel = _parse_channel(d.pop("channel", UNSET))

        brand = d.pop("brand", UNSET)

        proof = d.pop("proof", UNSET)

        def _parse_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        at = _parse_at(d.pop("at", UNSET))

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        _spoken_by = d.pop("spoken_by", UNSET)
        spoken_by: ConsentInSpokenBy | Unset
        if isinstance(_spoken_by, Unset):
            spoken_by = UNSET
        else:
            spoken_by = ConsentInSpokenBy(_spoken_by)

        mandate = d.pop("mandate", UNSET)

        consent_in = cls(
            topic=topic,
            action=action,
            channel=channel,
            brand=brand,
            proof=proof,
            at=at,
            expires_at=expires_at,
            spoken_by=spoken_by,
            mandate=mandate,
        )

        return consent_in
