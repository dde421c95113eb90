"""In which hours of the week customers react, counted from their history on their own clocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preferences.behaviour import of_persons, weights
from preferences.hours import HOUR, THURSDAY, WEEK
from preferences.policy import Observing
from preferences.quiet import Clock, known_zone
from preferences.sheet import Ints
from tidings.channel import Channel

if TYPE_CHECKING:
    import polars as pl

REACTIONS = ("opened", "clicked", "replied")
"""Kinds of touchpoints that tell when somebody looks at messages."""


def fold_hours(
    touchpoints: pl.DataFrame, zones: pl.DataFrame, rules: Observing, fallback: str
) -> pl.DataFrame:
    """Count in which hours of the week customers react, each exponentially forgotten, from their whole history.

    What a person (`preferences.behaviour.of_persons`) opened, clicked or replied to counts once an hour and message, at
    the hour of their own clock. Weighed at `as_of`, the last reaction, so that it changes only with history.

    Args:
        touchpoints: columns `preferences.behaviour.TOUCHPOINTS`, all rows of each customer.
        zones: customer, time_zone.
        rules: the half-life.
        fallback: the zone of customers whose own is not known.

    Returns:
        customer, time_zone, cells (ascending), weights, observations, as_of; sorted by customer.
    """
    import polars as pl

    seen = (
        of_persons(touchpoints)
        .filter(pl.col("kind").is_in(REACTIONS) & (pl.col("channel") != Channel.LETTER.value))
        .join(zones, on="customer")
        .sort("customer", "at", "touchpoint")
    )
    at = seen["at"].to_physical().to_numpy()
    places, names = _places(seen["time_zone"])
    wall = at + Clock.at([known_zone(name, fallback) for name in names], places, at).ahead
    hour = wall // HOUR
    message = pl.coalesce("message", pl.format("alone {}", "touchpoint"))
    seen = seen.with_columns(
        hour=pl.Series(hour),
        cell=pl.Series((hour + THURSDAY) % WEEK),
        as_of=pl.col("at").max().over("customer"),
    ).filter(pl.struct("customer", "hour", message).is_first_distinct())
    age = (seen["as_of"] - seen["at"]).dt.total_microseconds().to_numpy()
    return (
        seen.with_columns(weight=pl.Series(weights(age, rules.half_life), dtype=pl.Float64))
        .group_by("customer", "cell", maintain_order=True)
        .agg(
            pl.col("weight").sum(),
            pl.len().cast(pl.Int32).alias("seen"),
            pl.col("as_of").first(),
            pl.col("time_zone").first(),
        )
        .sort("customer", "cell")
        .group_by("customer", maintain_order=True)
        .agg(
            pl.col("time_zone").first(),
            pl.col("cell").cast(pl.Int16).alias("cells"),
            pl.col("weight").alias("weights"),
            pl.col("seen").sum().cast(pl.Int32).alias("observations"),
            pl.col("as_of").first(),
        )
    )


def _places(words: pl.Series) -> tuple[Ints, list[str]]:
    names = sorted(set(words.to_list()))
    known = {name: place for place, name in enumerate(names)}
    return np.array([known[word] for word in words.to_list()], dtype=np.int64), names
