from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast


T = TypeVar("T", bound="WebhookIn")


@_attrs_define
class WebhookIn:
    """An endpoint of yours.

    Attributes:
        name (str):
        url (str): https, on the internet.
        events (list[str] | Unset): None: all. Known: message.sent, message.delivered, message.bounced, message.expired,
            message.failed, message.held, message.suppressed, message.cancelled, preference.changed, offer.redeemed,
            run.sending, run.waiting_release, run.paused, run.stopped, run.finished, customer.erased, customer.merged,
            customer.split.
        personal (bool | Unset): Send the customer's name and references beside the ids. Default: False.
    """

    name: str
    url: str
    events: list[str] | Unset = UNSET
    personal: bool | Unset = False

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        url = self.url

        events: list[str] | Unset = UNSET
        if not isinstance(self.events, Unset):
            events = self.events

        personal = self.personal

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
                "url": url,
            }
        )
        if events is not UNSET:
            field_dict["events"] = events
        if personal is not UNSET:
            field_dict["personal"] = personal

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = d.pop("name")

        url = d.pop("url")

        events = cast(list[str], d.pop("events", UNSET))

        personal = d.pop("personal", UNSET)

        webhook_in = cls(
            name=name,
            url=url,
            events=events,
            personal=personal,
        )

        return webhook_in
