from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, BinaryIO, TextIO, TYPE_CHECKING, Generator

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

from ..models.channel import Channel
from ..models.statement_in_days_item import StatementInDaysItem
from ..models.statement_in_kind import StatementInKind
from ..models.statement_in_letters_type_0 import StatementInLettersType0
from ..models.statement_in_per_type_0 import StatementInPerType0
from ..models.statement_in_spoken_by import StatementInSpokenBy
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
        days (list[StatementInDaysItem] | Unset): best_days: offers and news wait for one of them; none: any day.
        at_most (int | None | Unset): frequency: so many at most.
        per (None | StatementInPerType0 | Unset):
        letters (None | StatementInLettersType0 | Unset): household: one letter for all of it, or each their own.
        from_at (datetime.datetime | None | Unset):
        until_at (datetime.datetime | None | Unset): Exclusive; null: until a newer word.
        at (datetime.datetime | None | Unset): When they said so; now when left out.
        proof (str | Unset):  Default: ''.
        spoken_by (StatementInSpokenBy | Unset): Who spoke for the customer; '' when they did themselves. Default:
            StatementInSpokenBy.VALUE_0.
        mandate (str | Unset): The reference of the mandate of a relative or guardian. Default: ''.
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
    days: list[StatementInDaysItem] | Unset = UNSET
    at_most: int | None | Unset = UNSET
    per: None | StatementInPerType0 | Unset = UNSET
    letters: None | StatementInLettersType0 | Unset = UNSET
    from_at: datetime.datetime | None | Unset = UNSET
    until_at: datetime.datetime | None | Unset = UNSET
    at: datetime.datetime | None | Unset = UNSET
    proof: str | Unset = ""
    spoken_by: StatementInSpokenBy | Unset = StatementInSpokenBy.VALUE_0
    mandate: str | Unset = ""

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

        days: list[str] | Unset = UNSET
        if not isinstance(self.days, Unset):
            days = []
            for days_item_data in self.days:
                days_item = days_item_data.value
                days.append(days_item)

        at_most: int | None | Unset
        if isinstance(self.at_most, Unset):
            at_most = UNSET
        else:
            at_most = self.at_most

        per: None | str | Unset
        if isinstance(self.per, Unset):
            per = UNSET
        elif isinstance(self.per, StatementInPerType0):
            per = self.per.value
        else:
            per = self.per

        letters: None | str | Unset
        if isinstance(self.letters, Unset):
            letters = UNSET
        elif isinstance(self.letters, StatementInLettersType0):
            letters = self.letters.value
        else:
            letters = self.letters

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

        spoken_by: str | Unset = UNSET
        if not isinstance(self.spoken_by, Unset):
            spoken_by = self.spoken_by.value

        mandate = self.mandate

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
        if days is not UNSET:
            field_dict["days"] = days
        if at_most is not UNSET:
            field_dict["at_most"] = at_most
        if per is not UNSET:
            field_dict["per"] = per
        if letters is not UNSET:
            field_dict["letters"] = letters
        if from_at is not UNSET:
            field_dict["from_at"] = from_at
        if until_at is not UNSET:
            field_dict["until_at"] = until_at
        if at is not UNSET:
            field_dict["at"] = at
        if proof is not UNSET:
            field_dict["proof"] = proof
        if spoken_by is not UNSET:
            field_dict["spoken_by"] = spoken_by
        if mandate is not UNSET:
            field_dict["mandate"] = mandate

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

        _days = d.pop("days", UNSET)
        days: list[StatementInDaysItem] | Unset = UNSET
        if _days is not UNSET:
            days = []
            for days_item_data in _days:
                days_item = StatementInDaysItem(days_item_data)

                days.append(days_item)

        def _parse_at_most(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        at_most = _parse_at_most(d.pop("at_most", UNSET))

        def _parse_per(data: object) -> None | StatementInPerType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                per_type_0 = StatementInPerType0(data)

                return per_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StatementInPerType0 | Unset, data)

        per = _parse_per(d.pop("per", UNSET))

        def _parse_letters(data: object) -> None | StatementInLettersType0 | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                letters_type_0 = StatementInLettersType0(data)

                return letters_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | StatementInLettersType0 | Unset, data)

        letters = _parse_letters(d.pop("letters", UNSET))

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

        _spoken_by = d.pop("spoken_by", UNSET)
        spoken_by: StatementInSpokenBy | Unset
        if isinstance(_spoken_by, Unset):
            spoken_by = UNSET
        else:
            spoken_by = StatementInSpokenBy(_spoken_by)

        mandate = d.pop("mandate", UNSET)

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
            days=days,
            at_most=at_most,
            per=per,
            letters=letters,
            from_at=from_at,
            until_at=until_at,
            at=at,
            proof=proof,
            spoken_by=spoken_by,
            mandate=mandate,
        )

        return statement_in
