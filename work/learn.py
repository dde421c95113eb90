"""Touchpoints become behaviour: `preferences.behaviour.fold` is the rule, here is who is due and what changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from preferences.behaviour import fold
from preferences.policy import Observing
from store.behaviour import customers_to_learn, history, learnt_until, remember, save, settled_until

if TYPE_CHECKING:
    import polars as pl

BATCH = 10_000  # Customers folded at once: a few hundred thousand touchpoints.


def learn(engine: Engine, *, now: datetime, full: bool = False, rules: Observing | None = None) -> int:
    """Fold the history of every customer with new touchpoints, of everybody when `full`; return how many changed.

    A customer is always folded from their whole history, so it does not matter how often, in which order or
    how far apart this runs: it ends at the same numbers, and a second run changes nothing.

    Args:
        engine: of the store.
        now: what lies after it is not learnt yet.
        full: forget what is learnt and read everything again.
        rules: the half-life; the policy's default.
    """
    import polars as pl

    judged = rules or Observing()
    with engine.begin() as connection:
        settled = settled_until(connection)
        since = None if full else learnt_until(connection)
    changed, after = 0, 0
    while True:
        with engine.begin() as connection:
            customers = customers_to_learn(connection, since, after=after, limit=BATCH)
            if not customers:
                remember(connection, settled)
                return changed
            touchpoints, kept = history(connection, customers)
            found = fold(touchpoints.filter(pl.col("at") <= now), judged)
            differing = _differing(found, kept)
            if differing:
                save(connection, differing, found.filter(pl.col("customer").is_in(differing)))
        changed += len(differing)
        after = customers[-1]


def _differing(found: pl.DataFrame, kept: pl.DataFrame) -> list[int]:
    """Return the customers whose lines are not those that are kept."""
    import polars as pl

    lines = [frame.select(found.columns) for frame in (found, kept)]
    once = pl.concat(lines).group_by(found.columns).len().filter(pl.col("len") == 1)
    return once["customer"].unique().sort().to_list()
