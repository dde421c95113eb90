"""How often marketing may come, and which campaign goes first where it may not come often enough for all.

A limit lets at most so many messages through in any rolling window: the policy's caps, of one purpose or of all of
them, and what the customer wished ("at most one a month"). One exactly a window old counts no more.

Where campaigns compete for the same limit the one with the lower priority waits: it does not leave when a campaign of
a higher priority, planned within the window, would otherwise find no room. It is asked again when that one has gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from preferences.batch import Batch
from preferences.policy import ALL_MARKETING, Cap
from preferences.sheet import NOBODY, Bools, Columns, Ints
from preferences.statement import Statements, brand_words, frequency

DAY = 86_400_000_000
GRACE = 3_600_000_000
"""So long after a campaign's time who gave way to it is asked again: by then it counts as sent, or it never was."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """One limit on the messages of each customer of a batch."""

    most: Ints
    """0: it does not bind this customer."""
    window: Ints
    """Microseconds."""
    purpose: str
    """Whose messages count; ALL_MARKETING: any."""
    brand: str
    cap: int = NOBODY
    """Place in the policy, NOBODY: a customer's wish."""
    statement: Ints | None = None
    """The row of the wish of each customer."""

    def counts(self, columns: Columns) -> Bools:
        """Return which rows of a frame with a brand and a purpose it counts."""
        counted: Bools = columns.kept(("counts", self.purpose, self.brand), lambda: self._counted(columns))
        return counted

    def _counted(self, columns: Columns) -> Bools:
        counted: Bools = columns.row != NOBODY
        if self.purpose != ALL_MARKETING:
            counted = counted & (columns.codes("purpose", (self.purpose,)) == 0)
        if self.brand != "all":
            counted = counted & (columns.codes("brand", brand_words(self.brand)) != NOBODY)
        return counted


@dataclass(frozen=True, kw_only=True)
class Room:
    """Per customer: when every limit has room, and what was waited for last (NOBODY: nothing)."""

    due: Ints
    cap: Ints
    wish: Ints
    """Row of the statement."""
    ahead: Ints
    """Row in `coming` of the campaign that goes first; it comes after cap and wish."""


def room(batch: Batch, said: Statements) -> Room:
    """Return when the limits let a message through that is asked about now.

    With `most` messages in the window the next one waits until the oldest of the newest `most` falls out.
    """
    due = np.full(batch.size, batch.now, dtype=np.int64)
    cap, wish = np.full(batch.size, NOBODY, dtype=np.int64), np.full(batch.size, NOBODY, dtype=np.int64)
    binding = list(_limits(batch, said))
    for limit in binding:
        free = _free_at(batch.recent, limit, batch.now)
        later = free > due
        cap = np.where(later, limit.cap, cap)
        wish = np.where(later, NOBODY if limit.statement is None else limit.statement, wish)
        due = np.maximum(due, free)
    due, ahead = _give_way(batch, binding, due)
    return Room(due=due, cap=cap, wish=wish, ahead=ahead)


def counts_everything(said: Statements, caps: tuple[Cap, ...]) -> Bools:
    """Return of which customers the messages of every purpose matter, and not those of the question's alone."""
    every = np.full(said.size, any(cap.purpose == ALL_MARKETING for cap in caps))
    for slot, row in said.spoken("frequency"):
        if slot % said.depth == said.depth - 1:
            every |= row != NOBODY
    return every


def _limits(batch: Batch, said: Statements) -> Iterator[Limit]:
    question = batch.question
    for place, cap in enumerate(batch.policy.caps):
        if cap.purpose in {ALL_MARKETING, question.purpose} and cap.brand in {"all", question.brand}:
            window = (cap.window.days * 86_400 + cap.window.seconds) * 1_000_000 + cap.window.microseconds
            yield Limit(
                most=np.full(batch.size, cap.limit),
                window=np.full(batch.size, window),
                purpose=cap.purpose,
                brand=cap.brand,
                cap=place,
            )
    yield from _wishes(batch, said)


def _wishes(batch: Batch, said: Statements) -> Iterator[Limit]:
    """Yield the wishes, one for each scope: what is said for a while replaces what is said for good."""
    met: dict[int, Bools] = {}
    for slot, row in said.spoken("frequency"):
        scope = slot % (2 * said.depth)
        brand, level = divmod(scope, said.depth)
        fresh = row != NOBODY
        who = np.flatnonzero(fresh & ~met[scope] if scope in met else fresh)
        met[scope] = fresh | met[scope] if scope in met else fresh
        most, window = np.zeros(batch.size, dtype=np.int64), np.zeros(batch.size, dtype=np.int64)
        most[who], window[who] = said.columns.judged("value", frequency, np.int64, row[who]).reshape(-1, 2).T
        yield Limit(
            most=most,
            window=window * DAY,
            purpose=ALL_MARKETING if level == said.depth - 1 else batch.question.purpose,
            brand=batch.question.brand if brand == 0 else "all",
            statement=row,
        )


