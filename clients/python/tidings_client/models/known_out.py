from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.channel_out import ChannelOut
    from ..models.known_out_consents_item import KnownOutConsentsItem
    from ..models.known_out_statements_item import KnownOutStatementsItem


T = TypeVar("T", bound="KnownOut")


@_attrs_define
class KnownOut:
    """What had been recorded by an instant, and what would have been decided of it.

    Attributes:
        customer (str):
        as_of (datetime.datetime):
        brand (str):
        topic (str):
        purpose_class (str):
        policy (int | None): The version that was in use; null: no run of that time says it.
        state (str):
        reason (str):
        sentence (str):
        channel (None | str):
        due_at (datetime.datetime | None):
        channels (list[ChannelOut]):
        statements (list[KnownOutStatementsItem]): Wishes that had been recorded by then, the newest first.
        consents (list[KnownOutConsentsItem]): Permissions that had been recorded by then, the newest first.
        unknown (list[str]): What cannot be known as it was then.
    """

    customer: str
    as_of: datetime.datetime
    brand: str
    topic: str
    purpose_class: str
    policy: int | None
    state: str
    reason: str
    sentence: str
    channel: None | str
    due_at: datetime.datetime | None
    channels: list[ChannelOut]
    statements: list[KnownOutStatementsItem]
    consents: list[KnownOutConsentsItem]
    unknown: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.channel_out import ChannelOut  # noqa: PLC0415
        from ..models.known_out_consents_item import KnownOutConsentsItem  # noqa: PLC0415
        from ..models.known_out_statements_item import KnownOutStatementsItem  # noqa: PLC0415

        customer = self.customer

        as_of = self.as_of.isoformat()

        brand = self.brand

        topic = self.topic

        purpose_class = self.purpose_class

        policy: int | None
        policy = self.policy

        state = self.state

        reason = self.reason

        sentence = self.sentence

        channel: None | str
        channel = self.channel

        due_at: None | str
        if isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        channels = []
        for channels_item_data in self.channels:
            channels_item = channels_item_data.to_dict()
            channels.append(channels_item)

        statements = []
        for statements_item_data in self.statements:
            statements_item = statements_item_data.to_dict()
            statements.append(statements_item)

        consents = []
        for consents_item_data in self.consents:
            consents_item = consents_item_data.to_dict()
            consents.append(consents_item)

        unknown = self.unknown

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "customer": customer,
                "as_of": as_of,
                "brand": brand,
                "topic": topic,
                "purpose_class": purpose_class,
                "policy": policy,
                "state": state,
                "reason": reason,
                "sentence": sentence,
                "channel": channel,
                "due_at": due_at,
                "channels": channels,
                "statements": statements,
                "consents": consents,
                "unknown": unknown,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.channel_out import ChannelOut  # noqa: PLC0415
        from ..models.known_out_consents_item import KnownOutConsentsItem  # noqa: PLC0415
        from ..models.known_out_statements_item import KnownOutStatementsItem  # noqa: PLC0415

        d = dict(src_dict)
        customer = d.pop("customer")

        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        brand = d.pop("brand")

        topic = d.pop("topic")

        purpose_class = d.pop("purpose_class")

        def _parse_policy(data: object) -> int | None:
            if data is None:
                return data
            return cast(int | None, data)

        policy = _parse_policy(d.pop("policy"))

        state = d.pop("state")

        reason = d.pop("reason")

        sentence = d.pop("sentence")

        def _parse_channel(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        channel = _parse_channel(d.pop("channel"))

        def _parse_due_at(data: object) -> datetime.datetime | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                due_at_type_0 = datetime.datetime.fromisoformat(data)

                return due_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None, data)

        due_at = _parse_due_at(d.pop("due_at"))

        channels = []
        _channels = d.pop("channels")
        for channels_item_data in _channels:
            channels_item = ChannelOut.from_dict(channels_item_data)

            channels.append(channels_item)

        statements = []
        _statements = d.pop("statements")
        for statements_item_data in _statements:
            statements_item = KnownOutStatementsItem.from_dict(statements_item_data)

            statements.append(statements_item)

        consents = []
        _consents = d.pop("consents")
        for consents_item_data in _consents:
            consents_item = KnownOutConsentsItem.from_dict(consents_item_data)

            consents.append(consents_item)

        unknown = cast(list[str], d.pop("unknown"))

        known_out = cls(
            customer=customer,
            as_of=as_of,
            brand=brand,
            topic=topic,
            purpose_class=purpose_class,
            policy=policy,
            state=state,
            reason=reason,
            sentence=sentence,
            channel=channel,
            due_at=due_at,
            channels=channels,
            statements=statements,
            consents=consents,
            unknown=unknown,
        )

        known_out.additional_properties = d
        return known_out

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
