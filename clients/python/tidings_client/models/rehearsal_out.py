from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.rehearsal_out_result import RehearsalOutResult


T = TypeVar("T", bound="RehearsalOut")


@_attrs_define
class RehearsalOut:
    """A rehearsal and, once it is done, what it came to.

    Attributes:
        rehearsal (str):
        campaign (str):
        edition (str):
        state (str): waiting, done or failed.
        seed (int):
        requested_by (str):
        known_at (datetime.datetime):
        until (datetime.datetime):
        result (RehearsalOutResult): As `tidings campaign rehearse --json`; `problem` when it failed.
    """

    rehearsal: str
    campaign: str
    edition: str
    state: str
    seed: int
    requested_by: str
    known_at: datetime.datetime
    until: datetime.datetime
    result: RehearsalOutResult
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.rehearsal_out_result import RehearsalOutResult  # noqa: PLC0415

        rehearsal = self.rehearsal

        campaign = self.campaign

        edition = self.edition

        state = self.state

        seed = self.seed

        requested_by = self.requested_by

        known_at = self.known_at.isoformat()

        until = self.until.isoformat()

        result = self.result.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "rehearsal": rehearsal,
                "campaign": campaign,
                "edition": edition,
                "state": state,
                "seed": seed,
                "requested_by": requested_by,
                "known_at": known_at,
                "until": until,
                "result": result,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.rehearsal_out_result import RehearsalOutResult  # noqa: PLC0415

        d = dict(src_dict)
        rehearsal = d.pop("rehearsal")

        campaign = d.pop("campaign")

        edition = d.pop("edition")

        state = d.pop("state")

        seed = d.pop("seed")

        requested_by = d.pop("requested_by")

        known_at = datetime.datetime.fromisoformat(d.pop("known_at"))

        until = datetime.datetime.fromisoformat(d.pop("until"))

        result = RehearsalOutResult.from_dict(d.pop("result"))

        rehearsal_out = cls(
            rehearsal=rehearsal,
            campaign=campaign,
            edition=edition,
            state=state,
            seed=seed,
            requested_by=requested_by,
            known_at=known_at,
            until=until,
            result=result,
        )

        rehearsal_out.additional_properties = d
        return rehearsal_out

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
