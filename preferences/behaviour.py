"""What touchpoints say about a customer and a channel (rule 6): two exponentially forgotten counts and what follows.

Observed is never stated: it moves a channel only where the customer asked for nothing, and only when its interval beats that of
the channel that would come first otherwise. Ages count in whole days, so that the same facts give the same bits everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from preferences.policy import Observing
from preferences.sheet import CHANNELS, NOBODY, WIDTH, Bools, Columns, Floats, Ints, microseconds, newest

if TYPE_CHECKING:
    import polars as pl

DAY = 86_400_000_000
REACHED = ("sent", "delivered")
ENGAGED = ("clicked", "replied", "paid", "called")


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Per line one customer and channel: the posterior of "engages when reached" and how sure it is."""

    customer: Ints
    channel: Ints
    row: Ints
    """Row of the frame of facts."""
    mean: Floats
    low: Floats
    high: Floats
    observations: Ints


def weights(age: Ints, half_life: timedelta) -> Floats:
    """Return what an observation of some age (microseconds) still weighs; what lies ahead weighs 1."""
    days = np.maximum(age // DAY, 0)
    if not len(days):
        return np.zeros(0)
    known, place = np.unique(days, return_inverse=True)
    return np.array([0.5 ** (day / half_life.days) for day in known.tolist()])[place]


def scores(columns: Columns, *, purpose_class: str, now: int, rules: Observing) -> Scores:
    """Judge every observed customer and channel of a purpose class.

    The Beta posterior is shrunk to the base rate of (channel, class); mean +- deviations x its standard deviation.
    """
    channel = columns.codes("channel", CHANNELS)
    ours = columns.codes("purpose_class", (purpose_class,)) == 0
    row = np.flatnonzero((columns.row != NOBODY) & (channel != NOBODY) & ours)
    weight = weights(now - columns.whole("as_of")[row], rules.half_life)
    reached = np.maximum(columns.real("reached")[row], 0.0) * weight
    engaged = np.minimum(np.maximum(columns.real("engaged")[row], 0.0) * weight, reached)
    mean, spread = posterior(reached, engaged, base_rates(purpose_class, rules)[channel[row]], rules)
    return Scores(
        customer=columns.row[row],
        channel=channel[row],
        row=row,
        mean=mean,
        low=mean - rules.deviations * spread,
        high=mean + rules.deviations * spread,
        observations=columns.whole("observations", 0)[row],
    )


def posterior(reached: Floats, engaged: Floats, base: Floats, rules: Observing) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of Beta(engaged + k base, reached - engaged + k (1 - base))."""
    total = reached + rules.prior_strength
    mean = (engaged + rules.prior_strength * base) / total
    return mean, np.sqrt(mean * (1.0 - mean) / (total + 1.0))


def base_rates(purpose_class: str, rules: Observing) -> Floats:
    """Return the base rate of each channel; a half where the policy names none."""
    rates = rules.base_rates.get(purpose_class, {})
    return np.array([rates.get(name, 0.5) for name in CHANNELS])


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Customers x channels: mean and interval of every channel (its base rate where nothing was seen)."""

    mean: Floats
    low: Floats
    high: Floats
    enough: Bools
    row: Ints

    def of(self, person: Ints) -> Observed:
        """Return the lines of some customers, in that order, with repeats."""
        return Observed(**{part.name: getattr(self, part.name)[person] for part in fields(self)})


def spread_out(found: Scores, *, size: int, purpose_class: str, rules: Observing) -> Observed:
    """Lay the scores out on the sheet."""
    base = base_rates(purpose_class, rules)
    mean, deviation = posterior(np.zeros(WIDTH), np.zeros(WIDTH), base, rules)
    margin = rules.deviations * deviation
    sheets = [np.tile(start, (size, 1)) for start in (mean, mean - margin, mean + margin)]
    enough = np.zeros((size, WIDTH), dtype=np.bool_)
    row = np.full((size, WIDTH), NOBODY, dtype=np.int64)
    place = (found.customer, found.channel)
    for sheet, values in zip(sheets, (found.mean, found.low, found.high), strict=True):
        sheet[place] = values
    enough[place] = found.observations >= rules.at_least
    row[place] = found.row
    return Observed(mean=sheets[0], low=sheets[1], high=sheets[2], enough=enough, row=row)
