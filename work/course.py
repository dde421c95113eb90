"""A run that is only simulated: how it goes on, what customers do with what they get, and what became of everybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from preferences.policy import Policy
from preferences.sheet import Floats, Ints
from tidings.campaign import Budget
from tidings.facts import Question

if TYPE_CHECKING:
    import polars as pl

REACTIONS = ("opened", "clicked", "paid")

Words = np.ndarray[Any, np.dtype[np.object_]]


class Sent(NamedTuple):
    """Messages that left, by columns."""

    row: Ints
    customer: Ints
    channel: Ints
    at: Ints


class Outcome(NamedTuple):
    """What became of each: instants in microseconds, NEVER where it does not happen."""

    bounced: Ints
    heard: Ints
    """The first that a person did, whatever it was."""
    reactions: Mapping[str, Ints]
    """By REACTIONS."""
    expected: Floats
    """How likely it is that a person answers."""


class Behaviour(Protocol):
    """What customers do with what they get. The same messages give the same answer, in any order and batch."""

    def __call__(self, sent: Sent) -> Outcome:
        """Return what becomes of messages."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """How a run goes on: what does not depend on the customer."""

    question: Question
    policy: Policy
    starts_at: datetime
    until: datetime
    fallback_after: Mapping[str, float]
    """Seconds of silence by channel."""
    letters_at: Callable[[datetime], datetime]
    """When a letter that backs up another message leaves: the next print cut-off."""
    collected_at: Callable[[datetime], datetime] | None = None
    """When any letter leaves; None: as soon as it is due."""
    not_before: Mapping[str, datetime] = field(default_factory=dict)
    """Of a campaign in the customers' own time: by their zone."""
    budget: Budget | None = None
    keys: Sequence[str] = ()
    """Of a run with a budget: the ids that its messages would have, in the order of the customers."""
    households: pl.DataFrame | None = None
    """customer, household of those who may share a letter."""


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """What became of each customer, in the order of their ids, and everything that happened, by columns."""

    customer: Ints
    state: Words
    reason: Words
    first: Ints
    channel: Ints
    ground: Words
    wait: Words
    """Why it did not leave at once, '' when it did."""
    due: Ints
    """Of the first choice; NEVER where it is held."""
    tried: Ints
    """Bits: channels used up."""
    sent: pl.DataFrame
    """row, channel, at, expected."""
    moved: pl.DataFrame
    """row, channel (from), to, at, why (`bounced` or `silent`)."""
    recalled: pl.DataFrame
    """row, channel (that was not taken), at, because."""
    answered: pl.DataFrame
    """row, channel, at, kind."""
