from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.share_out import ShareOut


T = TypeVar("T", bound="BaseRatesOut")


@_attrs_define
class BaseRatesOut:
    """What the whole population does, as decisions take it.

    Attributes:
        version (int): 0 while nothing was learnt: then the policy's own rates hold.
        learnt_at (datetime.datetime | None):
        rates (list[ShareOut]):
        hours (list[float]): 168 counts: 24 * weekday (Monday 0) + hour; empty while nothing was seen.
    """

    version: int
    learnt_at: datetime.datetime | None
    rates: list[ShareOut]
    hours: list[float]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.share_out import ShareOut  # noqa: PLC0415

        version = self.version

        learnt_at: None | str
        if isinstance(self.learnt_at, datetime.datetime):
            learnt_at = self.learnt_at.isoformat()
        else:
            learnt_at = self.learnt_at

        rates = []
        for rates_item_data in self.rates:
            rates_item = rates_item_data.to_dict()
            rates.append(rates_item)

        hours = self.hours

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "version": version,
                "learnt_at": learnt_at,
                "rates": rates,
                "hours": hours,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.share_out import ShareOut  # noqa: PLC0415

        d = dict(src_dict)
        version = d.pop("version")

        def _parse_learnt_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                learnt_at_type_0 = datetime.datetime.fromisoformat(data)

                return learnt_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        learnt_at = _parse_learnt_at(d.pop("learnt_at"))

        rates = []
        _rates = d.pop("rates")
        for rates_item_data in _rates:
            rates_item = ShareOut.from_dict(rates_item_data)

            rates.append(rates_item)

        hours = cast(list[float], d.pop("hours"))

        base_rates_out = cls(
            version=version,
            learnt_at=learnt_at,
            rates=rates,
            hours=hours,
        )

        base_rates_out.additional_properties = d
        return base_rates_out

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
