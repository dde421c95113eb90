"""Messages that a person asks for: copies of what was sent, and test sends to a colleague."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Original:
    """What is copied, locked by the transaction."""

    state: str
    copy: int


def lock_original(connection: Connection, message: str) -> Original | None:
    """Return a message that somebody wants a copy of."""
    row = connection.execute(
        text("SELECT state, copy FROM messages WHERE id = CAST(:id AS uuid) FOR UPDATE"), {"id": message}
    ).one_or_none()
    return Original(state=row.state, copy=row.copy) if row else None


def add_copy(
    connection: Connection,
    message: str,
    *,
    channel: str | None,
    others: Sequence[str],
    because: str,
    now: datetime,
) -> str:
    """Insert the next copy of a message, ready on `channel` (None: where it went), not on `others`; returns its id."""
    made = connection.execute(
        _COPY, {"id": message, "channel": channel, "others": list(others), "because": because, "now": now}
    )
    return str(made.scalar_one())


_COPY = text("""
    INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, invoice_id, dedupe_key,
        copy, copy_because, state, channel, first_channel, language, data, decision, input_digest, tried, shard,
        cost, cost_currency, due_at, planned_at)
    SELECT message_id(m.dedupe_key || ':copy:' || n.copy), m.run_id, m.customer_id, m.brand, m.purpose,
        m.purpose_class, m.document, m.invoice_id, m.dedupe_key || ':copy:' || n.copy, n.copy, :because, 'ready',
        coalesce(CAST(:channel AS text), m.channel),
        m.first_channel, m.language, m.data, m.decision, m.input_digest, CAST(:others AS text[]), m.shard,
        m.cost, m.cost_currency, :now, :now
    FROM messages m
    CROSS JOIN LATERAL (SELECT 1 + max(x.copy) AS copy FROM messages x
                        WHERE x.run_id = m.run_id AND x.customer_id = m.customer_id AND x.document = m.document) n
    WHERE m.id = CAST(:id AS uuid)
    RETURNING id
""")


def add_trial(
    connection: Connection, run: str, customer: int, *, channel: str, to: str, now: datetime
) -> str:
    """Insert a message of a rehearsal and its delivery to an address that is no customer's; returns the message."""
    values: Mapping[str, object] = {
        "run": run,
        "customer": customer,
        "channel": channel,
        "to": to,
        "now": now,
    }
    return str(connection.execute(_TRIAL, values).scalar_one())


_TRIAL = text("""
    WITH added AS (
        INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, dedupe_key,
            state, channel, first_channel, language, data, due_at, planned_at)
        SELECT gen_random_uuid(), r.id, c.id, r.brand, r.purpose, r.purpose_class, 'test', 'test:' || r.id, 'ready',
            :channel, :channel, c.language, jsonb_build_object('customer', jsonb_build_object(
                'first_name', c.first_name, 'last_name', c.last_name, 'company', c.company)), :now, :now
        FROM runs r, customers c WHERE r.id = :run AND c.id = :customer
        RETURNING id
    ), addressed AS (
        INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
        SELECT gen_random_uuid(), id, 1, :channel, :to, 'ready', 'TEST' || upper(right(id::text, 8)), :now FROM added
    )
    SELECT id FROM added
""")
