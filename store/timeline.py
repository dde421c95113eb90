"""Everything that is known to have happened with one customer, from every table, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from store.persons import members

_EVENTS = text("""
    SELECT t.at, t.kind, t.channel, t.direction, t.message_id AS message, 60 AS place, t.id AS number,
           jsonb_strip_nulls(jsonb_build_object('touchpoint', t.id, 'source', t.source, 'id', t.external_id,
               'brand', t.brand, 'purpose', nullif(t.purpose, ''), 'machine', nullif(t.machine, false),
               'detail', nullif(t.detail, '{}'))) AS evidence
      FROM touchpoints t WHERE t.customer_id = ANY(:members)
    UNION ALL
    SELECT m.planned_at, 'message', coalesce(m.first_channel, m.channel, ''), 'out', m.id, 30, 0,
           jsonb_strip_nulls(jsonb_build_object('run', m.run_id, 'document', m.document, 'purpose', m.purpose,
               'state', m.state, 'reason', nullif(m.reason, ''), 'due_at', m.due_at, 'copy', nullif(m.copy, 0),
               'copy_because', nullif(m.copy_because, '')))
      FROM messages m WHERE m.customer_id = ANY(:members)
    UNION ALL
    SELECT d.created_at, 'delivery', d.channel, 'out', m.id, 40, d.number,
           jsonb_strip_nulls(jsonb_build_object('delivery', d.id, 'number', d.number, 'reference', d.reference,
               'address', d.address, 'state', d.state, 'in_envelope_of', t.document))
      FROM messages m JOIN deliveries d ON d.message_id = m.id
      LEFT JOIN envelopes v ON v.delivery_id = d.id LEFT JOIN deliveries o ON o.id = v.top_id
      LEFT JOIN messages t ON t.id = o.message_id
     WHERE m.customer_id = ANY(:members)
    UNION ALL
    SELECT coalesce(a.ended_at, a.started_at), 'attempt', d.channel, 'out', m.id, 50, a.number,
           jsonb_strip_nulls(jsonb_build_object('attempt', a.id, 'provider', a.provider, 'state', a.state,
               'code', nullif(a.code, ''), 'detail', nullif(a.detail, ''), 'provider_reference', a.provider_reference,
               'settled_by', nullif(a.settled_by, '')))
      FROM messages m JOIN deliveries d ON d.message_id = m.id JOIN attempts a ON a.delivery_id = d.id
     WHERE m.customer_id = ANY(:members)
    UNION ALL
    SELECT r.at, 'receipt', d.channel, 'in', m.id, 70, r.id,
           jsonb_build_object('receipt', r.id, 'provider', r.provider, 'kind', r.kind)
      FROM messages m JOIN deliveries d ON d.message_id = m.id JOIN attempts a ON a.delivery_id = d.id
      JOIN receipts r ON r.attempt_id = a.id WHERE m.customer_id = ANY(:members)
    UNION ALL
    SELECT s.at, 'statement', '', 'in', NULL, 20, s.id,
           jsonb_strip_nulls(jsonb_build_object('statement', s.id, 'kind', s.kind, 'topic', s.topic, 'brand', s.brand,
               'channels', to_jsonb(nullif(s.channels, '{}')), 'value', nullif(s.value, '{}'), 'from', s.from_at,
               'until', s.until_at, 'source', s.source, 'actor', s.actor, 'on_behalf', nullif(s.on_behalf, '')))
      FROM statements s WHERE s.customer_id = ANY(:members)
    UNION ALL
    SELECT c.at, 'consent', CASE c.channel WHEN 'all' THEN '' ELSE c.channel END, 'in', NULL, 20, c.id,
           jsonb_strip_nulls(jsonb_build_object('consent', c.id, 'action', c.action, 'topic', c.topic,
               'channel', c.channel, 'brand', c.brand, 'source', c.source, 'proof', c.proof, 'actor', c.actor,
               'on_behalf', nullif(c.on_behalf, ''), 'expires', c.expires_at))
      FROM consents c WHERE c.customer_id = ANY(:members)
    UNION ALL
    SELECT DISTINCT e.at, e.kind, s.channel, 'in', CAST(NULL AS uuid), 80, s.id,
           jsonb_build_object('suppression', s.id, 'address', s.value, 'reason', s.reason, 'brand', s.brand,
               'source', s.source, 'actor', s.actor)
      FROM addresses a JOIN suppressions s ON s.channel = a.channel AND s.value = a.value
     CROSS JOIN LATERAL (VALUES (s.at, 'suppression'), (s.lifted_at, 'suppression_lifted')) AS e(at, kind)
     WHERE a.customer_id = ANY(:members) AND e.at IS NOT NULL
    UNION ALL
    SELECT e.at, e.kind, a.channel, '', NULL, 10, a.id,
           jsonb_strip_nulls(jsonb_build_object('address', a.id, 'value', a.value, 'state', a.state,
               'problem', nullif(a.problem, '')))
      FROM addresses a
     CROSS JOIN LATERAL (VALUES (a.created_at, 'address'), (a.verified_at, 'address_verified'),
                                (a.removed_at, 'address_removed')) AS e(at, kind)
     WHERE a.customer_id = ANY(:members) AND e.at IS NOT NULL
    UNION ALL
    SELECT created_at, 'customer', '', '', NULL, 0, id,
           jsonb_build_object('standing', standing, 'language', language, 'country', country, 'time_zone', time_zone,
               'holds', to_jsonb(holds))
      FROM customers WHERE id = ANY(:members)
    UNION ALL
    SELECT at, CASE action WHEN 'merge' THEN 'merged' ELSE 'split' END, '', '', NULL, 90, id,
           jsonb_build_object('merge', id, 'kept', kept_id, 'gone', gone_id, 'because', because, 'actor', actor)
      FROM merges WHERE kept_id = ANY(:members) OR gone_id = ANY(:members)
    ORDER BY at, place, number, kind
""")


def events(connection: Connection, customer: int) -> Sequence[Any]:
    """Return rows (at, kind, channel, direction, message, evidence) of a person, all their records, both directions."""
    return connection.execute(_EVENTS, {"members": members(connection, customer)}).all()
