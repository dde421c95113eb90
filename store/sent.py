"""One delivery as it was claimed, to be built again exactly: what a customer was sent is not kept twice."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from store.claims import Claimed


def as_claimed(connection: Connection, reference: str) -> Claimed | None:
    """Return a delivery with its last attempt, as it was when it was claimed; None when it was never tried."""
    row = connection.execute(
        text("""
            SELECT a.id::text AS attempt, a.number, d.id::text AS delivery, d.number AS delivery_number,
                m.id::text AS message, d.channel, d.reference, d.content_hash, d.created_at, m.run_id AS run,
                m.customer_id AS customer, m.brand, m.purpose, m.document, m.language, m.data, m.invoice_id AS invoice,
                d.address, z.postal, coalesce(z.platform, '') AS platform, coalesce((
                    SELECT r.reference FROM customer_references r WHERE r.customer_id = m.customer_id
                    ORDER BY r.source LIMIT 1), m.customer_id::text) AS customer_reference,
                (SELECT max(t.at) FROM touchpoints t WHERE t.customer_id = m.customer_id AND t.direction = 'in'
                    AND t.channel = d.channel AND t.channel = 'whatsapp' AND t.at <= a.started_at) AS heard_at
            FROM deliveries d JOIN messages m ON m.id = d.message_id JOIN attempts a ON a.delivery_id = d.id
            LEFT JOIN addresses z ON z.id = d.address_id
            WHERE d.reference = :reference ORDER BY a.number DESC LIMIT 1
        """),
        {"reference": reference},
    ).one_or_none()
    return Claimed(**row._mapping) if row else None


def deliveries_of(connection: Connection, message: str) -> list[Mapping[str, Any]]:
    """Return a message's deliveries, last first: reference, channel, address, state, created_at, parts, provider."""
    rows = connection.execute(
        text("""
            SELECT d.reference, d.channel, d.address, d.state, d.created_at, d.parts,
                   coalesce((SELECT a.provider FROM attempts a WHERE a.delivery_id = d.id
                              ORDER BY a.number DESC LIMIT 1), '') AS provider
            FROM deliveries d WHERE d.message_id = CAST(:message AS uuid) ORDER BY d.number DESC
        """),
        {"message": message},
    )
    return [dict(row) for row in rows.mappings()]


def message_of(connection: Connection, message: str) -> Mapping[str, Any] | None:
    """Return a message, for somebody who looks at one customer; None when there is none."""
    try:
        UUID(message)
    except ValueError:
        return None
    row = connection.execute(
        text("""
            SELECT m.id::text AS message, m.customer_id AS customer, m.run_id AS run, m.brand, m.purpose,
                   m.purpose_class, m.document, m.state, m.reason, m.channel, m.copy, m.copy_because, m.language,
                   m.planned_at, m.due_at, m.decision, i.gross, i.currency, i.pdf_hash
            FROM messages m LEFT JOIN invoices i ON i.id = m.invoice_id WHERE m.id = CAST(:message AS uuid)
        """),
        {"message": message},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None
