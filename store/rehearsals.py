"""Campaigns rehearsed on a simulated clock: what was seen so far, what came out, and what then happened in a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from store.arrays import read_arrays
from store.limits import HOUSEHOLD
from store.persons import ALL_OF_M
from store.tables import rehearsed
from tidings.reason import Reason
from tidings.state import DeliveryState, within

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What was counted of a channel, machines left out."""

    sent: int = 0
    bounced: int = 0
    opened: int = 0
    answered: int = 0
    """Clicked, replied, paid."""
    paid: int = 0
    hours: float = 0.0
    """Until half of the answers that name their message had come; 0: there were none."""


def seen(connection: Connection, *, purposes: Sequence[str], since: datetime) -> dict[str, Seen]:
    """Count what happened on each channel with messages of some purposes since a moment."""
    rows = connection.execute(_SEEN, {"purposes": list(purposes), "since": since}).mappings()
    return {
        row["channel"]: Seen(**{name: value for name, value in row.items() if name != "channel"})
        for row in rows
    }


_SEEN = text("""
    WITH told AS (
        SELECT channel, kind, message_id, at FROM touchpoints
         WHERE at > :since AND split_part(purpose, '.', 1) = ANY(CAST(:purposes AS text[])) AND NOT machine
    ), first AS (
        SELECT message_id, min(at) AS at, min(channel) AS channel FROM told
         WHERE kind = 'sent' AND message_id IS NOT NULL GROUP BY 1
    ), lags AS (
        SELECT f.channel, percentile_cont(0.5) WITHIN GROUP (
                   ORDER BY extract(epoch FROM t.at - f.at) / 3600.0) AS hours
          FROM told t JOIN first f ON f.message_id = t.message_id
         WHERE t.kind IN ('clicked', 'replied', 'paid') AND t.at >= f.at GROUP BY 1
    )
    SELECT t.channel, count(*) FILTER (WHERE kind = 'sent') AS sent,
           count(*) FILTER (WHERE kind IN ('bounced', 'returned', 'rejected', 'failed')) AS bounced,
           count(*) FILTER (WHERE kind IN ('opened', 'read')) AS opened,
           count(*) FILTER (WHERE kind IN ('clicked', 'replied', 'paid')) AS answered,
           count(*) FILTER (WHERE kind = 'paid') AS paid, coalesce(max(l.hours), 0)::float8 AS hours
      FROM told t LEFT JOIN lags l ON l.channel = t.channel GROUP BY t.channel
""")


def not_yet_sent(connection: Connection, customers: Sequence[int], *, key_prefix: str) -> list[int]:
    """Return the persons of a selection as `store.undecided.freeze_campaign` would add them, by id."""
    statement = text("""
        WITH chosen AS (
            SELECT DISTINCT coalesce(p.person_id, w.id) AS id
              FROM unnest(CAST(:customers AS bigint[])) AS w(id) LEFT JOIN persons p ON p.customer_id = w.id
        )
        SELECT c.id FROM chosen c
         WHERE NOT EXISTS (SELECT FROM messages m WHERE m.dedupe_key = :prefix || c.id)
           AND NOT EXISTS (SELECT FROM persons p JOIN messages m ON m.dedupe_key = :prefix || p.customer_id
                            WHERE p.person_id = c.id)
           AND NOT EXISTS (SELECT FROM erased e WHERE e.digest = erased_digest('dedupe_key', :prefix || c.id))
         ORDER BY c.id
    """)
    return list(connection.scalars(statement, {"customers": list(customers), "prefix": key_prefix}))


def message_ids(connection: Connection, customers: Sequence[int], *, key_prefix: str) -> list[str]:
    """Return the ids that the messages of a run to these customers would have, in their order."""
    statement = text("""
        SELECT array_agg(message_id(:prefix || c.id)::text ORDER BY c.number)
          FROM unnest(CAST(:customers AS bigint[])) WITH ORDINALITY AS c(id, number)
    """)
    return list(connection.scalar(statement, {"customers": list(customers), "prefix": key_prefix}) or [])


