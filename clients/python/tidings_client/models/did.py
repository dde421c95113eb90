from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="Did")


@_attrs_define
class Did:
    """The customer has at least `at_least` touchpoints of this kind.

    Attributes:
        did (str):
        channel (None | str | Unset):
        purpose (None | str | Unset):
        within (None | str | Unset):
        at_least (int | Unset):  Default: 1.
    """

    did: str
    channel: None | str | Unset = UNSET
    purpose: None | str | Unset = UNSET
    within: None | str | Unset = UNSET
    at_least: int | Unset = 1

    def to_dict(self) -> dict[str, Any]:
        did = self.did

        channel: None | str | Unset
        if isinstance(self.channel, Unset):
            channel = UNSET
        else:
            channel = self.channel

        purpose: None | str | Unset
        if isinstance(self.purpose, Unset):
            purpose = UNSET
        else:
            purpose = self.purpose

        within: None | str | Unset
        if isinstance(self.within, Unset):
            within = UNSET
        else:
            within = self.within

        at_least = self.at_least

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "did": did,
            }
        )
        if channel is not UNSET:
            field_dict["channel"] = channel
        if purpose is not UNSET:
            field_dict["purpose"] = purpose
        if within is not UNSET:
            field_dict["within"] = within
        if at_least is not UNSET:
            field_dict["at_least"] = at_least

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        did = d.pop("did")

        def _parse_channel(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        channel = _parse_channel(d.pop("channel", UNSET))

        def _parse_purpose(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        purpose = _parse_purpose(d.pop("purpose", UNSET))

        def _parse_within(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        within = _parse_within(d.pop("within", UNSET))

        at_least = d.pop("at_least", UNSET)

        did = cls(
            did=did,
            channel=channel,
            purpose=purpose,
            within=within,
            at_least=at_least,
        )

        return did
