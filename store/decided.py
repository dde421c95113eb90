"""The messages a run decided for one customer, with the decision as it was stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from store.hot import rows, uuids
from store.persons import members

_COLUMNS = """
    m.id::text AS message, m.run_id AS run, m.customer_id AS customer, m.state, m.reason, m.channel, m.document,
    m.language, m.decision, m.input_digest, m.tried, m.due_at, m.copy, m.over_budget,
    coalesce((m.decision #>> '{0,decided_at}')::timestamptz, m.planned_at) AS decided_at
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


def grounds_of(
    connection: Connection, messages: Sequence[str], *, channel: str
) -> dict[str, tuple[str, str, str, str]]:
    """Return (reason, said_at, until, on_behalf) of a channel in each decision; who lacks it is left out."""
    found = rows(connection, _GROUNDS, {"messages": uuids(messages), "channel": channel})
    return {
        message: (reason, said_at or "", until or "", on_behalf or "")
        for message, reason, said_at, until, on_behalf in found
        if reason
    }


_GROUNDS = """
    SELECT m.id::text, d.e ->> 'reason', d.e #>> '{evidence,said_at}', d.e #>> '{evidence,until}',
           d.e #>> '{evidence,on_behalf}'
      FROM messages m CROSS JOIN LATERAL (
           SELECT CASE WHEN m.decision #>> '{0,channel}' = %(channel)s THEN m.decision -> 0
                  ELSE (SELECT x FROM jsonb_array_elements(m.decision) x
                         WHERE x ->> 'channel' = %(channel)s) END AS e) d
     WHERE m.id = ANY(%(messages)s::uuid[])
"""
"""Nearly always it is the first choice, which is found without taking the list apart."""


def statements_of(connection: Connection, customer: int) -> Sequence[tuple[str, str, str]]:
    """Return (said_at, until, on_behalf), ISO instants, of everything a person ever said about channels."""
    query = text("""
        SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') AS said_at,
               coalesce(to_char(until_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), '') AS until,
               on_behalf
          FROM statements WHERE customer_id = ANY(:members) AND kind = 'order'
    """)
    found = connection.execute(query, {"members": members(connection, customer)})
    return [(row.said_at, row.until, row.on_behalf) for row in found]
