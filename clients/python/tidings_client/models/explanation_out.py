from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..types import UNSET, Unset
from typing import cast
import datetime

if TYPE_CHECKING:
    from ..models.channel_out import ChannelOut
    from ..models.explanation_out_differs_item import ExplanationOutDiffersItem
    from ..models.explanation_out_envelope_type_0 import ExplanationOutEnvelopeType0
    from ..models.explanation_out_today_type_0 import ExplanationOutTodayType0


T = TypeVar("T", bound="ExplanationOut")


@_attrs_define
class ExplanationOut:
    """What was decided for a message, and whether it would be decided so now.

    Attributes:
        message (str):
        customer (int):
        run (str):
        document (str):
        state (str):
        reason (str):
        sentence (str):
        channel (None | str):
        policy (int):
        decided_at (datetime.datetime):
        due_at (datetime.datetime | None):
        proved (bool): Asked again of the facts as they were, by that policy, it is the same answer.
        differs (list[ExplanationOutDiffersItem]): channel, what, stored, computed, where it is not.
        unknown (list[str]): What cannot be known as it was when it was decided.
        facts_changed (bool):
        today (ExplanationOutTodayType0 | None): state, reason, channel where they would differ now.
        channels (list[ChannelOut]):
        envelope (ExplanationOutEnvelopeType0 | None | Unset): Of a letter that shared its envelope: with_message,
            with_purpose, with_document, sheets, saved, inside, reason, sentence.
    """

    message: str
    customer: int
    run: str
    document: str
    state: str
    reason: str
    sentence: str
    channel: None | str
    policy: int
    decided_at: datetime.datetime
    due_at: datetime.datetime | None
    proved: bool
    differs: list[ExplanationOutDiffersItem]
    unknown: list[str]
    facts_changed: bool
    today: ExplanationOutTodayType0 | None
    channels: list[ChannelOut]
    envelope: ExplanationOutEnvelopeType0 | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.channel_out import ChannelOut  # noqa: PLC0415
        from ..models.explanation_out_differs_item import ExplanationOutDiffersItem  # noqa: PLC0415
        from ..models.explanation_out_envelope_type_0 import ExplanationOutEnvelopeType0  # noqa: PLC0415
        from ..models.explanation_out_today_type_0 import ExplanationOutTodayType0  # noqa: PLC0415

        message = self.message

        customer = self.customer

        run = self.run

        document = self.document

        state = self.state

        reason = self.reason

        sentence = self.sentence

        channel: None | str
        channel = self.channel

        policy = self.policy

        decided_at = self.decided_at.isoformat()

        due_at: None | str
        if isinstance(self.due_at, datetime.datetime):
            due_at = self.due_at.isoformat()
        else:
            due_at = self.due_at

        proved = self.proved

        differs = []
        for differs_item_data in self.differs:
            differs_item = differs_item_data.to_dict()
            differs.append(differs_item)

        unknown = self.unknown

        facts_changed = self.facts_changed

        today: dict[str, Any] | None
        if isinstance(self.today, ExplanationOutTodayType0):
            today = self.today.to_dict()
        else:
            today = self.today

        channels = []
        for channels_item_data in self.channels:
            channels_item = channels_item_data.to_dict()
            channels.append(channels_item)

        envelope: dict[str, Any] | None | Unset
        if isinstance(self.envelope, Unset):
            envelope = UNSET
        elif isinstance(self.envelope, ExplanationOutEnvelopeType0):
            envelope = self.envelope.to_dict()
        else:
            envelope = self.envelope

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "message": message,
                "customer": customer,
                "run": run,
                "document": document,
                "state": state,
                "reason": reason,
                "sentence": sentence,
                "channel": channel,
                "policy": policy,
                "decided_at": decided_at,
                "due_at": due_at,
                "proved": proved,
                "differs": differs,
                "unknown": unknown,
                "facts_changed": facts_changed,
                "today": today,
                "channels": channels,
            }
        )
        if envelope is not UNSET:
            field_dict["envelope"] = envelope

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.channel_out import ChannelOut  # noqa: PLC0415
        from ..models.explanation_out_differs_item import ExplanationOutDiffersItem  # noqa: PLC0415
        from ..models.explanation_out_envelope_type_0 import ExplanationOutEnvelopeType0  # noqa: PLC0415
        from ..models.explanation_out_today_type_0 import ExplanationOutTodayType0  # noqa: PLC0415

        d = dict(src_dict)
        message = d.pop("message")

        customer = d.pop("customer")

        run = d.pop("run")

        document = d.pop("document")

        state = d.pop("state")

        reason = d.pop("reason")

        sentence = d.pop("sentence")

        def _parse_channel(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        channel = _parse_channel(d.pop("channel"))

        policy = d.pop("policy")

        decided_at = datetime.datetime.fromisoformat(d.pop("decided_at"))

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

        proved = d.pop("proved")

        differs = []
        _differs = d.pop("differs")
        for differs_item_data in _differs:
            differs_item = ExplanationOutDiffersItem.from_dict(differs_item_data)

            differs.append(differs_item)

        unknown = cast(list[str], d.pop("unknown"))

        facts_changed = d.pop("facts_changed")

        def _parse_today(data: object) -> ExplanationOutTodayType0 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                today_type_0 = ExplanationOutTodayType0.from_dict(data)

                return today_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExplanationOutTodayType0 | None, data)

        today = _parse_today(d.pop("today"))

        channels = []
        _channels = d.pop("channels")
        for channels_item_data in _channels:
            channels_item = ChannelOut.from_dict(channels_item_data)

            channels.append(channels_item)

        def _parse_envelope(data: object) -> ExplanationOutEnvelopeType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                envelope_type_0 = ExplanationOutEnvelopeType0.from_dict(data)

                return envelope_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(ExplanationOutEnvelopeType0 | None | Unset, data)

        envelope = _parse_envelope(d.pop("envelope", UNSET))

        explanation_out = cls(
            message=message,
            customer=customer,
            run=run,
            document=document,
            state=state,
            reason=reason,
            sentence=sentence,
            channel=channel,
            policy=policy,
            decided_at=decided_at,
            due_at=due_at,
            proved=proved,
            differs=differs,
            unknown=unknown,
            facts_changed=facts_changed,
            today=today,
            channels=channels,
            envelope=envelope,
        )

        explanation_out.additional_properties = d
        return explanation_out

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
