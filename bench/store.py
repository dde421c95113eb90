"""The store: claims and outcomes in batches, and writing by COPY, on the embedded server with full safety.

Full safety: fsync is on, customers are locked, every unique index, check and foreign key is there, for both sides.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import psycopg
from sqlalchemy import Engine, text

from bench.figure import Figure, rate, seconds
from bench.home import fresh_home
from store import claims, outcomes
from store.arrays import read_arrays
from store.bulk import copy_frame
from store.owner import owner

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MESSAGES = 40_000
BATCH = 1_000
SENDERS = 2
ONE_BY_ONE = 1_500
WANTED = 10_000
"""Intents and outcomes a second on two cores (design/delivery.md)."""

TOUCHPOINTS = 100_000

_SEED = """
    INSERT INTO customers (language, time_zone, country, first_name)
        SELECT 'en', 'UTC', 'NO', 'Customer ' || n FROM generate_series(1, {customers}) n;
    INSERT INTO addresses (customer_id, channel, value) SELECT id, 'email', id || '@example.org' FROM customers;
    INSERT INTO policies (digest, rules) VALUES ('d', '{{}}');
    INSERT INTO templates (name, version, purpose, purpose_class, content_hash)
        VALUES ('t', '1', 'news', 'marketing', 'h');
    INSERT INTO runs (id, kind, title, purpose, topic, purpose_class, template_id, policy_version, mode, state,
                      requested_by, starts_at)
        SELECT 'bench.1', 'campaign', 't', 'news', 'news', 'marketing', t.id, p.version, 'outbox', 'sending', 'bench',
               timestamptz '{now}' FROM templates t, policies p;
    INSERT INTO messages (id, run_id, customer_id, purpose, purpose_class, document, dedupe_key, state, channel,
                          due_at, planned_at)
        SELECT gen_random_uuid(), 'bench.1', id, 'news', 'marketing', 'd', 'k' || id, 'ready', 'email',
               timestamptz '{now}', timestamptz '{now}' FROM customers;
    ANALYZE customers, addresses, messages;
"""


def figures() -> Iterable[Figure]:
    """Measure on a fresh home in the temporary folder."""
    with fresh_home() as (_, store):
        yield from _claims(store.engine)
        yield from _writes(store.engine)


def _claims(engine: Engine) -> Iterable[Figure]:
    with engine.begin() as connection:
        connection.execute(text(_SEED.format(customers=MESSAGES + ONE_BY_ONE, now=NOW.isoformat())))
        # The peer's messages are on a lane of their own, so that both find what they need by the same index.
        connection.execute(
            text(
                "UPDATE messages SET channel = 'sms' WHERE customer_id IN (SELECT id FROM customers LIMIT :n)"
            ),
            {"n": ONE_BY_ONE},
        )
    alone = seconds(lambda: _commit_each(engine))
    sent: list[str] = []
    with ThreadPoolExecutor(max_workers=SENDERS) as senders:

        def both() -> None:
            for part in senders.map(lambda _: list(_in_batches(engine)), range(SENDERS)):
                sent.extend(part)

        ours = seconds(both)
    with engine.connect() as connection:
        done = connection.scalar(text("SELECT count(*) FROM attempts WHERE state = 'accepted'"))
    if not len(sent) == len(set(sent)) == MESSAGES or done != MESSAGES + ONE_BY_ONE:
        raise RuntimeError(f"{len(sent)} of {MESSAGES} messages were claimed, {done} attempts recorded.")
    # An intent and an outcome of a message are two; the other side commits each of them on its own.
    other = 2 * ONE_BY_ONE / alone
    yield rate(
        "intents and outcomes", ours=2 * MESSAGES / ours, other=other, unit="/s", goal=max(3, WANTED / other)
    )
    yield rate(
        f"messages claimed and recorded, {BATCH} a transaction by {SENDERS} senders, against a transaction each",
        ours=MESSAGES / ours,
        other=ONE_BY_ONE / alone,
        unit="messages/s",
        goal=3,
    )


def _in_batches(engine: Engine) -> Iterable[str]:
    """Claim and record as `work.deliver` does."""
    with owner(engine) as held:
        while True:
            with engine.begin() as connection:
                due = claims.lock_due(
                    connection, channel="email", mode="outbox", run="bench.1", shard=0, now=NOW, limit=BATCH
                )
                if not due:
                    return
                rows = connection.execute(
                    text("SELECT customer_id, id FROM addresses WHERE customer_id = ANY(:ids)"),
                    {"ids": [one.customer for one in due]},
                )
                address: dict[int, int] = {row.customer_id: row.id for row in rows}
                claimed = claims.open_attempts(
                    connection,
                    [(one.message, address[one.customer]) for one in due],
                    channel="email",
                    provider="bench",
                    owner=held.number(),
                    now=NOW,
                    lease=timedelta(minutes=5),
                )
            with engine.begin() as connection:
                outcomes.record(connection, [_accepted(one) for one in claimed], now=NOW)
            yield from (one.message for one in claimed)


def _accepted(claimed: claims.Claimed) -> outcomes.Step:
    return outcomes.Step(
        attempt=claimed.attempt,
        delivery=claimed.delivery,
        message=claimed.message,
        customer=claimed.customer,
        attempt_state="accepted",
        delivery_state="accepted",
        message_state="done",
        channel=claimed.channel,
    )


def _commit_each(engine: Engine) -> None:
    """Do what most senders do, with the same safety: a durable intent and a durable outcome for each message."""
    raw: psycopg.Connection[Any] = engine.raw_connection().driver_connection  # type: ignore[assignment]
    while (message := _claim_one(raw)) is not None:
        with raw.transaction():
            for statement in _OUTCOME:
                raw.execute(statement, {"message": message, "now": NOW})
    raw.close()


def _claim_one(raw: psycopg.Connection[Any]) -> str | None:
    with raw.transaction():
        row = raw.execute(_CLAIM, {"now": NOW}).fetchone()
        if row is None:
            return None
        for statement in _INTENT:
            raw.execute(statement, {"message": row[0], "now": NOW})
    return str(row[0])


_CLAIM = """
    SELECT id FROM messages WHERE state = 'ready' AND channel = 'sms' AND due_at <= %(now)s
    ORDER BY purpose_class DESC, due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_INTENT = (
    "UPDATE messages SET state = 'in_delivery' WHERE id = %(message)s",
    """
    INSERT INTO deliveries (id, message_id, number, channel, address_id, address, state, reference, created_at)
    SELECT m.id, m.id, 1, 'sms', a.id, a.value, 'sending', m.id::text, %(now)s
    FROM messages m JOIN addresses a ON a.customer_id = m.customer_id WHERE m.id = %(message)s
    """,
    """
    INSERT INTO attempts (id, delivery_id, number, provider, state, owner, started_at, lease_until)
    VALUES (%(message)s, %(message)s, 1, 'bench', 'sending', 0, %(now)s, %(now)s)
    """,
)
_OUTCOME = (
    "UPDATE attempts SET state = 'accepted', ended_at = now() WHERE id = %(message)s",
    "UPDATE deliveries SET state = 'accepted' WHERE id = %(message)s",
    "UPDATE messages SET state = 'done' WHERE id = %(message)s",
    """
    INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, message_id, at)
    SELECT customer_id, 'delivery', id::text, 'out', 'sms', 'sent', id, %(now)s FROM messages WHERE id = %(message)s
    """,
)