def _free_at(recent: Columns, limit: Limit, now: int) -> Ints:
    at = recent.kept(("at",), lambda: recent.whole("at"))
    wide = limit.most.min(initial=1) > 0
    rows = np.flatnonzero(limit.counts(recent) & (wide | (limit.most[recent.row] > 0)))
    rows = rows[at[rows] > now - limit.window[recent.row[rows]]]
    size = len(limit.most)
    free = np.full(size, now, dtype=np.int64)
    full = np.bincount(recent.row[rows], minlength=size) >= np.maximum(limit.most, 1)
    rows = rows[full[recent.row[rows]]]
    order = rows[np.lexsort((-at[rows], recent.row[rows]))]
    customer = recent.row[order]
    first = np.flatnonzero(np.diff(customer, prepend=NOBODY))
    since = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
    nth = since == limit.most[customer] - 1
    free[customer[nth]] = at[order[nth]] + limit.window[customer[nth]]
    return free


def _give_way(batch: Batch, limits: list[Limit], due: Ints) -> tuple[Ints, Ints]:
    """Wait for the campaigns of a higher priority that a message, sent when it may be, would push out of a limit."""
    ahead = np.full(batch.size, NOBODY, dtype=np.int64)
    coming = batch.coming
    if not coming.length:
        return due, ahead
    above = _above(coming, batch.question.priority)
    who = coming.row[above]
    asked = np.zeros(batch.size + 1, dtype=np.bool_)
    asked[who] = True
    recent = np.flatnonzero(asked[batch.recent.row])
    recent = recent[np.argsort(batch.recent.row[recent], kind="stable")]
    at = np.maximum(coming.whole("at")[above], due[who])
    pushed = np.zeros(len(above), dtype=np.bool_)
    for limit in limits:
        own = limit.counts(coming)[above] & (limit.most[who] > 0) & (at - due[who] < limit.window[who])
        line = np.flatnonzero(own)
        used = _before(batch.recent, recent, limit, who[line], at[line]) + _earlier(line, who, at, limit)
        pushed[line[used == limit.most[who[line]] - 1]] = True
    last = np.flatnonzero(pushed)  # of several of a customer the last assignment stays
    wait = due.copy()
    ahead[who[last]], wait[who[last]] = above[last], at[last] + GRACE
    return wait, ahead


def _above(coming: Columns, priority: int) -> Ints:
    """Return the rows of a higher priority by time, then by campaign."""
    codes, words = coming.dictionary("campaign")
    rank = np.argsort(np.argsort(np.array([word or "" for word in words])))[codes]
    rows = np.flatnonzero((coming.row != NOBODY) & (coming.whole("priority", 0) > priority))
    return rows[np.lexsort((rank[rows], coming.whole("at")[rows]))]


def _before(recent: Columns, rows: Ints, limit: Limit, customer: Ints, at: Ints) -> Ints:
    """Return how many counted messages, of some rows by customer, lie in the window up to each of some instants."""
    rows = rows[limit.counts(recent)[rows]]
    place, nth = _pairs(recent.row[rows], customer)
    sent = recent.whole("at")[rows[nth]]
    inside = (sent > at[place] - limit.window[customer[place]]) & (sent <= at[place])
    return np.bincount(place[inside], minlength=len(customer))


def _earlier(line: Ints, who: Ints, at: Ints, limit: Limit) -> Ints:
    """Return how many of the others that are planned come before each of some, within its window."""
    order = line[np.argsort(who[line], kind="stable")]
    place, nth = _pairs(who[order], who[line])
    one, other = line[place], order[nth]
    inside = (other < one) & (at[other] > at[one] - limit.window[who[one]])
    return np.bincount(place[inside], minlength=len(line))


def _pairs(sorted_keys: Ints, keys: Ints) -> tuple[Ints, Ints]:
    """Return for each key the places of its equals in a sorted list: (place of the key, place in the list)."""
    begin, end = (np.searchsorted(sorted_keys, keys, side=side) for side in ("left", "right"))
    count = end - begin
    place = np.repeat(np.arange(len(keys)), count)
    return place, np.arange(len(place)) - np.repeat(np.cumsum(count) - count, count) + begin[place]
