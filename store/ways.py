"""Addresses written many at a time. An import replaces only what the same import gave before."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from store.imports import Counts
from tidings.address import PROBLEMS

WAYS = {
    "row": "bigint",
    "channel": "text",
    "value": "text",
    "postal": "jsonb",
    "platform": "text",
    "device": "text",
    "state": "text",
    "problem": "text",
    "position": "smallint",
    "verified_at": "timestamptz",
}
"""Columns of `incoming_ways`; (row, channel, value) is distinct, `row` is that of `incoming_people`."""

REPLACED = "replaced"
"""Problem of an address that a later import gave another value for; the only removal that an import may take back."""


_OLD_DEVICES = (
    """UPDATE addresses a SET removed_at = :now, problem = :replaced, state = 'unusable'
         FROM incoming_ways w
        WHERE w.channel = 'push' AND w.state = 'usable' AND w.changed AND a.channel = 'push' AND a.removed_at IS NULL
          AND (a.value = w.value AND a.customer_id <> w.customer_id
            OR a.customer_id = w.customer_id AND a.device = w.device AND w.device <> '' AND a.value <> w.value)""",
)


def merge(connection: Connection, *, label: str, replaces: bool, now: datetime) -> None:
    """Write `incoming_ways` for the customers of `incoming_people`; `changed` says which rows did something.

    What a customer removed stays removed, what a bounce made unusable stays unusable.

    Args:
        connection: in a transaction that holds `imports.one_at_a_time`, with both temporary tables.
        label: who gives the addresses, `import:crm`.
        replaces: whether a usable new value removes what the same label gave before on that channel. Either way a
            device has one token, and a token one customer: the one who registered it last.
        now: when.
    """
    values = {"label": label, "now": now, "ours": ["", *PROBLEMS], "replaced": REPLACED}
    for statement in (*_COMPARE, *(_REPLACE if replaces else _OLD_DEVICES), *_WRITE):
        connection.execute(text(statement), values)


_COMPARE = (
    """ALTER TABLE incoming_ways ADD customer_id bigint, ADD address_id bigint,
                                 ADD changed boolean NOT NULL DEFAULT false""",
    """UPDATE incoming_ways w SET customer_id = f.customer_id, address_id = f.address_id, changed = f.changed
         FROM (SELECT i.ctid AS at, p.customer_id, a.id AS address_id, coalesce(CASE
                   WHEN a.id IS NULL THEN true
                   WHEN a.removed_at IS NOT NULL THEN a.problem = :replaced
                   ELSE (a.problem = ANY(:ours) AND NOT (a.state = 'unusable' AND a.problem = '')
                            AND (a.state, a.problem) <> (i.state, i.problem))
                     OR (a.source = :label AND (a.position <> i.position OR a.postal IS DISTINCT FROM i.postal))
                     OR (a.verified_at IS NULL AND i.verified_at IS NOT NULL)
                     OR (i.channel = 'push' AND (a.platform, a.device) <> (i.platform, i.device)) END, false) AS changed
                 FROM incoming_ways i JOIN incoming_people p ON p.row = i.row
                 LEFT JOIN addresses a ON (a.customer_id, a.channel, a.value) = (p.customer_id, i.channel, i.value)) f
        WHERE w.ctid = f.at""",
    "DELETE FROM incoming_ways WHERE customer_id IS NULL",
    """DELETE FROM incoming_ways w USING (
           SELECT customer_id, channel, value, min(row) AS row FROM incoming_ways
            GROUP BY customer_id, channel, value HAVING count(*) > 1) e
        WHERE (e.customer_id, e.channel, e.value) = (w.customer_id, w.channel, w.value) AND e.row < w.row""",
)

_REPLACE = (
    """WITH given AS (SELECT customer_id, channel, min(row) AS row FROM incoming_ways WHERE state = 'usable'
                       GROUP BY customer_id, channel),
            gone AS (UPDATE addresses a SET removed_at = :now, state = 'unusable',
                            problem = CASE WHEN a.problem = ANY(:ours) THEN :replaced ELSE a.problem END
                       FROM given g
                      WHERE a.customer_id = g.customer_id AND a.channel = g.channel AND a.source = :label
                        AND a.removed_at IS NULL AND NOT EXISTS (
                            SELECT FROM incoming_ways w WHERE w.address_id = a.id)
                      RETURNING g.row)
       UPDATE incoming_ways SET changed = true WHERE row IN (SELECT row FROM gone)""",
)

_WRITE = (
    """UPDATE addresses a
          SET removed_at = NULL, state = w.state, problem = w.problem,
              position = CASE WHEN a.source = :label THEN w.position ELSE a.position END,
              postal = coalesce(w.postal, a.postal), verified_at = coalesce(a.verified_at, w.verified_at),
              platform = CASE w.channel WHEN 'push' THEN w.platform ELSE a.platform END,
              device = CASE w.channel WHEN 'push' THEN w.device ELSE a.device END
         FROM incoming_ways w
        WHERE w.changed AND a.id = w.address_id
          AND (a.removed_at IS NULL OR a.problem = :replaced)
          AND a.problem = ANY(CAST(:ours AS text[]) || CAST(:replaced AS text))
          AND NOT (a.state = 'unusable' AND a.problem = '')""",
    """INSERT INTO addresses (customer_id, channel, value, postal, platform, device, state, problem, position, source,
                              verified_at, created_at)
       SELECT customer_id, channel, value, postal, platform, device, state, problem, position, :label, verified_at, :now
         FROM incoming_ways WHERE address_id IS NULL""",
)


def counted(connection: Connection) -> Counts:
    """Return how many rows of `incoming_people` gave a new address, changed one, or did nothing."""
    new, updated, same = connection.execute(
        text("""
            SELECT count(*) FILTER (WHERE w.made), count(*) FILTER (WHERE NOT w.made AND w.changed),
                   count(*) FILTER (WHERE w.row IS NULL OR NOT w.made AND NOT w.changed)
              FROM incoming_people p
              LEFT JOIN (SELECT row, bool_or(address_id IS NULL) AS made, bool_or(changed) AS changed
                           FROM incoming_ways GROUP BY row) w ON w.row = p.row""")
    ).one()
    return Counts(imported=new, updated=updated, unchanged=same)
