from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.suppression_in_channel import SuppressionInChannel
from ..types import UNSET, Unset
from typing import cast
import datetime


T = TypeVar("T", bound="SuppressionIn")


@_attrs_define
class SuppressionIn:
    """An address that must not be used from now on.

    Attributes:
        channel (SuppressionInChannel):
        value (str): As addresses have it; e-mail and phone in any form.
        reason (str):
        brand (str | Unset):  Default: 'all'.
        proof (str | Unset):  Default: ''.
        at (datetime.datetime | None | Unset):
    """

    channel: SuppressionInChannel
    value: str
    reason: str
    brand: str | Unset = "all"
    proof: str | Unset = ""
    at: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        channel = self.channel.value

        value = self.value

        reason = self.reason

        brand = self.brand

        proof = self.proof

        at: None | str | Unset
        if isinstance(self.at, Unset):
            at = UNSET
        elif isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "channel": channel,
                "value": value,
                "reason": reason,
            }
        )
        if brand is not UNSET:
            field_dict["brand"] = brand
        if proof is not UNSET:
            field_dict["proof"] = proof
        if at is not UNSET:
            field_dict["at"] = at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        channel = SuppressionInChannel(d.pop("channel"))

        value = d.pop("value")

        reason = d.pop("reason")

        brand = d.pop("brand", UNSET)

        proof = d.pop("proof", UNSET)

        def _parse_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        at = _parse_at(d.pop("at", UNSET))

        suppression_in = cls(
            channel=channel,
            value=value,
            reason=reason,
            brand=brand,
            proof=proof,
            at=at,
        )

        return suppression_in
