"""What a signed link of a message points at, and whether opening it may be remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from store.statements import SOONEST


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """A message as its links need it."""

    message: str
    customer: int
    brand: str
    purpose: str
    topic: str
    channel: str
    """Where it was accepted, or is being tried; '' when it is held."""
    data: Mapping[str, Any]
    links: Mapping[str, str]
    """Name to target, as stored with the template's version."""
    tracked: bool
    """The run measures, and no wish of the customer forbids it."""
    sent_at: datetime | None


_LINKED = text(f"""
    SELECT m.id AS message, m.customer_id AS customer, m.brand, m.purpose, r.topic,
        coalesce(m.channel, '') AS channel, coalesce(r.options -> 'data', '{{}}') || m.data AS data, t.links,
        coalesce((r.options ->> 'tracking')::boolean, true) AND coalesce((
            SELECT s.value -> 'tracking' <> 'false' FROM statements s
             WHERE s.customer_id = m.customer_id AND s.kind = 'tracking' AND s.brand IN (m.brand, 'all')
               AND (s.topic IN ('all', r.topic) OR starts_with(r.topic, s.topic || '.'))
               AND coalesce(s.from_at <= :now, true) AND coalesce(s.until_at > :now, true)
             ORDER BY s.until_at IS NULL, s.brand = 'all', s.topic = 'all', length(s.topic) DESC,
                      {SOONEST["tracking"]} LIMIT 1), true) AS tracked,
        (SELECT max(a.ended_at) FROM deliveries d JOIN attempts a ON a.delivery_id = d.id
          WHERE d.message_id = m.id AND a.state = 'accepted') AS sent_at
      FROM messages m JOIN runs r ON r.id = m.run_id JOIN templates t ON t.id = r.template_id
     WHERE m.id = CAST(:message AS uuid)
""")


def linked(connection: Connection, message: str, *, now: datetime) -> Linked | None:
    """Return a message with its template's links, None when there is no such message."""
    row = connection.execute(_LINKED, {"message": message, "now": now}).mappings().first()
    return Linked(**{**row, "message": str(row["message"])}) if row else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Billed:
    """An invoice as its page shows it, and what its customer can prove themselves with."""

    customer: int
    number: str
    brand: str
    issued_on: date
    due_on: date
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    document: Mapping[str, Any]
    """tidings.invoice.Invoice, as JSON."""
    pdf_hash: str | None
    language: str
    postcodes: Sequence[str]
    """Of the addresses that letters go to, but not of those that somebody with a link wrote on the page."""
    references: Sequence[str]


_BILLED = text("""
    SELECT m.customer_id AS customer, i.number, i.brand, i.issued_on, i.due_on, i.currency,
           i.net, i.tax, i.gross, i.document,
        i.pdf_hash,
        coalesce(nullif(m.language, ''), c.language) AS language,
        ARRAY(SELECT coalesce(a.postal ->> 'postal_code', a.postal ->> 'postcode') FROM addresses a
               WHERE a.customer_id = c.id AND a.channel = 'letter' AND a.removed_at IS NULL
                 AND (a.source <> 'form' OR a.verified_at IS NOT NULL)
                 AND coalesce(a.postal ->> 'postal_code', a.postal ->> 'postcode') <> '') AS postcodes,
        ARRAY(SELECT r.reference FROM customer_references r
               WHERE r.customer_id = c.id ORDER BY r.source) AS references
      FROM messages m JOIN invoices i ON i.id = m.invoice_id JOIN customers c ON c.id = m.customer_id
     WHERE m.id = CAST(:message AS uuid)
""")


def billed(connection: Connection, message: str) -> Billed | None:
    """Return the invoice that a message carries, None when it carries none."""
    row = connection.execute(_BILLED, {"message": message}).mappings().first()
    return Billed(**row) if row else None
