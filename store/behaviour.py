"""What was learnt of customers, and the history it is learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, text

from store import tables
from store.arrays import read_arrays
from store.bulk import copy_frame

WATERMARK = "behaviour_learnt_until"

_HISTORY = """
    SELECT t.customer_id AS customer, t.id AS touchpoint, t.at, t.direction, t.channel, t.kind, t.purpose, t.machine,
           t.message_id::text AS message, coalesce(t.detail ->> 'answers', '') AS answers,
           coalesce(t.detail ->> 'link', '') AS link
      FROM touchpoints t WHERE t.customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
       AND (%(before)s::timestamptz IS NULL OR t.at < %(before)s)
"""
_ZONES = """
    SELECT id AS customer, time_zone FROM customers WHERE id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
"""
_HOURS = """
    SELECT customer_id AS customer, time_zone, array_to_string(cells, ',') AS cells,
           array_to_string(weights, ',') AS weights, observations, as_of
      FROM best_hours WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
"""
_LEARNT = """
    SELECT customer_id AS customer, channel, purpose_class, reached, engaged, observations, last_engaged_at, as_of
      FROM behaviour WHERE customer_id = ANY(ARRAY(SELECT unnest(%(customers)s::bigint[])))
"""
# As arrays that the planner does not look into: it would weigh each of ten thousand customers.
_FORGET, _FORGET_HOURS = (
    text(f"DELETE FROM {table} WHERE customer_id = ANY(ARRAY(SELECT unnest(CAST(:customers AS bigint[]))))")
    for table in ("behaviour", "best_hours")
)


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
    """Return the next customers, by id, with touchpoints recorded, or ahead, at or after an instant (None: any)."""
    query = text("""
        SELECT DISTINCT customer_id FROM touchpoints
         WHERE customer_id > :after AND (CAST(:since AS timestamptz) IS NULL OR recorded_at >= :since
               OR at >= :since AND at > recorded_at)
         ORDER BY customer_id LIMIT :limit
    """)
    return list(connection.scalars(query, {"after": after, "since": since, "limit": limit}))


def who_left(connection: Connection) -> list[int]:
    """Return, by id, who lives in another time zone than when their hours were learnt, or was erased meanwhile."""
    query = text("""
        SELECT h.customer_id FROM best_hours h JOIN customers c ON c.id = h.customer_id
         WHERE c.time_zone <> h.time_zone
         UNION
        SELECT c.id FROM customers c WHERE c.standing = 'former'
           AND (EXISTS (SELECT FROM behaviour b WHERE b.customer_id = c.id)
                OR EXISTS (SELECT FROM best_hours h WHERE h.customer_id = c.id))
           AND NOT EXISTS (SELECT FROM touchpoints t WHERE t.customer_id = c.id)
         ORDER BY 1
    """)
    return list(connection.scalars(query))


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All that some customers did, and what is kept of it now."""

    touchpoints: pl.DataFrame
    """`preferences.behaviour.TOUCHPOINTS`."""
    zones: pl.DataFrame
    """customer, time_zone."""
    behaviour: pl.DataFrame
    """As `preferences.behaviour.fold` returns it."""
    hours: pl.DataFrame
    """As `preferences.reactions.fold_hours` returns it."""


def history(connection: Connection, customers: Sequence[int], *, before: datetime | None = None) -> History:
    """Return the history of customers, all of it or what happened before an instant."""
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
    hours = {
        "customer": pl.Int64(),
        "time_zone": pl.String(),
        "cells": pl.String(),
        "weights": pl.String(),
        "observations": pl.Int32(),
        "as_of": instant,
    }
    zones = {"customer": pl.Int64(), "time_zone": pl.String()}
    values = {"customers": "{" + ",".join(map(str, customers)) + "}", "before": before}
    read = read_arrays(
        connection, [(_HISTORY, touchpoints), (_ZONES, zones), (_LEARNT, learnt), (_HOURS, hours)], values
    )
    lists = read[3].with_columns(
        pl.col("cells").str.split(",").cast(pl.List(pl.Int16)),
        pl.col("weights").str.split(",").cast(pl.List(pl.Float64)),
    )
    return History(touchpoints=read[0], zones=read[1], behaviour=read[2], hours=lists)


def save(connection: Connection, customers: Sequence[int], behaviour: pl.DataFrame) -> None:
    """Replace what is kept of some customers."""
    connection.execute(_FORGET, {"customers": list(customers)})
    copy_frame(connection, tables.behaviour, behaviour.rename({"customer": "customer_id"}))


def save_hours(connection: Connection, customers: Sequence[int], hours: pl.DataFrame) -> None:
    """Replace the hours that are kept of some customers."""
    connection.execute(_FORGET_HOURS, {"customers": list(customers)})
    copy_frame(connection, tables.best_hours, hours.rename({"customer": "customer_id"}))
