from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.receipt_out_records_item import ReceiptOutRecordsItem


T = TypeVar("T", bound="ReceiptOut")


@_attrs_define
class ReceiptOut:
    """A consent receipt.

    Attributes:
        schema_version (str):
        issued_at (datetime.datetime):
        issued_by (str):
        records (list[ReceiptOutRecordsItem]): docs/laws.md lists the fields.
    """

    schema_version: str
    issued_at: datetime.datetime
    issued_by: str
    records: list[ReceiptOutRecordsItem]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.receipt_out_records_item import ReceiptOutRecordsItem  # noqa: PLC0415

        schema_version = self.schema_version

        issued_at = self.issued_at.isoformat()

        issued_by = self.issued_by

        records = []
        for records_item_data in self.records:
            records_item = records_item_data.to_dict()
            records.append(records_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "schema_version": schema_version,
                "issued_at": issued_at,
                "issued_by": issued_by,
                "records": records,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.receipt_out_records_item import ReceiptOutRecordsItem  # noqa: PLC0415

        d = dict(src_dict)
        schema_version = d.pop("schema_version")

        issued_at = datetime.datetime.fromisoformat(d.pop("issued_at"))

        issued_by = d.pop("issued_by")

        records = []
        _records = d.pop("records")
        for records_item_data in _records:
            records_item = ReceiptOutRecordsItem.from_dict(records_item_data)

            records.append(records_item)

        receipt_out = cls(
            schema_version=schema_version,
            issued_at=issued_at,
            issued_by=issued_by,
            records=records,
        )

        receipt_out.additional_properties = d
        return receipt_out

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
