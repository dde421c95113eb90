"""Learning: touchpoints read, folded and saved, with the database's own CPU: 20 of each customer, one, a day's news."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import Engine, text

from bench.figure import Figure, bound
from bench.home import fresh_home
from bench.peers.server_cpu import postmaster_of, server_cpu
from work.learn import learn

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
TOUCHPOINTS = 1_000_000
EACH = 20
"""Touchpoints of one customer."""
SPREAD = 200_000
"""Touchpoints of as many customers; 1,000,000 are five times as much."""
NEWS = 50_000
"""Touchpoints of the day after, each of another customer."""
MOST = 20.0

_SEED = """
    INSERT INTO customers (language, time_zone, country)
        SELECT 'en', (ARRAY['Europe/Oslo', 'America/Sao_Paulo', 'Europe/London'])[1 + n % 3], 'NO'
          FROM generate_series(1, :customers) n;
"""
_TOUCH = """
    INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, purpose, message_id, at)
        SELECT 1 + n / :each, 'bench', :name || n, CASE WHEN n % 4 < 2 THEN 'out' ELSE 'in' END,
               (ARRAY['email', 'sms', 'letter', 'push'])[1 + n / 4 % 4],
               (ARRAY['sent', 'delivered', 'opened', 'clicked'])[1 + n % 4], (ARRAY['offer', 'invoice'])[1 + n / 8 % 2],
               md5(:name || n / 4)::uuid, CAST(:now AS timestamptz)
                   - make_interval(mins => n % 400000 + 60 * (3 - n % 4))
          FROM generate_series(0, :count - 1) n;
"""


def figures() -> Iterable[Figure]:
    """Measure on a fresh home in the temporary folder."""
    with fresh_home() as (_, store):
        engine = store.engine
        with engine.begin() as connection:
            connection.execute(text(_SEED), {"customers": TOUCHPOINTS // EACH})
        _touch(engine, "first ", TOUCHPOINTS, EACH)
        ours = _cpu(engine, lambda: learn(engine, now=NOW))
        _touch(engine, "second ", NEWS, 1)
        news = _cpu(engine, lambda: learn(engine, now=NOW))
    with fresh_home() as (_, store):
        with store.engine.begin() as connection:
            connection.execute(text(_SEED), {"customers": SPREAD})
        _touch(store.engine, "one each ", SPREAD, 1)
        spread = _cpu(store.engine, lambda: learn(store.engine, now=NOW)) * TOUCHPOINTS / SPREAD
    yield bound("learn 1M", ours=ours, most=MOST, unit="CPU-s, database included")
    yield bound("learn 1M: one touchpoint of each customer", ours=spread, most=MOST, unit="CPU-s")
    yield bound(
        "learn: news of 50,000 customers with 20 touchpoints each", ours=news, most=MOST, unit="CPU-s"
    )


def _touch(engine: Engine, name: str, count: int, each: int) -> None:
    with engine.begin() as connection:
        connection.execute(text(_TOUCH), {"name": name, "count": count, "each": each, "now": NOW})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE touchpoints"))


def _cpu(engine: Engine, work: Callable[[], object]) -> float:
    """Return the CPU of this process and of the database's, user and system."""
    with engine.connect() as connection:
        postmaster = postmaster_of(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    before = time.process_time() + server_cpu(postmaster)
    work()
    return time.process_time() + server_cpu(postmaster) - before
