"""A campaign rehearsed over many customers, from the question to what is kept of it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text

from bench.figure import Figure, bound, cpu_seconds, seconds
from bench.home import fresh_home
from bench.plan import _SEED, EXAMPLE, NOW
from templates.catalog import find
from tidings.organisation import read_organisation
from tidings.problem import Exit, Problem
from work import rehearsal
from work.campaign import parse_campaign
from work.installation import Installation

CUSTOMERS = 100_000
MOST_SECONDS = 30.0
"""On the clock, reading and keeping included."""


def figures() -> Iterable[Figure]:
    """Measure on a fresh home in the temporary folder."""
    with fresh_home() as (settings, store):
        installation = Installation(
            settings=settings, organisation=read_organisation(EXAMPLE), engine=store.engine, key=b"k" * 32
        )
        with store.engine.begin() as connection:
            connection.execute(text(_SEED.format(customers=CUSTOMERS, now=NOW.isoformat())))
        raw = {
            "name": "bench",
            "edition": "1",
            "topic": "news",
            "template": "news/quarterly",
            "audience": {"everybody": True},
            "fallback_after": {"email": "P3D", "sms": "P1D"},
            "data": {key: value for key, value in find("news/quarterly").sample.items() if key != "customer"},
        }
        campaign = parse_campaign(raw, where="bench")
        with store.engine.begin() as connection:
            asked = rehearsal.ask(connection, installation, campaign, now=NOW, actor="staff:bench")
        told: list[dict[str, Any]] = []
        clock = seconds(lambda: told.append(rehearsal.rehearse(installation, asked)))
        cpu = cpu_seconds(lambda: told.append(rehearsal.rehearse(installation, asked)))
    first, second = told
    if first != second or first["audience"] != CUSTOMERS or not first["fallbacks"] or not first["held"]:
        raise Problem("The rehearsal is not what it must be.", code=Exit.FAILED)
    yield bound("rehearse 100k", ours=clock, most=MOST_SECONDS, unit="s")
    yield bound("rehearse 100k: CPU in our process", ours=cpu, most=5.0, unit="s")