def households(connection: Connection, customers: Sequence[int]) -> pl.DataFrame:
    """Return customer, household of those among customers who live together, by their first postal address."""
    query = f"""
        SELECT customer, household FROM (
            SELECT c.id AS customer, {HOUSEHOLD} AS household, count(*) OVER (PARTITION BY {HOUSEHOLD}) AS several
              FROM customers c JOIN LATERAL (
                   SELECT postal FROM addresses x WHERE x.customer_id = c.id AND x.channel = 'letter'
                      AND x.removed_at IS NULL AND x.state = 'usable' ORDER BY x.position, x.id LIMIT 1) a ON true
             WHERE c.id = ANY(%(customers)s::bigint[])
        ) q WHERE several > 1 AND household IS NOT NULL ORDER BY customer
    """
    listed = {"customers": "{" + ",".join(map(str, customers)) + "}"}
    return read_arrays(connection, [(query, _shape({"customer": "Int64", "household": "String"}))], listed)[0]


_INSTANT = "Datetime[us, UTC]"
_CAME_BACK = within((DeliveryState.BOUNCED, DeliveryState.REJECTED, DeliveryState.EXPIRED))
_HAPPENED = f"""
    SELECT m.customer_id AS customer, d.channel, min(d.created_at) AS sent_at,
           min(d.updated_at) FILTER (WHERE d.state IN ({_CAME_BACK}))
               AS bounced_at,
           min(t.at) AS heard_at, min(t.at) FILTER (WHERE t.kind IN ('opened', 'read')) AS opened_at,
           min(t.at) FILTER (WHERE t.kind IN ('clicked', 'replied', 'redeemed')) AS clicked_at,
           min(t.at) FILTER (WHERE t.kind = 'paid') AS paid_at
      FROM messages m JOIN deliveries d ON d.message_id = m.id
      {ALL_OF_M} LEFT JOIN touchpoints t ON t.customer_id = whose.record AND t.direction = 'in' AND NOT t.machine
           AND t.at >= d.created_at
     WHERE m.run_id = %(run)s AND m.copy = 0 GROUP BY 1, 2
"""
_BECAME = f"""
    SELECT m.customer_id AS customer, m.state, m.reason, m.first_channel AS first, m.channel, m.tried,
           CASE WHEN starts_with(m.dedupe_key, 'erased:') THEN '{Reason.ERASED}' ELSE coalesce((
                SELECT d ->> 'reason' FROM jsonb_array_elements(m.decision) d
                 WHERE (d ->> 'rank')::int = 1), '') END AS ground,
           m.decision::text AS decision, m.planned_at, m.due_at, m.input_digest, m.over_budget,
           coalesce((m.decision #>> '{{0,decided_at}}')::timestamptz, m.planned_at) AS decided_at
      FROM messages m WHERE m.run_id = %(run)s AND m.copy = 0
"""
_REHEARSED = """
    SELECT customer_id AS customer, state, reason, first_channel AS first, channel, tried, ground, wait, due_at
      FROM rehearsed WHERE rehearsal_id = %(rehearsal)s
"""


def happened(connection: Connection, run: str) -> pl.DataFrame:
    """Return what became of what a run sent, one row for each customer and channel.

    Columns: customer, channel, sent_at, bounced_at, heard_at (a person's first answer of any kind), opened_at,
    clicked_at, paid_at.
    """
    columns = ("sent", "bounced", "heard", "opened", "clicked", "paid")
    shape = _shape({"customer": "Int64", "channel": "String"} | {f"{name}_at": _INSTANT for name in columns})
    return read_arrays(connection, [(_HAPPENED, shape)], {"run": run})[0]


def became(connection: Connection, run: str) -> pl.DataFrame:
    """Return a run's messages.

    Columns: customer, state, reason, first, channel, tried, ground, decision, planned_at, due_at, input_digest,
    over_budget, decided_at (later than planned_at where one that waited was decided once more).
    """
    shape = _shape(
        dict.fromkeys(("state", "reason", "first", "channel", "ground", "decision"), "String")
        | {"customer": "Int64", "tried": "List(String)", "planned_at": _INSTANT, "due_at": _INSTANT}
        | {"input_digest": "String", "over_budget": "List(String)", "decided_at": _INSTANT}
    )
    return read_arrays(connection, [(_BECAME, shape)], {"run": run})[0]


