"""Calls: support tells by telephone what no channel could."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from store.calls import close_call, open_calls, waiting_calls
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
            raise Problem(f"There is no call {call} to make.", todo="`tidings calls` lists them.")
        record(
            connection,
            [
                Touchpoint(
                    customer=found["customer_id"],
                    source="calls",
                    external_id=str(call),
                    direction="out",
                    channel="call",
                    kind="called",
                    at=now,
                    brand=found["brand"],
                    purpose=found["purpose"],
                    message=found["message"],
                    detail={"note": said, "by": name},
                )
            ],
        )
    return str(found["message"])
