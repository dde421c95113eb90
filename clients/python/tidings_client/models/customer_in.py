from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.customer_in_standing_type_0 import CustomerInStandingType0
from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.customer_in_attributes import CustomerInAttributes


T = TypeVar("T", bound="CustomerIn")


@_attrs_define
class CustomerIn:
    """What a system knows of a customer; what is left out stays as it is.

    Attributes:
        first_name (None | str | Unset):
        last_name (None | str | Unset):
        company (None | str | Unset):
        language (None | str | Unset):
        time_zone (None | str | Unset):
        country (None | str | Unset): ISO 3166-1 alpha-2.
        standing (CustomerInStandingType0 | None | Unset):
        attributes (CustomerInAttributes | Unset): Merged into what is known; null removes one.
    """

    first_name: None | str | Unset = UNSET
    last_name: None | str | Unset = UNSET
    company: None | str | Unset = UNSET
    language: None | str | Unset = UNSET
    time_zone: None | str | Unset = UNSET
    country: None | str | Unset = UNSET
    standing: CustomerInStandingType0 | None | Unset = UNSET
    attributes: CustomerInAttributes | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.customer_in_attributes import CustomerInAttributes  # noqa: PLC0415

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
        elif isinstance(self.standing, CustomerInStandingType0):
            standing = self.standing.value
        else:
            standing = self.standing

        attributes: dict[str, Any] | Unset = UNSET
        if not isinstance(self.attributes, Unset):
            attributes = self.attributes.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update({})
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

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.customer_in_attributes import CustomerInAttributes  # noqa: PLC0415

        d = dict(src_dict)

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

        def _parse_standing(data: object) -> CustomerInStandingType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                standing_type_0 = CustomerInStandingType0(data)

                return standing_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(CustomerInStandingType0 | None | Unset, data)

        standing = _parse_standing(d.pop("standing", UNSET))

        _attributes = d.pop("attributes", UNSET)
        attributes: CustomerInAttributes | Unset
        if isinstance(_attributes, Unset):
            attributes = UNSET
        else:
            attributes = CustomerInAttributes.from_dict(_attributes)

        customer_in = cls(
            first_name=first_name,
            last_name=last_name,
            company=company,
            language=language,
            time_zone=time_zone,
            country=country,
            standing=standing,
            attributes=attributes,
        )

        return customer_in
