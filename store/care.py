"""What somebody at the service desk sees of one person, and the few things that they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

HOLDS = ("complaint", "dispute", "dunning", "bereavement")
"""Open matters that hold marketing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One person, all records together."""

    customer: int
    records: Sequence[int]
    references: Sequence[Mapping[str, Any]]
    """{source, reference}."""
    name: str
    company: str
    standing: str
    language: str
    time_zone: str
    country: str
    holds: Sequence[str]
    attributes: Mapping[str, Any]
    addresses: Sequence[Mapping[str, Any]]
    """{id, channel, value, postal, platform, state, problem, verified, removed, source, suppressions: [{id, reason,
    brand, at, source, liftable}]}, those in use first."""
    said: Sequence[Mapping[str, Any]]
    """What was said and stands, the newest of each subject (as stored: all of one instant): {what (consent, statement),
    kind, topic, brand, channels, value, until_at, at, source, actor, lasting, spot}."""
    noticed: Sequence[Mapping[str, Any]]
    """{channel, purpose_class, observations, reached, engaged, last_engaged_at}."""


_CARD = text("""
    SELECT c.id AS customer, c.company, c.standing, c.language, c.time_zone, c.country, c.attributes,
        concat_ws(' ', nullif(c.first_name, ''), nullif(c.last_name, '')) AS name,
        ARRAY(SELECT DISTINCT h FROM customers x, unnest(x.holds) h WHERE x.id = ANY(:records) ORDER BY h) AS holds,
        (SELECT coalesce(json_agg(json_build_object('source', r.source, 'reference', r.reference)
                                  ORDER BY r.customer_id <> c.id, r.source, r.reference), '[]')
           FROM customer_references r WHERE r.customer_id = ANY(:records)) AS references,
        (SELECT coalesce(json_agg(to_json(a) ORDER BY a.removed, a.channel, a.position, a.id), '[]') FROM (
            SELECT a.id, a.channel, a.value, a.postal, a.platform, a.state, a.problem, a.position, a.source,
                   a.verified_at IS NOT NULL AS verified, a.removed_at IS NOT NULL AS removed, (
                SELECT coalesce(json_agg(json_build_object('id', s.id, 'reason', s.reason, 'brand', s.brand, 'at', s.at,
                                                           'source', s.source) ORDER BY s.id), '[]')
                  FROM suppressions s WHERE (s.channel, s.value) = (a.channel, a.value) AND s.lifted_at IS NULL
                ) AS suppressions
              FROM addresses a WHERE a.customer_id = ANY(:records)) a) AS addresses,
        (SELECT coalesce(json_agg(to_json(b) ORDER BY b.channel, b.purpose_class), '[]') FROM (
            SELECT channel, purpose_class, sum(observations) AS observations,
                   round(sum(reached)::numeric, 1) AS reached,
                   round(sum(engaged)::numeric, 1) AS engaged, max(last_engaged_at) AS last_engaged_at
              FROM behaviour WHERE customer_id = ANY(:records) GROUP BY 1, 2) b) AS noticed
      FROM customers c WHERE c.id = :customer
""")
_SAID = text("""
    SELECT * FROM (SELECT *, rank() OVER (PARTITION BY what, kind, topic, brand, spot ORDER BY at DESC) AS nth FROM (
        SELECT 'statement' AS what, kind, topic, brand, until_at IS NULL AS lasting, array_to_string(channels, ',')
               AS channels, value, until_at, at, source, actor, proof, kind AS spot, id FROM statements
         WHERE customer_id = ANY(:records) AND (until_at IS NULL OR until_at > :now)
        UNION ALL
        SELECT 'consent', action, topic, brand, true, channel, '{}', NULL, at, source, actor, proof, channel, id
          FROM consents WHERE customer_id = ANY(:records)) s) r
     WHERE nth = 1 ORDER BY what DESC, kind, topic, brand, spot, at DESC, id DESC
""")


def card(connection: Connection, customer: int, records: Sequence[int], *, now: datetime) -> Card | None:
    """Return what is known of a person; None when there is no such customer."""
    values = {"customer": customer, "records": list(records), "now": now}
    row = connection.execute(_CARD, values).mappings().one_or_none()
    if row is None:
        return None
    said = [dict(one) for one in connection.execute(_SAID, values).mappings()]
    return Card(**{**row, "records": list(records), "said": said})


def set_hold(connection: Connection, records: Sequence[int], hold: str) -> int:
    """Open a matter of a person; returns how many records did not have it."""
    return connection.execute(
        text("""
            UPDATE customers SET holds = array_append(holds, :hold), updated_at = clock_timestamp()
            WHERE id = ANY(:records) AND NOT :hold = ANY(holds)
        """),
        {"records": list(records), "hold": hold},
    ).rowcount


def close_hold(connection: Connection, records: Sequence[int], hold: str) -> int:
    """Close a matter of a person; returns how many records had it."""
    return connection.execute(
        text("""
            UPDATE customers SET holds = array_remove(holds, :hold), updated_at = clock_timestamp()
            WHERE id = ANY(:records) AND :hold = ANY(holds)
        """),
        {"records": list(records), "hold": hold},
    ).rowcount


def suppression(connection: Connection, records: Sequence[int], number: int) -> Mapping[str, Any] | None:
    """Return an active suppression of a person's address, locked: {id, channel, value, brand, reason}."""
    row = connection.execute(
        text("""
            SELECT s.id, s.channel, s.value, s.brand, s.reason FROM suppressions s
            WHERE s.id = :number AND s.lifted_at IS NULL AND EXISTS (
                SELECT FROM addresses a
                 WHERE a.customer_id = ANY(:records) AND (a.channel, a.value) = (s.channel, s.value))
            FOR UPDATE
        """),
        {"records": list(records), "number": number},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def invoices_of(connection: Connection, records: Sequence[int]) -> list[Mapping[str, Any]]:
    """Return a person's invoices, newest first: number, issued_on, due_on, gross, currency, message, state, channel."""
    rows = connection.execute(
        text("""
            SELECT i.number, i.issued_on, i.due_on, i.gross, i.currency, m.id::text AS message, m.state, m.channel
            FROM invoices i LEFT JOIN LATERAL (SELECT * FROM messages x WHERE x.customer_id = i.customer_id
                AND x.invoice_id = i.id ORDER BY x.copy DESC, x.planned_at DESC LIMIT 1) m ON true
            WHERE i.customer_id = ANY(:records) ORDER BY i.issued_on DESC, i.id DESC LIMIT 200
        """),
        {"records": list(records)},
    )
    return [dict(row) for row in rows.mappings()]
