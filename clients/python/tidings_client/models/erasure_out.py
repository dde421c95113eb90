from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.erasure_out_erased import ErasureOutErased


T = TypeVar("T", bound="ErasureOut")


@_attrs_define
class ErasureOut:
    """What was forgotten, and what the law wants kept.

    Attributes:
        erasure (int):
        customer (int):
        at (datetime.datetime):
        actor (str):
        because (str):
        erased (ErasureOutErased): Rows by what they were.
        kept_invoices (int):
    """

    erasure: int
    customer: int
    at: datetime.datetime
    actor: str
    because: str
    erased: ErasureOutErased
    kept_invoices: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.erasure_out_erased import ErasureOutErased  # noqa: PLC0415

        erasure = self.erasure

        customer = self.customer

        at = self.at.isoformat()

        actor = self.actor

        because = self.because

        erased = self.erased.to_dict()

        kept_invoices = self.kept_invoices

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "erasure": erasure,
                "customer": customer,
                "at": at,
                "actor": actor,
                "because": because,
                "erased": erased,
                "kept_invoices": kept_invoices,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.erasure_out_erased import ErasureOutErased  # noqa: PLC0415

        d = dict(src_dict)
        erasure = d.pop("erasure")

        customer = d.pop("customer")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        actor = d.pop("actor")

        because = d.pop("because")

        erased = ErasureOutErased.from_dict(d.pop("erased"))

        kept_invoices = d.pop("kept_invoices")

        erasure_out = cls(
            erasure=erasure,
            customer=customer,
            at=at,
            actor=actor,
            because=because,
            erased=erased,
            kept_invoices=kept_invoices,
        )

        erasure_out.additional_properties = d
        return erasure_out

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
