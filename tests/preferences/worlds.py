"""Invented worlds whose best policy is known: customers who react to channels at rates that only the world knows.

`decide` chooses, the world answers, and what is counted is what `preferences.behaviour.fold` would count of the same
touchpoints (`tests/preferences/test_worlds.py` holds the two together).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from preferences.decision import decide
from preferences.policy import Policy
from preferences.sheet import Floats, Ints
from tidings.facts import SCHEMAS, Facts, Population, Question, empty

CHANNELS = ("email", "sms", "push", "letter")
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
WEEK = timedelta(days=7)
PACE = timedelta(days=1)
HALF_LIFE = 180.0
RULES = Policy(caps=(), quiet={}, holidays=())


@dataclass(kw_only=True)
class World:
    """Customers, what they like, and what has been seen of it."""

    rates: Floats
    """Customers x channels: how likely each is to react."""
    seed: int = 1
    now: datetime = START
    reached: Floats = field(init=False)
    engaged: Floats = field(init=False)
    observations: Ints = field(init=False)
    touched: Ints = field(init=False)
    """The day of the last message, counted from START."""

    def __post_init__(self) -> None:
        shape = self.rates.shape
        self.dice = np.random.default_rng(self.seed)
        self.reached, self.engaged = np.zeros(shape), np.zeros(shape)
        self.observations, self.touched = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        count = len(self.rates)
        self.ids = np.arange(1, count + 1)
        self._frames = self._people()
        self.log: list[tuple[int, Ints, Floats]] = []
        self.run = 0

    @property
    def best(self) -> float:
        """What the best policy is worth: each customer on the channel they like best."""
        return float(self.rates.max(axis=1).mean())

    @property
    def fixed(self) -> Floats:
        """What each channel is worth when everybody gets it."""
        return self.rates.mean(axis=0)

    def worth(self, chosen: Ints) -> float:
        """Return what a choice of channels is worth, without luck."""
        return float(self.rates[np.arange(len(chosen)), chosen].mean())

    def choose(self, policy: Policy) -> Ints:
        """Return the channel that `decide` gives each customer for the next run."""
        facts = Facts(question=self._question(), behaviour=self._behaviour(), **self._frames)
        verdicts = decide(facts, policy, self.now, explained=False).verdicts
        return np.array([CHANNELS.index(name) for name in verdicts["channel"].to_list()])

    def send(self, chosen: Ints) -> Floats:
        """Send one message to everybody and count what comes of it; a day later."""
        who = np.arange(len(chosen))
        answered = (self.dice.random(len(chosen)) < self.rates[who, chosen]).astype(float)
        day = (self.now - START).days
        kept = 0.5 ** ((day - self.touched[who, chosen]) / HALF_LIFE)
        self.reached[who, chosen] = self.reached[who, chosen] * kept + 1.0
        self.engaged[who, chosen] = self.engaged[who, chosen] * kept + answered
        self.observations[who, chosen] += 1
        self.touched[who, chosen] = day
        self.log.append((day, chosen, answered))
        self.now += PACE
        self.run += 1
        return answered

    def live(self, policy: Policy, messages: int) -> Ints:
        """Send so many messages to everybody by a policy; return what it would choose next without lots."""
        for _ in range(messages):
            self.send(self.choose(policy))
        return self.choose(RULES)

    def past(self, each: int) -> None:
        """Start with a history: so many messages to everybody on each channel, in turn, as another system left them."""
        for turn in range(each * len(CHANNELS)):
            self.send(np.full(len(self.rates), turn % len(CHANNELS)))

    def _question(self) -> Question:
        decay = 0.5 ** (((self.now - START).days - self.touched) / HALF_LIFE)
        sums = {
            name: (
                float((self.reached * decay)[:, place].sum()),
                float((self.engaged * decay)[:, place].sum()),
            )
            for place, name in enumerate(CHANNELS)
        }
        return Question(
            run=f"run {self.seed}.{self.run}", brand="nordlys", topic="offer", purpose_class="marketing",
            channels=CHANNELS, default_order=CHANNELS, costs=dict.fromkeys(CHANNELS, 1.0),
            population=Population(version=self.run, rates=sums),
        )  # fmt: skip

    def _behaviour(self) -> pl.DataFrame:
        who, place = np.nonzero(self.observations)
        days = pl.Series(self.touched[who, place]).cast(pl.Int64)
        return pl.DataFrame(
            {
                "customer": self.ids[who],
                "channel": pl.Series(CHANNELS)[place],
                "purpose_class": pl.repeat("marketing", len(who), eager=True),
                "reached": self.reached[who, place],
                "engaged": self.engaged[who, place],
                "observations": self.observations[who, place],
                "as_of": days * 86_400_000_000 + int(START.timestamp()) * 1_000_000,
            }
        ).cast(dict(empty("behaviour").schema))

    def _people(self) -> dict[str, pl.DataFrame]:
        count = len(self.ids)
        asked = {"message": [str(one) for one in self.ids], "customer": self.ids}
        people = {"customer": self.ids, "standing": ["customer"] * count, "time_zone": ["UTC"] * count}
        where = {
            "customer": np.repeat(self.ids, len(CHANNELS)),
            "channel": CHANNELS * count,
            "address": np.arange(len(CHANNELS) * count),
            "state": ["usable"] * len(CHANNELS) * count,
        }
        agreed = {
            "customer": self.ids, "consent": self.ids, "brand": ["all"] * count, "topic": ["offer"] * count,
            "channel": ["all"] * count, "action": ["given"] * count, "proof": [True] * count,
            "at": [START - WEEK] * count,
        }  # fmt: skip
        given = {"asked": asked, "customers": people, "addresses": where, "consents": agreed}
        names = [name for name in SCHEMAS if name != "behaviour"]
        return {name: _filled(name, given.get(name, {})) for name in names}


def _filled(name: str, columns: dict) -> pl.DataFrame:
    """Return a frame of SCHEMAS with some columns given; the others are empty, or null where they hold no words."""
    blank = empty(name)
    if not columns:
        return blank
    size = len(next(iter(columns.values())))
    made = []
    for column, kind in blank.schema.items():
        if column in columns:
            made.append(pl.Series(column, columns[column]).cast(kind))
        else:
            fill = {pl.String: "", pl.Int16: 0}.get(kind, [] if isinstance(kind, pl.List) else None)
            made.append(pl.Series(column, [fill] * size, dtype=kind))
    return pl.DataFrame(made)


def tastes(customers: int, *, liked: float = 0.35, other: float = 0.05, seed: int = 1) -> World:
    """Return a world in which every customer likes one channel, each one as often."""
    dice = np.random.default_rng(seed + 1000)
    rates = np.full((customers, len(CHANNELS)), other)
    rates[np.arange(customers), dice.integers(0, len(CHANNELS), customers)] = liked
    return World(rates=rates, seed=seed)


def one_channel(customers: int, *, liked: float = 0.35, other: float = 0.05, seed: int = 1) -> World:
    """Return a world in which everybody likes letters, which the house sends last."""
    rates = np.full((customers, len(CHANNELS)), other)
    rates[:, CHANNELS.index("letter")] = liked
    return World(rates=rates, seed=seed)


def no_signal(customers: int, *, rate: float = 0.15, seed: int = 1) -> World:
    """Return a world in which no channel is better than another."""
    return World(rates=np.full((customers, len(CHANNELS)), rate), seed=seed)
