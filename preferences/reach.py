"""Which address of a channel can be used, and why a channel cannot be reached (rule 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preferences.policy import Policy
from preferences.sheet import CHANNELS, NOBODY, WIDTH, Columns, Ints, newest
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
    ]
)


@dataclass(frozen=True, kw_only=True)
class Reach:
    """Customers x channels: the row of the address to use, or of the one that shows why not; NOBODY: none."""

    address: Ints
    reason: Ints
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
    row = np.flatnonzero((addresses.row != NOBODY) & (channel != NOBODY))
    cell = addresses.row[row] * WIDTH + channel[row]
    barred, stopped = _suppressed(addresses, suppressions, cells, brand, policy)
    usable = addresses.codes("state", ("usable",))[row] == 0
    proving = {*policy.verified, *(policy.double_opt_in if marketing else ())}
    bound = np.array([name in proving for name in CHANNELS])[channel[row]]
    proven = ~bound | addresses.truth("verified")[row]
    blocked = (barred[row] != NOBODY) | (stopped[cell] != NOBODY)

    grade = np.where(blocked, BARRED, np.where(~usable, UNUSABLE, np.where(proven, FIT, UNPROVEN)))
    best = newest(cell, cells, grade, -addresses.whole("position", 0)[row], -addresses.whole("address")[row])
    some = best != NOBODY
    grades = np.where(some, np.append(grade, 0)[best], np.where(stopped != NOBODY, BARRED, NONE))
    address = np.where(some, np.append(row, NOBODY)[best], NOBODY)
    witness = np.where(stopped != NOBODY, stopped, np.append(barred, NOBODY)[address])
    shape = (size, WIDTH)
    return Reach(
        address=address.reshape(shape),
        reason=_REASON_OF_GRADE[grades].reshape(shape),
        suppression=np.where(grades == BARRED, witness, NOBODY).reshape(shape),
    )


def _suppressed(
    addresses: Columns, suppressions: Columns, cells: int, brand: str, policy: Policy
) -> tuple[Ints, Ints]:
    """Return the suppression row that bars each address row, and the one that closes each cell."""
    barred = np.full(addresses.length, NOBODY, dtype=np.int64)
    stopped = np.full(cells, NOBODY, dtype=np.int64)
    channel = suppressions.codes("channel", CHANNELS)
    ours = suppressions.codes("brand", brand_words(brand)) != NOBODY
    row = np.flatnonzero((suppressions.row != NOBODY) & (channel != NOBODY) & ours)
    if not len(row):
        return barred, stopped
    order = row[np.lexsort((-suppressions.whole("suppression")[row], -suppressions.whole("at")[row]))]
    closes = suppressions.judged("reason", lambda word: (word or "").lower() in policy.closing, np.bool_)[
        order
    ]
    final = order[closes]
    stopped[suppressions.row[final] * WIDTH + channel[final]] = final  # the oldest stays
    _bar(barred, addresses.whole("address"), suppressions.whole("address")[order], order)
    return barred, stopped


def _bar(barred: Ints, addresses: Ints, closed: Ints, rows: Ints) -> None:
    known, last = np.unique(closed[::-1], return_index=True)
    places = np.minimum(np.searchsorted(known, addresses), len(known) - 1)
    hit = known[places] == addresses
    barred[hit] = rows[::-1][last][places[hit]]
