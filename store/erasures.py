"""Customers who asked to be erased: a queue for people, who decide and run `tidings customers erase`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


def ask(connection: Connection, *, customer: int, brand: str, now: datetime) -> bool:
    """Queue a customer; False when they are waiting already."""
    asked = connection.execute(
        text("""
            INSERT INTO erasures (customer_id, brand, asked_at) VALUES (:customer, :brand, :now)
            ON CONFLICT (customer_id) WHERE closed_at IS NULL DO NOTHING
        """),
        {"customer": customer, "brand": brand, "now": now},
    )
    return asked.rowcount == 1


def asked_at(connection: Connection, customer: int) -> datetime | None:
    """Return since when a customer waits, None when they do not."""
    found: datetime | None = connection.scalar(
        text("SELECT asked_at FROM erasures WHERE customer_id = :customer AND closed_at IS NULL"),
        {"customer": customer},
    )
    return found


def waiting(connection: Connection) -> list[Mapping[str, Any]]:
    """Return who waits, oldest first: {customer, reference, brand, asked_at}.

    The law gives a month (GDPR art. 12(3)).
    """
    rows = connection.execute(
        text("""
            SELECT e.customer_id AS customer, e.brand, e.asked_at,
                   coalesce((SELECT r.reference FROM customer_references r WHERE r.customer_id = e.customer_id
                              ORDER BY r.source LIMIT 1), e.customer_id::text) AS reference
              FROM erasures e WHERE e.closed_at IS NULL ORDER BY e.asked_at, e.id
        """)
    )
    return [dict(row) for row in rows.mappings()]


def close(connection: Connection, customer: int, *, by: str, now: datetime) -> int:
    """Close a customer's request, done or refused; returns how many were open."""
    closed = connection.execute(
        text("""
            UPDATE erasures SET closed_at = :now, closed_by = :by WHERE customer_id = :customer AND closed_at IS NULL
        """),
        {"customer": customer, "by": by, "now": now},
    )
    return closed.rowcount
