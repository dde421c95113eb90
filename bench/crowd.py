"""A million invented customers with 10 statements and 20 touchpoints each, as `store.facts` would read them.

Every rule of the decision speaks for at least one in a hundred of them. Frames are sorted by customer and words come
as places in short lists, both of which `decide` takes as it takes any other order and plain words, only faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import polars as pl

from preferences.policy import Basis, Cap, Policy, Window
from tidings.channel import Channel
from tidings.facts import SCHEMAS, Facts, Population, Question, empty
from tidings.purpose import Purpose

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
"""A Monday: noon in Europe, a holiday in Britain, eight in the morning in New York."""
STATEMENTS = 10
DAY = 86_400_000_000
ALL = tuple(channel.value for channel in Channel)
ZONES = (
    ("Europe/Oslo", "NO"),
    ("Europe/Stockholm", "SE"),
    ("Europe/Warsaw", "PL"),
    ("America/Sao_Paulo", "BR"),
    ("Europe/London", "GB"),
    ("America/New_York", "US"),
)
PREFIXES = ("+4791", "+4670", "+4850", "+5511", "+4477", "+1212")
ASKED = Question(
    run="autumn",
    brand="nordlys",
    topic="offer.garden",
    purpose_class="marketing",
    channels=("email", "sms", "push", "letter"),
    default_order=("email", "push", "sms"),
    costs={"email": 0.0001, "sms": 0.05, "push": 0.00001, "letter": 1.15, "whatsapp": 0.04},
    budget='[{"limit": "letter", "most": 500, "cut_line": 0.01}]',
    limited=("letter",),
    best_hour_until=NOW + timedelta(days=1),
    population=Population(
        version=1,
        rates={"email": (900_000.0, 40_000.0), "sms": (300_000.0, 20_000.0), "letter": (200_000.0, 9_000.0)},
        hours=tuple(40.0 if hour in (9, 12, 18, 20) else 4.0 for _ in range(7) for hour in range(24)),
    ),
    holdout=0.03,
    holdout_group="autumn",
)
POLICY = Policy(
    time_zone="Europe/Oslo",
    basis={Channel.LETTER: Basis.LEGITIMATE_INTEREST},
    soft_opt_in=(Channel.EMAIL, Channel.SMS),
    verified=(Channel.PUSH,),
    quiet={
        channel: Window(start=time(21), end=time(8)) for channel in (Channel.SMS, Channel.PUSH, Channel.EMAIL)
    },
    holidays=(Channel.SMS, Channel.PUSH, Channel.EMAIL),
    caps=(
        Cap(purpose=Purpose.OFFER, limit=4, window=timedelta(days=30)),
        Cap(purpose="all", limit=6, window=timedelta(days=60)),
    ),
    wash={"SE": 30, "PL": 30},
    explore=0.05,
)
WASHED = {
    ("NO", "letter"): date(2026, 4, 20),
    ("NO", "phone"): date(2026, 4, 20),
    ("GB", "letter"): date(2026, 4, 25),
    ("GB", "phone"): date(2026, 4, 25),
}


def crowd(count: int, seed: int = 7) -> Facts:
    """Return invented facts about so many customers; the first ones are the same whatever the number."""
    dice = np.random.default_rng(seed)
    ids = np.arange(1, count + 1)
    place = dice.integers(0, len(ZONES), count)
    where = _addresses(dice, ids, place)
    barred = np.flatnonzero(dice.random(len(where["customer"])) < 0.03)
    frames = {
        "asked": {
            "message": pl.Series(ids).cast(pl.String).str.zfill(32),
            "customer": ids,
            "tried": _few(dice, count, ("", "email", "sms"), (0.96, 0.02, 0.02)),
            "over_budget": _few(dice, count, ("", "letter"), (0.8, 0.2)),
            "gain": np.full(count, 0.001),
            "waited": np.zeros(count, dtype=np.bool_),
        },
        "customers": _people(dice, ids, place),
        "addresses": where,
        "suppressions": {
            "customer": where["customer"][barred],
            "channel": where["channel"].gather(barred),
            "address": where["address"][barred],
            "suppression": np.arange(len(barred)),
            "brand": _few(dice, len(barred), ("all", "nordlys")),
            "reason": _few(dice, len(barred), ("hard_bounce", "stop"), (0.7, 0.3)),
            "at": _ago(dice, len(barred)),
        },
        "consents": _consents(dice, ids),
        "statements": _statements(dice, ids),
        "behaviour": _behaviour(dice, ids),
        "hours": _hours(dice, ids),
        "recent": _recent(dice, ids),
        "coming": _coming(dice, ids),
    }
    return Facts(
        question=ASKED, washed=WASHED, **{name: _frame(name, columns) for name, columns in frames.items()}
    )


def part(facts: Facts, customers: Sequence[int]) -> Facts:
    """Return the facts of some customers, as plain words."""
    kept = {name: getattr(facts, name).filter(pl.col("customer").is_in(list(customers))) for name in SCHEMAS}
    return Facts(
        question=facts.question,
        washed=facts.washed,
        **{name: plain(name, frame) for name, frame in kept.items()},
    )


def plain(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame with the types of SCHEMAS."""
    told = []
    for column, kind in empty(name).schema.items():
        words = pl.col(column).cast(pl.String)
        if isinstance(kind, pl.List):
            told.append(
                pl.when(words == "")
                .then(pl.lit([], dtype=kind))
                .otherwise(words.str.split(","))
                .alias(column)
            )
        else:
            told.append(words if kind == pl.String else pl.col(column))
    return frame.select(told)


