"""What Prefect takes of the CPU of a million mails, and whether the sending process stays as small as for a tenth.

A campaign is planned and sent by the flow that a schedule runs, in a process of its own, with Prefect's server beside
it; mails go to the sink, SMS (`bench.share_sms`, a tenth as many) through the `twilio` client to a service on this
machine. `TIDINGS_BENCH_MESSAGES` says how many mails instead of 1,000,000, for a machine that has no eight minutes.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from bench import service, sink
from bench.figure import Figure, bound, cost
from bench.home import fresh_home
from bench.observed import NOW, Cost
from store.suppressions import record_none_exist
from templates.catalog import find
from tidings.channel import Channel
from tidings.organisation import read_organisation
from tidings.problem import Exit, Problem
from tidings.settings import Mode
from work.campaign import open_campaign, parse_campaign
from work.installation import Installation
from work.shards import FILLED

MESSAGES = 1_000_000
MOST = 5.0
"""Percent that Prefect may take."""
WARM = 4 * FILLED
"""Mails of the shards that are sent at a time: fewer need less memory for that reason alone."""
GROWTH = 32
"""MiB that the sending process may need more for ten times as many messages."""
EXAMPLE = Path(__file__).parents[1] / "examples" / "demo" / "organisation.toml"
_PEOPLE = """
    INSERT INTO customers (language, time_zone, country, first_name, last_name)
        SELECT 'en', 'Europe/Oslo', 'NO', 'Ingrid ' || n, 'Solheim' FROM generate_series(1, :count) n;
"""
_REACHED = """
    INSERT INTO addresses (customer_id, channel, value)
        SELECT id, :channel, CASE :channel WHEN 'sms' THEN '+474' || (1000000 + id) ELSE 'c' || id || '@example.com' END
        FROM customers;
"""
_WILLING = """
    INSERT INTO consents (customer_id, topic, channel, action, source, proof, actor, at)
        SELECT id, 'offer', 'all', 'given', 'form', 'p', 'customer', timestamptz '2026-03-01' FROM customers;
    ANALYZE customers, addresses, consents;
"""


def figures() -> Iterable[Figure]:
    """Measure a tenth, where that says something, then all of the mails."""
    mails = count()
    small = _mails(mails // 10) if mails // 10 >= WARM else None
    large = _mails(mails)
    yield share_of(large, "mails")
    if small:
        yield bound(
            f"memory that {mails:,} mails need more than {small.messages:,}",
            ours=max(large.peak - small.peak, 1) / 2**20,
            most=GROWTH,
            unit="MiB",
        )
    yield from _beside(large)


def count() -> int:
    """Return how many mails to send."""
    return int(os.environ.get("TIDINGS_BENCH_MESSAGES", MESSAGES))


def share_of(found: Cost, what: str) -> Figure:
    """Return Prefect's part of what a campaign cost."""
    return bound(
        f"Prefect's share of {found.messages:,} {what}", ours=found.share * 100, most=MOST, unit="% of CPU"
    )


def _beside(found: Cost) -> Iterator[Figure]:
    """Return what Prefect costs before the first claim."""
    yield cost(
        "Prefect's start: import, against its server",
        ours=found.imported,
        other=found.started,
        unit="CPU-seconds",
        goal=0,
    )


def _mails(messages: int) -> Cost:
    with sink.running(keep=False) as server:
        smtp = {"HOST": "127.0.0.1", "PORT": str(server.port)}
        found = _campaign(Channel.EMAIL, messages, {"EMAIL": "smtp"} | _below("SMTP", smtp))
        report = server.report()
    return _checked(found, report["count"], report["recipients"])


def sms(messages: int) -> Cost:
    """Send so many SMS."""
    with service.running("twilio", away=0) as server:
        twilio = {"ACCOUNT_SID": "AC1", "AUTH_TOKEN": "t", "ENDPOINT": server.url}
        found = _campaign(Channel.SMS, messages, {"SMS": "twilio"} | _below("TWILIO", twilio))
        report = server.report()
    return _checked(found, *report)


def _below(name: str, values: Mapping[str, str]) -> dict[str, str]:
    return {f"{name}__{key}": value for key, value in values.items()}


def _checked(found: Cost, came: int, distinct: int) -> Cost:
    if (came, distinct) != (found.messages, found.messages):
        raise Problem(f"{came} messages came, {distinct} distinct, not {found.messages}.", code=Exit.FAILED)
    return found


def _campaign(channel: Channel, messages: int, provider: Mapping[str, str]) -> Cost:
    """Send a campaign to so many new customers, each in one language and reached on one channel."""
    live = {
        "MODE": "live",
        "CONFIRM_OVER": str(messages),
        "PUBLIC_URL": "https://t.nordlys.example",
        **provider,
    }
    with fresh_home() as (settings, store):
        shutil.copy(EXAMPLE, settings.root / "organisation.toml")
        _fill(store.engine, channel, messages)
        own = {f"TIDINGS_{name}": value for name, value in live.items()}
        installation = Installation(
            settings=settings.model_copy(update={"mode": Mode.LIVE}),
            organisation=read_organisation(EXAMPLE),
            engine=store.engine,
            key=b"k" * 32,
        )
        run = _opened(installation, channel)
        done = subprocess.run(
            [sys.executable, "-m", "bench.observed", run],
            env={**os.environ, "TIDINGS_HOME": str(settings.root), **own},
            stdout=subprocess.PIPE,
            check=True,
        )
    found = Cost(**json.loads(done.stdout))
    if found.messages != messages:
        raise Problem(f"{found.messages} of {messages} customers were asked for.", code=Exit.FAILED)
    return found


def _fill(engine: Engine, channel: Channel, people: int) -> None:
    with engine.begin() as connection:
        for statement in (_PEOPLE, _REACHED, _WILLING):
            connection.execute(text(statement), {"channel": str(channel), "count": people})
        record_none_exist(connection, "nordlys", actor="staff:bench", now=NOW)


def _opened(installation: Installation, channel: Channel) -> str:
    sample: dict[str, Any] = dict(find("offer/autumn").sample)
    raw = {
        "name": "bench",
        "edition": "1",
        "topic": "offer",
        "template": "offer/autumn",
        "audience": {"everybody": True},
        "channels": [str(channel)],
        "data": {key: value for key, value in sample.items() if key != "customer"},
    }
    campaign = parse_campaign(raw, where="bench")
    return open_campaign(installation, campaign, installation.policy, actor="staff:bench", now=NOW).run
