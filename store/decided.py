"""The messages a run decided for one customer, with the decision as it was stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from store.persons import members

_COLUMNS = """
    m.id::text AS message, m.run_id AS run, m.customer_id AS customer, m.state, m.reason, m.channel, m.document,
    m.language, m.decision, m.input_digest, m.tried, m.due_at, m.planned_at, m.copy
"""


def of_run(connection: Connection, customer: int, run: str) -> Sequence[Any]:
    """Return the customer's messages of a run by document, then copy."""
    query = f"""
        SELECT {_COLUMNS} FROM messages m WHERE m.customer_id = ANY(:members) AND m.run_id = :run
         ORDER BY m.document, m.copy
    """
    return connection.execute(text(query), {"members": members(connection, customer), "run": run}).all()


def of_same_edition(connection: Connection, customer: int, run: str) -> Sequence[Any]:
    """Return the customer's messages of the runs whose audience this one met again, oldest first."""
    query = f"""
        SELECT {_COLUMNS} FROM messages m
         WHERE m.customer_id = ANY(:members) AND m.run_id <> :run AND m.run_id IN (
               SELECT repeats FROM runs WHERE id = :run
               UNION SELECT o.run_id FROM campaign_runs t JOIN campaign_runs o ON o.campaign_id = t.campaign_id
                      JOIN runs x ON x.id = o.run_id WHERE t.run_id = :run AND x.mode <> 'rehearsal')
         ORDER BY m.planned_at, m.document, m.copy
    """
    return connection.execute(text(query), {"members": members(connection, customer), "run": run}).all()


def of_message(connection: Connection, message: str) -> Any | None:
    """Return one message."""
    query = f"SELECT {_COLUMNS} FROM messages m WHERE m.id = CAST(:message AS uuid)"
    return connection.execute(text(query), {"message": message}).one_or_none()
