"""Who asked for a customer's data, and until when it can be fetched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


def ask(connection: Connection, customer: int, *, by: str, now: datetime, until: datetime) -> str:
    """Write down that somebody wants a customer's data; returns the export's id."""
    return str(
        connection.scalar(
            text("""INSERT INTO exports (customer_id, requested_by, requested_at, expires_at)
                    VALUES (:customer, :by, :now, :until) RETURNING id"""),
            {"customer": customer, "by": by, "now": now, "until": until},
        )
    )


def find(connection: Connection, export: str) -> Any | None:
    """Return {id, customer_id, requested_by, requested_at, expires_at}."""
    return connection.execute(
        text("""SELECT id::text AS id, customer_id, requested_by, requested_at, expires_at FROM exports
                 WHERE id = CAST(:id AS uuid)"""),
        {"id": export},
    ).one_or_none()
