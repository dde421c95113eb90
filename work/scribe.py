"""Writes down what a customer said on a page: statements, consents and one touchpoint, together or not at all."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from store import consents, statements, touchpoints
from store.consents import Consent
from store.preference import Known
from store.statements import Statement
from store.touchpoints import Touchpoint
from tidings.organisation import Brand
from tidings.purpose import Purpose, PurposeClass
from work.wishes import midnight, order_ends, paused_scopes

FORM = "form"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "invoice": (Purpose.INVOICE, Purpose.DUNNING),
    "offer": (Purpose.OFFER,),
    "news": (Purpose.NEWS,),
}
"""The form's questions, and the purposes that each decides; a brand's topics come below theirs."""
MARKETING = tuple(key for key in CHOICES if Purpose(key).purpose_class is PurposeClass.MARKETING)
MANNERS = ("large_print", "plain_language", "call")
"""How a customer wants to be told, on every channel: bigger letters, plain words, a person who calls."""
FREQUENCIES = ("1/week", "2/month", "1/month", "1/quarter")
"""How often offers and news may come, as the form offers it; '' is as often as the house's caps allow."""
HOUSEHOLDS = ("one", "own")
"""Letters: one for the whole household, or each their own."""
_MOMENT = timedelta(microseconds=1)
"""A word about a part of a topic comes this much after the word about the whole, so that it is the newer one."""


def is_marketing(topic: str) -> bool:
    """Tell whether a topic needs permission."""
    return topic.partition(".")[0] in MARKETING


