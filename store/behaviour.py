"""What was learnt of customers, and the history it is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from store import tables
from store.arrays import read_arrays
from store.bulk import copy_frame

if TYPE_CHECKING:
    import polars as pl

WATERMARK = "behaviour_learnt_until"

_HISTORY = """
    SELECT t.customer_id AS customer, t.id AS touchpoint, t.at, t.direction, t.channel, t.kind, t.purpose, t.machine,
           t.message_id::text AS message, coalesce(t.detail ->> 'answers', '') AS answers, coalesce(t.detail ->> 'link', '') AS link
      FROM touchpoints t WHERE t.customer_id = ANY(%(customers)s::bigint[])
"""
_LEARNT = """
    SELECT customer_id AS customer, channel, purpose_class, reached, engaged, observations, last_engaged_at, as_of
      FROM behaviour WHERE customer_id = ANY(%(customers)s::bigint[])
"""


def learnt_until(connection: Connection) -> datetime | None:
    """Return the instant from which on recorded touchpoints may be unlearnt; None when nothing was learnt yet."""
    value = connection.scalar(text("SELECT value FROM installation WHERE key = :key"), {"key": WATERMARK})
    return datetime.fromisoformat(value) if value else None


def remember(connection: Connection, until: datetime) -> None:
    """Keep the watermark."""
    connection.execute(
        text(
            "INSERT INTO installation VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
        ),
        {"key": WATERMARK, "value": until.isoformat()},
    )


def settled_until(connection: Connection) -> datetime:
    """Return the instant before which every recorded touchpoint is visible.

    A row is stamped with the beginning of its transaction, so the oldest one that is still open sets the limit.
    """
    oldest = text("""
        SELECT least(clock_timestamp(), min(xact_start)) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
    """)
    found: datetime = connection.scalars(oldest).one()
    return found


def customers_to_learn(
    connection: Connection, since: datetime | None, *, after: int, limit: int
) -> list[int]:
    """Return the next customers, by id, with touchpoints recorded at or after an instant (None: any)."""
    query = text("""
        SELECT DISTINCT customer_id FROM touchpoints
         WHERE customer_id > :after AND (CAST(:since AS timestamptz) IS NULL OR recorded_at >= :since)
         ORDER BY customer_id LIMIT :limit
    """)
    return list(connection.scalars(query, {"after": after, "since": since, "limit": limit}))


def history(connection: Connection, customers: Sequence[int]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the touchpoints of customers (`preferences.behaviour.TOUCHPOINTS`), and what is kept of them now."""
    import polars as pl

    instant = pl.Datetime("us", "UTC")
    words = ("direction", "channel", "kind", "purpose", "message", "answers", "link")
    touchpoints = {
        "customer": pl.Int64(),
        "touchpoint": pl.Int64(),
        "at": instant,
        "machine": pl.Boolean(),
    } | dict.fromkeys(words, pl.String())
    learnt = {
        "customer": pl.Int64(),
        "channel": pl.String(),
        "purpose_class": pl.String(),
        "reached": pl.Float64(),
        "engaged": pl.Float64(),
        "observations": pl.Int32(),
        "last_engaged_at": instant,
        "as_of": instant,
    }
    values = {"customers": "{" + ",".join(map(str, customers)) + "}"}
    found, kept = read_arrays(connection, [(_HISTORY, touchpoints), (_LEARNT, learnt)], values)
    return found, kept


def save(connection: Connection, customers: Sequence[int], behaviour: pl.DataFrame) -> None:
    """Replace what is kept of some customers."""
    connection.execute(
        text("DELETE FROM behaviour WHERE customer_id = ANY(:customers)"), {"customers": list(customers)}
    )
    copy_frame(connection, tables.behaviour, behaviour.rename({"customer": "customer_id"}))
