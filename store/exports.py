"""Who asked for a customer's data, and everything that the store has of one customer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text


def ask(connection: Connection, customer: int, *, by: str, now: datetime, until: datetime) -> str:
    """Write down that somebody wants a customer's data; returns the export's id."""
    return str(
        connection.scalar(
            text("""INSERT INTO exports (customer_id, requested_by, requested_at, expires_at)
                    VALUES (:customer, :by, :now, :until) RETURNING id"""),
            {"customer": customer, "by": by, "now": now, "until": until},
        )
    )


def find(connection: Connection, export: str) -> Any | None:
    """Return {id, customer_id, requested_by, requested_at, expires_at}."""
    return connection.execute(
        text("""SELECT id::text AS id, customer_id, requested_by, requested_at, expires_at FROM exports
                 WHERE id = CAST(:id AS uuid)"""),
        {"id": export},
    ).one_or_none()


_PARTS = {
    "addresses": """SELECT channel, value, postal, platform, device, state, problem, source, verified_at, created_at,
                           removed_at FROM addresses WHERE customer_id = :customer ORDER BY id""",
    "consents": """SELECT brand, topic, channel, action, source, proof, actor, at FROM consents
                    WHERE customer_id = :customer ORDER BY id""",
    "statements": """SELECT brand, topic, kind, channels, value, from_at, until_at, source, proof, actor, at
                       FROM statements WHERE customer_id = :customer ORDER BY id""",
    "suppressions": """SELECT s.brand, s.channel, s.value, s.reason, s.source, s.at, s.lifted_at FROM suppressions s
                        WHERE EXISTS (SELECT FROM addresses a WHERE a.customer_id = :customer
                                         AND (a.channel, a.value) = (s.channel, s.value)) ORDER BY s.id""",
    "behaviour": """SELECT channel, purpose_class, reached, engaged, observations, as_of FROM behaviour
                     WHERE customer_id = :customer ORDER BY channel, purpose_class""",
    "messages": """SELECT m.id::text AS message, m.run_id AS run, m.brand, m.purpose, m.document, m.state, m.reason,
                          m.channel, m.language, m.data, m.planned_at, (
                       SELECT coalesce(json_agg(json_build_object('channel', d.channel, 'address', d.address,
                                  'state', d.state, 'reference', d.reference, 'created_at', d.created_at)
                                  ORDER BY d.number), '[]') FROM deliveries d WHERE d.message_id = m.id) AS deliveries
                     FROM messages m WHERE m.customer_id = :customer ORDER BY m.planned_at, m.id""",
    "invoices": """SELECT brand, number, issued_on, due_on, currency, net, tax, gross, document FROM invoices
                    WHERE customer_id = :customer ORDER BY id""",
    "touchpoints": """SELECT at, direction, channel, kind, purpose, brand, source, machine, detail FROM touchpoints
                       WHERE customer_id = :customer ORDER BY at, id""",
    "replies": """SELECT at, channel, sender, text FROM replies WHERE customer_id = :customer ORDER BY at, id""",
}


def data_of(connection: Connection, customer: int) -> dict[str, list[Mapping[str, Any]]]:
    """Return what the store holds of a customer beside their own row, table by table."""
    return {
        name: [dict(row) for row in connection.execute(text(query), {"customer": customer}).mappings()]
        for name, query in _PARTS.items()
    }
