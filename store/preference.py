"""Everything the preference form shows of a customer, read in one round trip, of many customers too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from store.customers import LOCK, lock_customers
from store.persons import MEMBERS
from store.trips import ask

_READ = text(f"""
    SELECT c.id AS customer, c.language, c.time_zone, c.country, w.members,
        CASE cardinality(w.members) WHEN 1 THEN c.standing ELSE (
            SELECT o.standing FROM customers o WHERE o.id = ANY(w.members) ORDER BY
                   array_position(ARRAY['deceased', 'former', 'prospect', 'customer'], o.standing) LIMIT 1)
            END AS standing,
        (SELECT coalesce(json_agg(json_build_object(
                    'id', a.id, 'channel', a.channel, 'value', a.value, 'postal', a.postal, 'platform', a.platform,
                    'device', a.device,
                    'state', a.state, 'verified', a.verified_at IS NOT NULL, 'suppressed', ARRAY(
                        SELECT lower(s.reason) FROM suppressions s WHERE s.channel = a.channel
                           AND s.value = a.value AND s.lifted_at IS NULL AND s.brand IN (asked.brand, 'all')))
                ORDER BY a.customer_id <> c.id, a.position, a.id), '[]')
           FROM addresses a WHERE a.customer_id = ANY(w.members) AND a.removed_at IS NULL
            AND (cardinality(w.members) = 1 OR NOT EXISTS (
                SELECT FROM addresses r WHERE r.customer_id = ANY(w.members) AND r.customer_id <> a.customer_id
                   AND (r.channel, r.value) = (a.channel, a.value) AND a.state = 'usable'
                   AND (r.state = 'unusable' AND r.removed_at IS NULL
                     OR r.removed_at IS NOT NULL AND r.problem <> 'replaced')))) AS addresses,
        (SELECT coalesce(json_agg(json_build_object('brand', t.brand, 'topic', t.topic, 'kind', t.kind,
                    'channels', t.channels, 'value', t.value, 'from_at', t.from_at, 'until_at', t.until_at,
                    'at', t.at, 'id', t.id) ORDER BY t.at DESC, t.id DESC), '[]')
           FROM statements t WHERE t.customer_id = ANY(w.members) AND t.brand IN (asked.brand, 'all')) AS statements,
        (SELECT coalesce(json_agg(json_build_object('brand', p.brand, 'topic', p.topic, 'channel', p.channel,
                    'action', p.action, 'proof', p.proof <> '', 'at', p.at, 'id', p.id,
                    'expires_at', p.expires_at, 'ground', coalesce(p.record ->> 'ground', ''),
                    'members', CASE cardinality(w.members) WHEN 1 THEN w.members ELSE ARRAY(
                        SELECT v.customer_id FROM persons o JOIN persons v ON v.person_id = o.person_id
                         WHERE o.customer_id = p.customer_id
                           AND (v.customer_id = o.customer_id OR p.id > greatest(o.since, v.since))) END)
                ORDER BY p.at DESC, p.id DESC), '[]')
           FROM consents p WHERE p.customer_id = ANY(w.members) AND p.brand IN (asked.brand, 'all')) AS consents,
        (SELECT count(*) FILTER (WHERE m.state IN ('planned', 'ready')) FROM messages m
          WHERE m.customer_id = ANY(w.members) AND m.brand IN (asked.brand, 'all')) AS planned
      FROM jsonb_to_recordset(CAST(:asked AS jsonb)) AS asked (customer bigint, brand text)
           CROSS JOIN LATERAL (SELECT * FROM customers WHERE id = asked.customer OFFSET 0) c
           CROSS JOIN LATERAL (SELECT {MEMBERS.format(customer="c.id")} AS members OFFSET 0) w
""")
"""Planned once and kept, which costs more than to run it: what is asked comes as JSON, whose length no plan depends on.
`OFFSET 0` lets customers be found by their index however few there are, and the members once; messages are found by
their customer alone: by their state, a plan made in quiet times, it would be all of a campaign.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """One customer: rows as the database keeps them, statements and consents newest first, JSON values plain.

    Of a person with several records (`store.persons`) it is what all of them say, the stricter counting.
    """

    customer: int
    language: str
    time_zone: str
    country: str
    standing: str
    addresses: list[dict[str, Any]]
    statements: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    """Each with `members`, the records of the person for which it counts."""
    members: list[int]
    planned: int
    """Messages of the brand that are planned and not yet on their way."""


def read(connection: Connection, *, customer: int, brand: str) -> Known | None:
    """Return what is known of a customer for one brand, None when there is no such customer."""
    row = connection.execute(_READ, _asked({customer: brand})).mappings().first()
    return Known(**row) if row else None


def hold(connection: Connection, *, customer: int, brand: str) -> Known | None:
    """Take the customer's lock and read what is known under it, in one trip; None when there is no such customer."""
    return hold_all(connection, {customer: brand}).get(customer)


def hold_all(connection: Connection, brands: Mapping[int, str]) -> dict[int, Known]:
    """Do what `hold` does for many customers, each for a brand; who is missing is no customer."""
    _, rows = ask(connection, [(LOCK, {"ids": list(brands)}), (_READ, _asked(brands))])
    return {row["customer"]: Known(**row) for row in rows}


def _asked(brands: Mapping[int, str]) -> dict[str, str]:
    return {
        "asked": json.dumps([{"customer": customer, "brand": brand} for customer, brand in brands.items()])
    }


def lock(connection: Connection, customer: int) -> bool:
    """Take the customer's lock, the one that the claim takes too (design/delivery.md rule 3); False: nobody."""
    return customer in lock_customers(connection, [customer])
