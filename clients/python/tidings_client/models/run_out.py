from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="RunOut")


@_attrs_define
class RunOut:
    """A run in a list.

    Attributes:
        run (str):
        kind (str):
        brand (str):
        title (str):
        purpose (str):
        mode (str):
        state (str):
        audience (int):
        already_sent (int):
        requested_by (str):
        released_by (None | str):
        repeats (None | str):
        starts_at (datetime.datetime):
        created_at (datetime.datetime):
        finished_at (datetime.datetime | None):
    """

    run: str
    kind: str
    brand: str
    title: str
    purpose: str
    mode: str
    state: str
    audience: int
    already_sent: int
    requested_by: str
    released_by: None | str
    repeats: None | str
    starts_at: datetime.datetime
    created_at: datetime.datetime
    finished_at: datetime.datetime | None
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        run = self.run

        kind = self.kind

        brand = self.brand

        title = self.title

        purpose = self.purpose

        mode = self.mode

        state = self.state

        audience = self.audience

        already_sent = self.already_sent

        requested_by = self.requested_by

        released_by: None | str
        released_by = self.released_by

        repeats: None | str
        repeats = self.repeats

        starts_at = self.starts_at.isoformat()

        created_at = self.created_at.isoformat()

        finished_at: None | str
        if isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "run": run,
                "kind": kind,
                "brand": brand,
                "title": title,
                "purpose": purpose,
                "mode": mode,
                "state": state,
                "audience": audience,
                "already_sent": already_sent,
                "requested_by": requested_by,
                "released_by": released_by,
                "repeats": repeats,
                "starts_at": starts_at,
                "created_at": created_at,
                "finished_at": finished_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run = d.pop("run")

        kind = d.pop("kind")

        brand = d.pop("brand")

        title = d.pop("title")

        purpose = d.pop("purpose")

        mode = d.pop("mode")

        state = d.pop("state")

        audience = d.pop("audience")

        already_sent = d.pop("already_sent")

        requested_by = d.pop("requested_by")

        def _parse_released_by(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        released_by = _parse_released_by(d.pop("released_by"))

        def _parse_repeats(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        repeats = _parse_repeats(d.pop("repeats"))

        starts_at = datetime.datetime.fromisoformat(d.pop("starts_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        def _parse_finished_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        finished_at = _parse_finished_at(d.pop("finished_at"))

        run_out = cls(
            run=run,
            kind=kind,
            brand=brand,
            title=title,
            purpose=purpose,
            mode=mode,
            state=state,
            audience=audience,
            already_sent=already_sent,
            requested_by=requested_by,
            released_by=released_by,
            repeats=repeats,
            starts_at=starts_at,
            created_at=created_at,
            finished_at=finished_at,
        )

        run_out.additional_properties = d
        return run_out

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
