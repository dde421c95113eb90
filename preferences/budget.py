"""Who gets the channels that a run's budget has room for: those who gain most by them.

This is not one customer's matter, so it is worked out over the whole run when every message has been decided. A limit
counts messages of a channel, or money by the expected cost of a channel. Each message wants its first channel; each
later channel of its list that costs less of the limit is a step down, and not to be sent at all is the last one. What
a step up gains is the difference of the expected engagement per unit of the limit, but never more than the steps below
it, which are bought before it. Steps are bought in that order while they fit, equals in the order of a stable hash;
whoever is cut takes the channel below.

Source: Dantzig, "Discrete-variable extremum problems", Operations Research 5 (1957): the greedy order for a knapsack.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from preferences.sheet import CHANNELS, NOBODY, WIDTH, Bools, Floats, Hashes, Ints

UNITS = 100_000
"""Money is counted in whole parts of a hundred thousand, as prices have five places; so sums are exact."""
AMOUNT = "amount"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The messages of a run, one row each; matrices are messages x WIDTH, along the ranked list."""

    keys: Sequence[str]
    """Different for each message; of equals the one with the lower hash of (run, key) comes first."""
    channel: Ints
    """Place in CHANNELS, NOBODY after the end of the list."""
    expected: Floats
    """How likely it is that the customer engages with the message there."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Where one limit of the budget cuts."""

    limit: str
    """A channel, or AMOUNT."""
    most: float
    wanted: float
    """What everybody's first choice would take."""
    used: float
    cut: int
    """Messages that take another channel, or none."""
    cut_line: float | None
    """The least gain per unit that was bought; None: nothing had to be chosen."""
    shadow_price: float
    """What one more unit would buy: expected engagements; 0 where nobody was cut."""


@dataclass(frozen=True, kw_only=True)
class Shared:
    """The budget, shared out."""

    place: Ints
    """Place in its ranked list of the channel that each message gets, NOBODY: none."""
    gain: Floats
    """What the first channel of a message would gain per unit of the limit that was last asked, 0 without one."""
    closed: Bools
    """Messages x CHANNELS: what may not be used any more, whatever becomes of the message."""
    lines: Sequence[Line]


def share_out(
    wanted: Wanted, counts: Mapping[str, int], amount: float | None, costs: Mapping[str, float], *, run: str
) -> Shared:
    """Share a budget out.

    The limits of channels come first, the dearest channel before the others, and the amount last; nobody who is cut
    moves to a channel that was shared out already. The order of the messages makes no difference to any of them.

    Args:
        wanted: what the messages of the run would take.
        counts: by channel, how many messages it may have.
        amount: what all messages may cost, None: anything.
        costs: by channel, the expected cost of a message.
        run: of the hash.
    """
    price = np.array([round(costs.get(name, 0.0) * UNITS) for name in CHANNELS])
    place = np.where(wanted.channel[:, 0] == NOBODY, NOBODY, 0)
    gain = np.zeros(len(place))
    done = np.zeros(WIDTH, dtype=np.bool_)
    ties = _hashes(run, wanted.keys)
    lines = []
    for name in sorted(counts, key=lambda channel: (-costs.get(channel, 0.0), channel)):
        unit = np.array([int(channel == name) for channel in CHANNELS])
        place, gain, line = _cut(wanted, place, gain, unit, counts[name], done, ties, limit=name, scale=1)
        done[CHANNELS.index(name)] = True
        lines.append(line)
    if amount is not None:
        most = round(amount * UNITS)
        place, gain, line = _cut(wanted, place, gain, price, most, done, ties, limit=AMOUNT, scale=UNITS)
        lines.append(line)
    got = _at(wanted.channel, place)
    closed = done[None, :] & (np.arange(WIDTH) != got[:, None])
    if amount is not None:
        closed = closed | (price[None, :] > np.append(price, 0)[got][:, None])
    return Shared(place=place, gain=gain, closed=closed, lines=lines)


