"""Which address of a channel can be used, and why a channel cannot be reached (rule 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preferences.policy import Policy
from preferences.sheet import CHANNELS, NOBODY, WIDTH, Columns, Ints, Small, first_speaks, newest, where
from preferences.statement import brand_words
from tidings.reason import Reason

REASONS = tuple(Reason)
OPEN = NOBODY
"""Reason of a channel that nothing speaks against."""


def number(reason: Reason) -> int:
    """Return the number of a reason in the sheet."""
    return REASONS.index(reason)


NONE, UNUSABLE, UNPROVEN, BARRED, FIT = range(5)
_REASON_OF_GRADE = np.array(
    [
        number(Reason.NO_ADDRESS),
        number(Reason.UNUSABLE_ADDRESS),
        number(Reason.UNVERIFIED_ADDRESS),
        number(Reason.SUPPRESSED),
        OPEN,
    ],
    dtype=np.int8,
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Customers x channels: the row of the address to use, or of the one that shows why not; NOBODY: none."""

    address: Ints
    reason: Small
    suppression: Ints


def reach(
    addresses: Columns, suppressions: Columns, *, size: int, brand: str, policy: Policy, marketing: bool
) -> Reach:
    """Choose the first usable address by position (then id) of every channel.

    A suppression closes its address; one whose reason is in `policy.closing` (a STOP, a complaint) closes the
    channel of the customer, for every purpose and every address. With several reasons the channel names the gravest:
    suppressed, unverified, unusable, no address. `marketing`: double opt-in binds it too.
    """
    cells = size * WIDTH
    channel = addresses.codes("channel", CHANNELS)
    row = addresses.rows(channel != NOBODY)
    channel = channel[row]
    cell = channel.astype(np.int64) * size + addresses.row[row]
    barred, stopped = _suppressed(addresses, suppressions, size, brand, policy)
    proving = {*policy.verified, *(policy.double_opt_in if marketing else ())}
    bound = np.array([name in proving for name in CHANNELS])[channel]
    proven = ~bound | addresses.truth("verified")[row]
    blocked = (barred[row] != NOBODY) | (stopped[cell] != NOBODY)

    grade = where(proven, np.int8(FIT), np.int8(UNPROVEN))
    grade = where(addresses.codes("state", ("usable",))[row] == 0, grade, np.int8(UNUSABLE))
    grade = where(blocked, np.int8(BARRED), grade)
    best = newest(cell, cells, grade, -addresses.whole("position", 0)[row], -addresses.whole("address")[row])
    address = np.append(row, NOBODY)[best]
    grades = np.append(grade, np.int8(NONE))[best]
    shut = np.flatnonzero(stopped != NOBODY)
    grades[shut] = np.maximum(grades[shut], BARRED)  # also where there is no address
    suppression = np.full(cells, NOBODY, dtype=np.int64)
    found = np.flatnonzero(grades == BARRED)
    suppression[found] = first_speaks(stopped[found], np.append(barred, NOBODY)[address[found]])
    shape = (WIDTH, size)
    return Reach(
        address=address.reshape(shape).T,
        reason=_REASON_OF_GRADE[grades].reshape(shape).T,
        suppression=suppression.reshape(shape).T,
    )


def _suppressed(
    addresses: Columns, suppressions: Columns, size: int, brand: str, policy: Policy
) -> tuple[Ints, Ints]:
    """Return the suppression row that bars each address row, and the one that closes each cell."""
    barred = np.full(addresses.length, NOBODY, dtype=np.int64)
    stopped = np.full(size * WIDTH, NOBODY, dtype=np.int64)
    channel = suppressions.codes("channel", CHANNELS)
    ours = suppressions.codes("brand", brand_words(brand)) != NOBODY
    row = suppressions.rows(channel != NOBODY, ours)
    if not len(row):
        return barred, stopped
    order = row[np.lexsort((-suppressions.whole("suppression")[row], -suppressions.whole("at")[row]))]
    closes = suppressions.judged("reason", lambda word: (word or "").lower() in policy.closing, np.bool_)[
        order
    ]
    final = order[closes]
    stopped[channel[final].astype(np.int64) * size + suppressions.row[final]] = final  # the oldest stays
    _bar(barred, addresses.whole("address"), suppressions.whole("address")[order], order)
    return barred, stopped


def _bar(barred: Ints, addresses: Ints, closed: Ints, rows: Ints) -> None:
    """Write the row that closes each address; `rows` close the addresses `closed`, the last of equal ones counts."""
    known, last = np.unique(closed[::-1], return_index=True)
    rows = rows[::-1][last]
    first, span = int(known[0]), int(known[-1] - known[0]) + 1
    near = np.flatnonzero((addresses >= known[0]) & (addresses <= known[-1]))
    if span <= 8 * len(addresses):  # ids lie close together: look them up instead of searching
        table = np.full(span, NOBODY, dtype=np.int64)
        table[known - first] = rows
        barred[near] = table[addresses[near] - first]
        return
    places = np.searchsorted(known, addresses[near])
    barred[near] = where(known[places] == addresses[near], rows[places], NOBODY)
