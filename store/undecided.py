"""The frozen audience of a campaign before it is decided: lists of customers, whose messages are written decided.

A list holds up to `AT_ONCE` of them, and goes in the transaction that writes their messages. Who must find a message of
everybody before that (a stop, an erasure, a merge) has them written undecided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from psycopg.errors import UniqueViolation
from sqlalchemy import ColumnElement, Connection, select, text
from sqlalchemy.dialects import postgresql

from store.arrays import read_arrays
from store.driver import driver_of
from store.segments import roomy
from store.tables import customers

if TYPE_CHECKING:
    import polars as pl

AT_ONCE = 20_000
"""Customers of a list: what is decided and written in one transaction, about 60 MB of frames."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frozen:
    """The size of an audience at the moment it was frozen."""

    audience: int
    added: int
    shards: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Undecided:
    """A list of customers, locked."""

    run: str
    shard: int
    first: int
    document: str
    key_prefix: str
    planned_at: datetime
    people: pl.DataFrame
    """message, customer, data: the id and the frozen inputs that their messages will have; by customer."""


def freeze_campaign(
    connection: Connection,
    *,
    run: str,
    audience: ColumnElement[bool],
    document: str,
    key_prefix: str,
    shard_size: int,
    most_shards: int,
    now: datetime,
) -> Frozen:
    """Select the audience and keep who of it shall get a message, in two statements.

    A customer who has this document already (same dedupe key), also one who was erased since, is counted in the
    audience and not added. Of a person with several records it is the one that is kept, whichever was selected.

    Args:
        connection: in a transaction.
        run: its id.
        audience: a condition on customers.
        document: what the messages are about, the same for all.
        key_prefix: of their dedupe keys; the customer follows.
        shard_size: messages of a shard; more where there were more than `most_shards` otherwise.
        most_shards: in how many the run is cut at most.
        now: when it is planned.
    """
    # The whole query is compiled: a condition on its own would not tie its subqueries to the customer.
    query = select(customers.c.id).where(audience)
    selected = query.compile(dialect=postgresql.dialect(), compile_kwargs={"render_postcompile": True})  # type: ignore[no-untyped-call]
    merged = connection.scalar(text("SELECT EXISTS (SELECT 1 FROM persons)"))
    connection.execute(text("CREATE TEMPORARY TABLE selected (id bigint) ON COMMIT DROP"))
    with roomy(connection):
        # The compiled parameters come as %(name)s; the statement runs on the driver's cursor for that reason.
        connection.exec_driver_sql(
            f"INSERT INTO selected {_PERSONS.format(selected=selected) if merged else selected}",
            selected.params,
        )
    connection.execute(text("ANALYZE selected"))
    parameters = {
        "shard_size": shard_size,
        "most_shards": most_shards,
        "at_once": AT_ONCE,
        "run": run,
        "document": document,
        "key_prefix": key_prefix,
        "now": now,
        "merged": merged,
        "erasures": connection.scalar(text("SELECT EXISTS (SELECT 1 FROM erased)")),
    }
    row = connection.exec_driver_sql(_FREEZE, parameters).one()
    connection.execute(text("DROP TABLE selected"))
    return Frozen(audience=row.audience, added=row.added, shards=row.shards)


_PERSONS = """
    SELECT DISTINCT coalesce(p.person_id, w.id) AS id FROM ({selected}) AS w LEFT JOIN persons p ON p.customer_id = w.id
"""
# Keys are asked for as an array: a join would read all messages of all runs for them.
_FREEZE = """
    WITH chosen AS (
        SELECT id, %(key_prefix)s || id AS key, row_number() OVER (ORDER BY id) - 1 AS place,
               greatest(%(shard_size)s, ceil(count(*) OVER () / %(most_shards)s::numeric)::bigint) AS size
        FROM selected
    ), taken AS MATERIALIZED (
        SELECT dedupe_key FROM messages WHERE dedupe_key = ANY(ARRAY(SELECT key FROM chosen))
    ), added AS (
        INSERT INTO undecided (run_id, shard, first, customers, document, key_prefix, planned_at)
        SELECT %(run)s, place / size, min(id), array_agg(id ORDER BY id), %(document)s, %(key_prefix)s, %(now)s
        FROM chosen c
        WHERE key NOT IN (SELECT dedupe_key FROM taken)
          AND (NOT %(erasures)s OR NOT EXISTS (
            SELECT 1 FROM erased e WHERE e.digest = erased_digest('dedupe_key', c.key)))
          AND (NOT %(merged)s OR NOT EXISTS (
            SELECT 1 FROM persons p JOIN messages m ON m.dedupe_key = %(key_prefix)s || p.customer_id
             WHERE p.person_id = c.id))
        GROUP BY place / size, place %% size / %(at_once)s
        RETURNING cardinality(customers) AS people
    )
    SELECT count(*) AS audience, coalesce(max(place / size) + 1, 0)::int AS shards,
           (SELECT coalesce(sum(people), 0)::bigint FROM added) AS added
    FROM chosen
"""


