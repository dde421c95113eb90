"""What a customer's preference form shows, and what happens when it is saved.

The form is a flat table of answers, so that "only what changed" is one comparison:

    invoice, offer, news     a channel, or `none` (marketing only)
    language                 a code, for example `pt_BR`
    pause_until              ISO date in the customer's zone on which marketing may begin again, '' for no pause
    quiet_from, quiet_until  HH:MM in the customer's zone, both '' for the organisation's hours
    tracking                 `on` or `off`: may opened links be remembered

A choice for marketing is exactly one channel (order statement with `only`) and is consent for it; `none` is an
objection on every channel. A choice for invoices and reminders is the first channel; the others stay as a fallback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from preferences.policy import Policy
from store import preference
from tidings.channel import Channel
from tidings.organisation import Brand
from work.mask import mask
from work.scribe import CHOICES, FORM, MARKETING, Scribe
from work.wishes import NONE, channel_of, first, objected, paused_until


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
    reference: str
    zone: str
    ways: tuple[Way, ...]
    addresses: tuple[Address, ...]
    answers: Mapping[str, str]
    planned: int
    """Messages planned and not yet on their way: they follow what is saved."""

    @property
    def usable(self) -> frozenset[str]:
        """The channels that can be chosen."""
        return frozenset(way.channel for way in self.ways if not way.problem)


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What a saved form changed: question to new answer, nothing when it said what was known."""

    changed: Mapping[str, str]


def read(
    connection: Connection, *, customer: int, brand: Brand, policy: Policy, now: datetime
) -> Preferences | None:
    """Return a customer's form, None when there is no such customer."""
    known = preference.read(connection, customer=customer, brand=brand.id)
    return _preferences(known, brand, policy, now) if known else None


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
) -> Saved | None:
    """Write what the customer changed, as statements, consents and one touchpoint; None: no such customer.

    In the caller's transaction, under the customer's lock, so that a message claimed later follows it. An answer that
    is what the form had shown, or what is known already, writes nothing: saving twice is saving once.

    `answers` are checked, and a question that is missing is not touched; `shown` is what the form had shown, where it
    said so; `proof` says in words what was shown (GDPR art. 7(1)).
    """
    if not preference.lock(connection, customer):
        return None
    known = preference.read(connection, customer=customer, brand=brand.id)
    if known is None:
        return None
    before = _preferences(known, brand, policy, now)
    changed = {
        key: answer
        for key, answer in answers.items()
        if answer != before.answers[key] and answer != shown.get(key)
    }
    scribe = Scribe(known=known, brand=brand, proof=proof, now=now, actor=actor)
    for key in CHOICES:
        if key in changed:
            scribe.choose(key, changed[key])
    scribe.wish({**before.answers, **changed}, changed)
    scribe.write(connection, "preference_changed", changed)
    return Saved(changed=changed)


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
) -> Saved | None:
    """Object to purposes on every channel, where that was not said already; None: no such customer."""
    if not preference.lock(connection, customer):
        return None
    known = preference.read(connection, customer=customer, brand=brand.id)
    if known is None:
        return None
    scribe = Scribe(
        known=known, brand=brand, proof=proof, now=now, actor="customer", source=source, message=message
    )
    changed = {purpose: NONE for purpose in purposes if not objected(known, purpose)}
    for purpose in changed:
        scribe.choose(purpose, NONE)
    scribe.write(connection, "unsubscribed", changed)
    return Saved(changed=changed)


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
    answers = {
        key: channel_of(known, key, brand=brand, usable=usable, policy=policy, now=now) for key in CHOICES
    }
    return Preferences(
        customer=known.customer,
        brand=brand.id,
        reference=known.reference,
        zone=known.time_zone,
        ways=ways,
        addresses=tuple(_address(row, policy) for row in known.addresses),
        answers={
            **answers,
            "language": str(first(known, "language", now).get("language", known.language)),
            "pause_until": paused.isoformat() if paused else "",
            "quiet_from": str(quiet.get("start", "")),
            "quiet_until": str(quiet.get("end", "")),
            "tracking": "off" if first(known, "tracking", now).get("tracking") is False else "on",
        },
        planned=known.planned,
    )


def _way(known: preference.Known, channel: str, policy: Policy) -> Way:
    rows = [row for row in known.addresses if row["channel"] == channel]
    good = [row for row in rows if _fit(row, policy)]
    if any(reason in policy.closing for row in rows for reason in row["suppressed"]):
        good = []
    row = next(iter(good or rows), None)
    shown = mask(channel, row["value"], platform=row["platform"], postal=row["postal"]) if row else ""
    return Way(channel=channel, shown=shown, problem="" if good else "unusable" if rows else "missing")


def _address(row: Mapping[str, Any], policy: Policy) -> Address:
    shown = mask(row["channel"], row["value"], platform=row["platform"], postal=row["postal"])
    return Address(
        id=row["id"], channel=row["channel"], value=row["value"], shown=shown, usable=_fit(row, policy)
    )


def _fit(row: Mapping[str, Any], policy: Policy) -> bool:
    proven = row["channel"] not in policy.verified or row["verified"]
    return bool(row["state"] == "usable" and proven and not row["suppressed"])
