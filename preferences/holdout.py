"""Holdouts: customers who get nothing, so that what a campaign does can be told from what happens anyway."""

from __future__ import annotations

import math
from dataclasses import dataclass

from preferences.explore import chance
from preferences.sheet import Bools, Ints

Z = 1.959964
"""Standard normal quantile of a 95 % interval."""


def held_out(group: str, customers: Ints, share: float) -> Bools:
    """Return who is held out of a group: always the same customers, and with a greater share more of them."""
    held: Bools = chance(f"holdout\n{group}", customers) < share
    return held


@dataclass(frozen=True, kw_only=True)
class Lift:
    """How much more often customers came who got the message than those who were held out."""

    treated: int
    treated_came: int
    held: int
    held_came: int
    lift: float | None
    """Difference of the two shares; None while one of the groups is empty."""
    low: float | None
    high: float | None
    """Of a 95 % interval."""

    @property
    def sure(self) -> bool:
        """Whether the interval says which of the two came more often."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def lift(*, treated: int, treated_came: int, held: int, held_came: int) -> Lift:
    """Compare two groups by the difference of their shares, with Newcombe's hybrid score interval (method 10).

    Source: R. G. Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
    Medicine 17 (1998) 873-890.

    >>> found = lift(treated=1000, treated_came=100, held=1000, held_came=50)
    >>> round(found.lift, 3), round(found.low, 3), round(found.high, 3)
    (0.05, 0.027, 0.073)
    """
    found = Lift(
        treated=treated,
        treated_came=treated_came,
        held=held,
        held_came=held_came,
        lift=None,
        low=None,
        high=None,
    )
    if not treated or not held:
        return found
    ours, theirs = treated_came / treated, held_came / held
    low, high = wilson(treated_came, treated)
    least, most = wilson(held_came, held)
    return Lift(
        treated=treated,
        treated_came=treated_came,
        held=held,
        held_came=held_came,
        lift=ours - theirs,
        low=ours - theirs - math.hypot(ours - low, most - theirs),
        high=ours - theirs + math.hypot(high - ours, theirs - least),
    )


def wilson(came: int, of: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (E. B. Wilson, 1927); `of` is 1 or more.

    >>> [round(edge, 3) for edge in wilson(0, 10)]
    [0.0, 0.278]
    """
    share = came / of
    middle = (share + Z * Z / (2 * of)) / (1 + Z * Z / of)
    half = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return max(middle - half, 0.0), min(middle + half, 1.0)
