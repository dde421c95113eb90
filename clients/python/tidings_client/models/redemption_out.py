from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime


T = TypeVar("T", bound="RedemptionOut")


@_attrs_define
class RedemptionOut:
    """What a redemption did.

    Attributes:
        customer (str):
        offer (str):
        redeemed_at (datetime.datetime):
        again (bool): It had been used before: `redeemed_at` says when.
        cancelled (list[str]): Messages of the same offer that are not sent any more.
    """

    customer: str
    offer: str
    redeemed_at: datetime.datetime
    again: bool
    cancelled: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        customer = self.customer

        offer = self.offer

        redeemed_at = self.redeemed_at.isoformat()

        again = self.again

        cancelled = self.cancelled

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "customer": customer,
                "offer": offer,
                "redeemed_at": redeemed_at,
                "again": again,
                "cancelled": cancelled,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        customer = d.pop("customer")

        offer = d.pop("offer")

        redeemed_at = datetime.datetime.fromisoformat(d.pop("redeemed_at"))

        again = d.pop("again")

        cancelled = cast(list[str], d.pop("cancelled"))

        redemption_out = cls(
            customer=customer,
            offer=offer,
            redeemed_at=redeemed_at,
            again=again,
            cancelled=cancelled,
        )

        redemption_out.additional_properties = d
        return redemption_out

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
