"""Addresses we must not use, and whether a brand ever said which they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from store.imports import Counts, copy_in

if TYPE_CHECKING:
    import polars as pl

_KEY = "suppressions"

INCOMING = {
    "row": "bigint",
    "channel": "text",
    "value": "text",
    "brand": "text",
    "reason": "text",
    "proof": "text",
    "at": "timestamptz",
}
"""Columns of `save`; a row of the file may hold several addresses."""


def suppressions_known(connection: Connection, brand: str) -> bool:
    """Return whether suppressions of a brand (or of all) were imported, or recorded not to exist (delivery rule 11)."""
    found = connection.execute(
        text("SELECT count(*) FROM installation WHERE key IN (:brand, :every)"),
        {"brand": f"{_KEY}:{brand}", "every": f"{_KEY}:all"},
    )
    return bool(found.scalar_one())


def mark_known(connection: Connection, brand: str, value: str) -> None:
    """Remember that the suppressions of a brand are known: `imported` or `none exist`."""
    connection.execute(
        text("INSERT INTO installation (key, value) VALUES (:key, :value) ON CONFLICT (key) DO NOTHING"),
        {"key": f"{_KEY}:{brand}", "value": value},
    )


def record_none_exist(connection: Connection, brand: str, *, actor: str, now: datetime) -> None:
    """Record, with who says so, that a brand (or `all`) brings no suppressions from elsewhere.

    What providers and customers suppress from now on is not meant by it.
    """
    mark_known(connection, brand, "none exist")
    connection.execute(
        text(
            "INSERT INTO audit (at, actor, action, subject, detail)"
            " VALUES (:at, :actor, 'none exist', 'suppressions', CAST(:detail AS jsonb))"
        ),
        {"at": now, "actor": actor, "detail": json.dumps({"brand": brand})},
    )


def save(connection: Connection, rows: pl.DataFrame, *, source: str, actor: str, now: datetime) -> Counts:
    """Suppress addresses, those that are not yet; the customers they belong to are locked as the sender locks them.

    A brand with at least one row counts as known from then on (`suppressions_known`).

    Args:
        connection: in a transaction that holds `imports.one_at_a_time`.
        rows: columns of INCOMING.
        source: the system it came from.
        actor: who imports.
        now: when.
    """
    copy_in(connection, "incoming_suppressions", INCOMING, rows)
    values = {"source": f"import:{source}", "actor": actor, "now": now}
    for statement in _SAVE:
        connection.execute(text(statement), values)
    for brand in connection.execute(text("SELECT DISTINCT brand FROM incoming_suppressions")).scalars().all():
        mark_known(connection, brand, "imported")
    new, old = connection.execute(
        text("""
            SELECT count(*) FILTER (WHERE made), count(*) FILTER (WHERE NOT made)
              FROM (SELECT bool_or(is_new) AS made FROM incoming_suppressions GROUP BY row) r""")
    ).one()
    return Counts(imported=new, unchanged=old)


_SAVE = (
    "ALTER TABLE incoming_suppressions ADD is_new boolean NOT NULL DEFAULT true",
    """UPDATE incoming_suppressions i SET is_new = false FROM suppressions s
        WHERE (s.channel, s.value, s.brand) = (i.channel, i.value, i.brand)
          AND (s.lifted_at IS NULL OR i.at <= s.lifted_at)""",
    """DELETE FROM incoming_suppressions i USING incoming_suppressions e
        WHERE i.is_new AND (e.channel, e.value, e.brand) = (i.channel, i.value, i.brand) AND e.row = i.row
          AND e.ctid < i.ctid""",
    """UPDATE incoming_suppressions i SET is_new = false FROM incoming_suppressions e
        WHERE i.is_new AND (e.channel, e.value, e.brand) = (i.channel, i.value, i.brand) AND e.row < i.row""",
    """SELECT id FROM customers WHERE id IN (
           SELECT a.customer_id FROM addresses a JOIN incoming_suppressions i
               ON i.is_new AND (a.channel, a.value) = (i.channel, i.value))
        ORDER BY id FOR NO KEY UPDATE""",
    """INSERT INTO suppressions (brand, channel, value, reason, source, proof, actor, at, recorded_at)
       SELECT brand, channel, value, reason, :source, proof, :actor, coalesce(at, :now), :now
         FROM incoming_suppressions WHERE is_new ORDER BY row
       ON CONFLICT DO NOTHING""",
)
"""A suppression that was lifted stays lifted when the file says again what was said before."""


def suppress(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add suppressions (channel, value, brand, reason, source, proof, actor, at); active ones stay as they are."""
    if rows:
        connection.execute(
            text("""
                INSERT INTO suppressions (brand, channel, value, reason, source, proof, actor, at)
                VALUES (:brand, :channel, :value, :reason, :source, :proof, :actor, :at) ON CONFLICT DO NOTHING
            """),
            list(rows),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stop:
    """Why an address is closed, or open again, on a channel: what a receipt said."""

    customers: Sequence[int]
    """Who has the address."""
    brand: str
    channel: str
    value: str
    reason: str
    proof: str
    at: datetime

    def row(self) -> dict[str, Any]:
        """Return it as `suppress` takes it."""
        told = {name: getattr(self, name) for name in ("brand", "channel", "value", "reason", "proof", "at")}
        return told | {"source": "provider", "actor": "system"}


def stop(connection: Connection, stops: Sequence[Stop]) -> None:
    """Close addresses because their customers said so, unless they said START later; the latest word counts."""
    if stops:
        rows = [
            one.row() | {"customers": list(one.customers)}
            for one in sorted(stops, key=lambda one: (one.channel, one.value, one.brand))
        ]
        connection.execute(
            text("""
                INSERT INTO suppressions (brand, channel, value, reason, source, proof, actor, at)
                SELECT :brand, :channel, :value, :reason, :source, :proof, :actor, :at
                WHERE :reason = 'complaint' OR NOT EXISTS (
                    SELECT 1 FROM touchpoints t WHERE t.customer_id = ANY(CAST(:customers AS bigint[]))
                      AND t.kind = 'started' AND t.channel = :channel AND t.at >= CAST(:at AS timestamptz)
                      AND t.detail ->> 'address' = :value)
                ON CONFLICT (channel, value, brand, reason) WHERE lifted_at IS NULL
                DO UPDATE SET at = greatest(suppressions.at, excluded.at)
            """),
            rows,
        )


def lift_stops(connection: Connection, starts: Sequence[Stop]) -> None:
    """Open again what an earlier STOP closed: only that, on every brand that the address was closed for."""
    if starts:
        connection.execute(
            text("""
                UPDATE suppressions SET lifted_at = :at
                WHERE channel = :channel AND value = :value AND reason IN ('stop', 'opt_out') AND source = 'provider'
                  AND lifted_at IS NULL AND at <= :at
            """),
            [one.row() for one in sorted(starts, key=lambda one: (one.channel, one.value))],
        )


def judge_soft(
    connection: Connection,
    mailboxes: Sequence[tuple[int, str, str]],
    *,
    bounces: int,
    span: timedelta,
    now: datetime,
) -> None:
    """Suppress addresses that only bounce softly, and open those again that took something since.

    What was refused because of us (our reputation, our keys) or because of one message says nothing of an address.

    Args:
        connection: in a transaction that holds the customers' locks.
        mailboxes: (customer, channel, address) of which something was heard.
        bounces: so many deliveries of an address bounced since anything was delivered to it,
        span: the first and the last at least so far apart.
        now: when a suppression is lifted.
    """
    if mailboxes:
        customers, channels, values = (list(column) for column in zip(*mailboxes, strict=True))
        told = {"customers": customers, "channels": channels, "values": values}
        for statement in _SOFT:
            connection.execute(text(statement), told | {"bounces": bounces, "span": span, "now": now})


_JUDGED = """
    WITH heard AS (
        SELECT b.channel, b.value, t.kind, t.at, t.detail ->> 'reference' AS delivery
        FROM unnest(CAST(:customers AS bigint[]), CAST(:channels AS text[]), CAST(:values AS text[]))
             AS b(customer, channel, value)
        JOIN touchpoints t ON t.customer_id = b.customer AND t.channel = b.channel AND t.source LIKE 'provider:%'
         AND t.detail ->> 'address' = b.value
         AND (t.kind = 'delivered' OR (t.kind = 'bounced' AND t.detail ->> 'error' = 'transient'))
    ), alive AS (
        SELECT channel, value, max(at) FILTER (WHERE kind = 'delivered') AS at FROM heard GROUP BY 1, 2
    ), judged AS (
        SELECT a.channel, a.value, max(h.at) AS at,
               count(DISTINCT h.delivery) >= :bounces AND max(h.at) - min(h.at) >= :span AS dead
        FROM alive a LEFT JOIN heard h ON (h.channel, h.value) = (a.channel, a.value) AND h.kind = 'bounced'
         AND h.at > coalesce(a.at, '-infinity')
        GROUP BY 1, 2
    )"""
_SOFT = (
    _JUDGED
    + """
    INSERT INTO suppressions (brand, channel, value, reason, source, proof, actor, at)
    SELECT 'all', channel, value, 'soft_bounces', 'provider', 'receipts: it only bounced, again and again', 'system', at
    FROM judged WHERE dead ORDER BY channel, value ON CONFLICT DO NOTHING""",
    _JUDGED
    + """
    UPDATE suppressions s SET lifted_at = :now FROM judged j
    WHERE (s.channel, s.value) = (j.channel, j.value) AND NOT coalesce(j.dead, false)
      AND s.reason = 'soft_bounces' AND s.source = 'provider' AND s.lifted_at IS NULL""",
)
