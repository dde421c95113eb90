"""Base rates: what the whole population does, in versions. A run keeps the version it was planned by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, text


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseRates:
    """One version."""

    version: int
    rates: Mapping[str, Mapping[str, Sequence[float]]]
    """By purpose class and channel: exponentially forgotten counts reached and engaged at `as_of`."""
    hours: Sequence[float]
    """168 counts of reactions: 24 * weekday (Monday 0) + hour on each customer's own clock."""
    as_of: datetime
    """The last touchpoint that is in it."""
    learnt_at: datetime


# Sums of whole millionths: they are the same in whatever order the rows are added.
_REFRESH = text("""
    WITH edge AS (
        SELECT greatest((SELECT max(as_of) FROM behaviour), (SELECT max(as_of) FROM best_hours)) AS as_of
    ), rates AS (
        SELECT purpose_class, channel,
               sum(round(reached * weight * 1e6)::bigint) AS reached,
               sum(round(engaged * weight * 1e6)::bigint) AS engaged
          FROM (SELECT b.*, power(0.5::float8, floor(extract(epoch FROM edge.as_of - b.as_of) / 86400) / :half_life)
                       AS weight FROM behaviour b, edge) b
         GROUP BY 1, 2
    ), classes AS (
        SELECT purpose_class, jsonb_object_agg(channel, jsonb_build_array(
                   (reached / 1e6)::float8, (engaged / 1e6)::float8)) AS rates
          FROM rates GROUP BY 1
    ), cells AS (
        SELECT c.cell, sum(round(c.seen * h.weight * 1e6)::bigint) AS seen
          FROM (SELECT b.*, power(0.5::float8, floor(extract(epoch FROM edge.as_of - b.as_of) / 86400) / :half_life)
                       AS weight FROM best_hours b, edge) h, unnest(h.cells, h.weights) AS c(cell, seen)
         GROUP BY 1
    ), found AS (
        SELECT coalesce((SELECT jsonb_object_agg(purpose_class, rates) FROM classes), '{}') AS rates,
               (SELECT jsonb_agg((coalesce(c.seen, 0) / 1e6)::float8 ORDER BY n)
                  FROM generate_series(0, 167) n LEFT JOIN cells c ON c.cell = n) AS hours,
               (SELECT as_of FROM edge) AS as_of
    )
    INSERT INTO base_rates (rates, hours, as_of, learnt_at)
    SELECT f.rates, f.hours, f.as_of, :now FROM found f
     WHERE f.as_of IS NOT NULL AND NOT EXISTS (
           SELECT FROM (SELECT * FROM base_rates ORDER BY version DESC LIMIT 1) l
            WHERE (l.rates, l.hours) = (f.rates, f.hours))
    RETURNING version
""")


def refresh(connection: Connection, *, half_life: timedelta, now: datetime) -> int | None:
    """Add a version of what is known of the population now; None when it is that of the newest version."""
    version: int | None = connection.scalar(_REFRESH, {"half_life": float(half_life.days), "now": now})
    return version


def newest(connection: Connection) -> BaseRates | None:
    """Return the newest version; None while nothing was learnt."""
    row = connection.execute(text("SELECT * FROM base_rates ORDER BY version DESC LIMIT 1")).one_or_none()
    return _read(row) if row else None


def _read(row: Row[Any]) -> BaseRates:
    return BaseRates(
        version=row.version, rates=row.rates, hours=row.hours, as_of=row.as_of, learnt_at=row.learnt_at
    )
