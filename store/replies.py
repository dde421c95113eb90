"""Replies on their way to the service desk, and which delivery a quoted reference, id or address belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """A delivery, as far as what comes back is compared with it."""

    reference: str
    message: str
    customer: int
    brand: str
    channel: str
    address: str
    attempts: Sequence[str] = ()


_SENT = """
    SELECT d.reference, m.id::text AS message, m.customer_id AS customer, m.brand, d.channel, d.address,
           ARRAY(SELECT a.id::text FROM attempts a WHERE a.delivery_id = d.id) AS attempts
    FROM deliveries d JOIN messages m ON m.id = d.message_id
"""


def by_reference(connection: Connection, references: Sequence[str]) -> dict[str, Sent]:
    """Return the deliveries of some references."""
    if not references:
        return {}
    rows = connection.execute(
        text(f"{_SENT} WHERE d.reference = ANY(:references)"), {"references": sorted(set(references))}
    )
    return {row.reference: Sent(**row._mapping) for row in rows}


def by_attempt(connection: Connection, attempts: Sequence[str]) -> dict[str, Sent]:
    """Return the deliveries of some attempts, by attempt."""
    if not attempts:
        return {}
    rows = connection.execute(
        text(
            f"{_SENT} WHERE d.id IN"
            " (SELECT delivery_id FROM attempts WHERE id = ANY(CAST(:attempts AS uuid[])))"
        ),
        {"attempts": sorted(set(attempts))},
    )
    found = [Sent(**row._mapping) for row in rows]
    return {attempt: sent for sent in found for attempt in sent.attempts if attempt in attempts}


def newest_to(connection: Connection, channel: str, address: str) -> Sent | None:
    """Return the newest delivery to a customer who has this address, on this channel; e-mail ignores case."""
    row = connection.execute(
        text(f"""
            {_SENT} JOIN addresses x ON x.customer_id = m.customer_id AND x.channel = d.channel
            WHERE x.channel = :channel AND x.value = ANY(:values) AND d.address = x.value
              AND d.state IN ('accepted', 'delivered', 'in_doubt', 'silent')
            ORDER BY d.created_at DESC, d.number DESC LIMIT 1
        """),
        {"channel": channel, "values": sorted({address, _lowered(channel, address)})},
    ).one_or_none()
    return Sent(**row._mapping) if row else None


def customer_at(connection: Connection, channel: str, address: str) -> int | None:
    """Return whose address it is, None when nobody's or that of several."""
    found = connection.execute(
        text(
            "SELECT DISTINCT customer_id FROM addresses"
            " WHERE channel = :channel AND value = ANY(:values) AND removed_at IS NULL LIMIT 2"
        ),
        {"channel": channel, "values": sorted({address, _lowered(channel, address)})},
    ).all()
    return int(found[0].customer_id) if len(found) == 1 else None


def _lowered(channel: str, address: str) -> str:
    return address.lower() if channel == "email" else address


def keep(connection: Connection, row: Mapping[str, Any], *, most: int) -> bool:
    """Keep a reply, and tell whether it is new; beyond `most` of one sender within an hour it is held back."""
    added = connection.execute(
        text("""
            INSERT INTO replies (provider, event_id, customer_id, message_id, brand, channel, reference, sender, text,
                                 state, at, due_at)
            SELECT :provider, :event_id, :customer, CAST(:message AS uuid), :brand, :channel, :reference, :sender,
                   :text, CASE WHEN (SELECT count(*) FROM replies r
                              WHERE r.sender = :sender AND r.at > CAST(:at AS timestamptz) - interval '1 hour') < :most
                        THEN 'waiting' ELSE 'held' END, :at, :at
            ON CONFLICT (provider, event_id) DO NOTHING
        """),
        {**row, "most": most},
    )
    return added.rowcount == 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A reply that the service desk has not got yet, taken by this process until its lease ends."""

    id: str
    customer: int | None
    customer_reference: str
    message: str | None
    run: str
    document: str
    brand: str
    channel: str
    reference: str
    sender: str
    text: str
    tries: int
    at: datetime


def take(connection: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[Waiting]:
    """Take what is due; who does not report back within the lease has died, and another process takes it again."""
    rows = connection.execute(
        text("""
            WITH due AS (
                SELECT id FROM replies WHERE state = 'waiting' AND due_at <= :now
                ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
            ), taken AS (
                UPDATE replies r SET due_at = CAST(:now AS timestamptz) + :lease, tries = r.tries + 1
                FROM due WHERE r.id = due.id RETURNING r.*
            )
            SELECT t.id::text, t.customer_id AS customer, t.message_id::text AS message, coalesce(m.run_id, '') AS run,
                   coalesce(m.document, '') AS document, t.brand, t.channel, t.reference, t.sender, t.text, t.tries,
                   t.at,
                   coalesce((SELECT c.reference FROM customer_references c WHERE c.customer_id = t.customer_id
                             ORDER BY c.source LIMIT 1), '') AS customer_reference
            FROM taken t LEFT JOIN messages m ON m.id = t.message_id ORDER BY t.at, t.id
        """),
        {"now": now, "lease": lease, "limit": limit},
    )
    return [Waiting(**row._mapping) for row in rows]


def mark(connection: Connection, reply: str, *, now: datetime, state: str, due_at: datetime) -> None:
    """Write what became of a reply that was taken."""
    connection.execute(
        text("""
            UPDATE replies SET state = :state, due_at = :due_at,
                sent_at = CASE WHEN :state = 'sent' THEN CAST(:now AS timestamptz) END
            WHERE id = CAST(:id AS uuid)
        """),
        {"id": reply, "now": now, "state": state, "due_at": due_at},
    )


def delivery(connection: Connection, reference: str) -> Mapping[str, Any] | None:
    """Return everything about the delivery with this reference, with its attempts, None when there is none."""
    row = connection.execute(
        text("""
            SELECT d.id::text AS delivery, d.reference, d.number, d.channel, d.state, d.address, d.content_hash,
                   d.created_at, m.id::text AS message, m.run_id AS run, m.brand, m.purpose, m.document,
                   m.state AS message_state, m.reason, m.language, m.customer_id, i.number AS invoice, i.pdf_hash,
                   t.name AS template, t.version AS template_version,
                   coalesce((SELECT c.reference FROM customer_references c WHERE c.customer_id = m.customer_id
                             ORDER BY c.source LIMIT 1), m.customer_id::text) AS customer
            FROM deliveries d JOIN messages m ON m.id = d.message_id JOIN runs r ON r.id = m.run_id
            JOIN templates t ON t.id = r.template_id LEFT JOIN invoices i ON i.id = m.invoice_id
            WHERE d.reference = :reference
        """),
        {"reference": reference},
    ).one_or_none()
    if row is None:
        return None
    attempts = connection.execute(
        text("""
            SELECT id::text AS attempt, number, provider, state, error_class, code, provider_reference, started_at,
                   ended_at
            FROM attempts WHERE delivery_id = CAST(:delivery AS uuid) ORDER BY number
        """),
        {"delivery": row.delivery},
    )
    return {**row._mapping, "attempts": [dict(one._mapping) for one in attempts]}
