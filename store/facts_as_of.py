"""What was known at an instant: the tables of `store.facts` as they stood then, put before its queries by name.

Statements, consents, suppressions and touchpoints say when they were recorded. Customers and addresses keep what
stood in them before a change (`customer_states`, `address_states`), since the store was upgraded to do so. Of what was
learnt, and of which records were one person, only the present is kept: `unknown` says where that matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

AS_OF = """
    WITH customers AS NOT MATERIALIZED (
        SELECT c.id, c.first_name, c.last_name, c.created_at, coalesce(s.language, c.language) AS language,
               coalesce(s.time_zone, c.time_zone) AS time_zone, coalesce(s.country, c.country) AS country,
               coalesce(s.standing, c.standing) AS standing, coalesce(s.holds, c.holds) AS holds
          FROM public.customers c LEFT JOIN LATERAL (
               SELECT * FROM customer_states o WHERE o.customer_id = c.id AND o.until_at > %(known_at)s
                ORDER BY o.until_at LIMIT 1) s ON true
         WHERE c.created_at <= %(known_at)s
    ), addresses AS NOT MATERIALIZED (
        SELECT a.id, a.customer_id, a.channel, a.value, a.postal, coalesce(s.state, a.state) AS state,
               coalesce(s.problem, a.problem) AS problem, coalesce(s.position, a.position) AS position,
               CASE WHEN s.address_id IS NULL THEN CASE WHEN a.verified_at <= %(known_at)s THEN a.verified_at END
                    ELSE s.verified_at END AS verified_at,
               CASE WHEN s.address_id IS NULL THEN CASE WHEN a.removed_at <= %(known_at)s THEN a.removed_at END
                    ELSE s.removed_at END AS removed_at
          FROM public.addresses a LEFT JOIN LATERAL (
               SELECT * FROM address_states o WHERE o.address_id = a.id AND o.until_at > %(known_at)s
                ORDER BY o.until_at LIMIT 1) s ON true
         WHERE a.created_at <= %(known_at)s
    ), suppressions AS NOT MATERIALIZED (
        SELECT id, brand, channel, value, reason, source, at,
               CASE WHEN lifted_at <= %(known_at)s THEN lifted_at END AS lifted_at
          FROM public.suppressions WHERE recorded_at <= %(known_at)s
    ), consents AS NOT MATERIALIZED (
        SELECT * FROM public.consents WHERE recorded_at <= %(known_at)s
    ), statements AS NOT MATERIALIZED (
        SELECT * FROM public.statements WHERE recorded_at <= %(known_at)s
    ), touchpoints AS NOT MATERIALIZED (
        SELECT * FROM public.touchpoints WHERE recorded_at <= %(known_at)s
    ), deliveries AS NOT MATERIALIZED (
        SELECT * FROM public.deliveries WHERE created_at <= %(known_at)s
    )
"""
"""Goes before a query; needs the parameter `known_at`."""

_CHANGES = """
    SELECT DISTINCT at FROM (
        SELECT recorded_at AS at FROM consents WHERE customer_id = ANY(:members)
         UNION ALL SELECT recorded_at FROM statements WHERE customer_id = ANY(:members)
         UNION ALL SELECT until_at FROM customer_states WHERE customer_id = ANY(:members)
         UNION ALL SELECT o.until_at FROM address_states o JOIN addresses a ON a.id = o.address_id
                    WHERE a.customer_id = ANY(:members)
         UNION ALL SELECT created_at FROM addresses WHERE customer_id = ANY(:members)
         UNION ALL SELECT e.at FROM addresses a JOIN suppressions s ON (s.channel, s.value) = (a.channel, a.value)
                    CROSS JOIN LATERAL (VALUES (s.recorded_at), (s.lifted_at)) e(at)
                    WHERE a.customer_id = ANY(:members)
         UNION ALL SELECT recorded_at FROM registers
         UNION ALL SELECT recorded_at FROM touchpoints
                    WHERE customer_id = ANY(:members) AND direction = 'out' AND kind = 'sent'
                      AND recorded_at > at + interval '1 hour'  -- told late: what is sent here is told at once
    ) c WHERE at IS NOT NULL ORDER BY at DESC LIMIT :most
"""

_UNKNOWN = """
    SELECT 'states' WHERE (SELECT value::timestamptz FROM installation WHERE key = 'states_since') > :at
     UNION ALL
    SELECT 'behaviour' WHERE EXISTS (
        SELECT FROM behaviour WHERE customer_id = ANY(:members) AND as_of > :at)
     UNION ALL
    SELECT 'persons' WHERE EXISTS (
        SELECT FROM merges WHERE at > :at AND (kept_id = ANY(:members) OR gone_id = ANY(:members)))
     UNION ALL
    SELECT 'registers' WHERE EXISTS (
        SELECT FROM (SELECT DISTINCT ON (country, kind) id FROM registers WHERE recorded_at <= :at
                      ORDER BY country, kind, dated DESC) r
         WHERE NOT EXISTS (SELECT FROM register_entries e WHERE e.register_id = r.id))
     UNION ALL
    SELECT 'erased' WHERE EXISTS (
        SELECT FROM addresses WHERE customer_id = ANY(:members) AND problem = 'erased')
"""


def changes(connection: Connection, records: Sequence[int], *, most: int) -> list[datetime]:
    """Return the instants at which facts about some records, or the registers, changed, the newest first."""
    rows = connection.execute(text(_CHANGES), {"members": list(records), "most": most})
    return [row[0] for row in rows]


def unknown(connection: Connection, records: Sequence[int], at: datetime) -> list[str]:
    """Return what of some records cannot be known as it was at an instant.

    `states` (their standing, open matters and the states of their addresses, before this store kept them), `behaviour`
    (learnt anew since), `persons` (merged or split since), `registers` (files taken out since), `erased`.
    """
    return list(connection.scalars(text(_UNKNOWN), {"members": list(records), "at": at}))
