from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.campaign_out_definition import CampaignOutDefinition


T = TypeVar("T", bound="CampaignOut")


@_attrs_define
class CampaignOut:
    """One edition of a campaign.

    Attributes:
        name (str):
        edition (str):
        brand (str):
        definition (CampaignOutDefinition): The values of its file.
        created_by (str):
        starts_at (datetime.datetime | None):
        created_at (datetime.datetime):
    """

    name: str
    edition: str
    brand: str
    definition: CampaignOutDefinition
    created_by: str
    starts_at: datetime.datetime | None
    created_at: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.campaign_out_definition import CampaignOutDefinition  # noqa: PLC0415

        name = self.name

        edition = self.edition

        brand = self.brand

        definition = self.definition.to_dict()

        created_by = self.created_by

        starts_at: None | str
        if isinstance(self.starts_at, datetime.datetime):
            starts_at = self.starts_at.isoformat()
        else:
            starts_at = self.starts_at

        created_at = self.created_at.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "edition": edition,
                "brand": brand,
                "definition": definition,
                "created_by": created_by,
                "starts_at": starts_at,
                "created_at": created_at,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.campaign_out_definition import CampaignOutDefinition  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        edition = d.pop("edition")

        brand = d.pop("brand")

        definition = CampaignOutDefinition.from_dict(d.pop("definition"))

        created_by = d.pop("created_by")

        def _parse_starts_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                starts_at_type_0 = datetime.datetime.fromisoformat(data)

                return starts_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        starts_at = _parse_starts_at(d.pop("starts_at"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        campaign_out = cls(
            name=name,
            edition=edition,
            brand=brand,
            definition=definition,
            created_by=created_by,
            starts_at=starts_at,
            created_at=created_at,
        )

        campaign_out.additional_properties = d
        return campaign_out

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
