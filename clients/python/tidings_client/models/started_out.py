from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast


T = TypeVar("T", bound="StartedOut")


@_attrs_define
class StartedOut:
    """A run that is on its way.

    Attributes:
        run (str):
        repeats (None | str): The run that sent this already; nothing is left to do.
        report (str): Where to see how far it is.
    """

    run: str
    repeats: None | str
    report: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        run = self.run

        repeats: None | str
        repeats = self.repeats

        report = self.report

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "run": run,
                "repeats": repeats,
                "report": report,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        run = d.pop("run")

        def _parse_repeats(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        repeats = _parse_repeats(d.pop("repeats"))

        report = d.pop("report")

        started_out = cls(
            run=run,
            repeats=repeats,
            report=report,
        )

        started_out.additional_properties = d
        return started_out

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