def next_undecided(connection: Connection, run: str, shard: int) -> Undecided | None:
    """Lock and return a list of a shard; None when nobody of it waits any more.

    What another process is deciding is waited for, not skipped: whoever has planned a run has seen it planned whole.
    """
    import polars as pl

    # One that was written meanwhile is not there any more, and the next one not looked for: so all are locked.
    locked = connection.execute(
        text("""
            SELECT first, document, key_prefix, planned_at FROM undecided
             WHERE run_id = :run AND shard = :shard ORDER BY first FOR UPDATE
        """),
        {"run": run, "shard": shard},
    ).first()
    if locked is None:
        return None
    query = """
        SELECT c.id AS customer, json_build_object('customer', json_build_object('first_name', c.first_name,
                   'last_name', c.last_name, 'company', c.company))::text AS data
          FROM customers c WHERE c.id = ANY(ARRAY(SELECT unnest(customers) FROM undecided
               WHERE run_id = %(run)s AND shard = %(shard)s AND first = %(first)s)) ORDER BY c.id
    """
    shape = {"customer": pl.Int64(), "data": pl.String()}
    [people] = read_arrays(connection, [(query, shape)], {"run": run, "shard": shard, "first": locked.first})
    ids = message_ids(locked.key_prefix, people["customer"].to_list())
    return Undecided(
        run=run,
        shard=shard,
        people=people.with_columns(pl.Series("message", ids, dtype=pl.String)),
        **locked._mapping,
    )


def message_ids(key_prefix: str, people: Sequence[int]) -> list[str]:
    """Return the UUIDv8 (RFC 9562) of each customer's dedupe key, as the database's `message_id` makes it.

    >>> message_ids("nordlys:news:spring/1:", [1])
    ['95fd8a20-6f48-840b-b239-56c316d97955']
    """
    start = sha256(key_prefix.encode())
    digests = []
    for one in people:
        key = start.copy()
        key.update(b"%d" % one)
        digests.append(key.digest())
    octets = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, start.digest_size)[:, :16].copy()
    octets[:, 6] = octets[:, 6] & 0x0F | 0x80  # the version
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80  # the variant
    written = np.full((len(digests), 37), ord("\n"), dtype=np.uint8)
    written[:, _DIGITS] = _HEX[octets].reshape(-1, 32)
    written[:, _HYPHENS] = ord("-")
    return written.tobytes().decode("ascii").split("\n")[:-1]


_HYPHENS = (8, 13, 18, 23)
_DIGITS = [place for place in range(36) if place not in _HYPHENS]
_HEX = (
    np.frombuffer(b"".join(b"%02x" % octet for octet in range(256)), dtype="S2").view(np.uint8).reshape(-1, 2)
)
"""The two digits of each octet."""


class Taken(Exception):  # noqa: N818 -- says what happened
    """A message has the key or the id of one that was to be written; the transaction is lost."""


