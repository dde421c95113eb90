from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime


T = TypeVar("T", bound="Schedule")


@_attrs_define
class Schedule:
    """When it starts. A start without an offset is in `zone`.

    Attributes:
        start (datetime.datetime | None | Unset):
        zone (str | Unset):  Default: 'UTC'.
        own_time (bool | Unset):  Default: False.
    """

    start: datetime.datetime | None | Unset = UNSET
    zone: str | Unset = "UTC"
    own_time: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        start: None | str | Unset
        if isinstance(self.start, Unset):
            start = UNSET
        elif isinstance(self.start, datetime.datetime):
            start = self.start.isoformat()
        else:
            start = self.start

        zone = self.zone

        own_time = self.own_time

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if start is not UNSET:
            field_dict["start"] = start
        if zone is not UNSET:
            field_dict["zone"] = zone
        if own_time is not UNSET:
            field_dict["own_time"] = own_time

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)

        def _parse_start(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                start_type_0 = datetime.datetime.fromisoformat(data)

                return start_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        start = _parse_start(d.pop("start", UNSET))

        zone = d.pop("zone", UNSET)

        own_time = d.pop("own_time", UNSET)

        schedule = cls(
            start=start,
            zone=zone,
            own_time=own_time,
        )

        return schedule
