"""What a rehearsal reads and writes: messages as if they were claimed, and what building them showed."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from store.claims import Claimed


def as_if_claimed(connection: Connection, run: str, shard: int, *, at: datetime) -> list[Claimed]:
    """Return what a shard would send, on each message's first choice; nothing is locked or opened."""
    rows = connection.execute(_READY, {"run": run, "shard": shard})
    return [_as_if_claimed(row._mapping, at) for row in rows]


def note_costs(connection: Connection, costs: Mapping[str, Decimal]) -> None:
    """Store what each message would cost."""
    connection.execute(
        text("""
            UPDATE messages m SET cost = v.cost
            FROM unnest(CAST(:ids AS uuid[]), CAST(:costs AS numeric[])) AS v(id, cost) WHERE m.id = v.id
        """),
        {"ids": list(costs), "costs": list(costs.values())},
    )


def note_failures(connection: Connection, messages: list[str]) -> None:
    """Mark messages that cannot be built."""
    connection.execute(
        text("""
            UPDATE messages m SET state = 'undeliverable', reason = 'data'
            FROM unnest(CAST(:ids AS uuid[])) AS v(id) WHERE m.id = v.id
        """),
        {"ids": messages},
    )


_READY = text("""
    SELECT m.id AS message, m.run_id AS run, m.customer_id AS customer, m.brand, m.purpose, m.document, m.language,
           m.data, m.invoice_id AS invoice, m.channel, a.value AS address, a.postal, a.platform,
           coalesce((SELECT r.reference FROM customer_references r WHERE r.customer_id = m.customer_id
                     ORDER BY r.source LIMIT 1), m.customer_id::text) AS customer_reference
    FROM messages m
    CROSS JOIN LATERAL jsonb_to_recordset(m.decision) AS d(channel text, rank int, address bigint)
    JOIN addresses a ON a.id = d.address
    WHERE m.run_id = :run AND m.shard = :shard AND m.state = 'ready' AND d.rank = 1
    ORDER BY m.id
""")


def _as_if_claimed(row: Any, at: datetime) -> Claimed:
    return Claimed(
        **{**row, "message": str(row["message"])},
        attempt=str(row["message"]),
        number=1,
        delivery=str(row["message"]),
        delivery_number=1,
        reference="REHEARSE",
        content_hash=None,
        created_at=at,
    )
