"""Claims: what is due is locked, and intents are written, inside the caller's transaction.

Nothing here decides: `work.deliver` hands the verdicts in. The unique indexes of `store.tables` refuse what must not
be.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from store.customers import lock_customers


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """A message that is ready and due on a lane, locked by this transaction."""

    message: str
    run: str
    customer: int
    tried: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """An attempt whose intent is committed: everything that building and sending it needs."""

    attempt: str
    number: int
    delivery: str
    delivery_number: int
    reference: str
    content_hash: str | None
    created_at: datetime
    message: str
    run: str
    customer: int
    customer_reference: str
    brand: str
    purpose: str
    document: str
    language: str
    data: Mapping[str, Any]
    invoice: int | None
    channel: str
    address: str
    postal: Mapping[str, Any] | None
    platform: str


def lock_due(
    connection: Connection,
    *,
    channel: str,
    mode: str,
    run: str | None,
    shard: int | None,
    now: datetime,
    limit: int,
) -> list[Due]:
    """Lock up to `limit` due messages of a lane, required purposes first, and their customers.

    Messages that another process has are skipped. The customers are locked in the order of their ids, as every
    withdrawal does, so a withdrawal comes wholly before or wholly after the claim. The runs are locked against a stop.
    A run is sent only in the mode it was planned in: what was tried in the outbox never leaves by itself later.
    """
    rows = connection.execute(
        text("""
            SELECT m.id, m.run_id, m.customer_id, m.tried FROM messages m JOIN runs r ON r.id = m.run_id
            WHERE m.state = 'ready' AND m.channel = :channel AND m.due_at <= :now
              AND r.state IN ('sending', 'finished') AND r.mode = :mode
              AND (CAST(:run AS text) IS NULL OR m.run_id = :run) AND (CAST(:shard AS int) IS NULL OR m.shard = :shard)
            ORDER BY m.purpose_class DESC, m.due_at, m.id
            LIMIT :limit FOR UPDATE OF m SKIP LOCKED
        """),
        {"channel": channel, "mode": mode, "run": run, "shard": shard, "now": now, "limit": limit},
    ).all()
    if not rows:
        return []
    customers = sorted({row.customer_id for row in rows})
    lock_customers(connection, customers)
    sendable = connection.execute(
        text(
            "SELECT id FROM runs WHERE id = ANY(:ids) AND state IN ('sending', 'finished') ORDER BY id FOR SHARE"
        ),
        {"ids": sorted({row.run_id for row in rows})},
    )
    open_runs = {row.id for row in sendable}
    return [
        Due(message=str(row.id), run=row.run_id, customer=row.customer_id, tried=row.tried)
        for row in rows
        if row.run_id in open_runs
    ]


def open_attempts(
    connection: Connection,
    chosen: Sequence[tuple[str, int | None]],
    *,
    channel: str,
    provider: str,
    owner: int,
    now: datetime,
    lease: timedelta,
) -> list[Claimed]:
    """Write deliveries and attempts for (message, address) pairs; what is returned may be sent after the commit.

    A delivery that waits for another try keeps its row and its bytes; a new address or channel opens the next one. An
    address of None stands for a delivery that is there already, to an address that is no customer's.
    """
    messages, addresses = [pair[0] for pair in chosen], [pair[1] for pair in chosen]
    parameters = {
        "messages": messages,
        "addresses": addresses,
        "channel": channel,
        "provider": provider,
        "owner": owner,
        "now": now,
        "lease": lease,
    }
    connection.execute(_RECALL, parameters)
    connection.execute(_ADD_DELIVERIES, parameters)
    rows = connection.execute(_OPEN_ATTEMPTS, parameters)
    return [Claimed(**_plain(row._asdict())) for row in rows]


_RECALL = text("""
    UPDATE deliveries d SET state = 'recalled', updated_at = clock_timestamp()
    FROM unnest(CAST(:messages AS uuid[]), CAST(:addresses AS bigint[])) AS c(message, address)
    WHERE d.message_id = c.message AND d.state = 'ready'
      AND (d.channel <> :channel OR d.address_id IS DISTINCT FROM c.address)
""")

_ADD_DELIVERIES = text("""
    INSERT INTO deliveries (id, message_id, number, channel, address_id, address, state, reference, created_at)
    SELECT gen_random_uuid(), c.message,
           1 + coalesce((SELECT max(number) FROM deliveries x WHERE x.message_id = c.message), 0),
           :channel, c.address, a.value, 'ready', left(translate(
               upper(encode(uuid_send(gen_random_uuid()), 'base64')), '+/=0O1IL', ''), 10),
           :now
    FROM unnest(CAST(:messages AS uuid[]), CAST(:addresses AS bigint[])) AS c(message, address)
    JOIN addresses a ON a.id = c.address
    WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = c.message AND d.state = 'ready')
""")

_OPEN_ATTEMPTS = text("""
    WITH mine AS (
        UPDATE deliveries d SET state = 'sending', updated_at = clock_timestamp()
        WHERE d.message_id = ANY(CAST(:messages AS uuid[])) AND d.state = 'ready' RETURNING d.*
    ), opened AS (
        INSERT INTO attempts (id, delivery_id, number, provider, state, owner, started_at, lease_until)
        SELECT gen_random_uuid(), mine.id,
               1 + coalesce((SELECT max(number) FROM attempts x WHERE x.delivery_id = mine.id), 0),
               :provider, 'sending', :owner, :now, clock_timestamp() + :lease
        FROM mine RETURNING id, delivery_id, number
    ), busy AS (
        UPDATE messages m SET state = 'in_delivery', reason = '', updated_at = clock_timestamp()
        FROM mine WHERE m.id = mine.message_id RETURNING m.*
    )
    SELECT opened.id AS attempt, opened.number, mine.id AS delivery, mine.number AS delivery_number,
           mine.reference, mine.content_hash, mine.created_at, busy.id AS message, busy.run_id AS run,
           busy.customer_id AS customer, busy.brand, busy.purpose, busy.document, busy.language, busy.data,
           busy.invoice_id AS invoice, mine.channel, mine.address, a.postal,
           coalesce(a.platform, '') AS platform,
           coalesce((SELECT r.reference FROM customer_references r WHERE r.customer_id = busy.customer_id
                     ORDER BY r.source LIMIT 1), busy.customer_id::text) AS customer_reference
    FROM mine JOIN opened ON opened.delivery_id = mine.id JOIN busy ON busy.id = mine.message_id
    LEFT JOIN addresses a ON a.id = mine.address_id
    ORDER BY busy.id
""")


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its ids as text."""
    return {key: str(value) if isinstance(value, UUID) else value for key, value in row.items()}
