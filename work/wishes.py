"""What one customer's statements and consents add up to, as the preference form shows it.

A page for one person needs no frames, so the rules of `preferences` are followed here row by row: which statement
speaks first (`preferences.statement`), which consent stands (`preferences.consent`). Tests hold the two together: what
the form shows is what `preferences.decision` chooses, observed behaviour and costs apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from typing import Any

from preferences.law import BASES, Law, laws
from preferences.policy import Basis, Implied, Policy
from preferences.statement import precedence
from store.preference import Known
from tidings.channel import Channel
from tidings.clock import clock_of
from tidings.organisation import Brand
from tidings.purpose import Purpose, PurposeClass, topic_path

NONE = "none"
NEVER = datetime.max.replace(tzinfo=UTC)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
Row = dict[str, Any]


def ranking_of(
    known: Known, topic: str, *, brand: Brand, usable: frozenset[str], policy: Policy, now: datetime
) -> tuple[str, ...]:
    """Return the channels that a message of this topic would take today, the first choice first.

    Of marketing all that are permitted and wished; of what is required those that the customer named, and where they
    named none the first of the house, for the others stay behind them as a fallback anyway.
    """
    stated: list[str] = []
    never: set[str] = set()
    for row in spoken(known, "order", topic, now):
        stated += [channel for channel in row["channels"] if channel not in stated]
        if row["value"].get("only") is True:
            never |= set(Channel) - set(stated)
    purpose = Purpose(topic.partition(".")[0])
    house = [str(channel) for channel in brand.order_for(purpose) if channel not in stated]
    if purpose.purpose_class is PurposeClass.MARKETING:
        wished = [channel for channel in (*stated, *house) if channel in usable and channel not in never]
        return tuple(channel for channel in wished if permitted(known, topic, channel, policy, now))
    named = [channel for channel in stated if channel in usable]
    return tuple(named or [channel for channel in house if channel in usable][:1])


def own_word(known: Known, topic: str, now: datetime) -> bool:
    """Return whether something is said about exactly this topic: an order that names channels, or an objection."""
    orders: dict[tuple[str, bool], Row] = {}
    for row in known.statements:  # newest first
        if row["kind"] == "order" and row["topic"] == topic and in_force(row, now):
            _keep(orders, (row["brand"], row["until_at"] is None), row)
    if any(row["channels"] for row in orders.values()):
        return True
    follows_since = max((instant(row["at"]) for row in orders.values()), default=_LONG_AGO)
    said = [row for row in known.consents if row["topic"] == topic]
    denied = [
        row for row in said if row["at"] == said[0]["at"] and row["action"] in ("objected", "withdrawn")
    ]
    return bool(denied) and instant(denied[0]["at"]) > follows_since


def spoken(known: Known, kind: str, topic: str, now: datetime) -> Iterator[Row]:
    """Yield the statements in force of a kind, the one that speaks first first, one for each scope."""
    path = topic_path(topic)
    scopes: dict[tuple[bool, bool, int], Row] = {}
    for row in known.statements:  # newest first
        if row["kind"] == kind and row["topic"] in path and in_force(row, now):
            scope = (row["until_at"] is None, row["brand"] == "all", path.index(row["topic"]))
            _keep(scopes, scope, row)
    for scope in sorted(scopes):
        yield scopes[scope]


def _keep(found: dict[Any, Row], scope: object, row: Row) -> None:
    """Keep the first of a scope, and of one instant the stricter."""
    other = found.setdefault(scope, row)
    if row is not other and row["at"] == other["at"]:
        found[scope] = min(row, other, key=_precedence)


def _precedence(row: Row) -> tuple[Any, ...]:
    return precedence(row["channels"], json.dumps(row["value"]))


def first(known: Known, kind: str, now: datetime) -> Row:
    """Return the value of the statement about everything that speaks first, {} when there is none."""
    return next((row["value"] for row in spoken(known, kind, "all", now)), {})


def paused_until(known: Known, topics: tuple[str, ...], now: datetime) -> date | None:
    """Return the day on which the last of these topics begins again, in the customer's zone; `date.max`: never."""
    ends = [end for topic in topics if (end := _freed(known, topic, now)) > now]
    if not ends:
        return None
    return date.max if max(ends) == NEVER else max(ends).astimezone(clock_of(known.time_zone)).date()


def paused_scopes(known: Known, topic: str, now: datetime) -> set[tuple[str, str]]:
    """Return (brand, topic) of the pauses of a topic that stand today."""
    return {(row["brand"], row["topic"]) for row, start, end in _pauses(known, topic) if start <= now < end}


def _freed(known: Known, topic: str, now: datetime) -> datetime:
    """Return when pauses that follow each other let a topic go on; now when there is none."""
    freed = now
    spans = _pauses(known, topic)
    while reach := [end for _, start, end in spans if start <= freed < end]:
        freed = max(reach)
    return freed


