"""How often marketing may come: at most so many messages of a purpose in a rolling window."""

from __future__ import annotations

import numpy as np

from preferences.policy import Cap, Policy
from preferences.sheet import Columns, Ints
from preferences.statement import brand_words


def capped_until(
    recent: Columns, *, size: int, brand: str, purpose: str, now: int, policy: Policy
) -> tuple[Ints, Ints]:
    """Return per customer when the caps let the next message through, and which cap binds (its place).

    The place is -1 where no cap binds. With `limit` messages in the window the next one waits until the oldest of the
    newest `limit` falls out: exactly `window` later it counts no more.
    """
    due = np.full(size, now, dtype=np.int64)
    which = np.full(size, -1, dtype=np.int64)
    ours = (recent.row >= 0) & (recent.codes("purpose", (purpose,)) == 0)
    for place, cap in enumerate(policy.caps):
        if cap.purpose != purpose or cap.brand not in {"all", brand}:
            continue
        free = _free_at(recent, np.flatnonzero(ours & _counts(recent, cap)), cap, size, now)
        which = np.where(free > due, place, which)
        due = np.maximum(due, free)
    return due, which


def _counts(recent: Columns, cap: Cap) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if cap.brand == "all":
        return np.ones(recent.length, dtype=np.bool_)
    return recent.codes("brand", brand_words(cap.brand)) >= 0


def _free_at(recent: Columns, rows: Ints, cap: Cap, size: int, now: int) -> Ints:
    window = (cap.window.days * 86_400 + cap.window.seconds) * 1_000_000 + cap.window.microseconds
    at = recent.whole("at")
    rows = rows[at[rows] > now - window]
    free = np.full(size, now, dtype=np.int64)
    full = np.bincount(recent.row[rows], minlength=size) >= cap.limit
    rows = rows[full[recent.row[rows]]]
    order = rows[np.lexsort((-at[rows], recent.row[rows]))]
    customer = recent.row[order]
    nth = np.arange(len(order)) - np.searchsorted(customer, customer) == cap.limit - 1
    free[customer[nth]] = at[order[nth]] + window
    return free
