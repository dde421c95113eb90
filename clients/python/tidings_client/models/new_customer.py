from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.new_customer_standing_type_0 import NewCustomerStandingType0
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.new_customer_attributes import NewCustomerAttributes


T = TypeVar("T", bound="NewCustomer")


@_attrs_define
class NewCustomer:
    """A customer with the reference that their system gave them.

    Attributes:
        reference (str):
        first_name (None | str | Unset):
        last_name (None | str | Unset):
        company (None | str | Unset):
        language (None | str | Unset):
        time_zone (None | str | Unset):
        country (None | str | Unset): ISO 3166-1 alpha-2.
        standing (NewCustomerStandingType0 | None | Unset):
        attributes (NewCustomerAttributes | Unset): Merged into what is known; null removes one.
        source (str | Unset): The system that gave it; the key's name when left out. Default: ''.
    """

    reference: str
    first_name: None | str | Unset = UNSET
    last_name: None | str | Unset = UNSET
    company: None | str | Unset = UNSET
    language: None | str | Unset = UNSET
    time_zone: None | str | Unset = UNSET
    country: None | str | Unset = UNSET
    standing: NewCustomerStandingType0 | None | Unset = UNSET
    attributes: NewCustomerAttributes | Unset = UNSET
    source: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        from ..models.new_customer_attributes import NewCustomerAttributes  # noqa: PLC0415

        reference = self.reference

        first_name: None | str | Unset
        if isinstance(self.first_name, Unset):
            first_name = UNSET
        else:
            first_name = self.first_name

        last_name: None | str | Unset
        if isinstance(self.last_name, Unset):
            last_name = UNSET
        else:
            last_name = self.last_name

        company: None | str | Unset
        if isinstance(self.company, Unset):
            company = UNSET
        else:
            company = self.company

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        time_zone: None | str | Unset
        if isinstance(self.time_zone, Unset):
            time_zone = UNSET
        else:
            time_zone = self.time_zone

        country: None | str | Unset
        if isinstance(self.country, Unset):
            country = UNSET
        else:
            country = self.country

        standing: None | str | Unset
        if isinstance(self.standing, Unset):
            standing = UNSET
        elif isinstance(self.standing, NewCustomerStandingType0):
            standing = self.standing.value
        else:
            standing = self.standing

        attributes: dict[str, Any] | Unset = UNSET
        if not isinstance(self.attributes, Unset):
            attributes = self.attributes.to_dict()

        source = self.source

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "reference": reference,
            }
        )
        if first_name is not UNSET:
            field_dict["first_name"] = first_name
        if last_name is not UNSET:
            field_dict["last_name"] = last_name
        if company is not UNSET:
            field_dict["company"] = company
        if language is not UNSET:
            field_dict["language"] = language
        if time_zone is not UNSET:
            field_dict["time_zone"] = time_zone
        if country is not UNSET:
            field_dict["country"] = country
        if standing is not UNSET:
            field_dict["standing"] = standing
        if attributes is not UNSET:
            field_dict["attributes"] = attributes
        if source is not UNSET:
            field_dict["source"] = source

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.new_customer_attributes import NewCustomerAttributes  # noqa: PLC0415

        d = dict(src_dict)
        reference = d.pop("reference")

        def _parse_first_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        first_name = _parse_first_name(d.pop("first_name", UNSET))

        def _parse_last_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        last_name = _parse_last_name(d.pop("last_name", UNSET))

        def _parse_company(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        company = _parse_company(d.pop("company", UNSET))

        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))

        def _parse_time_zone(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        time_zone = _parse_time_zone(d.pop("time_zone", UNSET))

        def _parse_country(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        country = _parse_country(d.pop("country", UNSET))

        def _parse_standing(data: object) -> NewCustomerStandingType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                standing_type_0 = NewCustomerStandingType0(data)

                return standing_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(NewCustomerStandingType0 | None | Unset, data)

        standing = _parse_standing(d.pop("standing", UNSET))

        _attributes = d.pop("attributes", UNSET)
        attributes: NewCustomerAttributes | Unset
        if isinstance(_attributes, Unset):
            attributes = UNSET
        else:
            attributes = NewCustomerAttributes.from_dict(_attributes)

        source = d.pop("source", UNSET)

        new_customer = cls(
            reference=reference,
            first_name=first_name,
            last_name=last_name,
            company=company,
            language=language,
            time_zone=time_zone,
            country=country,
            standing=standing,
            attributes=attributes,
            source=source,
        )

        return new_customer
