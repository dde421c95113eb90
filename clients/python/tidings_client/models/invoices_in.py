from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.invoices_in_invoices_item import InvoicesInInvoicesItem


T = TypeVar("T", bound="InvoicesIn")


@_attrs_define
class InvoicesIn:
    """Documents of a billing run.

    Attributes:
        invoices (list[InvoicesInInvoicesItem]): Each as tidings.invoice.Invoice.
        brand (None | str | Unset):
        source (str | Unset): The system whose customer references are used. Default: ''.
        enclosures (list[str] | Unset): PDFs of the library that go with each letter.
    """

    invoices: list[InvoicesInInvoicesItem]
    brand: None | str | Unset = UNSET
    source: str | Unset = ""
    enclosures: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.invoices_in_invoices_item import InvoicesInInvoicesItem  # noqa: PLC0415

        invoices = []
        for invoices_item_data in self.invoices:
            invoices_item = invoices_item_data.to_dict()
            invoices.append(invoices_item)

        brand: None | str | Unset
        if isinstance(self.brand, Unset):
            brand = UNSET
        else:
            brand = self.brand

        source = self.source

        enclosures: list[str] | Unset = UNSET
        if not isinstance(self.enclosures, Unset):
            enclosures = self.enclosures

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "invoices": invoices,
            }
        )
        if brand is not UNSET:
            field_dict["brand"] = brand
        if source is not UNSET:
            field_dict["source"] = source
        if enclosures is not UNSET:
            field_dict["enclosures"] = enclosures

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.invoices_in_invoices_item import InvoicesInInvoicesItem  # noqa: PLC0415

        d = dict(src_dict)
        invoices = []
        _invoices = d.pop("invoices")
        for invoices_item_data in _invoices:
            invoices_item = InvoicesInInvoicesItem.from_dict(invoices_item_data)

            invoices.append(invoices_item)

        def _parse_brand(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        brand = _parse_brand(d.pop("brand", UNSET))

        source = d.pop("source", UNSET)

        enclosures = cast(list[str], d.pop("enclosures", UNSET))

        invoices_in = cls(
            invoices=invoices,
            brand=brand,
            source=source,
            enclosures=enclosures,
        )

        return invoices_in