def _pauses(known: Known, topic: str) -> list[tuple[Row, datetime, datetime]]:
    """Return the pauses that stand with their spans: a newer one replaces an older one of its scope that it touches.

    What was said at one instant replaces nothing of it.
    """
    path = topic_path(topic)
    newer: list[tuple[Row, datetime, datetime]] = []
    for row in known.statements:  # newest first
        if row["kind"] != "pause" or row["topic"] not in path:
            continue
        at = instant(row["at"])
        end = instant(row["until_at"]) if row["until_at"] else NEVER
        newer.append((row, instant(row["from_at"]) if row["from_at"] else at, end))
    return [
        (row, start, end)
        for place, (row, start, end) in enumerate(newer)
        if row["value"].get("resume") is not True
        and not any(
            (row["brand"], row["topic"]) == (other["brand"], other["topic"])
            and row["at"] != other["at"]
            and begin <= end
            and start <= until
            for other, begin, until in newer[:place]
        )
    ]


def order_ends(known: Known, topic: str, now: datetime) -> datetime | None:
    """Return until when a temporary order of channels for a topic, now or planned, would speak before a lasting one."""
    path = topic_path(topic)
    ends = [
        instant(row["until_at"])
        for row in known.statements
        if row["kind"] == "order" and row["until_at"] and row["topic"] in path
    ]
    return max((end for end in ends if end > now), default=None)


def permitted(known: Known, topic: str, channel: str, policy: Policy, now: datetime) -> bool:
    """Return whether marketing of a topic may use a channel; every record of the person must say so."""
    return all(_permitted(known, member, topic, channel, policy, now) for member in known.members)


def consented(known: Known, topic: str, channel: str, policy: Policy, now: datetime) -> bool:
    """Return whether marketing of a topic may use a channel by consent, which every record of the person gave."""
    return all(_consented(known, member, topic, channel, policy, now) for member in known.members)


def _permitted(known: Known, member: int, topic: str, channel: str, policy: Policy, now: datetime) -> bool:
    said = _consented(known, member, topic, channel, policy, now)
    if said is not None:
        return said
    least = max((BASES.index(law.basis) for law in _laws(known.country, channel)), default=0)
    if policy.basis.get(Channel(channel)) is Basis.LEGITIMATE_INTEREST and known.standing != "prospect":
        return least <= BASES.index("legitimate_interest")
    soft = channel in policy.soft_opt_in and known.standing == "customer"
    return soft and least <= BASES.index("soft_opt_in")


def _consented(
    known: Known, member: int, topic: str, channel: str, policy: Policy, now: datetime
) -> bool | None:
    """Return what a record says itself; None: nothing that counts."""
    covering = _covering(known, member, topic, channel)
    events = [event for event in covering if not _over(event, known.country, channel, policy, now)]
    if any(_stands(denial, events) for denial in events if denial["action"] in ("withdrawn", "objected")):
        return False
    actions = {event["action"] for event in events}
    return "given" in actions or ("legacy" in actions and channel in policy.legacy_counts) or None


def _laws(country: str, channel: str) -> list[Law]:
    return [law for law in laws() if law.country == country and channel in law.channels]


def objected(known: Known, topic: str) -> bool:
    """Return whether an objection to the whole topic stands on every channel."""
    for member, channel in product(known.members, Channel):
        events = _covering(known, member, topic, channel)
        if not any(_stands(denial, events) for denial in events if denial["action"] == "objected"):
            return False
    return True


def _covering(known: Known, member: int, topic: str, channel: str) -> list[Row]:
    """Return the consent events of a record that cover a question, each with its scope and its moment."""
    path = topic_path(topic)
    return [
        {
            "action": "legacy" if row["action"] == "given" and not row["proof"] else row["action"],
            "scope": (path.index(row["topic"]), row["channel"] == "all", row["brand"] == "all"),
            "at": instant(row["at"]),
            "expires_at": instant(row["expires_at"]) if row["expires_at"] else NEVER,
            "ground": row["ground"],
        }
        for row in known.consents
        if member in row["members"] and row["topic"] in path and row["channel"] in (channel, "all")
    ]


def _over(event: Row, country: str, channel: str, policy: Policy, now: datetime) -> bool:
    """Return whether a permission is over: it had an end, or was implied too long ago."""
    if event["action"] not in ("given", "legacy"):
        return False
    ends = [event["expires_at"]]
    if event["ground"]:
        spans = [
            timedelta(days=law.implied[event["ground"]]) for law in _laws(country, channel) if law.implied
        ]
        own = policy.expiry.get(Implied(event["ground"]))
        ends += [event["at"] + span for span in (*spans, *([own] if own else ()))]
    return bool(min(ends) <= now)


def _stands(denial: Row, events: list[Row]) -> bool:
    """Return whether no later consent with proof, for the same scope or a part of it, lifts a denial."""
    for event in events:
        part = all(mine <= theirs for mine, theirs in zip(event["scope"], denial["scope"], strict=True))
        if event["action"] != "given" or not part:
            continue
        yields = denial["action"] == "withdrawn" and event["scope"] != denial["scope"]
        if event["at"] > denial["at"] or (event["at"] == denial["at"] and yields):
            return False
    return True


def in_force(row: Row, now: datetime) -> bool:
    """Return whether a statement holds at a moment; a statement without an end holds until a newer one."""
    begun = row["from_at"] is None or instant(row["from_at"]) <= now
    return begun and (row["until_at"] is None or now < instant(row["until_at"]))


def instant(value: str) -> datetime:
    """Return a moment as PostgreSQL writes it into JSON."""
    return datetime.fromisoformat(value)


def midnight(day: date, zone: str) -> datetime:
    """Return the moment a day begins in a customer's zone, in UTC."""
    return datetime.combine(day, time.min, clock_of(zone)).astimezone(UTC)