def write_messages(
    connection: Connection, waiting: Undecided, decided: pl.DataFrame, *, run: Mapping[str, str]
) -> None:
    """Write the messages of a list as they were decided, and drop the list.

    Args:
        connection: in the transaction that locked the list.
        waiting: as it was locked.
        decided: as `store.messages.write_decisions` takes it, a row for each of them.
        run: its `brand`, `purpose` and `purpose_class`.

    Raises:
        Taken: `write_undecided` writes those that can be, to be decided then.
    """
    import polars as pl

    # In the order of the primary key, whose pages are then each asked for once; a lane is read in it too.
    rows = waiting.people.select("message", "data").join(decided, on="message").sort("message")
    columns = {
        **{name: pl.lit(_written(value)) for name, value in {"run_id": waiting.run, **run}.items()},
        "document": pl.lit(_written(waiting.document)),
        "shard": pl.lit(str(waiting.shard)),
        "planned_at": pl.lit(waiting.planned_at.isoformat()),
        "customer_id": pl.col("customer").cast(pl.String),
        "dedupe_key": pl.lit(_written(waiting.key_prefix)) + pl.col("customer").cast(pl.String),
        "id": pl.col("message"),
        "first_channel": pl.col("channel"),
        "due_at": pl.col("due_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
        "propensity": pl.col("propensity").cast(pl.String),
        # Texts of customers' own; in JSON only the backslash is left that COPY would read as its own.
        "language": _escaped(pl.col("language"), _ESCAPES),
        **{name: _escaped_json(rows[name]) for name in ("data", "decision")},
        **{name: pl.col(name) for name in ("state", "reason", "channel", "input_digest", "cost")},
    }
    written = [column.fill_null("\\N") for column in columns.values()]
    # As bytes: as text of Python's they would be looked through twice more.
    lines = rows.select(pl.concat_str(*written, separator="\t").str.join("\n").cast(pl.Binary)).item()
    try:
        with (
            driver_of(connection).cursor() as cursor,
            cursor.copy(f"COPY messages ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            copy.write(lines)
    except UniqueViolation as error:
        raise Taken from error
    connection.execute(
        text("DELETE FROM undecided WHERE run_id = :run AND shard = :shard AND first = :first"),
        {"run": waiting.run, "shard": waiting.shard, "first": waiting.first},
    )


_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _written(value: str) -> str:
    """Write a text as COPY reads it."""
    for sign, escape in _ESCAPES.items():
        value = value.replace(sign, escape)
    return value


def _escaped_json(texts: pl.Series) -> pl.Expr:
    """Escape a column that rarely needs it: looking is several times cheaper than replacing nothing."""
    import polars as pl

    column = pl.col(texts.name)
    return _escaped(column, {"\\": "\\\\"}) if texts.str.contains("\\", literal=True).any() else column


def _escaped(column: pl.Expr, escapes: Mapping[str, str]) -> pl.Expr:
    for sign, escape in escapes.items():
        column = column.str.replace_all(sign, escape, literal=True)
    return column


def write_undecided(
    connection: Connection,
    *,
    runs: Sequence[str] | None = None,
    shard: int | None = None,
    people: Sequence[int] | None = None,
) -> None:
    """Write messages, planned and not decided, for the lists of some runs, or all lists that some customers are in.

    With `shard` it is only the lists of that shard: the others can still be written decided.

    Who got the same document by another way meanwhile counts as sent already.
    """
    which = {
        "runs": None if runs is None else list(runs),
        "shard": shard,
        "people": None if people is None else list(people),
    }
    # As everybody does who locks both: first the runs.
    if connection.execute(_RUNS, which).first() is not None:
        connection.execute(_WRITE_UNDECIDED, which)


_WHICH = """
    (CAST(:runs AS text[]) IS NULL OR u.run_id = ANY(CAST(:runs AS text[])))
    AND (CAST(:shard AS int) IS NULL OR u.shard = CAST(:shard AS int))
    AND (CAST(:people AS bigint[]) IS NULL OR u.customers && CAST(:people AS bigint[]))
"""
_RUNS = text(f"""
    SELECT FROM runs r WHERE r.id IN (SELECT u.run_id FROM undecided u WHERE {_WHICH}) ORDER BY r.id FOR NO KEY UPDATE
""")
_WRITE_UNDECIDED = text(f"""
    WITH gone AS (
        DELETE FROM undecided u WHERE {_WHICH} RETURNING *
    ), added AS (
        INSERT INTO messages (id, run_id, customer_id, brand, purpose, purpose_class, document, dedupe_key, data,
                              shard, planned_at)
        SELECT message_id(g.key_prefix || c.id), r.id, c.id, r.brand, r.purpose, r.purpose_class, g.document,
               g.key_prefix || c.id, jsonb_build_object('customer', jsonb_build_object('first_name', c.first_name,
                   'last_name', c.last_name, 'company', c.company)), g.shard, g.planned_at
        FROM gone g JOIN runs r ON r.id = g.run_id CROSS JOIN unnest(g.customers) AS w(id)
        JOIN customers c ON c.id = w.id
        ON CONFLICT DO NOTHING RETURNING run_id
    ), other AS (
        SELECT run_id, sum(cardinality(customers)) - (SELECT count(*) FROM added a WHERE a.run_id = g.run_id) AS people
        FROM gone g GROUP BY run_id
    )
    UPDATE runs r SET already_sent = r.already_sent + o.people FROM other o WHERE o.run_id = r.id AND o.people > 0
""")
