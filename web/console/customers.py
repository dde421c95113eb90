"""Customers at a desk: find one, say why they are opened, and see what the desk's roles may see of that one alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import erasures, persons
from store.audit import open_reason, opened_because
from store.care import HOLDS, Card, invoices_of
from store.customers import find, nobody_yet
from store.offers import offers
from store.seek import Hit, alike, hits
from tidings.behalf import WHO
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.role import Role, sees_amounts
from tidings.whole_number import whole_number
from web.console import noticed
from web.language import LANGUAGES, day_names, words
from web.staff import StaffRoute, Visit, page
from work import care, preference
from work.scribe import FREQUENCIES
from work.seek import seek
from work.timeline import Entry, timeline
from work.wishes import NONE

SUPPORT = frozenset({Role.SUPPORT})
DESKS = frozenset({Role.SUPPORT, Role.COUNTER})
READERS = frozenset({Role.SUPPORT, Role.COUNTER, Role.BILLING})
BECAUSE: Mapping[Role, tuple[str, ...]] = {
    Role.SUPPORT: ("ticket", "call", "letter", "counter"),
    Role.BILLING: ("ticket", "call", "letter"),
    Role.COUNTER: ("counter",),
    Role.MANAGER: ("ticket", "call", "letter"),
}
"""Why somebody may open a customer, by role."""
OPEN_FOR = timedelta(hours=1)
"""After that the reason is asked again."""
WISHES = ("language", "pause_until", "best_days", "frequency", "household")
"""What the desk may write down besides the choices for topics."""
EVENTS = 25
"""Lines of the timeline at once."""
_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NUMBERED = "id:"


def routes() -> list[StaffRoute]:
    """Return the routes of finding, opening and showing customers."""
    return [
        page("/customers", search, roles=READERS),
        page("/customers/{ref}", show, roles=READERS),
        page("/customers/{ref}/open", open_one, roles=READERS, methods=("POST",)),
    ]


def search(visit: Visit) -> Response:
    """Find customers; at most twenty, and nobody's data."""
    asked = visit.request.query_params.get("q", "")[:200]
    installation = visit.site.installation
    with visit.site.reading.connect() as connection:
        found = seek(
            connection,
            asked,
            brands=[brand.id for brand in installation.organisation.brands],
            prefix=_prefix(visit),
        )
        waiting = erasures.waiting(connection) if visit.may(Role.SUPPORT) else []
        first = nobody_yet(connection)
        if found.by and found.by != "name" and len(found.hits) == 1:
            return visit.back(place(found.hits[0]))
    queue = [
        {**one, "place": f"/customers/{quote(_address(one['reference'], one['customer']))}"}
        for one in waiting
    ]
    return visit.page(
        "customers",
        q=asked,
        found=found,
        places=[place(hit) for hit in found.hits],
        waiting=queue,
        first=first,
    )


def place(hit: Hit) -> str:
    """Return the path of a person's page."""
    return f"/customers/{quote(_address(hit.references[0] if hit.references else '', hit.customer))}"


def _address(reference: str, customer: int) -> str:
    return reference if _SIMPLE.fullmatch(reference) else f"{_NUMBERED}{customer}"


def _prefix(visit: Visit) -> str:
    import phonenumbers

    code = phonenumbers.country_code_for_region(visit.site.installation.organisation.country)
    return f"+{code}" if code else ""


def customer_of(visit: Visit, connection: Connection) -> int:
    """Return the person whom the path names.

    Raises:
        HTTPException: 404, nobody or several.
    """
    reference = str(visit.request.path_params["ref"])
    number = reference.removeprefix(_NUMBERED)
    try:
        if reference != number and (row := whole_number(number)) is not None:
            known = hits(connection, [row])
            customer = known[0].customer if known else None
        else:
            customer = find(connection, reference)
    except Problem:
        customer = None
    if customer is None:
        raise HTTPException(404)
    return customer


def here(visit: Visit) -> str:
    """Return the path of the customer's page that the request is below."""
    return f"/customers/{quote(str(visit.request.path_params['ref']))}"


def reason(visit: Visit, connection: Connection, customer: int) -> str | None:
    """Return why the visitor has this customer open, None when they have not."""
    return open_reason(connection, actor=visit.actor, customer=customer, since=visit.now - OPEN_FOR)


def ask_reason(
    visit: Visit, connection: Connection, customer: int, *, place: str = "", **more: Any
) -> Response:
    """Ask why a customer is to be opened, or what lies at another `place`; tells the name and nothing else."""
    one = hits(connection, [customer])[0]
    return visit.page("customer_open", one=one, here=place or here(visit), because=may_say(visit), **more)


def may_say(visit: Visit) -> list[str]:
    """Return the reasons that the visitor's roles may give."""
    return list(dict.fromkeys(one for role in BECAUSE if visit.may(role) for one in BECAUSE[role]))


def open_one(visit: Visit) -> Response:
    """Open one customer for a reason that is written down; whom the visitor had open is closed by it."""
    with visit.site.installation.engine.begin() as connection:
        return opened(visit, connection, customer_of(visit, connection), here(visit))


def opened(visit: Visit, connection: Connection, customer: int, place: str) -> Response:
    """Write down why the visitor opens a customer, and lead to a place; ask again where they did not say."""
    because = str(visit.fields.get("because", ""))
    note = " ".join(str(visit.fields.get("note", "")).split())[:500]
    if because not in may_say(visit) or not (note or because == "counter"):
        return ask_reason(visit, connection, customer, place=place, wrong=True, chosen=because, status=422)
    said = f"{because}: {note}" if note else because
    opened_because(connection, actor=visit.actor, customer=customer, because=said)
    return visit.back(place)


