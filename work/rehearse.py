"""A rehearsal builds every message and sends none: what would fail later fails now."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import text

from store.outbox import Claimed
from work.build import content_hash, invoice_rows, parcel, parts_and_cost, read_context
from work.installation import Installation


def rehearse_shard(
    installation: Installation, run_id: str, shard: int, *, progress: Callable[[int], None] = lambda _: None
) -> int:
    """Build what a shard would send; a message that cannot be built is marked undeliverable. Returns how many were."""
    with installation.engine.begin() as connection:
        context = read_context(connection, installation, run_id)
        rows = connection.execute(_READY, {"run": run_id, "shard": shard}).all()
        invoices = invoice_rows(connection, [row.invoice for row in rows if row.invoice is not None])
    costs: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for row in rows:
        claimed = _as_if_claimed(row._mapping, context.run.starts_at)
        try:
            content = parcel(claimed, context, installation, invoices).content
        except Exception as error:  # the whole point is to find every message that would fail
            wrong[claimed.message] = f"{type(error).__name__}: {error}"
        else:
            content_hash(content)
            costs[claimed.message] = parts_and_cost(content, installation.organisation)[1]
        progress(1)
    with installation.engine.begin() as connection:
        connection.execute(
            text("""
                UPDATE messages m SET state = 'undeliverable', reason = 'data'
                FROM unnest(CAST(:ids AS uuid[])) AS v(id)
                WHERE m.id = v.id
            """),
            {"ids": list(wrong)},
        )
        connection.execute(
            text("""
                UPDATE messages m SET cost = v.cost
                FROM unnest(CAST(:ids AS uuid[]), CAST(:costs AS numeric[])) AS v(id, cost) WHERE m.id = v.id
            """),
            {"ids": list(costs), "costs": list(costs.values())},
        )
    return len(wrong)


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
