"""What the books know of one invoice, for its evidence pack."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """An invoice as it was issued."""

    id: int
    customer: int
    run: str
    number: str
    issued_on: date
    due_on: date
    currency: str
    gross: Decimal
    pdf_hash: str | None
    xml_hash: str | None
    keep_until: date | None


def known(connection: Connection, brand: str, number: str) -> Known | None:
    """Return an invoice of a brand by its number."""
    row = connection.execute(
        text("""
            SELECT id, customer_id AS customer, run_id AS run, number, issued_on, due_on, currency, gross, pdf_hash,
                   xml_hash, keep_until
            FROM invoices WHERE brand = :brand AND number = :number
        """),
        {"brand": brand, "number": number},
    ).one_or_none()
    return Known(**row._mapping) if row else None


def messages_of(connection: Connection, invoice: int) -> list[dict[str, Any]]:
    """Return the messages of an invoice with what was decided, the oldest first."""
    rows = connection.execute(
        text("""
            SELECT m.id::text AS message, m.purpose, m.state, m.reason, coalesce(m.channel, '') AS channel,
                   m.planned_at, m.decision,
                   coalesce((SELECT array_agg(d.reference ORDER BY d.number) FROM deliveries d
                             WHERE d.message_id = m.id), '{}') AS deliveries
            FROM messages m WHERE m.invoice_id = :invoice ORDER BY m.planned_at, m.id
        """),
        {"invoice": invoice},
    )
    return [dict(row._mapping) for row in rows]


def events_of(
    connection: Connection, invoice: int
) -> list[tuple[datetime, str, Decimal | None, int | None, str]]:
    """Return (at, kind, amount, step, source) of what became of an invoice, the oldest first."""
    rows = connection.execute(
        text("""
            SELECT at, kind, amount, step, source FROM invoice_events WHERE invoice_id = :invoice ORDER BY at, id
        """),
        {"invoice": invoice},
    )
    return [(row.at, row.kind, row.amount, row.step, row.source) for row in rows]