@dataclass(frozen=True, kw_only=True)
class Told:
    """One line of the timeline, with what was done for it."""

    entry: Entry
    steps: list[Entry] = field(default_factory=list)
    """Deliveries, attempts and receipts of a message."""


def show(visit: Visit) -> Response:
    """Show one customer, as far as the visitor's roles go."""
    channel = visit.request.query_params.get("channel", "")
    with visit.site.reading.connect() as connection:
        customer = customer_of(visit, connection)
        because = reason(visit, connection, customer)
        if because is None:
            return ask_reason(visit, connection, customer)
        card = care.card(connection, customer, now=visit.now)
        if card is None:
            raise HTTPException(404)
        values: dict[str, Any] = {"card": card, "here": here(visit), "because": because}
        if visit.may(Role.SUPPORT):
            told = lines(timeline(connection, customer), channel)
            values |= _support(connection, card, told, visit)
            values |= noticed.of_customer(visit, connection, card.records)
        if visit.may(*DESKS):
            values |= {"forms": [_form(visit, connection, customer, brand) for brand in _brands(visit)]}
            values |= {"offers": _offers(connection, card, visit.now)}
        if visit.may(Role.SUPPORT, Role.BILLING):
            values |= {"invoices": invoices_of(connection, card.records)}
    return visit.page(
        "customer",
        **values,
        channel=channel,
        channels=[*(one.value for one in Channel), "call", "visit", "web", "payment"],
        support=visit.may(Role.SUPPORT),
        desk=visit.may(*DESKS),
        amounts=sees_amounts(visit.staff.roles),
        holds=HOLDS,
        liftable=care.LIFTABLE,
        who=("", *WHO),
        interval=partial(noticed.interval, visit.language),
        tongues=[(code, words(code)["page"]["name"]) for code in LANGUAGES],
    )


def _support(connection: Connection, card: Card, told: Sequence[Told], visit: Visit) -> dict[str, Any]:
    newest = list(reversed(told))
    begin = visit.request.query_params.get("from", "0")
    start = whole_number(begin, digits=6) or 0
    others = hits(connection, [person for person, _ in alike(connection, card.customer)])
    return {
        "told": newest[start : start + EVENTS],
        "older": start + EVENTS if len(newest) > start + EVENTS else 0,
        "merges": persons.told(connection, card.customer),
        "others": [(other, place(other)) for other in others],
    }


def lines(entries: Sequence[Entry], channel: str) -> list[Told]:
    """Return a history, what was done for a message below it; with a channel only what is about that."""
    told: list[Told] = []
    of_message: dict[str, Told] = {}
    for entry in entries:
        owner = of_message.get(entry["message"] or "")
        if owner is not None and entry["kind"] in ("delivery", "attempt", "receipt"):
            owner.steps.append(entry)
            continue
        told.append(Told(entry=entry))
        if entry["kind"] == "message" and entry["message"]:
            of_message[entry["message"]] = told[-1]
    if not channel:
        return told
    return [
        one for one in told if channel in {one.entry["channel"], *(step["channel"] for step in one.steps)}
    ]


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a customer wished from one brand, and what the desk may write down instead."""

    brand: str
    name: str
    ways: Sequence[preference.Way]
    choices: Sequence[tuple[str, str, Sequence[str]]]
    """(topic, answer, answers to choose from)."""
    language: str
    pause_until: str
    days: Mapping[str, str]
    best_days: Sequence[str]
    often: Sequence[str]
    frequency: str
    household: str
    shown: Mapping[str, str]
    """Every answer as the form shows it: what lay open while the customer chose otherwise changes nothing of that."""


def _form(visit: Visit, connection: Connection, customer: int, brand: Any) -> Form:
    known = preference.read(
        connection, customer=customer, brand=brand, policy=visit.site.policy, now=visit.now
    )
    if known is None:
        raise HTTPException(404)
    return Form(
        brand=brand.id,
        name=brand.name,
        ways=known.ways,
        choices=[(topic, answer, answers(topic, answer, known)) for topic, answer in topics(known).items()],
        language=known.answers["language"],
        pause_until=known.answers["pause_until"],
        days=day_names(visit.language),
        best_days=known.answers["best_days"].split(","),
        often=list(dict.fromkeys((*FREQUENCIES, *filter(None, (known.answers["frequency"],))))),
        frequency=known.answers["frequency"],
        household=known.answers["household"],
        shown={key: known.answers[key] for key in (*topics(known), *WISHES)},
    )


def topics(known: preference.Preferences) -> dict[str, str]:
    """Return the answers about topics, without those about language, pauses and the like."""
    return {
        key: answer
        for key, answer in known.answers.items()
        if key.partition(".")[0] in ("invoice", "offer", "news")
    }


def answers(topic: str, answer: str, known: preference.Preferences) -> list[str]:
    """Return what the desk may write down for a topic: as it is, one usable channel, or nothing."""
    single = [way.channel for way in known.ways if not way.problem]
    follows = [""] if "." in topic else []
    nothing = [] if topic.partition(".")[0] == "invoice" else [NONE]
    return list(dict.fromkeys([answer, *follows, *single, *nothing]))


def _brands(visit: Visit) -> Sequence[Any]:
    return visit.site.installation.organisation.brands


def _offers(connection: Connection, card: Card, now: datetime) -> list[Any]:
    found = [row for record in card.records for row in offers(connection, record, today=now.date())]
    return sorted(found, key=lambda row: (row.sent_at is not None, row.sent_at), reverse=True)
