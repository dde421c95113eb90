"""Deciding: columns against the row-by-row reading that the tests hold it to, on the same invented customers."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from bench.figure import Figure, bound, cpu_seconds, rate
from preferences.decision import decide
from preferences.policy import Policy
from tests.preferences.oracle import Oracle
from tidings.facts import SCHEMAS, Facts, Question, empty

NOW = datetime(2026, 3, 3, 16, tzinfo=UTC)
MANY = 1_000_000
ONE_BY_ONE = 4_000
BATCH = 50
ROUNDS = 40
DAY = 86_400_000_000
CHANNELS = ("email", "sms", "push", "letter")
ZONES = (
    ("Europe/Oslo", "NO"),
    ("Europe/Stockholm", "SE"),
    ("Europe/Warsaw", "PL"),
    ("America/Sao_Paulo", "BR"),
    ("Europe/London", "GB"),
)
ASKED = Question(
    run="autumn",
    brand="nordlys",
    topic="offer.garden",
    purpose_class="marketing",
    channels=CHANNELS,
    default_order=("email", "push", "sms", "letter"),
    costs={"email": 0.0001, "sms": 0.05, "push": 0.00001, "letter": 1.15},
)


def figures() -> Iterable[Figure]:
    """Measure in this process; a tenth of the customers is told to warm up."""
    policy = Policy()
    decide(population(MANY // 10), policy, NOW)
    facts = population(MANY)
    ours = cpu_seconds(lambda: decide(facts, policy, NOW))
    yield bound("decide: CPU of a million customers on four channels", ours=ours, most=8.0, unit="s")
    few = part(facts, ONE_BY_ONE)
    alone = cpu_seconds(lambda: one_by_one(few, policy))
    yield rate(
        "decide: columns against rows",
        ours=MANY / ours,
        other=ONE_BY_ONE / alone,
        unit="customers/CPU-s",
        goal=20,
    )
    small = part(facts, BATCH)
    start = time.process_time()
    for _ in range(ROUNDS):
        decide(small, policy, NOW)
    each = (time.process_time() - start) / ROUNDS
    yield bound("decide: CPU of a claim of 50", ours=each * 1000, most=10.0, unit="ms")


def one_by_one(facts: Facts, policy: Policy) -> list[tuple[str, list[str], str]]:
    """Decide every message by the row-by-row reading, with what `decide` returns: evidence as JSON and a digest."""
    rows = {name: getattr(facts, name).to_dicts() for name in SCHEMAS}
    judge: Any = Oracle(facts.question, rows, policy, NOW)  # type: ignore[no-untyped-call]
    found = []
    for line in rows["asked"]:
        verdict, channels = judge.decide(line["message"], line["customer"], line["tried"])
        evidence = [json.dumps(told["evidence"]) for told in channels.values()]
        known = json.dumps([judge.of(name, line["customer"]) for name in SCHEMAS], default=str)
        found.append((verdict["state"], evidence, hashlib.blake2b(known.encode(), digest_size=8).hexdigest()))
    return found


def part(facts: Facts, count: int) -> Facts:
    """Return the facts of the first customers."""
    kept = {name: getattr(facts, name).filter(pl.col("customer") <= count) for name in SCHEMAS}
    return Facts(question=facts.question, **kept)


def population(count: int, seed: int = 7) -> Facts:
    """Return invented facts.

    3 in 10 customers stated something, 7 in 10 consented, 2 in 5 were observed, 3 addresses in 100 are suppressed.
    """
    dice = np.random.default_rng(seed)
    ids = np.arange(1, count + 1)
    frames = {
        "asked": {
            "message": [f"0197-{number:012}" for number in ids.tolist()],
            "customer": ids,
            "tried": [[]] * count,
        },
        "customers": _people(dice, ids),
        "addresses": _addresses(dice, ids),
    }
    where = frames["addresses"]
    barred = np.flatnonzero(dice.random(len(where["customer"])) < 0.03)
    frames["suppressions"] = {
        "customer": where["customer"][barred],
        "channel": where["channel"][barred],
        "address": where["address"][barred],
        "suppression": np.arange(len(barred)),
        "brand": _pick(dice, ("all", "nordlys"), len(barred)),
        "reason": _pick(dice, ("hard_bounce", "hard_bounce", "stop"), len(barred)),
        "at": _ago(dice, len(barred)),
    }
    frames["consents"] = _consents(dice, ids)
    frames["statements"] = _statements(dice, ids)
    seen = np.repeat(ids[dice.random(count) < 0.4], 2)
    reached = dice.random(len(seen)) * 20
    frames["behaviour"] = {
        "customer": seen,
        "channel": np.resize(np.array(["email", "letter"]), len(seen)),
        "purpose_class": ["marketing"] * len(seen),
        "reached": reached,
        "engaged": reached * dice.random(len(seen)) ** 3,
        "observations": np.ceil(reached),
        "as_of": _ago(dice, len(seen)),
    }
    awake = np.repeat(ids[dice.random(count) < 0.1], 3)
    frames["hours"] = {
        "customer": awake,
        "cell": (np.arange(len(awake)) % 3) * 24 + dice.integers(8, 22, len(awake)),
        "weight": dice.random(len(awake)) * 9,
        "as_of": np.repeat(_ago(dice, len(awake) // 3), 3),
    }
    met = dice.choice(ids, count)
    frames["recent"] = {
        "customer": met,
        "brand": ["nordlys"] * count,
        "purpose": _pick(dice, ("offer", "news"), count),
        "channel": ["email"] * count,
        "at": _ago(dice, count, days=60),
    }
    frames["coming"] = _coming(dice, ids)
    return Facts(question=ASKED, **{name: _frame(name, columns) for name, columns in frames.items()})


def _coming(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    met = ids[dice.random(len(ids)) < 0.05]
    return {
        "customer": met,
        "campaign": np.full(len(met), "spring/2026"),
        "brand": np.full(len(met), "nordlys"),
        "purpose": np.full(len(met), "offer"),
        "priority": np.full(len(met), 8),
        "at": -_ago(dice, len(met), days=40) + 2 * int(NOW.timestamp()) * 1_000_000,
    }


def _frame(name: str, columns: dict[str, Any]) -> pl.DataFrame:
    shape = empty(name).schema
    return pl.DataFrame({column: pl.Series(values) for column, values in columns.items()}).cast(dict(shape))  # type: ignore[arg-type]


def _people(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    place = dice.integers(0, len(ZONES), len(ids))
    zones, countries = np.array(ZONES).T
    return {
        "customer": ids,
        "language": _pick(dice, ("nb", "sv", "pl", "pt_BR", "en"), len(ids)),
        "time_zone": zones[place],
        "country": countries[place],
        "standing": _pick(dice, ("customer",) * 19 + ("former",), len(ids)),
        "holds": pl.Series([["complaint"], []], dtype=pl.List(pl.String))[
            (dice.random(len(ids)) > 0.01).astype(np.int64)
        ],
    }


def _addresses(dice: np.random.Generator, ids: np.ndarray) -> dict[str, np.ndarray]:
    have = [
        (channel, ids[dice.random(len(ids)) < share])
        for channel, share in zip(CHANNELS, (0.9, 0.7, 0.3, 0.9), strict=True)
    ]
    customer = np.concatenate([whose for _, whose in have])
    return {
        "customer": customer,
        "channel": np.concatenate([np.full(len(whose), channel) for channel, whose in have]),
        "address": np.arange(1, len(customer) + 1),
        "state": _pick(dice, ("usable",) * 49 + ("unusable",), len(customer)),
        "problem": np.full(len(customer), ""),
        "verified": dice.random(len(customer)) < 0.5,
        "position": np.zeros(len(customer), dtype=np.int64),
        "country": np.full(len(customer), "NO"),
    }


def _consents(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    given, taken = ids[dice.random(len(ids)) < 0.7], ids[dice.random(len(ids)) < 0.08]
    news = ids[dice.random(len(ids)) < 0.5]
    customer = np.concatenate([given, news, taken])
    count = len(customer)
    topics = [("offer", given), ("news", news), ("offer", taken)]
    return {
        "customer": customer,
        "consent": np.arange(count),
        "brand": _pick(dice, ("all", "nordlys"), count),
        "topic": np.concatenate([np.full(len(whose), topic) for topic, whose in topics]),
        "channel": _pick(dice, ("all", "email", "email", "letter", "sms"), count),
        "action": np.concatenate(
            [np.full(len(given) + len(news), "given"), _pick(dice, ("withdrawn", "objected"), len(taken))]
        ),
        "source": _pick(dice, ("form", "import:crm.csv"), count),
        "proof": dice.random(count) < 0.95,
        "member": np.zeros(count, dtype=np.int64),
        "at": _ago(dice, count),
    }


def _statements(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    said = dice.choice(ids, len(ids) * 3 // 10)
    count = len(said)
    kind = _pick(dice, ("order",) * 7 + ("pause", "quiet_hours", "language"), count)
    values = {
        "order": "{}",
        "pause": "{}",
        "quiet_hours": '{"start": "20:00", "end": "09:00"}',
        "language": '{"language": "sv"}',
    }
    orders = pl.Series([["letter"], ["sms", "email"], ["email"], []], dtype=pl.List(pl.String))
    ends = np.where(dice.random(count) < 0.1, _ago(dice, count) + 400 * DAY, -1)
    return {
        "customer": said,
        "statement": np.arange(count),
        "brand": np.full(count, "all"),
        "topic": _pick(dice, ("all", "offer", "news", "invoice"), count),
        "kind": kind,
        "channels": orders[np.where(kind == "order", dice.integers(0, 3, count), 3)],
        "value": [values[word] for word in kind.tolist()],
        "source": _pick(dice, ("form", "api"), count),
        "from_at": pl.Series([None] * count, dtype=pl.Int64),
        "until_at": pl.Series(ends).replace(-1, None),
        "at": _ago(dice, count),
    }


def _pick(dice: np.random.Generator, words: tuple[str, ...], count: int) -> np.ndarray:
    return np.array(words)[dice.integers(0, len(words), count)]


def _ago(dice: np.random.Generator, count: int, days: int = 700) -> np.ndarray:
    now = int(NOW.timestamp()) * 1_000_000
    return now - dice.integers(1, days * DAY // 1_000_000, count) * 1_000_000
