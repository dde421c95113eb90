"""The facts of a few of many customers, found at once, as a decision asks for them."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import polars as pl

from preferences.sheet import CHANNELS, WIDTH, Ints
from tidings.facts import Facts


class People:
    """Facts in the order of customers, so that those of a few are found at once."""

    def __init__(self, facts: Facts) -> None:
        self.customer = np.sort(facts.customers["customer"].to_numpy())
        names = [part.name for part in fields(facts) if isinstance(getattr(facts, part.name), pl.DataFrame)]
        kept = {
            name: getattr(facts, name).sort("customer", maintain_order=True)
            for name in names
            if name != "asked"
        }
        self.facts = replace(facts, **kept)
        self._places = {name: frame["customer"].to_numpy() for name, frame in kept.items()}

    def of(self, rows: Ints, tried: Ints, closed: Ints, recent: pl.DataFrame) -> Facts:
        """Return the facts of some customers, asked about once each; a message is named by its row.

        Args:
            rows: places in `customer`, ascending.
            tried: of each of them, bits in the order of CHANNELS: channels that are used up.
            closed: likewise, channels that the budget gave to others.
            recent: what has left since, as `Facts.recent`; may have no columns when it is empty.
        """
        who = self.customer[rows]
        frames = {name: getattr(self.facts, name) for name in self._places}
        if len(rows) < len(self.customer):
            frames = {name: frame[_ranges(self._places[name], who)] for name, frame in frames.items()}
        if recent.height:
            ours = recent.filter(pl.col("customer").is_in(who)).select(frames["recent"].columns)
            frames["recent"] = pl.concat([frames["recent"], ours])
        named = [[name for bit, name in enumerate(CHANNELS) if mask >> bit & 1] for mask in range(1 << WIDTH)]
        lists = pl.Series("tried", named, dtype=pl.List(pl.String))
        asked = pl.DataFrame({"row": rows, "customer": who}).select(
            pl.col("row").cast(pl.String).alias("message"), "customer", lists.gather(tried[rows])
        )
        if closed.any():
            shut = lists.gather(closed[rows]).alias("over_budget")
            asked = asked.with_columns(shut, gain=pl.lit(0.0))
        return replace(self.facts, asked=asked, **frames)


def _ranges(sorted_places: Ints, wanted: Ints) -> Ints:
    """Return the places of all values that are among the wanted ones, which are sorted too."""
    begin = np.searchsorted(sorted_places, wanted, "left")
    count = np.searchsorted(sorted_places, wanted, "right") - begin
    first = np.repeat(begin - np.cumsum(count) + count, count)
    return first + np.arange(len(first))
