"""The messages a run decided for one customer, with the decision as it was stored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from store.hot import rows, uuids
from store.persons import members
from tidings.clock import clock_of

_COLUMNS = """
    m.id::text AS message, m.run_id AS run, m.customer_id AS customer, m.state, m.reason, m.channel, m.document,
    m.language, m.decision, m.input_digest, m.tried, m.due_at, m.copy, m.over_budget,
    coalesce((m.decision #>> '{0,decided_at}')::timestamptz, CASE WHEN m.copy > 0 THEN (
        SELECT o.planned_at FROM messages o WHERE o.customer_id = m.customer_id AND o.run_id = m.run_id
           AND o.document = m.document AND o.copy = 0) END, m.planned_at) AS decided_at
"""
"""A copy has the decision of what it is a copy of."""


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
    """Return (reason, said_at, until, on_behalf) of a channel in each decision; who lacks it is left out.

    Both are dates, ISO, on the customer's own clock: the day that a paper form or a page names begins there.
    """
    found = rows(connection, _GROUNDS, {"messages": uuids(messages), "channel": channel})
    return {
        message: (reason, _own_day(said_at, zone), _own_day(until, zone), on_behalf or "")
        for message, reason, said_at, until, on_behalf, zone in found
        if reason
    }


@lru_cache(maxsize=4096)
def _own_day(instant: str | None, zone: str) -> str:
    """Return the date of an ISO instant on some clock, of UTC where there is no such zone; '' of none."""
    if not instant:
        return ""
    return datetime.fromisoformat(instant).astimezone(clock_of(zone)).date().isoformat()


_GROUNDS = """
    SELECT m.id::text, d.e ->> 'reason', d.e #>> '{evidence,said_at}', d.e #>> '{evidence,until}',
           d.e #>> '{evidence,on_behalf}', c.time_zone
      FROM messages m JOIN customers c ON c.id = m.customer_id CROSS JOIN LATERAL (
           SELECT CASE WHEN m.decision #>> '{0,channel}' = %(channel)s THEN m.decision -> 0
                  ELSE (SELECT x FROM jsonb_array_elements(m.decision) x
                         WHERE x ->> 'channel' = %(channel)s) END AS e) d
     WHERE m.id = ANY(%(messages)s::uuid[])
"""
"""Nearly always it is the first choice, which is found without taking the list apart."""


def statements_of(connection: Connection, customer: int) -> Sequence[tuple[str, str, str]]:
    """Return (said_at, until, on_behalf) of everything a person ever said about channels, as `grounds_of` has it.

    And on the clock of UTC, as earlier releases told it.
    """
    query = text("""
        SELECT DISTINCT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"') AS said_at,
               coalesce(to_char(until_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'), '') AS until,
               on_behalf, (SELECT time_zone FROM customers WHERE id = :customer) AS zone
          FROM statements WHERE customer_id = ANY(:members) AND kind = 'order'
    """)
    found = connection.execute(query, {"members": members(connection, customer), "customer": customer})
    return sorted(
        {
            (_own_day(row.said_at, zone), _own_day(row.until, zone), row.on_behalf)
            for row in found
            for zone in (row.zone, "UTC")
        }
    )
