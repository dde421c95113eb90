"""What a customer's preference form shows, and what happens when it is saved.

The form is a flat table of answers, so that "only what changed" is one comparison:

    invoice, offer, news     channels, the first choice first: `email,letter`; `none` (marketing only)
    offer.garden             the same for a part of a topic; '' where it follows the whole
    language                 a code, for example `pt_BR`
    pause_until              ISO date in the customer's zone on which marketing may begin again, '' for no pause
    best_days                days of the week on which offers and news may come, `tue,thu`; '' for any
    frequency                at most so many offers and news, `1/month`; '' for the organisation's caps
    household                `one` letter for the whole household, each their `own`; '' for the organisation's way
    quiet_from, quiet_until  HH:MM in the customer's zone, both '' for the organisation's hours
    tracking                 `on` or `off`: may opened links be remembered
    large_print, plain_language, call   `on` or `off`: in which manner the customer wants to be told

A choice for marketing is exactly these channels (order statement with `only`) and is consent for them; `none` is an
objection on every channel. For invoices and reminders the channels that are left out stay behind as a fallback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from preferences.policy import Policy
from preferences.statement import DAYS
from store import preference
from store.consents import Consent
from store.statements import Statement
from tidings.channel import Channel
from tidings.organisation import Brand
from work.mask import mask
from work.scribe import CHOICES, FORM, MANNERS, MARKETING, Scribe, Sheet, keep, questions
from work.wishes import NONE, first, objected, own_word, paused_until, ranking_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One channel as the form offers it."""

    channel: str
    shown: str
    """The address, masked; '' when there is none."""
    problem: str
    """'' when it can be chosen, else `missing` or `unusable`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One address of the customer; `value` is never shown."""

    id: int
    channel: str
    value: str
    shown: str
    """Masked."""
    usable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """One customer's form at one brand."""

    customer: int
    brand: str
    zone: str
    country: str
    ways: tuple[Way, ...]
    addresses: tuple[Address, ...]
    answers: Mapping[str, str]
    planned: int
    """Messages planned and not yet on their way: they follow what is saved."""
    known: preference.Known = field(repr=False, compare=False)
    """What it was made of."""

    @property
    def usable(self) -> frozenset[str]:
        """The channels that can be chosen."""
        return frozenset(way.channel for way in self.ways if not way.problem)


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What a saved form changed: question to new answer, nothing when it said what was known."""

    changed: Mapping[str, str]


def channels_in(answer: str) -> tuple[str, ...]:
    """Return the channels of an answer about a topic.

    >>> channels_in("letter,email"), channels_in("none"), channels_in("")
    (('letter', 'email'), (), ())
    """
    return tuple(channel for channel in answer.split(",") if channel and channel != NONE)


def read(
    connection: Connection, *, customer: int, brand: Brand, policy: Policy, now: datetime
) -> Preferences | None:
    """Return a customer's form, None when there is no such customer."""
    known = preference.read(connection, customer=customer, brand=brand.id)
    return _preferences(known, brand, policy, now) if known else None


def hold(
    connection: Connection, *, customer: int, brand: Brand, policy: Policy, now: datetime
) -> Preferences | None:
    """Return a customer's form as `read` does, under the customer's lock until the transaction ends."""
    return hold_all(connection, {customer: brand}, policy=policy, now=now).get(customer)


def hold_all(
    connection: Connection, brands: Mapping[int, Brand], *, policy: Policy, now: datetime
) -> dict[int, Preferences]:
    """Do what `hold` does for many customers, each for a brand; who is missing is no customer."""
    found = preference.hold_all(connection, {customer: brand.id for customer, brand in brands.items()})
    return {customer: _preferences(known, brands[customer], policy, now) for customer, known in found.items()}


