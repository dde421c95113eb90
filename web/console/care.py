"""What a desk does for the customer who is open there: each form says why, and says at once what it did."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from preferences.statement import DAYS
from store.customers import record_of
from store.persons import members
from store.sent import message_of
from tidings.behalf import on_behalf
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.role import Role
from tidings.whole_number import whole_number
from web.answers import shown_in, today
from web.console.customers import (
    DESKS,
    SUPPORT,
    answers,
    ask_reason,
    customer_of,
    here,
    reason,
    topics,
)
from web.language import LANGUAGES
from web.staff import StaffRoute, Visit, page
from work import care, preference
from work.copy import ask_for_copy
from work.merge import merge, split
from work.redemption import redeem
from work.scribe import FREQUENCIES, HOUSEHOLDS

Act = Callable[[Visit, Connection, int, str], str]
"""Does something for the open customer, for a reason; returns the key of what to say."""


def routes() -> list[StaffRoute]:
    """Return the routes of the forms on a customer's page."""
    acts: tuple[tuple[str, Act, frozenset[Role]], ...] = (
        ("call", _call, SUPPORT),
        ("matter", _matter, SUPPORT),
        ("lift", _lift, SUPPORT),
        ("merge", _merge, SUPPORT),
        ("split", _split, SUPPORT),
        ("copy", _copy, SUPPORT),
        ("wish", _wish, DESKS),
        ("redeem", _redeem, DESKS),
    )
    return [
        page(f"/customers/{{ref}}/{name}", _posted(act), roles=roles, methods=("POST",))
        for name, act, roles in acts
    ]


def _posted(act: Act) -> Callable[[Visit], Response]:
    """Return the page that does something, in one transaction, for a customer whom the visitor has open."""

    def answer(visit: Visit) -> Response:
        try:
            with visit.site.installation.engine.begin() as connection:
                customer = customer_of(visit, connection)
                why = reason(visit, connection, customer)
                if why is None:
                    return ask_reason(visit, connection, customer, status=403)
                said = act(visit, connection, customer, why)
        except Problem as problem:
            return visit.page("customer_refused", status=422, problem=str(problem), here=here(visit))
        return visit.back(here(visit), f"customers.{said}")

    return answer


def _field(visit: Visit, name: str, most: int = 500) -> str:
    return str(visit.fields.get(name, "")).strip()[:most]


def _call(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    inbound = _field(visit, "way") != "out"
    said = _field(visit, "note", 4000)
    care.note_call(connection, customer, actor=visit.actor, said=said, inbound=inbound, now=visit.now)
    return "noted"


def _redeem(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    where = "visit" if visit.may(Role.COUNTER) else "call"
    offer = _field(visit, "offer")
    done = redeem(connection, customer, offer, channel=where, at=visit.now, by=visit.actor, now=visit.now)
    return "nothing" if done is None or done.again else "redeemed"


def _matter(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    opened = _field(visit, "do") == "open"
    change = care.open_matter if opened else care.close_matter
    done = change(
        connection,
        customer,
        _field(visit, "matter"),
        actor=visit.actor,
        because=_field(visit, "because"),
        now=visit.now,
    )
    return ("opened" if opened else "closed") if done else "nothing"


def _lift(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    number = _field(visit, "suppression")
    care.lift_suppression(
        connection,
        customer,
        whole_number(number) or 0,
        actor=visit.actor,
        because=_field(visit, "because"),
        now=visit.now,
    )
    return "lifted"


def _merge(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    merge(
        connection,
        customer,
        _field(visit, "other"),
        actor=visit.actor,
        because=_field(visit, "because"),
        now=visit.now,
    )
    return "merged"


def _split(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    record = _field(visit, "record")
    if record and record_of(connection, record) not in members(connection, customer):
        raise HTTPException(404)  # somebody who is not open here
    split(
        connection,
        record or customer,
        actor=visit.actor,
        because=_field(visit, "because"),
        now=visit.now,
    )
    return "split"


def _copy(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    del why
    wanted = _field(visit, "channel")
    channel = Channel(wanted) if wanted in set(Channel) else None
    message = _field(visit, "message")
    found = message_of(connection, message)
    if found is None or found["customer"] not in members(connection, customer):
        raise HTTPException(404)
    ask_for_copy(
        connection,
        message,
        by=visit.actor,
        because=_field(visit, "because"),
        channel=channel,
        now=visit.now,
    )
    return "copied"


def _wish(visit: Visit, connection: Connection, customer: int, why: str) -> str:
    brand = visit.site.installation.organisation.brand(_field(visit, "brand"))
    known = preference.read(
        connection, customer=customer, brand=brand, policy=visit.site.policy, now=visit.now
    )
    because = " ".join(_field(visit, "because").split())
    if known is None:
        raise HTTPException(404)
    if not because:
        raise Problem(
            "A wish that somebody writes down for a customer needs a reason.", todo="Say how they asked."
        )
    saved = preference.save(
        connection,
        customer=customer,
        brand=brand,
        answers=_answers(visit, known),
        shown=shown_in(visit.fields),
        proof=f"recorded by {visit.actor} ({why}): {because}",
        policy=visit.site.policy,
        now=visit.now,
        actor=visit.actor,
        source=care.SOURCE,
        on_behalf=on_behalf(_field(visit, "on_behalf"), _field(visit, "mandate")),
    )
    return "wished" if saved and saved.changed else "nothing"


def _answers(visit: Visit, known: preference.Preferences) -> dict[str, str]:
    """Return what the form says and may say; what it leaves out is not touched."""
    said = {
        topic: _field(visit, topic)
        for topic, answer in topics(known).items()
        if topic in visit.fields and _field(visit, topic) in answers(topic, answer, known)
    }
    if _field(visit, "language") in LANGUAGES:
        said["language"] = _field(visit, "language")
    if "pause_until" in visit.fields:
        day = _field(visit, "pause_until")
        kept = day in ("", known.answers["pause_until"], visit.fields.get("shown.pause_until"))
        if not kept and (not _is_day(day) or date.fromisoformat(day) <= today(known, visit.now)):
            raise Problem("The pause must end on a day that is still to come.")
        said["pause_until"] = day
    if "days" in visit.fields:
        said["best_days"] = ",".join(day for day in DAYS if f"day.{day}" in visit.fields)
    for key, possible in (("frequency", FREQUENCIES), ("household", HOUSEHOLDS)):
        if key in visit.fields and _field(visit, key) in ("", known.answers[key], *possible):
            said[key] = _field(visit, key)
    return said


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
