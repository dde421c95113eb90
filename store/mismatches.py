"""Customers who said one channel and answer on another, and when they were asked which they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

ASKED = "question"
"""The source of a statement that answers."""


def candidates(
    connection: Connection, *, purpose_class: str, after: int, limit: int, asked_since: datetime
) -> list[int]:
    """Return the next customers, by id, who stated an order and of whom something was learnt.

    Those who were asked since a moment are left out.
    """
    rows = connection.scalars(
        text("""
            SELECT DISTINCT s.customer_id FROM statements s
             WHERE s.kind = 'order' AND s.customer_id > :after
               AND EXISTS (SELECT FROM behaviour b WHERE b.customer_id = s.customer_id AND b.purpose_class = :class)
               AND NOT EXISTS (SELECT FROM slips a WHERE a.customer_id = s.customer_id AND a.kind = 'mismatch'
                                  AND a.asked_at > :since)
             ORDER BY s.customer_id LIMIT :limit
        """),
        {"class": purpose_class, "after": after, "limit": limit, "since": asked_since},
    )
    return list(rows)


def reachable(connection: Connection, addresses: Sequence[int]) -> dict[int, Any]:
    """Return value, platform and language of the customer of each address."""
    rows = connection.execute(
        text("""
            SELECT a.id, a.value, a.platform, c.language FROM addresses a JOIN customers c ON c.id = a.customer_id
             WHERE a.id = ANY(CAST(:addresses AS bigint[]))
        """),
        {"addresses": list(addresses)},
    )
    return {row.id: row for row in rows}
