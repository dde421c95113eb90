from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast

if TYPE_CHECKING:
    from ..models.offer_out_facts import OfferOutFacts
    from ..models.sent_out import SentOut


T = TypeVar("T", bound="OfferOut")


@_attrs_define
class OfferOut:
    """An offer that the customer may use.

    Attributes:
        offer (str): Campaign and edition: `autumn-offer:2026`.
        code (str):
        title (str):
        brand (str):
        valid_until (None | str): Its last day where the customer lives; null: no end was told.
        facts (OfferOutFacts): What every channel said, as it was written to the customer.
        sent (list[SentOut]):
    """

    offer: str
    code: str
    title: str
    brand: str
    valid_until: None | str
    facts: OfferOutFacts
    sent: list[SentOut]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.offer_out_facts import OfferOutFacts  # noqa: PLC0415
        from ..models.sent_out import SentOut  # noqa: PLC0415

        offer = self.offer

        code = self.code

        title = self.title

        brand = self.brand

        valid_until: None | str
        valid_until = self.valid_until

        facts = self.facts.to_dict()

        sent = []
        for sent_item_data in self.sent:
            sent_item = sent_item_data.to_dict()
            sent.append(sent_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "offer": offer,
                "code": code,
                "title": title,
                "brand": brand,
                "valid_until": valid_until,
                "facts": facts,
                "sent": sent,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.offer_out_facts import OfferOutFacts  # noqa: PLC0415
        from ..models.sent_out import SentOut  # noqa: PLC0415

        d = dict(src_dict)
        offer = d.pop("offer")

        code = d.pop("code")

        title = d.pop("title")

        brand = d.pop("brand")

        def _parse_valid_until(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        valid_until = _parse_valid_until(d.pop("valid_until"))

        facts = OfferOutFacts.from_dict(d.pop("facts"))

        sent = []
        _sent = d.pop("sent")
        for sent_item_data in _sent:
            sent_item = SentOut.from_dict(sent_item_data)

            sent.append(sent_item)

        offer_out = cls(
            offer=offer,
            code=code,
            title=title,
            brand=brand,
            valid_until=valid_until,
            facts=facts,
            sent=sent,
        )

        offer_out.additional_properties = d
        return offer_out

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
