"""Explaining: one customer's decision asked again and proved, where facts have changed since and where not."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bench.figure import Figure, bound
from bench.home import fresh_home
from bench.peers.server_cpu import postmaster_of, server_cpu
from bench.plan import plan
from tidings.organisation import read_organisation
from work.explain import explain
from work.installation import Installation

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
CUSTOMERS = 2_000
ASKED = 100
"""So many are explained, every other of them with facts that have changed since."""
MOST_MS = 50
EXAMPLE = Path(__file__).parents[1] / "examples" / "demo" / "organisation.toml"
_SEED = """
    INSERT INTO customers (first_name, last_name, language, time_zone, country, created_at)
    SELECT 'Ada', 'Berg ' || n, 'en', 'Europe/Oslo', 'NO', '{before}' FROM generate_series(1, {customers}) n;
    INSERT INTO customer_references (source, reference, customer_id) SELECT 'crm', 'C' || id, id FROM customers;
    INSERT INTO addresses (customer_id, channel, value, created_at)
    SELECT id, channel, CASE channel WHEN 'email' THEN 'c' || id || '@example.org' ELSE '+4790' || 100000 + id END,
           '{before}' FROM customers, (VALUES ('email'), ('sms')) AS c (channel);
    INSERT INTO consents (customer_id, topic, channel, action, source, proof, actor, at, recorded_at)
    SELECT id, 'news', 'all', 'given', 'form', 'form 1', 'customer', '{before}', '{before}' FROM customers;
    INSERT INTO statements (customer_id, kind, topic, channels, source, actor, at, recorded_at)
    SELECT id, 'order', topic, ARRAY['sms', 'email'], 'form', 'customer', '{before}', '{before}'
      FROM customers, (VALUES ('news'), ('all'), ('offer'), ('invoice')) AS t (topic), generate_series(1, 2);
"""


def figures() -> Iterable[Figure]:
    """Measure on a fresh home in the temporary folder."""
    with fresh_home() as (settings, store):
        installation = Installation(
            settings=settings, organisation=read_organisation(EXAMPLE), engine=store.engine, key=b"k" * 32
        )
        before = (NOW - timedelta(days=30)).isoformat()
        with store.engine.begin() as connection:
            connection.execute(text(_SEED.format(customers=CUSTOMERS, before=before)))
        run = plan(installation, NOW)
        with store.engine.begin() as connection:
            connection.execute(
                text("""
                    INSERT INTO statements (customer_id, kind, topic, channels, source, actor, at)
                    SELECT id, 'order', 'news', ARRAY['email'], 'form', 'customer', now() FROM customers
                     WHERE id % 2 = 0
                """)
            )
        told = [explain(installation, f"C{number}", run, now=NOW) for number in (1, 2)]
        if not all(one["proved"] for one in told) or [one["facts_changed"] for one in told] != [False, True]:
            raise RuntimeError("A decision was not proved.")
        with store.engine.connect() as connection:
            postmaster = postmaster_of(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
        start = time.process_time() + server_cpu(postmaster)
        for number in range(1, ASKED + 1):
            explain(installation, f"C{number}", run, now=NOW)
        took = time.process_time() + server_cpu(postmaster) - start
    yield bound("explain one", ours=took / ASKED * 1000, most=MOST_MS, unit="CPU-ms, database's too")
