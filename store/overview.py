"""What is going on at this moment, for the first page: each a small query that an index answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, text

from store.runs import Run, runs_where
from store.tables import lanes, runs

OPEN = ("planning", "sending", "paused", "waiting_release")


def open_runs(connection: Connection, *, kinds: Sequence[str], limit: int) -> list[Run]:
    """Return the runs that are under way or wait for somebody, rehearsals left out, oldest first."""
    return runs_where(
        connection,
        runs.c.kind.in_(kinds),
        runs.c.state.in_(OPEN),
        runs.c.mode != "rehearsal",
        order=(runs.c.starts_at, runs.c.id),
        limit=limit,
    )


def coming_runs(
    connection: Connection, *, kinds: Sequence[str], after: datetime, before: datetime, limit: int
) -> list[Run]:
    """Return the runs that are scheduled between two instants, soonest first."""
    return runs_where(
        connection,
        runs.c.kind.in_(kinds),
        runs.c.state == "scheduled",
        runs.c.starts_at.between(after, before),
        order=(runs.c.starts_at, runs.c.id),
        limit=limit,
    )


def new_runs(connection: Connection, *, kinds: Sequence[str], since: datetime, limit: int) -> list[Run]:
    """Return the runs that were made, began or ended since an instant, newest first."""
    return runs_where(
        connection,
        runs.c.kind.in_(kinds),
        (runs.c.created_at >= since) | (runs.c.finished_at >= since) | (runs.c.starts_at >= since),
        runs.c.mode != "rehearsal",
        order=(runs.c.created_at.desc(), runs.c.id),
        limit=limit,
    )


def waiting_drafts(connection: Connection) -> Sequence[Row[Any]]:
    """Return (id, name, edition, asked_by, asked_at) of the campaigns that wait for approval, the longest first."""
    return connection.execute(
        text("""
            SELECT id, name, edition, asked_by, asked_at FROM drafts
            WHERE state = 'waiting_approval' ORDER BY asked_at LIMIT 50
        """)
    ).all()


def open_things(connection: Connection, *, now: datetime) -> Row[Any]:
    """Return how many doubts, calls, differences of the print house and replies nobody was given are open.

    And how many customers were asked which channel they mean (`work.mismatch`) and said nothing yet.
    """
    return connection.execute(
        text("""
            SELECT (SELECT count(*) FROM attempts WHERE state = 'unknown') AS doubts,
                   (SELECT count(*) FROM calls WHERE closed_at IS NULL) AS calls,
                   (SELECT count(*) FROM print_discrepancies WHERE resolved_at IS NULL) AS discrepancies,
                   (SELECT count(*) FROM replies WHERE state = 'held') AS replies,
                   (SELECT count(*) FROM slips q WHERE q.kind = 'mismatch' AND q.state <> 'dropped'
                       AND q.asked_at > :now - interval '30 days' AND NOT EXISTS (
                           SELECT FROM statements s WHERE s.customer_id = q.customer_id AND s.at >= q.asked_at)
                   ) AS mismatches
        """),
        {"now": now},
    ).one()


def known_lanes(connection: Connection) -> Sequence[Row[Any]]:
    """Return (provider, sender, errors, sample, reason, open_until, rests_until) of every lane that was ever used."""
    columns = ("provider", "sender", "errors", "sample", "reason", "open_until", "rests_until")
    query = select(*(lanes.c[name] for name in columns)).order_by(lanes.c.provider, lanes.c.sender)
    return connection.execute(query).all()
