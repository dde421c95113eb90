from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="DidNot")


@_attrs_define
class DidNot:
    """The customer has no touchpoint of this kind.

    Attributes:
        did_not (str):
        channel (None | str | Unset):
        purpose (None | str | Unset):
        within (None | str | Unset):
    """

    did_not: str
    channel: None | str | Unset = UNSET
    purpose: None | str | Unset = UNSET
    within: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        did_not = self.did_not

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

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "did_not": did_not,
            }
        )
        if channel is not UNSET:
            field_dict["channel"] = channel
        if purpose is not UNSET:
            field_dict["purpose"] = purpose
        if within is not UNSET:
            field_dict["within"] = within

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        did_not = d.pop("did_not")

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

        did_not = cls(
            did_not=did_not,
            channel=channel,
            purpose=purpose,
            within=within,
        )

        return did_not
