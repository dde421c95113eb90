from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.touchpoint_in import TouchpointIn


T = TypeVar("T", bound="TouchpointsIn")


@_attrs_define
class TouchpointsIn:
    """Many things that happened with customers.

    Attributes:
        touchpoints (list[TouchpointIn]):
    """

    touchpoints: list[TouchpointIn]

    def to_dict(self) -> dict[str, Any]:
        from ..models.touchpoint_in import TouchpointIn  # noqa: PLC0415

        touchpoints = []
        for touchpoints_item_data in self.touchpoints:
            touchpoints_item = touchpoints_item_data.to_dict()
            touchpoints.append(touchpoints_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "touchpoints": touchpoints,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.touchpoint_in import TouchpointIn  # noqa: PLC0415

        d = dict(src_dict)
        touchpoints = []
        _touchpoints = d.pop("touchpoints")
        for touchpoints_item_data in _touchpoints:
            touchpoints_item = TouchpointIn.from_dict(touchpoints_item_data)

            touchpoints.append(touchpoints_item)

        touchpoints_in = cls(
            touchpoints=touchpoints,
        )

        return touchpoints_in
