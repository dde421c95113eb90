"""Planning: an audience frozen, decided and written, against a conventional loop of one transaction a customer."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from bench.figure import Figure, bound, rate, seconds
from bench.home import fresh_home
from bench.peers.server_cpu import postmaster_of, server_cpu
from templates.catalog import find
from tidings.organisation import read_organisation
from work import run as stages
from work.campaign import open_campaign, parse_campaign
from work.installation import Installation

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
CUSTOMERS = 100_000
"""With 10 statements and 20 touchpoints each; a run is planned 10,000 at a time, so a million are ten times as much."""
MANY = 1_000_000
FIRST = 2_000
"""Who is planned before anything is measured: what a process loads once would count ten times in a million."""
ONE_BY_ONE = 1_000
EXAMPLE = Path(__file__).parents[1] / "examples" / "demo" / "organisation.toml"

_SEED = """
    INSERT INTO customers (language, time_zone, country, first_name)
        SELECT 'en', 'Europe/Oslo', 'NO', 'Customer ' || n FROM generate_series(1, {customers}) n;
    INSERT INTO addresses (customer_id, channel, value) SELECT id, 'email', id || '@example.org' FROM customers;
    INSERT INTO addresses (customer_id, channel, value)
        SELECT id, 'sms', '+474' || (1000000 + id) FROM customers WHERE id % 2 = 0;
    INSERT INTO consents (customer_id, topic, channel, action, source, proof, actor, at)
        SELECT id, 'news', 'all', 'given', 'form', 'p', 'customer', timestamptz '{now}' - interval '1 day'
        FROM customers WHERE id % 10 <> 0;
    INSERT INTO statements (customer_id, topic, kind, channels, value, source, proof, actor, at)
        SELECT id, (ARRAY['news', 'offer', 'all', 'invoice', 'offer.garden'])[1 + (id + n) % 5],
               (ARRAY['order', 'order', 'language', 'tracking', 'manner'])[1 + n % 5],
               CASE WHEN n % 5 < 2 THEN '{{sms,email}}'::text[] ELSE '{{}}' END,
               CASE WHEN n % 5 = 2 THEN '{{"language": "sv"}}'::jsonb ELSE '{{}}' END,
               'form', 'p', 'customer', timestamptz '{now}' - n * interval '9 days'
        FROM customers, generate_series(1, 10) n;
    INSERT INTO touchpoints (customer_id, brand, source, external_id, direction, channel, kind, purpose, at)
        SELECT id, 'nordlys', 'bench', id || '-' || n, CASE WHEN n % 4 = 0 THEN 'in' ELSE 'out' END,
               (ARRAY['email', 'sms'])[1 + n % 2], (ARRAY['opened', 'sent', 'delivered', 'sent'])[1 + n % 4],
               (ARRAY['news', 'offer', 'invoice'])[1 + n % 3], timestamptz '{now}' - n * interval '17 days'
        FROM customers, generate_series(1, 20) n;
    INSERT INTO behaviour (customer_id, channel, purpose_class, reached, engaged, observations, as_of)
        SELECT id, channel, 'marketing', 5, id % 5, 6, timestamptz '{now}' - interval '17 days'
        FROM customers, unnest(ARRAY['email', 'sms']) channel;
"""


def figures() -> Iterable[Figure]:
    """Measure on a fresh home in the temporary folder."""
    _measured(FIRST)
    cpu, ours, alone = _measured(CUSTOMERS)
    yield bound("plan 1M", ours=cpu * MANY / CUSTOMERS, most=60, unit="CPU-s, database's too")
    yield rate(
        "plan: freeze, decide and write, against an insert and a commit each",
        ours=CUSTOMERS / ours,
        other=ONE_BY_ONE / alone,
        unit="customers/s",
        goal=5,
    )


def _measured(many: int) -> tuple[float, float, float]:
    """Plan so many customers; return its CPU seconds, how long it took, and how long one by one."""
    with fresh_home() as (settings, store):
        installation = Installation(
            settings=settings, organisation=read_organisation(EXAMPLE), engine=store.engine, key=b"k" * 32
        )
        with store.engine.begin() as connection:
            connection.execute(text(_SEED.format(customers=many, now=NOW.isoformat())))
            postmaster = postmaster_of(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        # The server's housekeeping after so much was loaded is no part of planning.
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM (ANALYZE)"))
            connection.execute(text("CHECKPOINT"))
        before = time.process_time() + server_cpu(postmaster)
        ours = seconds(lambda: plan(installation, NOW))
        cpu = time.process_time() + server_cpu(postmaster) - before
        with store.engine.connect() as connection:
            decided = connection.scalar(
                text("SELECT count(*) FROM messages WHERE state IN ('ready', 'held')")
            )
        if decided != many:
            raise RuntimeError(f"{decided} of {many} messages were decided.")
        return cpu, ours, seconds(lambda: _one_by_one(store.engine))


def plan(installation: Installation, now: datetime) -> str:
    """Open a campaign for everybody and decide all of it; return its run."""
    raw = {
        "name": "bench",
        "edition": "1",
        "topic": "news",
        "template": "news/quarterly",
        "audience": {"everybody": True},
        "data": {key: value for key, value in find("news/quarterly").sample.items() if key != "customer"},
    }
    opened = open_campaign(
        installation, parse_campaign(raw, where="bench"), installation.policy, actor="staff:bench", now=now
    )
    shards = stages.begin(installation, opened.run, now=now)
    for shard in range(shards.count):
        stages.plan(installation, opened.run, shard, installation.policy, now=now)
    return opened.run


def _one_by_one(engine: Engine) -> None:
    """What is written first: for each customer look at consent and address, insert the message, commit."""
    with engine.connect() as connection:
        customers = connection.scalars(
            text("SELECT id FROM customers ORDER BY id LIMIT :n"), {"n": ONE_BY_ONE}
        ).all()
        connection.rollback()
        for customer in customers:
            with connection.begin():
                _look_and_insert(connection, customer)


def _look_and_insert(connection: Connection, customer: int) -> None:
    who = {"customer": customer}
    connection.execute(text("SELECT action FROM consents WHERE customer_id = :customer"), who).all()
    connection.execute(text("SELECT channel, value FROM addresses WHERE customer_id = :customer"), who).all()
    connection.execute(
        text("""
            INSERT INTO messages (id, run_id, customer_id, purpose, purpose_class, document, dedupe_key, state,
                                  channel, due_at, planned_at)
            VALUES (gen_random_uuid(), 'bench-1', :customer, 'news', 'marketing', 'peer', 'peer:' || :customer,
                    'ready', 'email', now(), now())
        """),
        who,
    )
