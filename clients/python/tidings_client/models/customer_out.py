from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.customer_out_attributes import CustomerOutAttributes
    from ..models.referred import Referred


T = TypeVar("T", bound="CustomerOut")


@_attrs_define
class CustomerOut:
    """A customer. How to reach them: `/addresses`; what they asked for: `/preferences`, `/statements`.

    Attributes:
        id (int): Ours, for ever; paths take it as `id:17`.
        references (list[Referred]):
        first_name (str):
        last_name (str):
        company (str):
        language (str):
        time_zone (str):
        country (str):
        standing (str):
        holds (list[str]): Open matters: complaint, dispute, dunning, bereavement.
        attributes (CustomerOutAttributes):
        created_at (datetime.datetime):
        updated_at (datetime.datetime):
    """

    id: int
    references: list[Referred]
    first_name: str
    last_name: str
    company: str
    language: str
    time_zone: str
    country: str
    standing: str
    holds: list[str]
    attributes: CustomerOutAttributes
    created_at: datetime.datetime
    updated_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.customer_out_attributes import CustomerOutAttributes  # noqa: PLC0415
        from ..models.referred import Referred  # noqa: PLC0415

        id = self.id

        references = []
        for references_item_data in self.references:
            references_item = references_item_data.to_dict()
            references.append(references_item)

        first_name = self.first_name

        last_name = self.last_name

        company = self.company

        language = self.language

        time_zone = self.time_zone

        country = self.country

        standing = self.standing

        holds = self.holds

        attributes = self.attributes.to_dict()

        created_at = self.created_at.isoformat()

        updated_at = self.updated_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "references": references,
                "first_name": first_name,
                "last_name": last_name,
                "company": company,
                "language": language,
                "time_zone": time_zone,
                "country": country,
                "standing": standing,
                "holds": holds,
                "attributes": attributes,
                "created_at": created_at,
                "updated_at": updated_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.customer_out_attributes import CustomerOutAttributes  # noqa: PLC0415
        from ..models.referred import Referred  # noqa: PLC0415

        d = dict(src_dict)
        id = d.pop("id")

        references = []
        _references = d.pop("references")
        for references_item_data in _references:
            references_item = Referred.from_dict(references_item_data)

            references.append(references_item)

        first_name = d.pop("first_name")

        last_name = d.pop("last_name")

        company = d.pop("company")

        language = d.pop("language")

        time_zone = d.pop("time_zone")

        country = d.pop("country")

        standing = d.pop("standing")

        holds = cast(list[str], d.pop("holds"))

        attributes = CustomerOutAttributes.from_dict(d.pop("attributes"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        updated_at = datetime.datetime.fromisoformat(d.pop("updated_at"))

        customer_out = cls(
            id=id,
            references=references,
            first_name=first_name,
            last_name=last_name,
            company=company,
            language=language,
            time_zone=time_zone,
            country=country,
            standing=standing,
            holds=holds,
            attributes=attributes,
            created_at=created_at,
            updated_at=updated_at,
        )

        customer_out.additional_properties = d
        return customer_out

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
