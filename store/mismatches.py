"""Customers who said one channel and answer on another, and when they were asked which they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

ASKED = "question"
"""The source of a statement that answers."""


def candidates(
    connection: Connection, *, purpose_class: str, after: int, limit: int, asked_since: datetime
) -> list[int]:
    """Return the next persons, by id, who stated an order and of whom something was learnt.

    Those who were asked since a moment are left out. Of several records of a person the kept one stands for all.
    """
    rows = connection.scalars(
        text("""
            SELECT customer FROM (
                (SELECT DISTINCT s.customer_id AS customer FROM statements s
                  WHERE s.kind = 'order' AND s.customer_id > :after
                    AND NOT EXISTS (SELECT FROM persons p WHERE p.customer_id = s.customer_id)
                    AND EXISTS (
                        SELECT FROM behaviour b WHERE b.customer_id = s.customer_id AND b.purpose_class = :class)
                    AND NOT EXISTS (SELECT FROM slips a WHERE a.customer_id = s.customer_id AND a.kind = 'mismatch'
                                       AND a.asked_at > :since)
                  ORDER BY s.customer_id LIMIT :limit)
                UNION ALL
                (SELECT p.person_id FROM persons p
                  WHERE p.person_id > :after GROUP BY p.person_id
                 HAVING bool_or(EXISTS (
                            SELECT FROM statements s WHERE s.customer_id = p.customer_id AND s.kind = 'order'))
                    AND bool_or(EXISTS (
                            SELECT FROM behaviour b WHERE b.customer_id = p.customer_id AND b.purpose_class = :class))
                    AND NOT bool_or(EXISTS (
                            SELECT FROM slips a WHERE a.customer_id = p.customer_id AND a.kind = 'mismatch'
                               AND a.asked_at > :since))
                  ORDER BY p.person_id LIMIT :limit)) AS either
             ORDER BY customer LIMIT :limit
        """),
        {"class": purpose_class, "after": after, "limit": limit, "since": asked_since},
    )
    return list(rows)


def reachable(connection: Connection, addresses: Sequence[int]) -> dict[int, str]:
    """Return the value of each address."""
    rows = connection.execute(
        text("SELECT id, value FROM addresses WHERE id = ANY(CAST(:addresses AS bigint[]))"),
        {"addresses": list(addresses)},
    )
    return {row.id: row.value for row in rows}
