"""What customers asked for: how, when, in which language. Append-only; which one wins is decided by `preferences`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from store import tables


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One row of `statements`; `value` as `preferences.statement` reads it."""

    customer: int
    kind: str
    """order, pause, quiet_hours, language, tracking, manner."""
    at: datetime
    source: str
    actor: str
    brand: str = "all"
    topic: str = "all"
    channels: tuple[str, ...] = ()
    """order: most wished first."""
    value: dict[str, Any] = field(default_factory=dict)
    from_at: datetime | None = None
    until_at: datetime | None = None
    """Exclusive."""
    proof: str = ""


def append(connection: Connection, statements: Sequence[Statement]) -> None:
    """Write what customers said; the caller holds the customers' locks (design/delivery.md rule 3)."""
    if not statements:
        return
    connection.execute(
        insert(tables.statements),
        [
            {
                "customer_id": row.customer,
                "brand": row.brand,
                "topic": row.topic,
                "kind": row.kind,
                "channels": list(row.channels),
                "value": row.value,
                "from_at": row.from_at,
                "until_at": row.until_at,
                "source": row.source,
                "proof": row.proof,
                "actor": row.actor,
                "at": row.at,
            }
            for row in statements
        ],
    )
