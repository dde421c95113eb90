"""How often something was tried: what public pages are limited by. A subject is a digest, never an address."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

KEPT = timedelta(days=1)
"""The longest window; what is older is deleted."""


def add(connection: Connection, subjects: list[bytes], *, now: datetime) -> None:
    """Note one try of each subject."""
    connection.execute(
        text("INSERT INTO tries (subject, at) SELECT s, :now FROM unnest(CAST(:subjects AS bytea[])) s"),
        {"subjects": subjects, "now": now},
    )


def counted(connection: Connection, subjects: list[bytes], *, since: datetime) -> list[int]:
    """Return how often each subject was tried after a moment; the same work for every subject."""
    rows = connection.execute(
        text("""
            SELECT (SELECT count(*) FROM tries t WHERE t.subject = s.subject AND t.at > :since)
              FROM unnest(CAST(:subjects AS bytea[])) WITH ORDINALITY AS s (subject, place) ORDER BY s.place
        """),
        {"subjects": subjects, "since": since},
    )
    return list(rows.scalars())


def one_by_one(connection: Connection, subject: bytes) -> None:
    """Wait until nobody else tries the same, until the transaction ends: guesses made at once are counted, too."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(:subject)"), {"subject": int.from_bytes(subject[:8], signed=True)}
    )


def sweep(connection: Connection, *, now: datetime) -> int:
    """Delete what counts no more; returns how many."""
    return connection.execute(text("DELETE FROM tries WHERE at < :before"), {"before": now - KEPT}).rowcount
