"""Everything that is kept about one customer, for the customer (GDPR art. 15 and 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

_OWN = "customer_id = ANY(CAST(:customers AS bigint[]))"
_QUERIES: Mapping[str, str] = {
    "customer": """
        SELECT id, first_name, last_name, company, language, time_zone, country, standing, holds, attributes,
               created_at, updated_at FROM customers WHERE id = ANY(CAST(:customers AS bigint[])) ORDER BY id
    """,
    "references": f"SELECT source, reference FROM customer_references WHERE {_OWN} ORDER BY source",
    "addresses": f"""
        SELECT channel, value, postal, platform, device, state, problem, source, verified_at, created_at, removed_at
          FROM addresses WHERE {_OWN} ORDER BY id
    """,
    "suppressions": f"""
        SELECT DISTINCT s.channel, s.value, s.brand, s.reason, s.source, s.at, s.lifted_at FROM suppressions s
          JOIN addresses a ON a.channel = s.channel AND a.value = s.value WHERE a.{_OWN}
    """,
    "statements": f"""
        SELECT brand, topic, kind, channels, value, from_at, until_at, source, proof, on_behalf, at
          FROM statements WHERE {_OWN} ORDER BY at, kind, topic, brand, channels, value, until_at, source, id
    """,
    "consents": f"""
        SELECT brand, topic, channel, action, source, proof, on_behalf, expires_at, record, at
          FROM consents WHERE {_OWN} ORDER BY at, topic, brand, channel, action, source, id
    """,
    "behaviour": f"""
        SELECT channel, purpose_class, reached, engaged, observations, last_engaged_at, as_of
          FROM behaviour WHERE {_OWN} ORDER BY channel, purpose_class
    """,
    "best_hours": f"""
        SELECT time_zone, cells, weights, observations, as_of FROM best_hours WHERE {_OWN}
    """,
    "messages": f"""
        SELECT id::text, brand, purpose, document, state, reason, channel, language, data, decision, due_at, planned_at
          FROM messages WHERE {_OWN} ORDER BY planned_at, id
    """,
    "deliveries": f"""
        SELECT d.message_id::text AS message, d.number, d.channel, d.address, d.state, d.reference, d.created_at
          FROM deliveries d JOIN messages m ON m.id = d.message_id
         WHERE m.{_OWN} ORDER BY d.created_at, d.id
    """,
    "invoices": f"""
        SELECT brand, number, issued_on, due_on, currency, net, tax, gross, document
          FROM invoices WHERE {_OWN} ORDER BY issued_on, id
    """,
    "touchpoints": f"""
        SELECT brand, source, direction, channel, kind, purpose, machine, message_id::text AS message, detail, at
          FROM touchpoints WHERE {_OWN} ORDER BY at, id
    """,
    "replies": f"SELECT brand, channel, sender, text, at FROM replies WHERE {_OWN} ORDER BY at",
    "calls": f"""
        SELECT c.message_id::text AS message, c.because, c.opened_at, c.closed_at, c.note FROM calls c
          JOIN messages m ON m.id = c.message_id WHERE m.{_OWN} ORDER BY c.id
    """,
    "erasures": f"SELECT brand, asked_at, closed_at FROM erasures WHERE {_OWN} ORDER BY id",
}
"""Name of a part to its rows; keys and digests of ours, which say nothing about the person, stay out."""


def everything(connection: Connection, customers: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
    """Return every part that is kept about a person, who may have several records, as plain JSON values."""
    parts = {}
    for name, query in _QUERIES.items():
        rows = connection.execute(
            text(f"SELECT coalesce(json_agg(part), '[]') FROM ({query}) part"), {"customers": list(customers)}
        )
        parts[name] = rows.scalar_one()
    return parts
