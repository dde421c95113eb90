from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.address_out_postal_type_0 import AddressOutPostalType0


T = TypeVar("T", bound="AddressOut")


@_attrs_define
class AddressOut:
    """One way to reach a customer, and whether it can be used.

    Attributes:
        id (int):
        channel (str):
        value (str):
        postal (AddressOutPostalType0 | None):
        platform (str):
        device (str):
        state (str): `usable` or `unusable`.
        problem (str): Why not; '' when it can be used.
        position (int):
        suppressed (list[str]): Why it must not be used, although it works.
        verified_at (datetime.datetime | None):
        created_at (datetime.datetime):
    """

    id: int
    channel: str
    value: str
    postal: AddressOutPostalType0 | None
    platform: str
    device: str
    state: str
    problem: str
    position: int
    suppressed: list[str]
    verified_at: datetime.datetime | None
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.address_out_postal_type_0 import AddressOutPostalType0  # noqa: PLC0415

        id = self.id

        channel = self.channel

        value = self.value

        postal: dict[str, Any] | None
        if isinstance(self.postal, AddressOutPostalType0):
            postal = self.postal.to_dict()
        else:
            postal = self.postal

        platform = self.platform

        device = self.device

        state = self.state

        problem = self.problem

        position = self.position

        suppressed = self.suppressed

        verified_at: None | str
        if isinstance(self.verified_at, datetime.datetime):
            verified_at = self.verified_at.isoformat()
        else:
            verified_at = self.verified_at

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "channel": channel,
                "value": value,
                "postal": postal,
                "platform": platform,
                "device": device,
                "state": state,
                "problem": problem,
                "position": position,
                "suppressed": suppressed,
                "verified_at": verified_at,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.address_out_postal_type_0 import AddressOutPostalType0  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        channel = d.pop("channel")

        value = d.pop("value")

        def _parse_postal(data: object) -> AddressOutPostalType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                postal_type_0 = AddressOutPostalType0.from_dict(data)

                return postal_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AddressOutPostalType0 | None, data)

        postal = _parse_postal(d.pop("postal"))

        platform = d.pop("platform")

        device = d.pop("device")

        state = d.pop("state")

        problem = d.pop("problem")

        position = d.pop("position")

        suppressed = cast(list[str], d.pop("suppressed"))

        def _parse_verified_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                verified_at_type_0 = datetime.datetime.fromisoformat(data)

                return verified_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        verified_at = _parse_verified_at(d.pop("verified_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        address_out = cls(
            id=id,
            channel=channel,
            value=value,
            postal=postal,
            platform=platform,
            device=device,
            state=state,
            problem=problem,
            position=position,
            suppressed=suppressed,
            verified_at=verified_at,
            created_at=created_at,
        )

        address_out.additional_properties = d
        return address_out

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
