"""What was noticed of a customer and of everybody, with how sure it is: what desks, reports and the API show.

Noticed is never chosen; the pages keep the two apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection

from preferences.behaviour import posterior, shrunk, weights
from preferences.policy import Policy
from preferences.sheet import CHANNELS, microseconds
from store.base_rates import BaseRates, newest
from store.noticed import hours_of, seen_of
from tidings.purpose import PurposeClass


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How many of the messages of a class on a channel are answered, and between what bounds that lies."""

    channel: str
    purpose_class: str
    observations: int
    share: float
    low: float
    high: float
    """Bounds of the interval that decisions use."""
    enough: bool
    """Whether it was seen often enough to move a channel."""
    last_engaged_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Hour:
    """One hour of the week."""

    cell: int
    """24 * weekday (Monday 0) + hour, on the customer's own clock."""
    weight: float
    """How often the customer reacted in it, forgotten times less."""

    @property
    def weekday(self) -> int:
        """Monday is 0."""
        return self.cell // 24

    @property
    def hour(self) -> int:
        """0 to 23."""
        return self.cell % 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Noticed:
    """What was noticed of one customer."""

    shares: Sequence[Share]
    hours: Sequence[Hour]
    """Those in which the customer reacted, most often first."""
    reactions: int
    time_zone: str


def noticed(connection: Connection, records: Sequence[int], policy: Policy, *, now: datetime) -> Noticed:
    """Return what was noticed of a person, all records together, as a decision of now would weigh it."""
    known = newest(connection)
    shares = [_share(one, known, policy, now) for one in seen_of(connection, records)]
    hours = hours_of(connection, records) or {"cells": (), "weights": (), "observations": 0, "time_zone": ""}
    seen = [
        Hour(cell=cell, weight=weight) for cell, weight in zip(hours["cells"], hours["weights"], strict=True)
    ]
    return Noticed(
        shares=shares,
        hours=sorted(seen, key=lambda one: (-one.weight, one.cell)),
        reactions=hours["observations"],
        time_zone=hours["time_zone"],
    )


def base_rates(connection: Connection, policy: Policy) -> tuple[BaseRates | None, list[Share]]:
    """Return the newest version, and what a decision would take for the base rate of each class and channel."""
    known = newest(connection)
    found = []
    for purpose_class in PurposeClass:
        population = known.rates.get(purpose_class, {}) if known else {}
        rates = shrunk(purpose_class, population, policy)
        for channel, rate in zip(CHANNELS, rates.tolist(), strict=True):
            reached = float(population.get(channel, (0.0, 0.0))[0])
            worth = reached + policy.learning.base_strength
            margin = policy.observing.deviations * (rate * (1 - rate) / (worth + 1)) ** 0.5
            found.append(
                Share(
                    channel=channel,
                    purpose_class=purpose_class,
                    observations=round(reached),
                    share=rate,
                    low=max(rate - margin, 0.0),
                    high=min(rate + margin, 1.0),
                    enough=reached >= policy.learning.base_strength,
                )
            )
    return known, found


def _share(seen: dict[str, Any], known: BaseRates | None, policy: Policy, now: datetime) -> Share:
    rules = policy.observing
    population = known.rates.get(seen["purpose_class"], {}) if known else {}
    base = shrunk(seen["purpose_class"], population, policy)[CHANNELS.index(seen["channel"])]
    weight = weights(np.array([microseconds(now) - microseconds(seen["as_of"])]), rules.half_life)
    mean, deviation = posterior(
        np.array([seen["reached"]]) * weight, np.array([seen["engaged"]]) * weight, np.array([base]), rules
    )
    margin = rules.deviations * float(deviation[0])
    return Share(
        channel=seen["channel"],
        purpose_class=seen["purpose_class"],
        observations=seen["observations"],
        share=float(mean[0]),
        low=max(float(mean[0]) - margin, 0.0),
        high=min(float(mean[0]) + margin, 1.0),
        enough=seen["observations"] >= rules.at_least,
        last_engaged_at=seen["last_engaged_at"],
    )