def _cut(
    wanted: Wanted,
    place: Ints,
    gain: Floats,
    unit: Ints,
    most: int,
    done: Bools,
    ties: Hashes,
    *,
    limit: str,
    scale: int,
) -> tuple[Ints, Floats, Line]:
    """Move messages down their lists until a limit holds."""
    first = np.append(unit, 0)[_at(wanted.channel, place)]
    total = int(first.sum())
    row, level, rung, size, worth = _steps(wanted, place, unit, done)
    top = np.zeros(len(place))
    top[row] = worth * scale  # the highest step of a message comes last
    if total <= most:
        line = Line(
            limit=limit, most=most / scale, wanted=total / scale, used=total / scale, cut=0, cut_line=None,
            shadow_price=0.0,
        )  # fmt: skip
        return place, np.where(first > 0, top, gain), line
    order = np.lexsort((level, ties[row], -worth))
    bought = np.cumsum(size[order]) <= most
    kept = order[bought]
    lowered = np.where(first > 0, _lowest(wanted, place, unit, done), place)
    np_place = lowered.copy()
    best = kept[np.argsort(level[kept], kind="stable")]  # of several of a message the highest stays
    np_place[row[best]] = rung[best]
    refused = order[len(kept) :]
    line = Line(
        limit=limit,
        most=most / scale,
        wanted=total / scale,
        used=int(size[kept].sum()) / scale,
        cut=int((np_place != place).sum()),
        cut_line=float(worth[kept[-1]] * scale) if len(kept) else None,
        shadow_price=float(worth[refused[0]] * scale) if len(refused) else 0.0,
    )
    return np_place, np.where(first > 0, top, gain), line


def _steps(wanted: Wanted, place: Ints, unit: Ints, done: Bools) -> tuple[Ints, Ints, Ints, Ints, Floats]:
    """Return the steps up of all messages, of each message the lowest first.

    (row, level from below, place in the list that it leads to, size in units, worth: gain per unit, never more than
    that of the step below)
    """
    rungs = list(_rungs(wanted, place, unit, done))
    rows, levels, leads, sizes, worths = [], [], [], [], []
    below_unit = np.zeros(len(place), dtype=np.int64)
    below_value = np.zeros(len(place))
    least = np.full(len(place), np.inf)
    for level, (rung, on) in enumerate(reversed(rungs)):
        cost = np.append(unit, 0)[_at(wanted.channel, np.where(on, rung, NOBODY))]
        value = np.where(on, _at(wanted.expected, np.where(on, rung, NOBODY)), 0.0)
        step = np.flatnonzero(on & (cost > 0))
        size = cost[step] - below_unit[step]
        least[step] = np.minimum(least[step], (value[step] - below_value[step]) / size)
        rows.append(step)
        levels.append(np.full(len(step), level))
        leads.append(rung[step])
        sizes.append(size)
        worths.append(least[step].copy())
        below_unit[on], below_value[on] = cost[on], value[on]
    parts = [
        np.concatenate(one) if one else np.zeros(0, dtype=np.int64) for one in (rows, levels, leads, sizes)
    ]
    return parts[0], parts[1], parts[2], parts[3], np.concatenate(worths) if worths else np.zeros(0)


def _rungs(wanted: Wanted, place: Ints, unit: Ints, done: Bools) -> Iterator[tuple[Ints, Bools]]:
    """Yield the rungs of every message's ladder from the top: a place in its list, and whether it has this rung.

    A rung is its channel of now, then every later one that takes less of the limit than all before it.
    """
    least = np.where(place == NOBODY, 0, np.append(unit, 0)[_at(wanted.channel, place)])
    yield place, place != NOBODY
    for nth in range(1, WIDTH):
        channel = wanted.channel[:, nth]
        cost = np.append(unit, 0)[channel]
        shut = np.append(done, True)[channel]
        on = (nth > place) & (place != NOBODY) & ~shut & (cost < least)
        yield np.full(len(place), nth), on
        least = np.where(on, cost, least)


def _lowest(wanted: Wanted, place: Ints, unit: Ints, done: Bools) -> Ints:
    """Return where each message stands when it gets nothing of the limit: on a rung that costs none, or nowhere."""
    lowest = np.full(len(place), NOBODY)
    for rung, on in _rungs(wanted, place, unit, done):
        free = on & (np.append(unit, 0)[_at(wanted.channel, np.where(on, rung, NOBODY))] == 0)
        lowest = np.where(free, rung, lowest)
    return lowest


def _at(matrix: np.ndarray, place: Ints) -> np.ndarray:
    """Return the entry of each row at a place, NOBODY where it has none."""
    found = np.take_along_axis(matrix, np.maximum(place, 0)[:, None], axis=1)[:, 0]
    return np.where(place == NOBODY, NOBODY, found)


def _hashes(run: str, keys: Sequence[str]) -> Hashes:
    salt = hashlib.blake2b(run.encode(), digest_size=16).digest()
    told = (hashlib.blake2b(key.encode(), digest_size=8, key=salt).digest() for key in keys)
    return np.frombuffer(b"".join(told), dtype=">u8").astype(np.uint64)
