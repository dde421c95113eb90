"""Rows about customers from a file: whose they are, what is new, and writing that.

A temporary table `incoming` holds the rows; it has `row`, `customer` (as the file names them), and columns of its kind.
Every function is called in a transaction that holds `imports.one_at_a_time`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from store.imports import Counts, copy_in
from tidings.channel import IDENTIFYING

if TYPE_CHECKING:
    import polars as pl

_RESOLVE = (
    "ALTER TABLE {table} ADD customer_id bigint, ADD matches bigint NOT NULL DEFAULT 0",
    """UPDATE {table} i SET customer_id = r.customer_id, matches = 1
         FROM customer_references r WHERE r.source = :source AND r.reference = i.customer""",
    """UPDATE {table} i SET customer_id = CASE WHEN f.found = 1 THEN f.id END, matches = f.found
         FROM (SELECT w.customer, count(DISTINCT r.customer_id) AS found, min(r.customer_id) AS id
                 FROM (SELECT DISTINCT customer FROM {table} WHERE matches = 0) w
                 JOIN customer_references r ON (NOT :strict AND r.reference = w.customer)
                   OR (r.source, r.reference) = (split_part(w.customer, ':', 1), substr(w.customer,
                                                 strpos(w.customer, ':') + 1))
                GROUP BY w.customer) f
        WHERE i.matches = 0 AND f.customer = i.customer""",
    """UPDATE {table} i SET customer_id = CASE WHEN f.found = 1 THEN f.id END, matches = f.found
         FROM (SELECT w.customer, count(DISTINCT a.customer_id) AS found, min(a.customer_id) AS id
                 FROM (SELECT DISTINCT customer FROM {table} WHERE matches = 0) w
                 JOIN addresses a ON a.removed_at IS NULL AND a.channel = ANY(CAST(:identifying AS text[]))
                  AND a.value IN (lower(w.customer), regexp_replace(w.customer, '[^+0-9]', '', 'g'))
                GROUP BY w.customer) f
        WHERE i.matches = 0 AND f.customer = i.customer""",
)


def load(
    connection: Connection,
    columns: Mapping[str, str],
    frame: pl.DataFrame,
    *,
    source: str,
    strict: bool,
    table: str = "incoming",
) -> list[tuple[int, str, int]]:
    """Make `incoming` and find the customers of its rows; rows of nobody are taken out again.

    Args:
        connection: in a transaction.
        columns: column to SQL type, `row` and `customer` among them; the table gets `customer_id` besides.
        frame: the rows.
        source: system of the references, asked first.
        strict: only that system is asked, because the person named it.
        table: name of the temporary table.

    Returns:
        (row, customer, how many customers that means) of the rows that were taken out.
    """
    copy_in(connection, table, columns, frame)
    for statement in _RESOLVE:
        connection.execute(
            text(statement.format(table=table)),
            {"source": source, "strict": strict, "identifying": list(IDENTIFYING)},
        )
    connection.execute(text(f"ANALYZE {table}"))
    gone = connection.execute(
        text(f"DELETE FROM {table} WHERE customer_id IS NULL RETURNING row, coalesce(customer, ''), matches")
    )
    return sorted((int(row), str(customer), int(matches)) for row, customer, matches in gone)


def lock(connection: Connection) -> None:
    """Lock the customers of rows that say something new, as every writer of permissions does."""
    connection.execute(
        text(
            "SELECT id FROM customers WHERE id IN (SELECT customer_id FROM incoming WHERE is_new)"
            " ORDER BY id FOR NO KEY UPDATE"
        )
    )


CONSENTS = {
    "row": "bigint",
    "customer": "text",
    "brand": "text",
    "topic": "text",
    "channel": "text",
    "action": "text",
    "proof": "text",
    "on_behalf": "text",
    "expires_at": "timestamptz",
    "record": "jsonb",
    "at": "timestamptz",
}

STATEMENTS = {
    "row": "bigint",
    "customer": "text",
    "brand": "text",
    "topic": "text",
    "kind": "text",
    "channels": "text",
    "value": "jsonb",
    "from_at": "timestamptz",
    "until_at": "timestamptz",
    "proof": "text",
    "on_behalf": "text",
    "at": "timestamptz",
}

_KEYS = {
    "consents": ("brand", "topic", "channel"),
    "statements": ("brand", "topic", "kind"),
}
_SAYS = {
    "consents": ("action", "proof", "on_behalf", "expires_at", "record"),
    "statements": ("channels", "value", "from_at", "until_at", "on_behalf"),
}


def save_events(connection: Connection, kind: str, *, source: str, actor: str, now: datetime) -> Counts:
    """Append what `incoming` says and the store does not yet: consents or statements.

    A row with a time is known when the same was said at that time. A row without one is known when it is what was said
    last about its subject, and happens now otherwise.
    """
    keys, says = _KEYS[kind], _SAYS[kind]
    same_key = " AND ".join(f"e.{name} = i.{name}" for name in ("customer_id", *keys))
    held = {"channels": "array_to_string(e.channels, ',')"}
    same_words = " AND ".join(f"{held.get(name, f'e.{name}')} IS NOT DISTINCT FROM i.{name}" for name in says)
    ours = ", ".join(("customer_id", *keys, *says))
    for statement in (
        "ALTER TABLE incoming ADD is_new boolean NOT NULL DEFAULT true",
        f"""UPDATE incoming i SET is_new = false FROM {kind} e
             WHERE i.at IS NOT NULL AND e.at = i.at AND {same_key} AND {same_words}""",
        f"""UPDATE incoming i SET is_new = false FROM {kind} e
             WHERE i.at IS NULL AND {same_key} AND {same_words} AND NOT EXISTS (
                   SELECT FROM {kind} l WHERE {same_key.replace("e.", "l.")} AND (l.at, l.id) > (e.at, e.id))""",
        f"""UPDATE incoming SET is_new = false WHERE is_new AND row NOT IN (
                   SELECT min(row) FROM incoming WHERE is_new GROUP BY {ours}, at)""",
    ):
        connection.execute(text(statement))
    lock(connection)
    columns = ("customer_id", *keys, *says, *(() if "proof" in says else ("proof",)))
    chosen = ", ".join("string_to_array(channels, ',')" if name == "channels" else name for name in columns)
    connection.execute(
        text(
            f"INSERT INTO {kind} ({', '.join(columns)}, source, actor, at, recorded_at)"
            f" SELECT {chosen}, :source, :actor, coalesce(at, :now), :now FROM incoming WHERE is_new ORDER BY row"
        ),
        {"source": f"import:{source}", "actor": actor, "now": now},
    )
    return _counted(connection)


def _counted(connection: Connection) -> Counts:
    new, old = connection.execute(
        text("SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM incoming")
    ).one()
    return Counts(imported=new, unchanged=old)


TOUCHPOINTS = {
    "row": "bigint",
    "customer": "text",
    "brand": "text",
    "source": "text",
    "external_id": "text",
    "direction": "text",
    "channel": "text",
    "kind": "text",
    "purpose": "text",
    "machine": "boolean",
    "detail": "jsonb",
    "at": "timestamptz",
}


def save_touchpoints(connection: Connection, *, now: datetime) -> tuple[Counts, list[tuple[int, str]]]:
    """Write the touchpoints of `incoming` that are not there yet.

    Returns:
        the counts, and (row, external id) of those whose id the store knows for something else.
    """
    connection.execute(text("ALTER TABLE incoming ADD is_new boolean NOT NULL DEFAULT true"))
    connection.execute(
        text(
            "UPDATE incoming i SET is_new = false FROM touchpoints t"
            " WHERE (t.source, t.external_id) = (i.source, i.external_id)"
        )
    )
    clashes = connection.execute(
        text("""
            DELETE FROM incoming i USING touchpoints t
             WHERE (t.source, t.external_id) = (i.source, i.external_id)
               AND (t.customer_id, t.kind, t.channel, t.direction, t.at)
                   IS DISTINCT FROM (i.customer_id, i.kind, i.channel, i.direction, i.at)
            RETURNING i.row, i.external_id""")
    )
    found = sorted((int(row), str(name)) for row, name in clashes)
    connection.execute(
        text("""
            INSERT INTO touchpoints (customer_id, brand, source, external_id, direction, channel, kind, purpose,
                                     machine, detail, at, recorded_at)
            SELECT customer_id, brand, source, external_id, direction, channel, kind, purpose, machine,
                   coalesce(jsonb_strip_nulls(detail), '{}'), at, :now
              FROM incoming WHERE is_new ORDER BY row
            ON CONFLICT (source, external_id) DO NOTHING"""),
        {"now": now},
    )
    return _counted(connection), found
