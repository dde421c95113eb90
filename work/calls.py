"""Calls: support tells by telephone what no channel could."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection

from store.audit import opened_because
from store.calls import call_of, close_call, open_calls, take_call, waiting_calls
from store.persons import person_of
from store.touchpoints import Touchpoint, record
from tidings.problem import Problem
from work.installation import Installation


def calls(installation: Installation, *, now: datetime) -> list[Mapping[str, Any]]:
    """Return the calls to make; see `store.calls.waiting_calls`."""
    with installation.engine.begin() as connection:
        open_calls(connection, now=now)
        return waiting_calls(connection)


def called(installation: Installation, call: int, *, by: str, note: str, now: datetime) -> str:
    """Close a call that somebody made, and write it into the customer's history. Returns the message.

    Raises:
        Problem: there is no such call to make, or no name or note was given.
    """
    name, said = " ".join(by.split()), note.strip()
    if not name or not said:
        raise Problem("A call needs a name and a note.", todo='Say --by NAME and --note "...".')
    with installation.engine.begin() as connection:
        found = close_call(connection, call, by=name, note=said, now=now)
        if found is None:
            raise _gone(call)
        _tell(connection, found, str(call), by=name, said=said, now=now)
    return str(found["message"])


def take(connection: Connection, call: int, *, actor: str, now: datetime) -> Mapping[str, Any]:
    """Take a call and open its customer for it; returns {message, customer_id}.

    Raises:
        Problem: it is made, or somebody else has it.
    """
    found = take_call(connection, call, by=actor, now=now)
    if found is None:
        raise _gone(call)
    person = person_of(connection, found["customer_id"])
    opened_because(connection, actor=actor, customer=person, because=f"call: task {call}")
    return found


def give_back(connection: Connection, call: int, *, now: datetime) -> None:
    """Let somebody else make a call.

    Raises:
        Problem: it is made.
    """
    if take_call(connection, call, by="", now=now) is None:
        raise _gone(call)


def note(connection: Connection, call: int, *, by: str, said: str, now: datetime) -> None:
    """Write what happened, such as that nobody answered, and leave the call open.

    Raises:
        Problem: it is made, or nothing was said.
    """
    if not said.strip():
        raise Problem("A note needs words.")
    found = call_of(connection, call)
    if found is None:
        raise _gone(call)
    _tell(connection, found, f"{call}:{uuid4()}", by=by, said=said.strip(), now=now)


def _tell(
    connection: Connection, found: Mapping[str, Any], name: str, *, by: str, said: str, now: datetime
) -> None:
    """Write a call into the customer's history."""
    record(
        connection,
        [
            Touchpoint(
                customer=found["customer_id"],
                source="calls",
                external_id=name,
                direction="out",
                channel="call",
                kind="called",
                at=now,
                brand=found["brand"],
                purpose=found["purpose"],
                message=found["message"],
                detail={"note": said, "by": by},
            )
        ],
    )


def _gone(call: int) -> Problem:
    return Problem(
        f"There is no call {call} to make, or somebody else makes it.", todo="`tidings calls` lists them."
    )
