from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="PostalIn")


@_attrs_define
class PostalIn:
    """Where a letter goes; whose name stands on it is the customer's.

    Attributes:
        street (list[str] | Unset):
        postal_code (str | Unset):  Default: ''.
        city (str | Unset):  Default: ''.
        area (str | Unset): State, province, county: where letters there carry one. Default: ''.
        country (str | Unset): The customer's own when left out. Default: ''.
    """

    street: list[str] | Unset = UNSET
    postal_code: str | Unset = ""
    city: str | Unset = ""
    area: str | Unset = ""
    country: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        street: list[str] | Unset = UNSET
        if not isinstance(self.street, Unset):
            street = self.street

        postal_code = self.postal_code

        city = self.city

        area = self.area

        country = self.country

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if street is not UNSET:
            field_dict["street"] = street
        if postal_code is not UNSET:
            field_dict["postal_code"] = postal_code
        if city is not UNSET:
            field_dict["city"] = city
        if area is not UNSET:
            field_dict["area"] = area
        if country is not UNSET:
            field_dict["country"] = country

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        street = cast(list[str], d.pop("street", UNSET))

        postal_code = d.pop("postal_code", UNSET)

        city = d.pop("city", UNSET)

        area = d.pop("area", UNSET)

        country = d.pop("country", UNSET)

        postal_in = cls(
            street=street,
            postal_code=postal_code,
            city=city,
            area=area,
            country=country,
        )

        return postal_in
