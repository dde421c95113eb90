from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..models.statement_in_kind import StatementInKind
from ..types import UNSET, Unset
from typing import cast
import datetime


T = TypeVar("T", bound="StatementIn")


@_attrs_define
class StatementIn:
    """One thing that a customer asked for.

    Attributes:
        kind (StatementInKind):
        brand (str | Unset):  Default: 'all'.
        topic (str | Unset):  Default: 'all'.
        channels (list[Channel] | Unset): order: most wished first.
        only (bool | Unset): order: no other channel is wanted. Default: False.
        resume (bool | Unset): pause: go on, whatever pause stands. Default: False.
        quiet_from (None | str | Unset):
        quiet_until (None | str | Unset):
        language (None | str | Unset):
        tracking (bool | None | Unset): May opened links be remembered?
        from_at (datetime.datetime | None | Unset):
        until_at (datetime.datetime | None | Unset): Exclusive; null: until a newer word.
        at (datetime.datetime | None | Unset): When they said so; now when left out.
        proof (str | Unset):  Default: ''.
    """

    kind: StatementInKind
    brand: str | Unset = "all"
    topic: str | Unset = "all"
    channels: list[Channel] | Unset = UNSET
    only: bool | Unset = False
    resume: bool | Unset = False
    quiet_from: None | str | Unset = UNSET
    quiet_until: None | str | Unset = UNSET
    language: None | str | Unset = UNSET
    tracking: bool | None | Unset = UNSET
    from_at: datetime.datetime | None | Unset = UNSET
    until_at: datetime.datetime | None | Unset = UNSET
    at: datetime.datetime | None | Unset = UNSET
    proof: str | Unset = ""

    def to_dict(self) -> dict[str, Any]:
        kind = self.kind.value

        brand = self.brand

        topic = self.topic

        channels: list[str] | Unset = UNSET
        if not isinstance(self.channels, Unset):
            channels = []
            for channels_item_data in self.channels:
                channels_item = channels_item_data.value
                channels.append(channels_item)

        only = self.only

        resume = self.resume

        quiet_from: None | str | Unset
        if isinstance(self.quiet_from, Unset):
            quiet_from = UNSET
        else:
            quiet_from = self.quiet_from

        quiet_until: None | str | Unset
        if isinstance(self.quiet_until, Unset):
            quiet_until = UNSET
        else:
            quiet_until = self.quiet_until

        language: None | str | Unset
        if isinstance(self.language, Unset):
            language = UNSET
        else:
            language = self.language

        tracking: bool | None | Unset
        if isinstance(self.tracking, Unset):
            tracking = UNSET
        else:
            tracking = self.tracking

        from_at: None | str | Unset
        if isinstance(self.from_at, Unset):
            from_at = UNSET
        elif isinstance(self.from_at, datetime.datetime):
            from_at = self.from_at.isoformat()
        else:
            from_at = self.from_at

        until_at: None | str | Unset
        if isinstance(self.until_at, Unset):
            until_at = UNSET
        elif isinstance(self.until_at, datetime.datetime):
            until_at = self.until_at.isoformat()
        else:
            until_at = self.until_at

        at: None | str | Unset
        if isinstance(self.at, Unset):
            at = UNSET
        elif isinstance(self.at, datetime.datetime):
            at = self.at.isoformat()
        else:
            at = self.at

        proof = self.proof

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "kind": kind,
            }
        )
        if brand is not UNSET:
            field_dict["brand"] = brand
        if topic is not UNSET:
            field_dict["topic"] = topic
        if channels is not UNSET:
            field_dict["channels"] = channels
        if only is not UNSET:
            field_dict["only"] = only
        if resume is not UNSET:
            field_dict["resume"] = resume
        if quiet_from is not UNSET:
            field_dict["quiet_from"] = quiet_from
        if quiet_until is not UNSET:
            field_dict["quiet_until"] = quiet_until
        if language is not UNSET:
            field_dict["language"] = language
        if tracking is not UNSET:
            field_dict["tracking"] = tracking
        if from_at is not UNSET:
            field_dict["from_at"] = from_at
        if until_at is not UNSET:
            field_dict["until_at"] = until_at
        if at is not UNSET:
            field_dict["at"] = at
        if proof is not UNSET:
            field_dict["proof"] = proof

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        kind = StatementInKind(d.pop("kind"))

        brand = d.pop("brand", UNSET)

        topic = d.pop("topic", UNSET)

        _channels = d.pop("channels", UNSET)
        channels: list[Channel] | Unset = UNSET
        if _channels is not UNSET:
            channels = []
            for channels_item_data in _channels:
                channels_item = Channel(channels_item_data)

                channels.append(channels_item)

        only = d.pop("only", UNSET)

        resume = d.pop("resume", UNSET)

        def _parse_quiet_from(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        quiet_from = _parse_quiet_from(d.pop("quiet_from", UNSET))

        def _parse_quiet_until(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        quiet_until = _parse_quiet_until(d.pop("quiet_until", UNSET))

        def _parse_language(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        language = _parse_language(d.pop("language", UNSET))

        def _parse_tracking(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        tracking = _parse_tracking(d.pop("tracking", UNSET))

        def _parse_from_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                from_at_type_0 = datetime.datetime.fromisoformat(data)

                return from_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        from_at = _parse_from_at(d.pop("from_at", UNSET))

        def _parse_until_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                until_at_type_0 = datetime.datetime.fromisoformat(data)

                return until_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        until_at = _parse_until_at(d.pop("until_at", UNSET))

        def _parse_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                at_type_0 = datetime.datetime.fromisoformat(data)

                return at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        at = _parse_at(d.pop("at", UNSET))

        proof = d.pop("proof", UNSET)

        statement_in = cls(
            kind=kind,
            brand=brand,
            topic=topic,
            channels=channels,
            only=only,
            resume=resume,
            quiet_from=quiet_from,
            quiet_until=quiet_until,
            language=language,
            tracking=tracking,
            from_at=from_at,
            until_at=until_at,
            at=at,
            proof=proof,
        )

        return statement_in
