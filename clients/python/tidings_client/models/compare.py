from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.compare_op import CompareOp
from ..types import UNSET, Unset
from typing import cast
import datetime


T = TypeVar("T", bound="Compare")


@_attrs_define
class Compare:
    """One field against a value. Fields: `tidings.segment.FIELDS`, and `attributes.NAME`.

    Attributes:
        field (str):
        op (CompareOp | Unset):  Default: CompareOp.VALUE_0.
        value (bool | datetime.date | datetime.datetime | float | int | list[bool | datetime.date | datetime.datetime |
            float | int | str] | None | str | Unset):
    """

    field: str
    op: CompareOp | Unset = CompareOp.VALUE_0
    value: (
        bool
        | datetime.date
        | datetime.datetime
        | float
        | int
        | list[bool | datetime.date | datetime.datetime | float | int | str]
        | None
        | str
        | Unset
    ) = UNSET

    def to_dict(self) -> dict[str, Any]:
        field = self.field

        op: str | Unset = UNSET
        if not isinstance(self.op, Unset):
            op = self.op.value

        value: bool | float | int | list[bool | float | int | str] | None | str | Unset
        if isinstance(self.value, Unset):
            value = UNSET
        elif isinstance(self.value, datetime.date):
            value = self.value.isoformat()
        elif isinstance(self.value, datetime.datetime):
            value = self.value.isoformat()
        elif isinstance(self.value, list):
            value = []
            for value_type_6_item_data in self.value:
                value_type_6_item: bool | float | int | str
                if isinstance(value_type_6_item_data, datetime.date):
                    value_type_6_item = value_type_6_item_data.isoformat()
                elif isinstance(value_type_6_item_data, datetime.datetime):
                    value_type_6_item = value_type_6_item_data.isoformat()
                else:
                    value_type_6_item = value_type_6_item_data
                value.append(value_type_6_item)

        else:
            value = self.value

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "field": field,
            }
        )
        if op is not UNSET:
            field_dict["op"] = op
        if value is not UNSET:
            field_dict["value"] = value

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        field = d.pop("field")

        _op = d.pop("op", UNSET)
        op: CompareOp | Unset
        if isinstance(_op, Unset):
            op = UNSET
        else:
            op = CompareOp(_op)

        def _parse_value(
            data: object,
        ) -> (
            bool
            | datetime.date
            | datetime.datetime
            | float
            | int
            | list[bool | datetime.date | datetime.datetime | float | int | str]
            | None
            | str
            | Unset
        ):
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                value_type_4 = datetime.date.fromisoformat(data)

                return value_type_4
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                value_type_5 = datetime.datetime.fromisoformat(data)

                return value_type_5
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, list):
                    raise TypeError()
                value_type_6 = []
                _value_type_6 = data
                for value_type_6_item_data in _value_type_6:

                    def _parse_value_type_6_item(
                        data: object,
                    ) -> bool | datetime.date | datetime.datetime | float | int | str:
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            value_type_6_item_type_4 = datetime.date.fromisoformat(data)

                            return value_type_6_item_type_4
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        try:
                            if not isinstance(data, str):
                                raise TypeError()
                            value_type_6_item_type_5 = datetime.datetime.fromisoformat(
                                data
                            )

                            return value_type_6_item_type_5
                        except (TypeError, ValueError, AttributeError, KeyError):
                            pass
                        return cast(
                            bool
                            | datetime.date
                            | datetime.datetime
                            | float
                            | int
                            | str,
                            data,
                        )

                    value_type_6_item = _parse_value_type_6_item(value_type_6_item_data)

                    value_type_6.append(value_type_6_item)

                return value_type_6
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(
                bool
                | datetime.date
                | datetime.datetime
                | float
                | int
                | list[bool | datetime.date | datetime.datetime | float | int | str]
                | None
                | str
                | Unset,
                data,
            )

        value = _parse_value(d.pop("value", UNSET))

        compare = cls(
            field=field,
            op=op,
            value=value,
        )

        return compare
