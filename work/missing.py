"""Who has not got a run's message, and why; it adds up with the run's report."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection

from store import missing as stored
from tidings.reason import Reason
from work.report import report


def missing(connection: Connection, run: str) -> dict[str, Any]:
    """Return {run, audience, got, already_sent, missing: [...], by_reason}: audience = got + the number of the missing.

    `got` counts what was accepted and not bounced, and those who had been sent it before this run (`already_sent`).
    Each of the missing is {customer, message, document, state, reason, channel, since}; a document that was held
    because it is wrong has no message and no customer.

    Args:
        connection: in a transaction of isolation REPEATABLE READ, or nothing may change meanwhile.
        run: its id.

    Raises:
        Problem: there is no such run.
    """
    told = report(connection, run, lifted=False)
    rows = [dict(row) for row in stored.missing(connection, run)] + stored.rejected(connection, run)
    before = told["held"].get(Reason.ALREADY_SENT, 0) - sum(
        row["reason"] == Reason.ALREADY_SENT for row in rows
    )
    by_reason = Counter(row["reason"] for row in rows)
    return {
        "run": run,
        "audience": told["audience"],
        "got": sum(told["sent"].values()) + before,
        "already_sent": before,
        "missing": rows,
        "by_reason": dict(sorted(by_reason.items())),
    }
