"""Touchpoints become behaviour, best hours and base rates: `preferences` has the rules, here is who is due.

docs/decisions/0022 says why a customer is always folded whole.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl
from sqlalchemy import Connection, Engine

from preferences.behaviour import fold
from preferences.policy import Policy
from preferences.reactions import fold_hours
from store.base_rates import refresh
from store.behaviour import (
    customers_to_learn,
    history,
    learnt_until,
    remember,
    save,
    save_hours,
    settled_until,
    who_left,
)
from store.owner import in_turn

BATCH = 10_000
"""Customers folded at once: a few hundred thousand touchpoints."""
FEW = 30_000
"""The same of customers with few touchpoints, as those before them: a fold costs some of its time however little there
is to fold."""


def learn(engine: Engine, *, now: datetime, full: bool = False, policy: Policy | None = None) -> int:
    """Fold the history of every customer with new touchpoints, of everybody when `full`; return how many changed.

    A customer is always folded from their whole history, so it does not matter how often, in which order or
    how far apart this runs: it ends at the same numbers, and a second run changes nothing. Two do it one after the
    other. Then the base rates of the population get a new version, where they differ.

    Args:
        engine: of the store.
        now: what lies after it is learnt when it has come.
        full: forget what is learnt and read everything again.
        policy: the half-life, and the zone of customers whose own is not known; the default's.
    """
    rules = policy or Policy()
    with in_turn(engine, "learn"):
        changed = _fold(engine, rules, now, full=full)
        with engine.begin() as connection:
            refresh(connection, half_life=rules.observing.half_life, now=now)
    return changed


def _fold(engine: Engine, rules: Policy, now: datetime, *, full: bool) -> int:
    with engine.begin() as connection:
        settled = min(settled_until(connection), now)
        since = None if full else learnt_until(connection)
    changed, after, limit = 0, 0, BATCH
    while True:
        with engine.begin() as connection:
            customers = customers_to_learn(connection, since, after=after, limit=limit)
            if not customers:
                remember(connection, settled)
                left = who_left(connection)
                break
            found, touchpoints = _learn(connection, customers, rules, now)
        changed, after = changed + found, customers[-1]
        limit = FEW if touchpoints < 5 * len(customers) else BATCH
    for start in range(0, len(left), BATCH):
        with engine.begin() as connection:
            changed += _learn(connection, left[start : start + BATCH], rules, now)[0]
    return changed


def _learn(connection: Connection, customers: list[int], rules: Policy, now: datetime) -> tuple[int, int]:
    """Fold some customers; returns how many of them changed, and how many touchpoints they have."""
    read = history(connection, customers)
    touchpoints = read.touchpoints.filter(pl.col("at") <= now)
    found = fold(touchpoints, rules.observing)
    hours = fold_hours(touchpoints, read.zones, rules.observing, rules.time_zone)
    differing = _differing(found, read.behaviour)
    if differing:
        save(connection, differing, found.filter(pl.col("customer").is_in(differing)))
    moved = _differing(hours, read.hours)
    if moved:
        save_hours(connection, moved, hours.filter(pl.col("customer").is_in(moved)))
    return len({*differing, *moved}), read.touchpoints.height


def _differing(found: pl.DataFrame, kept: pl.DataFrame) -> list[int]:
    """Return the customers whose lines are not those that are kept."""
    lines = [frame.select(found.columns) for frame in (found, kept)]
    once = pl.concat(lines).group_by(found.columns).len().filter(pl.col("len") == 1)
    return once["customer"].unique().sort().to_list()
