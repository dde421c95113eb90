"""Writes down what a customer said on a page: statements, consents and one touchpoint, together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from store import consents, statements, touchpoints
from store.consents import Consent
from store.preference import Known
from store.statements import Statement
from tidings.organisation import Brand
from tidings.purpose import Purpose, PurposeClass
from work.wishes import NONE, ends_after, midnight, paused_scopes

FORM = "form"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "invoice": (Purpose.INVOICE, Purpose.DUNNING),
    "offer": (Purpose.OFFER,),
    "news": (Purpose.NEWS,),
}
"""The form's questions, and the purposes that each decides."""
MARKETING = tuple(key for key in CHOICES if Purpose(key).purpose_class is PurposeClass.MARKETING)


class Scribe:
    """Collects the rows of one save and writes them together."""

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
    ) -> None:
        self._known = known
        self._brand = brand.id
        self._proof = proof
        self._now = now
        self._actor = actor
        self._source = source
        self._message = message
        self._statements: list[Statement] = []
        self._consents: list[Consent] = []

    def choose(self, key: str, channel: str) -> None:
        """Take the answer to one of CHOICES; topics below it that had a wish of their own follow."""
        for topic in self._topics(key):
            if channel == NONE:
                self._consent(topic, "all", "objected")
                continue
            value = {"only": True} if key in MARKETING else {}
            self._state("order", topic=topic, channels=(channel,), value=value)
            if (until := ends_after(self._known, "order", topic, self._now)) is not None:
                self._state("order", topic=topic, channels=(channel,), value=value, until=until)
            if key in MARKETING:
                self._consent(topic, channel, "given")

    def wish(self, answers: Mapping[str, str], changed: Mapping[str, str]) -> None:
        """Take the answers that are about everything: language, pause, quiet hours, measured links."""
        if "language" in changed:
            self._state("language", value={"language": answers["language"]})
        if "tracking" in changed:
            self._state("tracking", value={"tracking": answers["tracking"] == "on"})
        if "quiet_from" in changed or "quiet_until" in changed:
            hours = {"start": answers["quiet_from"], "end": answers["quiet_until"]}
            self._state("quiet_hours", value=hours if answers["quiet_from"] else {})
        if "pause_until" in changed:
            self._pause(answers["pause_until"])

    def _pause(self, day: str) -> None:
        """Pause marketing until a day, '' to go on; pauses that stand are replaced."""
        topics = [topic for key in MARKETING for topic in self._topics(key)]
        own = {(self._brand, topic) for topic in topics} if day else set()
        standing = {scope for topic in topics for scope in paused_scopes(self._known, topic, self._now)}
        for brand, topic in sorted(standing - own):
            self._state("pause", topic=topic, brand=brand, value={"resume": True})
        for _, topic in sorted(own):
            self._state("pause", topic=topic, until=midnight(date.fromisoformat(day), self._known.time_zone))

    def write(self, connection: Connection, kind: str, changed: Mapping[str, str]) -> None:
        """Write everything, and one touchpoint for the timeline."""
        if not changed:
            return
        statements.append(connection, self._statements)
        consents.append(connection, self._consents)
        touchpoints.record(
            connection,
            [
                touchpoints.Touchpoint(
                    customer=self._known.customer,
                    brand=self._brand,
                    source=self._source,
                    external_id=str(uuid4()),
                    direction="in",
                    channel="web",
                    kind=kind,
                    message=self._message,
                    detail={"changed": dict(changed), "actor": self._actor},
                    at=self._now,
                )
            ],
        )

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
                at=self._now,
            )
        )

    def _consent(self, topic: str, channel: str, action: str) -> None:
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
                at=self._now,
            )
        )
