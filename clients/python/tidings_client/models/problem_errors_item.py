from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset


T = TypeVar("T", bound="ProblemErrorsItem")


@_attrs_define
class ProblemErrorsItem:
    """
    Attributes:
        pointer (str | Unset): Into the body (RFC 6901, as a fragment).
        parameter (str | Unset): Of the path, the query or a header.
        detail (str | Unset):
        field (str | Unset):
        problem (str | Unset):
        value (str | Unset):
        index (int | Unset): Which one of a list.
    """

    pointer: str | Unset = UNSET
    parameter: str | Unset = UNSET
    detail: str | Unset = UNSET
    field: str | Unset = UNSET
    problem: str | Unset = UNSET
    value: str | Unset = UNSET
    index: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        pointer = self.pointer

        parameter = self.parameter

        detail = self.detail

        field = self.field

        problem = self.problem

        value = self.value

        index = self.index

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if pointer is not UNSET:
            field_dict["pointer"] = pointer
        if parameter is not UNSET:
            field_dict["parameter"] = parameter
        if detail is not UNSET:
            field_dict["detail"] = detail
        if field is not UNSET:
            field_dict["field"] = field
        if problem is not UNSET:
            field_dict["problem"] = problem
        if value is not UNSET:
            field_dict["value"] = value
        if index is not UNSET:
            field_dict["index"] = index

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        pointer = d.pop("pointer", UNSET)

        parameter = d.pop("parameter", UNSET)

        detail = d.pop("detail", UNSET)

        field = d.pop("field", UNSET)

        problem = d.pop("problem", UNSET)

        value = d.pop("value", UNSET)

        index = d.pop("index", UNSET)

        problem_errors_item = cls(
            pointer=pointer,
            parameter=parameter,
            detail=detail,
            field=field,
            problem=problem,
            value=value,
            index=index,
        )

        problem_errors_item.additional_properties = d
        return problem_errors_item

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