def _frame(name: str, columns: Mapping[str, Any]) -> pl.DataFrame:
    series = {}
    for column, kind in empty(name).schema.items():
        values = columns[column] if isinstance(columns[column], pl.Series) else pl.Series(columns[column])
        series[column] = values if isinstance(kind, pl.List | pl.String) else values.cast(kind)
    return pl.DataFrame(series)


def _few(
    dice: np.random.Generator, count: int, words: Sequence[str], shares: Sequence[float] | None = None
) -> pl.Series:
    """Return words drawn by lot, as places in their list."""
    return _words(dice.choice(len(words), count, p=shares), words)


def _words(places: np.ndarray, words: Sequence[str]) -> pl.Series:
    return pl.Series(places.astype(np.uint8)).cat.to(pl.Enum(list(words)))


def _ago(dice: np.random.Generator, count: int, days: int = 700) -> np.ndarray:
    return _micro() - dice.integers(1, days * DAY // 1_000_000, count) * 1_000_000


def _micro() -> int:
    return int(NOW.timestamp()) * 1_000_000


def _people(dice: np.random.Generator, ids: np.ndarray, place: np.ndarray) -> dict[str, Any]:
    zones, countries = zip(*ZONES, strict=True)
    return {
        "customer": ids,
        "language": _few(dice, len(ids), ("nb", "sv", "pl", "pt_BR", "en")),
        "time_zone": _words(place, zones),
        "country": _words(place, countries),
        "standing": _few(dice, len(ids), ("customer", "prospect", "former"), (0.93, 0.05, 0.02)),
        "holds": _few(dice, len(ids), ("", "complaint"), (0.98, 0.02)),
    }


def _addresses(dice: np.random.Generator, ids: np.ndarray, place: np.ndarray) -> dict[str, Any]:
    have = dice.random((len(ids), len(ALL))) < np.array([0.9, 0.7, 0.3, 0.9, 0.2])
    row, channel = np.nonzero(have)
    phone = np.isin(channel, [ALL.index("sms"), ALL.index("whatsapp")])
    paper = channel == ALL.index("letter")
    listed = (dice.random(len(row)) < 0.08) & (phone | paper)
    return {
        "customer": ids[row],
        "channel": _words(channel, ALL),
        "address": np.arange(1, len(row) + 1),
        "state": _few(dice, len(row), ("usable", "unusable"), (0.95, 0.05)),
        "problem": _few(dice, len(row), ("",)),
        "verified": dice.random(len(row)) < 0.7,
        "position": np.zeros(len(row), dtype=np.int64),
        "country": _words(np.where(paper, place[row] + 1, 0), ("", *(country for _, country in ZONES))),
        "prefix": _words(np.where(phone, place[row] + 1, 0), ("", *PREFIXES)),
        "register": pl.Series(np.where(listed, 1, -1)).replace(-1, None),
    }


def _consents(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    row, kind = np.nonzero(dice.random((len(ids), 4)) < np.array([0.8, 0.5, 0.5, 0.08]))
    count = len(row)
    denied = kind == 3
    implied = dice.random(count) < 0.1
    ends = np.where(dice.random(count) < 0.25, _ago(dice, count) + 350 * DAY, -1)
    return {
        "customer": ids[row],
        "consent": np.arange(count),
        "brand": _few(dice, count, ("all", "nordlys")),
        "topic": _words(np.array([0, 1, 0, 0])[kind], ("offer", "news")),
        "channel": _words(
            np.where(kind == 0, dice.integers(0, 2, count), dice.integers(1, 5, count)), ("all", *ALL[:4])
        ),
        "action": _words(np.where(denied, dice.integers(1, 3, count), 0), ("given", "withdrawn", "objected")),
        "source": _few(dice, count, ("form", "import:crm.csv")),
        "proof": dice.random(count) < 0.95,
        "at": _ago(dice, count),
        "on_behalf": _few(dice, count, ("",)),
        "expires_at": pl.Series(ends).replace(-1, None),
        "ground": _words(np.where(implied & ~denied, 1, 0), ("", "purchase")),
        "member": np.zeros(count, dtype=np.int64),
    }


KINDS = ("order", "pause", "quiet_hours", "language", "tracking", "best_days", "frequency", "manner")
VALUES = (
    "{}", '{"only": true}', '{"start": "20:00", "end": "09:00"}', '{"language": "sv"}', '{"tracking": false}',
    '{"days": ["tue", "thu", "sat"]}', '{"at_most": 1, "per": "week"}', '{"large_print": true}',
)  # fmt: skip
ORDERS = ("", "letter", "sms,email", "email", "push,letter,sms")
TOPICS = ("news", "invoice", "all", "offer", "offer.garden")


def _statements(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    count = len(ids) * STATEMENTS
    owner = np.repeat(ids, STATEMENTS)
    ordering = np.repeat(dice.random(len(ids)) < 0.25, STATEMENTS)
    kind = dice.choice(len(KINDS), count, p=(0.4, 0.03, 0.05, 0.12, 0.1, 0.03, 0.03, 0.24))
    order = kind == 0
    topic = dice.choice(len(TOPICS), count, p=(0.3, 0.3, 0.15, 0.15, 0.1))
    topic = np.where(order & ~ordering, topic % 2, topic)
    only = order & (dice.random(count) < 0.1)
    at = _ago(dice, count)
    lasting = (order & (dice.random(count) < 0.1)) | ((kind == 1) & (dice.random(count) < 0.7))
    ends = np.where(lasting, at + 400 * DAY, -1)
    return {
        "customer": owner,
        "statement": np.arange(count),
        "brand": _few(dice, count, ("all", "nordlys"), (0.7, 0.3)),
        "topic": _words(topic, TOPICS),
        "kind": _words(kind, KINDS),
        "channels": _words(np.where(order, dice.integers(1, len(ORDERS), count), 0), ORDERS),
        "value": _words(np.where(only, 1, np.array([0, 0, 2, 3, 4, 5, 6, 7])[kind]), VALUES),
        "source": _few(dice, count, ("form", "api")),
        "from_at": pl.repeat(None, count, dtype=pl.Int64, eager=True),
        "until_at": pl.Series(ends).replace(-1, None),
        "at": at,
        "on_behalf": _few(dice, count, ("",)),
    }


def _behaviour(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    seen = ("email", "sms", "letter")
    count = len(ids) * len(seen)
    reached = dice.random(count) * 13  # 20 touchpoints over three channels
    return {
        "customer": np.repeat(ids, len(seen)),
        "channel": _words(np.tile(np.arange(len(seen)), len(ids)), seen),
        "purpose_class": _few(dice, count, ("marketing",)),
        "reached": reached,
        "engaged": reached * dice.random(count) ** 3,
        "observations": np.ceil(reached),
        "as_of": _ago(dice, count, days=90),
    }


def _hours(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    owner = np.repeat(ids[dice.random(len(ids)) < 0.5], 3)
    cell = np.sort(dice.integers(0, 7, (len(owner) // 3, 3)), axis=1) * 24 + np.array([9, 12, 18])
    sure = dice.random(len(owner)) < 0.15
    return {
        "customer": owner,
        "cell": cell.ravel(),
        "weight": np.where(sure, 30.0, dice.random(len(owner)) * 3),
        "as_of": np.repeat(_ago(dice, len(owner) // 3, days=90), 3),
    }


def _recent(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    owner = np.repeat(ids, dice.choice([0, 2, 3, 5, 9], len(ids), p=(0.2, 0.3, 0.3, 0.15, 0.05)))
    count = len(owner)
    return {
        "customer": owner,
        "brand": _few(dice, count, ("nordlys",)),
        "purpose": _few(dice, count, ("offer", "news"), (0.7, 0.3)),
        "channel": _few(dice, count, ("email",)),
        "at": _ago(dice, count, days=90),
    }


def _coming(dice: np.random.Generator, ids: np.ndarray) -> dict[str, Any]:
    met = ids[dice.random(len(ids)) < 0.2]
    return {
        "customer": met,
        "campaign": _few(dice, len(met), ("spring/2026",)),
        "brand": _few(dice, len(met), ("nordlys",)),
        "purpose": _few(dice, len(met), ("offer",)),
        "priority": np.full(len(met), 8),
        "at": 2 * _micro() - _ago(dice, len(met), days=20),
    }
