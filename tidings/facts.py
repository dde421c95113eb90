"""What a decision is made from, as frames: `store.facts` reads them, `preferences.decision` judges them.

One row of `asked` is one question (one message); the other frames are the rows of their tables for the customers asked
about, unjudged: which consent counts, which statement wins, what is usable is decided by `preferences` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

SCHEMAS: Mapping[str, Mapping[str, str]] = {
    "asked": {
        "message": "String",  # id of the message; the key of the answer
        "customer": "Int64",
        "tried": "List(String)",  # channels already used up by fallback
        "over_budget": "List(String)",  # channels that the run's budget gave to others
        "gain": "Float64",  # what a unit of the budget would have gained here
        "waited": "Boolean",  # it was planned before and has had its best hour
    },
    "customers": {
        "customer": "Int64",  # unique
        "language": "String",
        "time_zone": "String",
        "country": "String",
        "standing": "String",
        "holds": "List(String)",  # open complaint, dispute, dunning, bereavement
    },
    "addresses": {
        "customer": "Int64",
        "channel": "String",
        "address": "Int64",  # addresses.id
        "state": "String",  # usable, unusable
        "problem": "String",
        "verified": "Boolean",
        "position": "Int16",
        "country": "String",  # letters: destination
        "prefix": "String",  # phone numbers: their first digits, "+4791"
        "register": "Int64",  # the do-not-mail register whose newest file lists it
    },
    "suppressions": {  # active ones only, joined to the addresses above
        "customer": "Int64",
        "channel": "String",
        "address": "Int64",
        "suppression": "Int64",
        "brand": "String",
        "reason": "String",
        "at": "Datetime[us, UTC]",
    },
    "consents": {
        "customer": "Int64",
        "consent": "Int64",
        "brand": "String",
        "topic": "String",
        "channel": "String",
        "action": "String",
        "source": "String",
        "proof": "Boolean",
        "at": "Datetime[us, UTC]",
        "on_behalf": "String",  # who spoke for the customer, '' = the customer
        "expires_at": "Datetime[us, UTC]",  # exclusive
        "ground": "String",  # purchase, inquiry: what it was read out of; '' = said in words
        "member": "Int64",  # of a person with several records: the one it counts for; else 0
    },
    "statements": {
        "customer": "Int64",
        "statement": "Int64",
        "brand": "String",
        "topic": "String",
        "kind": "String",  # order, pause, quiet_hours, language, tracking
        "channels": "List(String)",
        "value": "String",  # JSON
        "source": "String",
        "from_at": "Datetime[us, UTC]",
        "until_at": "Datetime[us, UTC]",
        "at": "Datetime[us, UTC]",
        "on_behalf": "String",  # who spoke for the customer, '' = the customer
    },
    "behaviour": {
        "customer": "Int64",
        "channel": "String",
        "purpose_class": "String",
        "reached": "Float64",
        "engaged": "Float64",
        "observations": "Int32",
        "as_of": "Datetime[us, UTC]",
    },
    "hours": {  # only where the best hour is asked for
        "customer": "Int64",
        "cell": "Int16",  # 24 * weekday (Monday 0) + hour on the customer's own clock
        "weight": "Float64",  # exponentially forgotten count of answers in that hour, at as_of
        "as_of": "Datetime[us, UTC]",
    },
    "recent": {  # marketing messages accepted or in delivery within the longest cap window
        "customer": "Int64",
        "brand": "String",
        "purpose": "String",
        "channel": "String",
        "at": "Datetime[us, UTC]",
    },
    "coming": {  # messages of other campaigns that may still come, where their priority is higher
        "customer": "Int64",
        "campaign": "String",  # name and edition
        "brand": "String",
        "purpose": "String",
        "priority": "Int16",
        "at": "Datetime[us, UTC]",
    },
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Population:
    """What a version of the base rates says of the purpose class that is asked about."""

    version: int = 0
    """0: nothing was learnt yet."""
    rates: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """By channel: exponentially forgotten counts reached and engaged, of all customers."""
    hours: tuple[float, ...] = ()
    """168 counts of answers: 24 * weekday (Monday 0) + hour on each customer's own clock; empty: none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What all rows of a batch are asked about."""

    run: str
    brand: str
    topic: str
    purpose_class: str
    channels: tuple[str, ...]
    """Allowed by the run and rendered by the template, in any order."""
    default_order: tuple[str, ...]
    costs: Mapping[str, float]
    """Expected cost of one message by channel, in the organisation's currency."""
    brand_name: str = ""
    budget: str = ""
    """The run's budget and where it cut, as JSON: the evidence of what it closed."""
    limited: tuple[str, ...] = ()
    """Channels that the budget limits: a message that was given no share has none of them."""
    priority: int = 5
    """1 to 9: among campaigns that compete for the same cap the higher one goes first."""
    population: Population = Population()
    best_hour_until: datetime | None = None
    """Marketing may wait for the customer's best hour until then; None: it does not wait for one."""
    last_day: date | None = None
    """The last day of an offer, on the customer's calendar: marketing that could leave only after it is held."""
    holdout: float = 0.0
    """Share of customers who get nothing, to compare with."""
    holdout_group: str = ""
    """Whoever is held out in a group is so in every run of it."""

    @property
    def purpose(self) -> str:
        """Root of the topic."""
        return self.topic.partition(".")[0]


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """A batch of questions and everything known about the customers in it; see SCHEMAS."""

    question: Question
    asked: pl.DataFrame
    customers: pl.DataFrame
    addresses: pl.DataFrame
    suppressions: pl.DataFrame
    consents: pl.DataFrame
    statements: pl.DataFrame
    behaviour: pl.DataFrame
    hours: pl.DataFrame
    recent: pl.DataFrame
    coming: pl.DataFrame
    washed: Mapping[tuple[str, str], date] = field(default_factory=dict)
    """The date of the newest do-not-mail register by country and kind (letter, phone, email)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decisions:
    """The answer to a batch.

    `verdicts`, one row per message, in the order asked:
        message String, customer Int64, state String (`ready` or `held`), reason String (why held or waiting),
        due_at Datetime (UTC; `now` unless quiet hours, a holiday, a cap or a pause move it),
        channel String (first choice, null when held), language String, tracking Boolean,
        propensity Float64 (how likely this first channel was: 1 unless some are drawn by lot),
        input_digest String (16 hex digits; same facts, same digest).
    `ranked`, one row per message and channel of the question:
        message String, channel String, rank Int8 (1 = first; null = not possible), reason String (a `Reason`),
        address Int64 (which one, null when none), evidence String (JSON: ids, dates, source, counts),
        expected Float64 (how likely it is that the customer engages there: the posterior mean).
    """

    verdicts: pl.DataFrame
    ranked: pl.DataFrame


def empty(name: str) -> pl.DataFrame:
    """Return an empty frame of one of SCHEMAS."""
    import polars as pl

    types: dict[str, Any] = {
        "String": pl.String,
        "Int64": pl.Int64,
        "Int32": pl.Int32,
        "Int16": pl.Int16,
        "Float64": pl.Float64,
        "Boolean": pl.Boolean,
        "List(String)": pl.List(pl.String),
        "Datetime[us, UTC]": pl.Datetime("us", "UTC"),
    }
    return pl.DataFrame(schema={column: types[kind] for column, kind in SCHEMAS[name].items()})


def asked_of(customer: int) -> pl.DataFrame:
    """Return frame `asked` with one message to a customer, named "m", for which nothing was tried yet."""
    import polars as pl

    line = {column: None for column in SCHEMAS["asked"]} | {"message": "m", "customer": customer, "tried": []}
    return pl.DataFrame([line], schema=empty("asked").schema)


FREQUENCY_HORIZON = timedelta(days=366)
"""How far back `recent` reaches for customers who want to hear of us so often a year."""
CAP_HORIZON = timedelta(days=92)
"""How far back `recent` reaches; a policy with a longer cap window is refused."""
