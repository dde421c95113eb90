"""The order of a customer's channels: stated, then observed, then the house order, then cost (rules 4-8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import combinations

import numpy as np

from preferences.behaviour import Observed
from preferences.reach import number
from preferences.sheet import (
    CHANNELS,
    NOBODY,
    WIDTH,
    Bools,
    Floats,
    Ints,
    Small,
    at,
    cells,
    sheet,
    some,
    where,
)
from preferences.statement import UNPLACED, Statements, is_only, places
from tidings.reason import Reason

STEP = 100
"""Room for the channels of one stated order; stated keys stay far below the next."""
OBSERVED = 10**6
HOUSE = 10**11
LAST = 10**12


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Customers x channels: a key (low first, LAST: nothing said), the rule, and the statement that placed it."""

    key: Ints
    reason: Small
    unwished: Bools
    stated: Bools
    """Per customer: whether any order is in force."""
    slots: tuple[Small, Small]
    """Which slot of the statements placed each cell, and which excluded it."""
    spoken: Mapping[int, tuple[Ints, Ints]]
    """By slot the customers and the statement of each."""

    @cached_property
    def statement(self) -> Ints:
        """The statement that placed the channel, NOBODY where none did."""
        return _rows(self.slots[0], self.spoken)

    @cached_property
    def never(self) -> Ints:
        """The statement that excludes the channel, NOBODY where none does."""
        return _rows(self.slots[1], self.spoken)


def wishes(said: Statements) -> Wishes:
    """Lay the stated orders over each other: what the most particular one leaves open, the next one places.

    After an order with `only`, what no order before it named is not wished.
    """
    orders = list(said.spoken("order"))
    slots = 4 * said.depth
    key = sheet(said.size, slots * STEP, np.int16)
    never = sheet(said.size, slots, np.int8)
    stated = np.zeros(said.size, dtype=np.bool_)
    if orders:
        table, order = places(said.columns)
    for slot, who, row in reversed(orders):  # what is more particular is laid over what is less so
        place = table[order[row]]
        named = place != UNPLACED
        key[who] = where(named, slot * STEP + place, key[who])
        only = said.columns.judged("value", is_only, np.bool_, row)
        never[who] = where(named, slots, where(only[:, None], np.int8(slot), never[who]))
        stated[who] |= some(named)
    slot_of = (np.arange(slots * STEP + 1) // STEP).astype(np.int8)
    reasons = np.append(np.array([number(said.reason(slot)) for slot in range(slots)]), NOBODY)
    placed = slot_of[key]
    return Wishes(
        key=where(key == slots * STEP, LAST, key.astype(np.int64)),
        reason=reasons.astype(np.int8)[placed],
        unwished=never < slots,
        stated=stated,
        slots=(placed, never),
        spoken={slot: (who, row) for slot, who, row in orders},
    )


def _rows(slot: Small, spoken: Mapping[int, tuple[Ints, Ints]]) -> Ints:
    """Return the statement that speaks in the slot of each cell, NOBODY where none does."""
    found = np.full(slot.shape, NOBODY, dtype=np.int64)
    for one, (who, row) in spoken.items():
        found[who] = np.where(slot[who] == one, row[:, None], found[who])
    return found


def house_order(default: Sequence[str], costs: Mapping[str, float]) -> tuple[Ints, Small]:
    """Return the place of each channel by default order, then by cost and name; and which rule placed it."""
    rest = sorted(
        (name for name in CHANNELS if name not in default), key=lambda name: (costs.get(name, np.inf), name)
    )
    order = [*dict.fromkeys(name for name in default if name in CHANNELS), *rest]
    place = np.array([order.index(name) for name in CHANNELS], dtype=np.int64)
    reason = np.array(
        [number(Reason.CHEAPEST if name in rest else Reason.DEFAULT_ORDER) for name in CHANNELS],
        dtype=np.int8,
    )
    return place, reason


def observed_first(seen: Observed, *, possible: Bools, silent: Bools, house: Ints) -> Bools:
    """Return which channels behaviour moves up: only for customers who stated nothing, only when sure.

    A channel moves when the lower end of its interval lies above the upper end of that of the channel that
    comes first by house order among the possible ones.
    """
    bar = np.full(len(silent), np.inf)
    for channel in reversed(np.argsort(house)):
        bar = where(possible[:, channel], seen.high[:, channel], bar)
    return possible & silent[:, None] & seen.enough & (seen.low > bar[:, None])


def keys(wished: Ints, *, mean: Floats | None, moved: Bools | None, house: Ints) -> Ints:
    """Return one key per cell: stated, then what behaviour moves up (most engaged first), then the house order."""
    key = where(wished == LAST, HOUSE + house[None, :], wished)
    if mean is None or moved is None:
        return key
    who, channel = cells(moved)
    rest = np.floor((1.0 - at(mean, who, channel)) * 1e9).astype(np.int64)
    key[who, channel] = OBSERVED + rest * 8 + house[channel]
    return key


def ranked(key: Ints, possible: Bools) -> tuple[Small, Small]:
    """Return per line the channels in order, and the rank of each of them (1 first, NOBODY: not possible)."""
    sortable = where(possible, key, LAST + key)
    before = np.zeros((WIDTH, len(key)), dtype=np.int64)  # so many channels come before each
    for one, other in combinations(range(WIDTH), 2):
        behind = sortable[:, one] > sortable[:, other]
        before[one] += behind
        before[other] += ~behind
    line, order = np.arange(len(key)) * WIDTH, np.empty((len(key), WIDTH), dtype=np.int8)
    for channel in range(WIDTH):
        order.ravel()[line + before[channel]] = channel
    count = reduce(np.add, possible.T.astype(np.int8))
    nth = np.arange(1, WIDTH + 1, dtype=np.int8)
    return order, where(nth <= count[:, None], nth, np.int8(NOBODY))
