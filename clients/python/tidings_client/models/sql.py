from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset


T = TypeVar("T", bound="Sql")


@_attrs_define
class Sql:
    """A query over the views of `store.views` whose first column is `customer_id`: for experts, read-only.

    Attributes:
        sql (str):
    """

    sql: str

    def to_dict(self) -> dict[str, Any]:
        sql = self.sql

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "sql": sql,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        sql = d.pop("sql")

        sql = cls(
            sql=sql,
        )

        return sql
