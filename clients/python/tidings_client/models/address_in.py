from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.address_in_channel import AddressInChannel
from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.postal_in import PostalIn


T = TypeVar("T", bound="AddressIn")


@_attrs_define
class AddressIn:
    """One way to reach a customer.

    Attributes:
        channel (AddressInChannel): Push: see `/devices/{id}`.
        value (str | Unset): E-mail address or phone number. Default: ''.
        postal (None | PostalIn | Unset): Of a letter.
        position (int | Unset): 0 is tried first. Default: 0.
        verified_at (datetime.datetime | None | Unset): When the customer proved that it is theirs.
    """

    channel: AddressInChannel
    value: str | Unset = ""
    postal: None | PostalIn | Unset = UNSET
    position: int | Unset = 0
    verified_at: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.postal_in import PostalIn  # noqa: PLC0415

        channel = self.channel.value

        value = self.value

        postal: dict[str, Any] | None | Unset
        if isinstance(self.postal, Unset):
            postal = UNSET
        elif isinstance(self.postal, PostalIn):
            postal = self.postal.to_dict()
        else:
            postal = self.postal

        position = self.position

        verified_at: None | str | Unset
        if isinstance(self.verified_at, Unset):
            verified_at = UNSET
        elif isinstance(self.verified_at, datetime.datetime):
            verified_at = self.verified_at.isoformat()
        else:
            verified_at = self.verified_at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "channel": channel,
            }
        )
        if value is not UNSET:
            field_dict["value"] = value
        if postal is not UNSET:
            field_dict["postal"] = postal
        if position is not UNSET:
            field_dict["position"] = position
        if verified_at is not UNSET:
            field_dict["verified_at"] = verified_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.postal_in import PostalIn  # noqa: PLC0415

        d = dict(src_dict)
        channel = AddressInChannel(d.pop("channel"))

        value = d.pop("value", UNSET)

        def _parse_postal(data: object) -> None | PostalIn | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                postal_type_0 = PostalIn.from_dict(data)

                return postal_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PostalIn | Unset, data)

        postal = _parse_postal(d.pop("postal", UNSET))

        position = d.pop("position", UNSET)

        def _parse_verified_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verified_at_type_0 = datetime.datetime.fromisoformat(data)

                return verified_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        verified_at = _parse_verified_at(d.pop("verified_at", UNSET))

        address_in = cls(
            channel=channel,
            value=value,
            postal=postal,
            position=position,
            verified_at=verified_at,
        )

        return address_in
