"""What the demo's customers allowed, asked for and refused, as rows of import files."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from work.demo_chance import between, happens, pick, weigh
from work.demo_people import Person, Story

Row = dict[str, Any]
ASKED = {
    "nothing": 0.79,
    "bills": 0.08,
    "everything": 0.06,
    "offers": 0.03,
    "language": 0.02,
    "tracking": 0.02,
}
"""How many customers asked for what, where no story says so."""
CLOSED = {Story.BOUNCED: "email", Story.STOPPED: "sms"}
"""Stories of an address that must not be used."""


def consents(persons: Sequence[Person], now: datetime) -> Iterator[Row]:
    """Yield consents with their proof; some are legacy, some were taken back, some people gave none."""
    for person in persons:
        given = now - timedelta(days=between(400, 900, person.number, "consent"), minutes=person.number)
        for topic, action in _allowed(person):
            proof = f"double opt-in {given:%Y-%m-%d %H:%M} UTC" if action == "given" else ""
            yield _consent(person, topic=topic, action=action, proof=proof, at=given)
        if person.story is Story.OBJECTED:
            told = now - timedelta(days=40)
            yield _consent(person, topic="all", action="objected", proof="call 4711", at=told)
        elif person.story is None and happens(0.04, person.number, "withdrawn"):
            left = now - timedelta(days=between(5, 300, person.number, "left"))
            yield _consent(person, topic="news", action="withdrawn", proof="unsubscribe link", at=left)


def _allowed(person: Person) -> tuple[tuple[str, str], ...]:
    if person.story is not None:
        return (("news", "given"), ("offer", "given"))
    choice = weigh({"both": 0.68, "news": 0.13, "legacy": 0.09, "nothing": 0.10}, person.number, "consents")
    return {
        "both": (("news", "given"), ("offer", "given")),
        "news": (("news", "given"),),
        "legacy": (("news", "legacy"), ("offer", "legacy")),
        "nothing": (),
    }[choice]


def _consent(person: Person, *, topic: str, action: str, proof: str, at: datetime) -> Row:
    return {
        "customer": person.reference,
        "topic": topic,
        "channel": "all",
        "action": action,
        "at": at.isoformat(),
        "proof": proof,
    }


def statements(persons: Sequence[Person], now: datetime) -> Iterator[Row]:
    """Yield what about one customer in five asked for, and what the stories say."""
    for person in persons:
        if person.story is None:
            yield from _drawn_statement(person, now)
        elif (told := _told(now).get(person.story)) is not None:
            yield _statement(person, **{"at": now - timedelta(days=50 + person.number), **told})


def _told(now: datetime) -> dict[Story, Row]:
    return {
        Story.BY_POST: {"kind": "order", "channels": "letter"},
        Story.TEXT_BILLS: {"kind": "order", "topic": "invoice", "channels": "sms"},
        Story.TEMPORARY: {
            "kind": "order",
            "channels": "letter",
            "from_at": now - timedelta(days=10),
            "until_at": now + timedelta(days=30),
            "at": now - timedelta(days=12),
        },
        Story.PAUSED: {
            "kind": "pause",
            "topic": "offer",
            "from_at": now - timedelta(days=2),
            "until_at": now + timedelta(days=29),
            "at": now - timedelta(days=2),
        },
        Story.NIGHT_OWL: {
            "kind": "quiet_hours",
            "quiet_from": "22:00",
            "quiet_until": "12:00",
            "channels": "email sms push",
        },
    }


def _drawn_statement(person: Person, now: datetime) -> Iterator[Row]:
    at = now - timedelta(days=between(3, 700, person.number, "asked on"))
    asked = weigh(ASKED, person.number, "asked")
    if asked == "bills":
        channels = pick(("letter", "letter email", "sms letter", "email letter"), person.number, "bills by")
        yield _statement(person, kind="order", topic="invoice", channels=channels, at=at)
    elif asked == "everything":
        channels = pick(("email", "push email", "sms email", "email push"), person.number, "order")
        yield _statement(person, kind="order", channels=channels, at=at)
    elif asked == "offers":
        channels = pick(("push", "sms"), person.number, "offers by")
        yield _statement(person, kind="order", topic="offer", channels=channels, at=at)
    elif asked == "language":
        yield _statement(person, kind="language", language="en", at=at)
    elif asked == "tracking":
        yield _statement(person, kind="tracking", tracking="false", at=at)


def _statement(person: Person, *, kind: str, at: datetime, **told: Any) -> Row:
    from_at, until_at = told.get("from_at"), told.get("until_at")
    return {
        "customer": person.reference,
        "kind": kind,
        "topic": told.get("topic", "all"),
        "channels": told.get("channels", ""),
        "from_at": from_at.isoformat() if from_at else "",
        "until_at": until_at.isoformat() if until_at else "",
        "quiet_from": told.get("quiet_from", ""),
        "quiet_until": told.get("quiet_until", ""),
        "language": told.get("language", ""),
        "tracking": told.get("tracking", ""),
        "at": at.isoformat(),
        "proof": f"preference page, session {person.number:04d}",
    }


def suppressions(persons: Sequence[Person], now: datetime) -> Iterator[Row]:
    """Yield addresses that must not be used: a mailbox that is gone, a number that answered STOP."""
    for person in persons:
        told = _unusable(person)
        if told is not None:
            channel, reason, proof = told
            address = person.email if channel == "email" else person.phone
            days = between(10, 200, person.number, "suppressed")
            yield {
                "channel": channel,
                "value": address,
                "reason": reason,
                "at": (now - timedelta(days=days)).isoformat(),
                "proof": proof,
            }


def _unusable(person: Person) -> tuple[str, str, str] | None:
    drawn = weigh({"": 0.96, "email": 0.02, "sms": 0.02}, person.number, "unusable")
    channel = CLOSED.get(person.story, "") if person.story else drawn
    if channel == "email" and person.email:
        return ("email", "hard_bounce", "550 5.1.1 no such mailbox")
    if channel == "sms" and person.phone:
        return ("sms", "stop", "STOP")
    return None
