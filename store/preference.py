"""Everything the preference form shows of one customer, read in one round trip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

_READ = text("""
    SELECT c.id AS customer, c.language, c.time_zone, c.country, c.standing,
        (SELECT coalesce(json_agg(json_build_object(
                    'id', a.id, 'channel', a.channel, 'value', a.value, 'postal', a.postal, 'platform', a.platform,
                    'state', a.state, 'verified', a.verified_at IS NOT NULL, 'suppressed', ARRAY(
                        SELECT lower(s.reason) FROM suppressions s WHERE s.channel = a.channel
                           AND s.value = a.value AND s.lifted_at IS NULL AND s.brand IN (:brand, 'all')))
                ORDER BY a.position, a.id), '[]')
           FROM addresses a WHERE a.customer_id = c.id AND a.removed_at IS NULL) AS addresses,
        (SELECT coalesce(json_agg(json_build_object('brand', t.brand, 'topic', t.topic, 'kind', t.kind,
                    'channels', t.channels, 'value', t.value, 'from_at', t.from_at, 'until_at', t.until_at,
                    'at', t.at, 'id', t.id) ORDER BY t.at DESC, t.id DESC), '[]')
           FROM statements t WHERE t.customer_id = c.id AND t.brand IN (:brand, 'all')) AS statements,
        (SELECT coalesce(json_agg(json_build_object('brand', p.brand, 'topic', p.topic, 'channel', p.channel,
                    'action', p.action, 'proof', p.proof <> '', 'at', p.at, 'id', p.id)
                ORDER BY p.at DESC, p.id DESC), '[]')
           FROM consents p WHERE p.customer_id = c.id AND p.brand IN (:brand, 'all')) AS consents,
        (SELECT count(*) FROM messages m WHERE m.customer_id = c.id AND m.brand IN (:brand, 'all')
            AND m.state IN ('planned', 'ready')) AS planned,
        (SELECT r.reference FROM customer_references r WHERE r.customer_id = c.id
          ORDER BY r.source LIMIT 1) AS reference
      FROM customers c WHERE c.id = :customer
""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """One customer: rows as the database keeps them, statements and consents newest first, JSON values plain."""

    customer: int
    language: str
    time_zone: str
    country: str
    standing: str
    reference: str
    addresses: list[dict[str, Any]]
    statements: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    planned: int
    """Messages of the brand that are planned and not yet on their way."""


def read(connection: Connection, *, customer: int, brand: str) -> Known | None:
    """Return what is known of a customer for one brand, None when there is no such customer."""
    row = connection.execute(_READ, {"customer": customer, "brand": brand}).mappings().first()
    return Known(**{**row, "reference": row["reference"] or ""}) if row else None


def lock(connection: Connection, customer: int) -> bool:
    """Take the customer's lock, the one that the claim takes too (design/delivery.md rule 3)."""
    found = connection.execute(
        text("SELECT id FROM customers WHERE id = :customer FOR NO KEY UPDATE"), {"customer": customer}
    )
    return found.first() is not None