def save(
    connection: Connection,
    *,
    customer: int,
    brand: Brand,
    answers: Mapping[str, str],
    shown: Mapping[str, str],
    proof: str,
    policy: Policy,
    now: datetime,
    actor: str = "customer",
    source: str = FORM,
    kind: str = "preference_changed",
    on_behalf: str = "",
    record: Mapping[str, Any] | None = None,
) -> Saved | None:
    """Write what the customer changed, as statements, consents and one touchpoint; None: no such customer.

    In the caller's transaction, under the customer's lock, so that a message claimed later follows it. An answer that
    is what the form had shown, or what is known already, writes nothing: saving twice is saving once.

    `answers` are checked, and a question that is missing is not touched; `shown` is what the form had shown, where it
    said so; `proof` says in words what was shown (GDPR art. 7(1)); `kind` is that of the touchpoint;
    `on_behalf` is who spoke for the customer (`tidings.behalf`); `record` is what the consent records say of the
    notice (`work.consent_records.notice`).
    """
    before = hold(connection, customer=customer, brand=brand, policy=policy, now=now)
    if before is None:
        return None
    saved, sheet = said(
        before,
        brand=brand,
        answers=answers,
        shown=shown,
        proof=proof,
        now=now,
        actor=actor,
        source=source,
        kind=kind,
        on_behalf=on_behalf,
        record=record,
    )
    keep(connection, [sheet])
    return saved


def said(
    before: Preferences,
    *,
    brand: Brand,
    answers: Mapping[str, str],
    shown: Mapping[str, str],
    proof: str,
    now: datetime,
    actor: str = "customer",
    source: str = FORM,
    kind: str = "preference_changed",
    on_behalf: str = "",
    record: Mapping[str, Any] | None = None,
) -> tuple[Saved, Sheet]:
    """Return what a customer changed, and what is to be written of it (`work.scribe.keep`); else as `save`."""
    scribe = Scribe(
        known=before.known,
        brand=brand,
        proof=proof,
        now=now,
        actor=actor,
        source=source,
        on_behalf=on_behalf,
        record=record,
    )
    changed = _tell(scribe, before, brand, answers, shown)
    return Saved(changed=changed), scribe.sheet(kind, changed, {key: before.answers[key] for key in changed})


def unsaved(
    connection: Connection,
    *,
    customer: int,
    brand: Brand,
    answers: Mapping[str, str],
    shown: Mapping[str, str],
    policy: Policy,
    now: datetime,
) -> tuple[Sequence[Statement], Sequence[Consent]]:
    """Return what `save` would write, and write nothing."""
    before = read(connection, customer=customer, brand=brand, policy=policy, now=now)
    if before is None:
        return (), ()
    _, sheet = said(before, brand=brand, answers=answers, shown=shown, proof="preview", now=now)
    return sheet.statements, sheet.consents


def _tell(
    scribe: Scribe, before: Preferences, brand: Brand, answers: Mapping[str, str], shown: Mapping[str, str]
) -> dict[str, str]:
    """Tell the scribe what changed; returns it."""
    changed = {
        key: answer
        for key, answer in answers.items()
        if answer != before.answers[key] and answer != shown.get(key)
    }
    after = {**before.answers, **changed}
    parts = [topic for topic in questions(brand) if topic not in CHOICES]
    own = [topic for topic in parts if after[topic]]
    for key in CHOICES:
        if key in changed:
            scribe.choose(key, channels_in(after[key]), kept=own, parts=parts)
    for topic in parts:
        whole = topic.partition(".")[0]
        closed = after[whole] == NONE and whole in changed
        if after[topic] and (topic in changed or (closed and after[topic] != NONE)):
            scribe.choose_part(topic, channels_in(after[topic]))
        elif topic in changed:
            scribe.follow(topic, channels_in(after[whole]))
    scribe.wish(after, changed)
    return changed


