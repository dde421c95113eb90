from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.export_out_data import ExportOutData


T = TypeVar("T", bound="ExportOut")


@_attrs_define
class ExportOut:
    """Everything that is held about a customer.

    Attributes:
        export (str):
        state (str): `done`: it can be fetched at once.
        expires_at (datetime.datetime):
        requested_by (str):
        requested_at (datetime.datetime):
        data (ExportOutData): By what it is: customer, addresses, consents, statements, messages, invoices, touchpoints,
            ...
    """

    export: str
    state: str
    expires_at: datetime.datetime
    requested_by: str
    requested_at: datetime.datetime
    data: ExportOutData
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.export_out_data import ExportOutData  # noqa: PLC0415

        export = self.export

        state = self.state

        expires_at = self.expires_at.isoformat()

        requested_by = self.requested_by

        requested_at = self.requested_at.isoformat()

        data = self.data.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "export": export,
                "state": state,
                "expires_at": expires_at,
                "requested_by": requested_by,
                "requested_at": requested_at,
                "data": data,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.export_out_data import ExportOutData  # noqa: PLC0415

        d = dict(src_dict)
        export = d.pop("export")

        state = d.pop("state")

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        requested_by = d.pop("requested_by")

        requested_at = datetime.datetime.fromisoformat(d.pop("requested_at"))

        data = ExportOutData.from_dict(d.pop("data"))

        export_out = cls(
            export=export,
            state=state,
            expires_at=expires_at,
            requested_by=requested_by,
            requested_at=requested_at,
            data=data,
        )

        export_out.additional_properties = d
        return export_out

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
