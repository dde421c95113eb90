from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.invoice_status_in_status import InvoiceStatusInStatus
from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="InvoiceStatusIn")


@_attrs_define
class InvoiceStatusIn:
    """What became of an invoice.

    Attributes:
        number (str): Or its payment reference.
        status (InvoiceStatusInStatus):
        id (str): Its identity at the caller: said twice, kept once.
        amount (float | None | str | Unset): Left out: all that was due.
        brand (None | str | Unset):
    """

    number: str
    status: InvoiceStatusInStatus
    id: str
    amount: float | None | str | Unset = UNSET
    brand: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        number = self.number

        status = self.status.value

        id = self.id

        amount: float | None | str | Unset
        if isinstance(self.amount, Unset):
            amount = UNSET
        else:
            amount = self.amount

        brand: None | str | Unset
        if isinstance(self.brand, Unset):
            brand = UNSET
        else:
            brand = self.brand

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "number": number,
                "status": status,
                "id": id,
            }
        )
        if amount is not UNSET:
            field_dict["amount"] = amount
        if brand is not UNSET:
            field_dict["brand"] = brand

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        number = d.pop("number")

        status = InvoiceStatusInStatus(d.pop("status"))

        id = d.pop("id")

        def _parse_amount(data: object) -> float | None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | str | Unset, data)

        amount = _parse_amount(d.pop("amount", UNSET))

        def _parse_brand(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        brand = _parse_brand(d.pop("brand", UNSET))

        invoice_status_in = cls(
            number=number,
            status=status,
            id=id,
            amount=amount,
            brand=brand,
        )

        return invoice_status_in
