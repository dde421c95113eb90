from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast

if TYPE_CHECKING:
    from ..models.preview_in_data_type_0 import PreviewInDataType0


T = TypeVar("T", bound="PreviewIn")


@_attrs_define
class PreviewIn:
    """What to show it with.

    Attributes:
        language (str | Unset):  Default: 'en'.
        brand (str | Unset):  Default: ''.
        channels (list[str] | Unset): None: all that it has.
        data (None | PreviewInDataType0 | Unset): The sample's when left out.
    """

    language: str | Unset = "en"
    brand: str | Unset = ""
    channels: list[str] | Unset = UNSET
    data: None | PreviewInDataType0 | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.preview_in_data_type_0 import PreviewInDataType0  # noqa: PLC0415

        language = self.language

        brand = self.brand

        channels: list[str] | Unset = UNSET
        if not isinstance(self.channels, Unset):
            channels = self.channels

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, PreviewInDataType0):
            data = self.data.to_dict()
        else:
            data = self.data

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if language is not UNSET:
            field_dict["language"] = language
        if brand is not UNSET:
            field_dict["brand"] = brand
        if channels is not UNSET:
            field_dict["channels"] = channels
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.preview_in_data_type_0 import PreviewInDataType0  # noqa: PLC0415

        d = dict(src_dict)
        language = d.pop("language", UNSET)

        brand = d.pop("brand", UNSET)

        channels = cast(list[str], d.pop("channels", UNSET))

        def _parse_data(data: object) -> None | PreviewInDataType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = PreviewInDataType0.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | PreviewInDataType0 | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

        preview_in = cls(
            language=language,
            brand=brand,
            channels=channels,
            data=data,
        )

        return preview_in