def people_of(connection: Connection, rehearsal: str) -> pl.DataFrame:
    """Return what became of each customer: customer, state, reason, first, channel, tried, ground, wait, due_at."""
    shape = _shape(
        dict.fromkeys(("state", "reason", "first", "channel", "ground", "wait"), "String")
        | {"customer": "Int64", "tried": "List(String)", "due_at": _INSTANT}
    )
    return read_arrays(connection, [(_REHEARSED, shape)], {"rehearsal": rehearsal})[0]


def _shape(columns: Mapping[str, str]) -> dict[str, Any]:
    import polars as pl

    types: dict[str, Any] = {
        "String": pl.String(),
        "Int64": pl.Int64(),
        "List(String)": pl.List(pl.String),
        _INSTANT: pl.Datetime("us", "UTC"),
    }
    return {name: types[kind] for name, kind in columns.items()}


def ask(connection: Connection, values: Mapping[str, Any]) -> None:
    """Write a rehearsal that is to be worked through; one that exists is worked through again."""
    statement = text("""
        INSERT INTO rehearsals (id, name, edition, definition, seed, requested_by, known_at, until_at)
        VALUES (:id, :name, :edition, CAST(:definition AS jsonb), :seed, :requested_by, :known_at, :until_at)
        ON CONFLICT (id) DO UPDATE SET state = 'waiting', definition = excluded.definition
    """)
    connection.execute(statement, {**values, "definition": json.dumps(values["definition"])})


def keep(
    connection: Connection, rehearsal: str, *, policy: int, result: Mapping[str, Any], people: pl.DataFrame
) -> None:
    """Keep what a rehearsal came to; of older ones of the edition the numbers stay, the customers go."""
    connection.execute(
        text("""
            DELETE FROM rehearsed r USING rehearsals o, rehearsals n
             WHERE n.id = :id AND r.rehearsal_id = o.id AND (o.name, o.edition) = (n.name, n.edition)
        """),
        {"id": rehearsal},
    )
    import polars as pl

    from store.bulk import copy_frame

    columns = people.with_columns(rehearsal_id=pl.lit(rehearsal)).rename(
        {"customer": "customer_id", "first": "first_channel"}
    )
    copy_frame(connection, rehearsed, columns)
    connection.execute(
        text("""
            UPDATE rehearsals SET state = 'done', policy_version = :policy, result = CAST(:result AS jsonb)
             WHERE id = :id
        """),
        {"id": rehearsal, "policy": policy, "result": json.dumps(result)},
    )


def fail(connection: Connection, rehearsal: str, *, because: str) -> None:
    """Say that a rehearsal could not be worked through."""
    connection.execute(
        text("UPDATE rehearsals SET state = 'failed', result = CAST(:result AS jsonb) WHERE id = :id"),
        {"id": rehearsal, "result": json.dumps({"problem": because})},
    )


_ROWS = """
    SELECT id, name, edition, definition, seed, state, policy_version, result, requested_by, known_at, until_at,
           created_at FROM rehearsals
"""


def find_rehearsal(connection: Connection, rehearsal: str) -> Any | None:
    """Return one."""
    return connection.execute(text(f"{_ROWS} WHERE id = :id"), {"id": rehearsal}).one_or_none()


def rehearsals_of(connection: Connection, name: str, edition: str) -> Sequence[Any]:
    """Return those of a campaign's edition, the newest first."""
    query = text(
        f"{_ROWS} WHERE name = :name AND edition = :edition ORDER BY known_at DESC, created_at DESC, id"
    )
    return connection.execute(query, {"name": name, "edition": edition}).all()


def page_of_rehearsals(connection: Connection, *, limit: int) -> Sequence[Any]:
    """Return the newest ones."""
    return connection.execute(
        text(f"{_ROWS} ORDER BY created_at DESC, id LIMIT :limit"), {"limit": limit}
    ).all()


def waiting_rehearsals(connection: Connection, *, limit: int) -> list[str]:
    """Lock and return those that nobody has worked through yet."""
    statement = text("""
        SELECT id FROM rehearsals WHERE state = 'waiting' ORDER BY created_at LIMIT :limit FOR UPDATE SKIP LOCKED
    """)
    return list(connection.scalars(statement, {"limit": limit}))