def _writes(engine: Engine) -> Iterable[Figure]:
    with engine.connect() as connection:
        known = connection.scalars(text("SELECT id FROM customers ORDER BY id")).all()
    frame = pl.DataFrame(
        {
            "customer_id": [known[n % len(known)] for n in range(TOUCHPOINTS)],
            "external_id": [f"till-{n}" for n in range(TOUCHPOINTS)],
        }
    ).with_columns(
        source=pl.lit("till"),
        direction=pl.lit("in"),
        channel=pl.lit("payment"),
        kind=pl.lit("paid"),
        at=pl.lit(NOW),
    )
    few = frame.head(TOUCHPOINTS // 10).with_columns(source=pl.lit("shop"))
    insert = text(
        f"INSERT INTO touchpoints ({', '.join(few.columns)}) VALUES ({', '.join(f':{name}' for name in few.columns)})"
    )

    def rows() -> None:
        with engine.begin() as connection:
            for row in few.iter_rows(named=True):
                connection.execute(insert, row)

    def copied() -> None:
        with engine.begin() as connection:
            copy_frame(connection, "touchpoints", frame)

    by_rows, by_copy = seconds(rows), seconds(copied)
    yield rate(
        "rows written by COPY, against an INSERT each in one transaction",
        ours=TOUCHPOINTS / by_copy,
        other=few.height / by_rows,
        unit="rows/s",
        goal=5,
    )

    shape = {
        "customer_id": pl.Int64(),
        "external_id": pl.String(),
        "kind": pl.String(),
        "at": pl.Datetime("us", "UTC"),
    }
    query = f"SELECT {', '.join(shape)} FROM touchpoints WHERE source = 'till'"

    def as_objects() -> None:
        with engine.connect() as connection:
            pl.from_dicts(
                [dict(row._mapping) for row in connection.execute(text(query))], infer_schema_length=1
            )

    def as_frame() -> None:
        with engine.connect() as connection:
            read_arrays(connection, [(query, shape)], {})

    yield rate(
        "rows read into a frame, against rows turned into dicts",
        ours=TOUCHPOINTS / seconds(as_frame),
        other=TOUCHPOINTS / seconds(as_objects),
        unit="rows/s",
        goal=2,
    )
