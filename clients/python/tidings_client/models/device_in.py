from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.device_in_platform import DeviceInPlatform


T = TypeVar("T", bound="DeviceIn")


@_attrs_define
class DeviceIn:
    """A device with our app.

    Attributes:
        token (str):
        platform (DeviceInPlatform):
    """

    token: str
    platform: DeviceInPlatform

    def to_dict(self) -> dict[str, Any]:
        token = self.token

        platform = self.platform.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "token": token,
                "platform": platform,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        token = d.pop("token")

        platform = DeviceInPlatform(d.pop("platform"))

        device_in = cls(
            token=token,
            platform=platform,
        )

        return device_in
