from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.template_out_data import TemplateOutData


T = TypeVar("T", bound="TemplateOut")


@_attrs_define
class TemplateOut:
    """What a template is for, and what it needs.

    Attributes:
        name (str):
        title (str):
        purpose (str):
        purpose_class (str):
        version (str):
        content_hash (str):
        channels (list[str]):
        languages (list[str]):
        data (TemplateOutData): Values that a campaign gives, with their type; `?`: optional.
        facts (list[str]): What every channel must say.
    """

    name: str
    title: str
    purpose: str
    purpose_class: str
    version: str
    content_hash: str
    channels: list[str]
    languages: list[str]
    data: TemplateOutData
    facts: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.template_out_data import TemplateOutData  # noqa: PLC0415

        name = self.name

        title = self.title

        purpose = self.purpose

        purpose_class = self.purpose_class

        version = self.version

        content_hash = self.content_hash

        channels = self.channels

        languages = self.languages

        data = self.data.to_dict()

        facts = self.facts

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
                "title": title,
                "purpose": purpose,
                "purpose_class": purpose_class,
                "version": version,
                "content_hash": content_hash,
                "channels": channels,
                "languages": languages,
                "data": data,
                "facts": facts,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.template_out_data import TemplateOutData  # noqa: PLC0415

        d = dict(src_dict)
        name = d.pop("name")

        title = d.pop("title")

        purpose = d.pop("purpose")

        purpose_class = d.pop("purpose_class")

        version = d.pop("version")

        content_hash = d.pop("content_hash")

        channels = cast(list[str], d.pop("channels"))

        languages = cast(list[str], d.pop("languages"))

        data = TemplateOutData.from_dict(d.pop("data"))

        facts = cast(list[str], d.pop("facts"))

        template_out = cls(
            name=name,
            title=title,
            purpose=purpose,
            purpose_class=purpose_class,
            version=version,
            content_hash=content_hash,
            channels=channels,
            languages=languages,
            data=data,
            facts=facts,
        )

        template_out.additional_properties = d
        return template_out

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
