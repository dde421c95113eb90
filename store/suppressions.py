"""Addresses we must not use, and whether a brand ever said which they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
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
