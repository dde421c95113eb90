"""What the service desk does for one customer: each with a reason, and each in the audit and in the timeline."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from preferences.statement import precedence
from store import care as stored
from store.audit import note
from store.care import HOLDS, Card
from store.consents import STRICTEST_FIRST
from store.customers import lock_customers
from store.listing import lift
from store.persons import members
from store.touchpoints import Touchpoint, record
from tidings.problem import Problem

LIFTABLE = frozenset({"hard_bounce", "soft_bounces", "returned_letter", "dead_token"})
"""Suppressions that a fact made and a fact can end: the customer says that the address works. What the customer said
themselves (a STOP, a complaint, an unsubscription) only they can take back, and so it is with any word that others
brought: nobody here knows whether the customer said it."""
SOURCE = "staff"
"""Of what the desk writes down."""


def card(connection: Connection, customer: int, *, now: datetime) -> Card | None:
    """Return what is known of the person to whom a record belongs; None when there is none."""
    found = stored.card(connection, customer, members(connection, customer), now=now)
    return found and replace(found, said=_standing(found.said))


def _standing(said: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the newest of each subject, of one instant the stricter, the newest first."""
    kept: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for one in sorted(said, key=_strictest_first):
        own = one["kind"] if one["what"] == "statement" else one["spot"]
        key = (one["what"], one["topic"], one["brand"], own, str(one["lasting"]))
        if key not in kept or kept[key]["at"] < one["at"]:
            kept[key] = one
    return sorted(kept.values(), key=lambda one: one["at"], reverse=True)


def _strictest_first(said: Mapping[str, Any]) -> tuple[Any, ...]:
    if said["what"] == "consent":
        return (
            "consent",
            STRICTEST_FIRST.index(said["kind"]),
            said["proof"] == "",
        )
    channels = [name for name in said["channels"].split(",") if name]
    resumes = said["value"].get("resume") is True
    return ("statement", resumes, *precedence(channels, json.dumps(said["value"])))


def note_call(
    connection: Connection, customer: int, *, actor: str, said: str, inbound: bool, now: datetime
) -> None:
    """Write a call into the customer's history.

    Raises:
        Problem: nothing was said.
    """
    _told(
        connection,
        customer,
        kind="called",
        channel="call",
        inbound=inbound,
        now=now,
        detail={"note": _said(said), "by": actor.removeprefix("staff:")},
    )


def open_matter(
    connection: Connection, customer: int, matter: str, *, actor: str, because: str, now: datetime
) -> bool:
    """Open a complaint, dispute, dunning or bereavement: no marketing until it is closed; False: it was open.

    Raises:
        Problem: no such kind of matter, or no reason.
    """
    return _matter(connection, customer, matter, actor=actor, because=because, now=now, opened=True)


def close_matter(
    connection: Connection, customer: int, matter: str, *, actor: str, because: str, now: datetime
) -> bool:
    """Close an open matter; False: it was not open.

    Raises:
        Problem: no such kind of matter, or no reason.
    """
    return _matter(connection, customer, matter, actor=actor, because=because, now=now, opened=False)


def _matter(
    connection: Connection,
    customer: int,
    matter: str,
    *,
    actor: str,
    because: str,
    now: datetime,
    opened: bool,
) -> bool:
    if matter not in HOLDS:
        raise Problem(f"{matter!r} is no matter.", todo=f"Say one of {', '.join(HOLDS)}.")
    reason = _said(because)
    lock_customers(connection, [customer])
    change = stored.set_hold if opened else stored.close_hold
    if not change(connection, members(connection, customer), matter):
        return False
    action = "open_matter" if opened else "close_matter"
    kind = f"matter_{'opened' if opened else 'closed'}"
    detail = {"matter": matter, "because": reason}
    _told(connection, customer, kind=kind, channel="call", inbound=False, now=now, detail=detail)
    note(connection, actor=actor, action=action, subject=f"customer:{customer}", detail=detail)
    return True


def lift_suppression(
    connection: Connection, customer: int, number: int, *, actor: str, because: str, now: datetime
) -> None:
    """Use an address again that only a fact had closed.

    Raises:
        Problem: no such suppression of this customer, one that only the customer can take back, or no reason.
    """
    reason = _said(because)
    lock_customers(connection, [customer])
    found = stored.suppression(connection, members(connection, customer), number)
    if found is None:
        raise Problem("This address is not suppressed, or not this customer's.")
    if found["reason"] not in LIFTABLE:
        raise Problem("The customer said so themselves: only they can take it back.")
    lifted(connection, number, found, actor=actor, because=reason, subject=f"customer:{customer}", now=now)


def lifted(
    connection: Connection,
    number: int,
    found: Mapping[str, Any],
    *,
    actor: str,
    because: str,
    subject: str,
    now: datetime,
) -> None:
    """Lift a suppression that is LIFTABLE and in force; `found` has its reason and channel."""
    lift(connection, number, at=now)
    detail = {
        "because": because,
        "reason": found["reason"],
        "channel": found["channel"],
        "suppression": number,
    }
    note(connection, actor=actor, action="lift_suppression", subject=subject, detail=detail)


def _said(text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise Problem("This needs a reason, or what was said.", todo="Write a few words.")
    return said


def _told(
    connection: Connection,
    customer: int,
    *,
    kind: str,
    channel: str,
    inbound: bool,
    now: datetime,
    detail: dict[str, Any],
) -> None:
    """Write a line of the timeline."""
    record(
        connection,
        [
            Touchpoint(
                customer=customer,
                source=SOURCE,
                external_id=str(uuid4()),
                direction="in" if inbound else "out",
                channel=channel,
                kind=kind,
                at=now,
                detail=detail,
            )
        ],
    )
