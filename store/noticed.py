"""What was noticed of one person, all records together, for pages and the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text


def seen_of(connection: Connection, records: Sequence[int]) -> list[dict[str, Any]]:
    """Return what decides about a person: of each channel and class the line of the record that was seen most.

    {channel, purpose_class, reached, engaged, observations, last_engaged_at, as_of}, as in `store.facts_of_persons`.
    """
    rows = connection.execute(
        text("""
            SELECT DISTINCT ON (channel, purpose_class) channel, purpose_class, reached, engaged, observations,
                   last_engaged_at, as_of
              FROM behaviour WHERE customer_id = ANY(:records)
             ORDER BY channel, purpose_class, observations DESC, as_of DESC, customer_id
        """),
        {"records": list(records)},
    )
    return [dict(row) for row in rows.mappings()]


def hours_of(connection: Connection, records: Sequence[int]) -> dict[str, Any] | None:
    """Return {time_zone, cells, weights, observations, as_of} of a person; None when nothing was seen."""
    row = connection.execute(
        text("""
            SELECT time_zone, cells, weights, observations, as_of FROM best_hours WHERE customer_id = ANY(:records)
             ORDER BY observations DESC, as_of DESC, customer_id LIMIT 1
        """),
        {"records": list(records)},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None
