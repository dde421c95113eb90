"""What a calendar reads: runs by when they start, the countries of most customers, whom a run has frozen."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, select, text

from store.runs import Run
from store.tables import runs


def runs_between(connection: Connection, *, begin: datetime, end: datetime) -> list[Run]:
    """Return the runs that start in a span, rehearsals left out."""
    query = (
        select(*(runs.c[name] for name in Run.__slots__))
        .where(
            runs.c.starts_at >= begin,
            runs.c.starts_at < end,
            runs.c.mode != "rehearsal",
            runs.c.repeats.is_(None),
        )
        .order_by(runs.c.starts_at, runs.c.id)
    )
    return [Run(**row._mapping) for row in connection.execute(query)]


def countries_of(connection: Connection, *, most: int) -> list[str]:
    """Return the countries in which most customers live."""
    statement = text("""
        SELECT country FROM customers WHERE country <> '' GROUP BY country ORDER BY count(*) DESC, country LIMIT :most
    """)
    return list(connection.scalars(statement, {"most": most}))


def begun_customers(connection: Connection, run: str) -> Iterable[int]:
    """Return the customers of a run's frozen audience who have a message in it, or will."""
    found = connection.scalar(
        text("""
            SELECT array_agg(DISTINCT customer) FROM (
                SELECT customer_id AS customer FROM messages WHERE run_id = :run
                UNION ALL SELECT unnest(customers) FROM undecided WHERE run_id = :run) AS begun
        """),
        {"run": run},
    )
    return list(found or [])