def stop_marketing(
    connection: Connection,
    *,
    customer: int,
    brand: Brand,
    purposes: tuple[str, ...],
    proof: str,
    now: datetime,
    source: str = FORM,
    message: str | None = None,
    policy: Policy | None = None,
) -> Saved | None:
    """Object to purposes on every channel, where that was not said already; None: no such customer.

    `policy` tells what held before, which an undo brings back.
    """
    known = preference.hold(connection, customer=customer, brand=brand.id)
    if known is None:
        return None
    scribe = Scribe(
        known=known, brand=brand, proof=proof, now=now, actor="customer", source=source, message=message
    )
    changed = {purpose: NONE for purpose in purposes if not _silent(known, purpose)}
    for purpose in changed:
        scribe.choose(purpose, ())
    before = _preferences(known, brand, policy or Policy(), now).answers
    held = {key: before[key] for key in _stopped(brand, changed)}
    keep(connection, [scribe.sheet("unsubscribed", changed, held)])
    return Saved(changed=changed)


def _silent(known: preference.Known, purpose: str) -> bool:
    """Return whether nothing of a purpose is wished any more, nor of a part of it."""
    parts = {row["topic"] for row in known.consents if row["topic"].startswith(f"{purpose}.")}
    return all(objected(known, topic) for topic in (purpose, *parts))


def _stopped(brand: Brand, purposes: Mapping[str, str]) -> list[str]:
    return [topic for topic in questions(brand) if topic.partition(".")[0] in purposes]


def _preferences(known: preference.Known, brand: Brand, policy: Policy, now: datetime) -> Preferences:
    known_on = {row["channel"] for row in known.addresses}
    ways = tuple(
        _way(known, channel.value, policy)
        for channel in Channel
        if channel in brand.channels or channel in known_on
    )
    usable = frozenset(way.channel for way in ways if not way.problem)
    paused = paused_until(known, MARKETING, now)
    quiet = first(known, "quiet_hours", now)
    manner = first(known, "manner", now)
    often = first(known, "frequency", now)
    return Preferences(
        customer=known.customer,
        brand=brand.id,
        zone=known.time_zone,
        country=known.country,
        ways=ways,
        addresses=tuple(_address(row, policy) for row in known.addresses),
        answers={
            **{topic: _answer(known, topic, brand, usable, policy, now) for topic in questions(brand)},
            "language": str(first(known, "language", now).get("language", known.language)),
            "pause_until": paused.isoformat() if paused else "",
            "quiet_from": str(quiet.get("start", "")),
            "quiet_until": str(quiet.get("end", "")),
            "best_days": ",".join(
                day for day in DAYS if day in first(known, "best_days", now).get("days", ())
            ),
            "frequency": f"{often['at_most']}/{often['per']}" if often else "",
            "household": str(first(known, "household", now).get("letters", "")),
            "tracking": "off" if first(known, "tracking", now).get("tracking") is False else "on",
            **{key: "on" if manner.get(key) is True else "off" for key in MANNERS},
        },
        planned=known.planned,
        known=known,
    )


def _answer(
    known: preference.Known,
    topic: str,
    brand: Brand,
    usable: frozenset[str],
    policy: Policy,
    now: datetime,
) -> str:
    if topic not in CHOICES and not own_word(known, topic, now):
        return ""
    return ",".join(ranking_of(known, topic, brand=brand, usable=usable, policy=policy, now=now)) or NONE


def _way(known: preference.Known, channel: str, policy: Policy) -> Way:
    rows = [row for row in known.addresses if row["channel"] == channel]
    good = [row for row in rows if _fit(row, policy)]
    if any(reason in policy.closing for row in rows for reason in row["suppressed"]):
        good = []
    row = next(iter(good or rows), None)
    shown = (
        mask(channel, row["value"], platform=row["platform"], device=row["device"], postal=row["postal"])
        if row
        else ""
    )
    return Way(channel=channel, shown=shown, problem="" if good else "unusable" if rows else "missing")


def _address(row: Mapping[str, Any], policy: Policy) -> Address:
    shown = mask(
        row["channel"], row["value"], platform=row["platform"], device=row["device"], postal=row["postal"]
    )
    return Address(
        id=row["id"], channel=row["channel"], value=row["value"], shown=shown, usable=_fit(row, policy)
    )


def _fit(row: Mapping[str, Any], policy: Policy) -> bool:
    proven = row["channel"] not in policy.verified or row["verified"]
    return bool(row["state"] == "usable" and proven and not row["suppressed"])
