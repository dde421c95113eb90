"""Counts of runs, read from what is kept with every change (`migrations.versions.0017_bills`), never from a scan.

All of them leave copies out, and take the ids of runs.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text


def totals(connection: Connection, runs: Sequence[str]) -> Sequence[Row[Any]]:
    """Return (run, state, reason, first_channel, channel, n, cost) of messages; '' where there is no channel."""
    return connection.execute(
        text("""
            SELECT run_id AS run, state, reason, first_channel, channel, CAST(sum(messages) AS bigint) AS n,
                   sum(cost) AS cost
            FROM run_tally WHERE run_id = ANY(:runs) GROUP BY 1, 2, 3, 4, 5 HAVING sum(messages) <> 0
        """),
        {"runs": list(runs)},
    ).all()


def arrivals(connection: Connection, runs: Sequence[str]) -> Sequence[Row[Any]]:
    """Return (run, channel, state, fallback, n) of deliveries that have ended, and of every fallback.

    A fallback is a delivery that is not its message's first. What was accepted and not heard of since is not in it.
    """
    return connection.execute(
        text("""
            SELECT run_id AS run, channel, state, fallback, CAST(sum(deliveries) AS bigint) AS n
            FROM delivery_tally WHERE run_id = ANY(:runs) GROUP BY 1, 2, 3, 4 HAVING sum(deliveries) <> 0
        """),
        {"runs": list(runs)},
    ).all()


def went_on(connection: Connection, runs: Sequence[str]) -> Sequence[Row[Any]]:
    """Return (run, channel, n, cost) of messages that left on a channel and went on: silence, or they came back."""
    return connection.execute(
        text("""
            SELECT run_id AS run, channel, count(*) AS n, sum(cost) AS cost
            FROM went_on WHERE run_id = ANY(:runs) GROUP BY 1, 2
        """),
        {"runs": list(runs)},
    ).all()


def grounds(connection: Connection, runs: Sequence[str]) -> Sequence[Row[Any]]:
    """Return (run, channel, ground, n): why messages were given their first channel."""
    return connection.execute(
        text("""
            SELECT run_id AS run, channel, ground, CAST(sum(messages) AS bigint) AS n
            FROM ground_tally WHERE run_id = ANY(:runs) GROUP BY 1, 2, 3 HAVING sum(messages) <> 0
        """),
        {"runs": list(runs)},
    ).all()


def answers(connection: Connection, runs: Sequence[str]) -> Sequence[Row[Any]]:
    """Return (run, kind, channel, ground, n): messages that were answered, complained about, or answered by a stop."""
    return connection.execute(
        text("""
            SELECT run_id AS run, kind, channel, ground, count(*) AS n
            FROM reactions WHERE run_id = ANY(:runs) GROUP BY 1, 2, 3, 4
        """),
        {"runs": list(runs)},
    ).all()