def questions(brand: Brand) -> tuple[str, ...]:
    """Return the topics that a brand's form asks about, each part after its whole."""
    return tuple(
        topic
        for key in CHOICES
        for topic in (key, *sorted(part for part in brand.topics if part.startswith(f"{key}.")))
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """The rows of one save."""

    statements: Sequence[Statement]
    consents: Sequence[Consent]
    touchpoints: Sequence[Touchpoint]


def keep(connection: Connection, sheets: Sequence[Sheet]) -> None:
    """Write the rows of several saves, all of a table at once; the caller holds the customers' locks."""
    statements.append(connection, [row for sheet in sheets for row in sheet.statements])
    consents.append(connection, [row for sheet in sheets for row in sheet.consents])
    touchpoints.record(connection, [row for sheet in sheets for row in sheet.touchpoints])


class Scribe:
    """Collects the rows of one save."""

    def __init__(
        self,
        *,
        known: Known,
        brand: Brand,
        proof: str,
        now: datetime,
        actor: str,
        source: str = FORM,
        message: str | None = None,
        on_behalf: str = "",
        record: Mapping[str, Any] | None = None,
    ) -> None:
        self._known = known
        self._brand = brand.id
        self._proof = proof
        self._now = now
        self._actor = actor
        self._source = source
        self._message = message
        self._on_behalf = on_behalf
        self._record = {"jurisdiction": known.country, **(record or {})}
        self._statements: list[Statement] = []
        self._consents: list[Consent] = []

    def choose(
        self, key: str, channels: Sequence[str], *, kept: Collection[str] = (), parts: Collection[str] = ()
    ) -> None:
        """Take the channels for one of CHOICES, none: nothing at all; topics below with a wish of their own follow.

        Args:
            key: the question.
            channels: the first choice first.
            kept: topics below that the customer answers apart.
            parts: topics below that the form asks about, and that go on following.
        """
        for topic in self._topics(key):
            if topic in parts and topic not in kept:
                self.follow(topic, channels)
            elif not _within(topic, kept):
                self._choose(topic, channels, self._now)

    def choose_part(self, topic: str, channels: Sequence[str]) -> None:
        """Take the channels for a part of a topic, after the word about the whole."""
        self._choose(topic, channels, self._now + _MOMENT)

    def follow(self, topic: str, channels: Sequence[str]) -> None:
        """Let a part of a topic follow the whole again, for which the customer has `channels`."""
        now = self._now + _MOMENT
        self._state("order", topic=topic, at=now)
        if (until := order_ends(self._known, topic, self._now)) is not None:
            self._state("order", topic=topic, until=until, at=now)
        for channel in channels:
            self._consent(topic, channel, "given", now)

    def _choose(self, topic: str, channels: Sequence[str], at: datetime) -> None:
        if not channels:
            self._consent(topic, "all", "objected", at)
            return
        value = {"only": True} if is_marketing(topic) else {}
        self._state("order", topic=topic, channels=tuple(channels), value=value, at=at)
        if (until := order_ends(self._known, topic, self._now)) is not None:
            self._state("order", topic=topic, channels=tuple(channels), value=value, until=until, at=at)
        if is_marketing(topic):
            for channel in channels:
                self._consent(topic, channel, "given", at)

    def wish(self, answers: Mapping[str, str], changed: Mapping[str, str]) -> None:
        """Take the answers that are about everything: language, pause, quiet hours, days, how often, the manner."""
        if "quiet_from" in changed or "quiet_until" in changed:
            hours = {"start": answers["quiet_from"], "end": answers["quiet_until"]}
            self._state("quiet_hours", value=hours if answers["quiet_from"] else {})
        if "pause_until" in changed:
            self._pause(answers["pause_until"])
        for kind, value in _MEANT.items():
            if kind in changed:
                self._state(kind, value=value(answers[kind]))
        if any(manner in changed for manner in MANNERS):
            self._state("manner", value={manner: answers[manner] == "on" for manner in MANNERS})

    def _pause(self, day: str) -> None:
        """Pause marketing until a day, '' to go on; pauses that stand are replaced."""
        topics = [topic for key in MARKETING for topic in self._topics(key)]
        own = {(self._brand, topic) for topic in topics} if day else set()
        standing = {scope for topic in topics for scope in paused_scopes(self._known, topic, self._now)}
        for brand, topic in sorted(standing - own):
            self._state("pause", topic=topic, brand=brand, value={"resume": True})
        for _, topic in sorted(own):
            self._state("pause", topic=topic, until=midnight(date.fromisoformat(day), self._known.time_zone))

    def sheet(self, kind: str, changed: Mapping[str, str], before: Mapping[str, str]) -> Sheet:
        """Return everything to write, and one touchpoint for the timeline, with what held before."""
        if not changed:
            return Sheet(statements=(), consents=(), touchpoints=())
        touchpoint = Touchpoint(
            customer=self._known.customer,
            brand=self._brand,
            source=self._source,
            external_id=str(uuid4()),
            direction="in",
            channel="web",
            kind=kind,
            message=self._message,
            detail={
                "changed": dict(changed),
                "before": dict(before),
                "actor": self._actor,
                **({"on_behalf": self._on_behalf} if self._on_behalf else {}),
            },
            at=self._now,
        )
        return Sheet(statements=self._statements, consents=self._consents, touchpoints=[touchpoint])

    def _topics(self, key: str) -> list[str]:
        said = {row["topic"] for row in (*self._known.statements, *self._known.consents)}
        purposes = CHOICES.get(key, (key,))
        below = [topic for topic in sorted(said) if topic.partition(".")[0] in purposes and "." in topic]
        return [*(str(purpose) for purpose in purposes), *below]

    def _state(
        self,
        kind: str,
        *,
        topic: str = "all",
        channels: tuple[str, ...] = (),
        value: dict[str, Any] | None = None,
        brand: str = "",
        until: datetime | None = None,
        at: datetime | None = None,
    ) -> None:
        self._statements.append(
            Statement(
                customer=self._known.customer,
                brand=brand or self._brand,
                topic=topic,
                kind=kind,
                channels=channels,
                value=value or {},
                from_at=self._now if until else None,
                until_at=until,
                source=self._source,
                proof=self._proof,
                actor=self._actor,
                on_behalf=self._on_behalf,
                at=at or self._now,
            )
        )

    def _consent(self, topic: str, channel: str, action: str, at: datetime) -> None:
        self._consents.append(
            Consent(
                customer=self._known.customer,
                brand=self._brand,
                topic=topic,
                channel=channel,
                action=action,
                source=self._source,
                proof=self._proof,
                actor=self._actor,
                on_behalf=self._on_behalf,
                record=self._record,
                at=at,
            )
        )


def _often(answer: str) -> dict[str, Any]:
    most, _, per = answer.partition("/")
    return {"at_most": int(most), "per": per} if answer else {}


_MEANT: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "language": lambda answer: {"language": answer},
    "tracking": lambda answer: {"tracking": answer == "on"},
    "best_days": lambda answer: {"days": answer.split(",")} if answer else {},
    "frequency": _often,
    "household": lambda answer: {"letters": answer} if answer else {},
}
"""What an answer about everything says as the value of its statement."""


def _within(topic: str, parts: Collection[str]) -> bool:
    """Tell whether a topic is one of some parts, or below one."""
    return any(topic == part or topic.startswith(f"{part}.") for part in parts)
