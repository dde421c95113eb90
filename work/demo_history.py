"""A year of touchpoints of the demo's customers: what was sent, and how each of them reacted by habit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from work.demo_chance import between, happens, weigh
from work.demo_people import SOURCE, Habit, Person, Story

Row = dict[str, Any]
MONTH = timedelta(days=30)
KEEN = 0.2
"""Share of persons who react to nearly everything on the channel of their habit; the others keep usual rates low."""
LIKES, LUKEWARM, OTHERS = 0.95, 0.1, 0.03
"""How likely a person reacts there: a keen one, another one; and to a message on any other channel."""
LEANING = 6.0
"""How much more often somebody was written to where they react: the shop had noticed a little already."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Past:
    """One message of the past year."""

    person: Person
    purpose: str
    month: int
    channel: str
    at: datetime

    @property
    def key(self) -> str:
        return f"{self.at:%Y-%m}/{self.purpose}/{self.person.reference}"


def touchpoints(persons: Sequence[Person], billed: frozenset[int], now: datetime) -> Iterator[Row]:
    """Yield a year of history: twelve newsletters and offers, as many invoices for the billed, and calls."""
    for person in persons:
        if person.story is Story.DEAD or person.standing == "prospect":
            continue
        for month in range(12, 0, -1):
            yield from _sent(person, "news", month, now)
            yield from _sent(person, "offer", month, now)
            if person.number in billed:
                yield from _sent(person, "invoice", month, now)
        yield from _call(person, now)


def _sent(person: Person, purpose: str, month: int, now: datetime) -> Iterator[Row]:
    weights = {
        "email": 0.55 * bool(person.email),
        "sms": 0.2 * bool(person.phone),
        "push": 0.15 * bool(person.device),
        "letter": (0.3 if purpose == "invoice" else 0.1) * bool(person.place),
    }
    if weights.get(person.habit):
        weights[person.habit.value] *= LEANING
    if not any(weights.values()):
        return
    at = now - month * MONTH + timedelta(minutes=between(0, 2000, person.number, purpose, month, "at"))
    channel = weigh(weights, person.number, purpose, month, "channel")
    past = _Past(person=person, purpose=purpose, month=month, channel=channel, at=at)
    yield _row(past, "sent", direction="out", after=0)
    yield _row(past, "delivered", direction="out", after=1 if channel != "letter" else 2 * 24 * 60)
    yield from _reaction(past)


def _reaction(past: _Past) -> Iterator[Row]:
    key = (past.person.number, past.purpose, past.month)
    likes = past.person.habit == past.channel
    told = past.person.story is Story.PAYS_ON_TEXT
    keen = happens(KEEN, past.person.number, "keen")
    reacts = likes if told else happens((LIKES if keen else LUKEWARM) if likes else OTHERS, *key, "reacts")
    if past.channel == "email" and (reacts or happens(0.25, *key, "opens")):
        yield _row(past, "opened", after=between(3, 900, *key, "opened"), machine=not reacts)
    if not reacts and past.purpose != "invoice":
        return
    if reacts:
        yield _row(past, "clicked", after=between(901, 3000, *key, "clicked"))
    if past.purpose == "invoice":
        wait = between(1, 6, *key) if reacts else between(9, 20, *key)
        yield _row(past, "paid", after=wait * 24 * 60, channel="payment", answers=past.channel * reacts)


def _row(
    past: _Past,
    kind: str,
    *,
    after: int,
    direction: str = "in",
    channel: str = "",
    machine: bool = False,
    answers: str = "",
) -> Row:
    return {
        "customer": past.person.reference,
        "at": (past.at + timedelta(minutes=after)).isoformat(),
        "channel": channel or past.channel,
        "kind": kind,
        "direction": direction,
        "purpose": past.purpose,
        "source": SOURCE,
        "external_id": f"{past.key}/{kind}",
        "machine": str(machine).lower(),
        "answers": answers,
    }


def _call(person: Person, now: datetime) -> Iterator[Row]:
    """Yield the call that one customer in eight made, most of all those who do not react to anything."""
    if happens(0.3 if person.habit is Habit.SILENT else 0.1, person.number, "calls"):
        at = now - timedelta(days=between(3, 350, person.number, "call"))
        yield {
            "customer": person.reference,
            "at": at.isoformat(),
            "channel": "call",
            "kind": "called",
            "direction": "in",
            "purpose": "",
            "source": SOURCE,
            "external_id": f"call/{person.reference}",
            "machine": "false",
            "answers": "",
        }
