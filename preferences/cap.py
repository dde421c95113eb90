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
from preferences.sheet import NOBODY, Bools, Columns, Ints, matched
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
        who, free = _free_at(batch.recent, limit, batch.now)
        later = np.flatnonzero(free > due[who])
        who = who[later]
        due[who], cap[who] = free[later], limit.cap
        wish[who] = NOBODY if limit.statement is None else limit.statement[who]
    due, ahead = _give_way(batch, binding, due)
    return Room(due=due, cap=cap, wish=wish, ahead=ahead)


def counts_everything(said: Statements, caps: tuple[Cap, ...]) -> Bools:
    """Return of which customers the messages of every purpose matter, and not those of the question's alone."""
    every = np.full(said.size, any(cap.purpose == ALL_MARKETING for cap in caps))
    for slot, who, _ in said.spoken("frequency"):
        if slot % said.depth == said.depth - 1:
            every[who] = True
    return every


def _limits(batch: Batch, said: Statements) -> Iterator[Limit]:
    question = batch.question
    for place, cap in enumerate(batch.policy.caps):
        if cap.purpose in {ALL_MARKETING, question.purpose} and cap.brand in {"all", question.brand}:
            window = (cap.window.days * 86_400 + cap.window.seconds) * 1_000_000 + cap.window.microseconds
            yield Limit(
                most=np.broadcast_to(cap.limit, batch.size),
                window=np.broadcast_to(window, batch.size),
                purpose=cap.purpose,
                brand=cap.brand,
                cap=place,
            )
    yield from _wishes(batch, said)


def _wishes(batch: Batch, said: Statements) -> Iterator[Limit]:
    """Yield the wishes, one for each scope: what is said for a while replaces what is said for good."""
    met: dict[int, Bools] = {}
    for slot, who, row in said.spoken("frequency"):
        scope = slot % (2 * said.depth)
        brand, level = divmod(scope, said.depth)
        heard = met.setdefault(scope, np.zeros(batch.size, dtype=np.bool_))
        fresh = np.flatnonzero(~heard[who])
        who, row = who[fresh], row[fresh]
        heard[who] = True
        most, window, statement = np.zeros((3, batch.size), dtype=np.int64)
        most[who], window[who] = said.columns.judged("value", frequency, np.int64, row).reshape(-1, 2).T
        statement[who] = row
        yield Limit(
            most=most,
            window=window * DAY,
            purpose=ALL_MARKETING if level == said.depth - 1 else batch.question.purpose,
            brand=batch.question.brand if brand == 0 else "all",
            statement=statement,
        )


def _free_at(recent: Columns, limit: Limit, now: int) -> tuple[Ints, Ints]:
    """Return whom a limit lets nothing through for at present, and from when on it does."""
    at = recent.kept(("at",), lambda: recent.whole("at"))
    if limit.statement is None:
        rows = np.flatnonzero(limit.counts(recent) & (at > now - int(limit.window.max(initial=0))))
    else:
        rows = recent.of(np.flatnonzero(limit.most))[1]
        rows = rows[
            np.flatnonzero(limit.counts(recent)[rows] & (at[rows] > now - limit.window[recent.row[rows]]))
        ]
    customer = recent.row[rows]
    full = np.bincount(customer, minlength=len(limit.most)) >= limit.most
    rows = rows[np.flatnonzero(full[customer])]
    order = rows[np.lexsort((-at[rows], recent.row[rows]))]
    customer = recent.row[order]
    first = np.flatnonzero(np.diff(customer, prepend=NOBODY))
    since = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
    nth = np.flatnonzero(since == limit.most[customer] - 1)
    who = customer[nth]
    return who, at[order[nth]] + limit.window[who]


def _give_way(batch: Batch, limits: list[Limit], due: Ints) -> tuple[Ints, Ints]:
    """Wait for the campaigns of a higher priority that a message, sent when it may be, would push out of a limit."""
    ahead = np.full(batch.size, NOBODY, dtype=np.int64)
    coming = batch.coming
    if not coming.length:
        return due, ahead
    above = _above(coming, batch.question.priority)
    who = coming.row[above]
    at = np.maximum(coming.whole("at")[above], due[who])
    met, sent = batch.recent.of(who)
    instant = batch.recent.kept(("at",), lambda: batch.recent.whole("at"))[sent]
    met, sent, instant = (part[np.flatnonzero(instant <= at[met])] for part in (met, sent, instant))
    later, earlier = _of_the_same(who)
    pushed = np.zeros(len(above), dtype=np.bool_)
    for limit in limits:
        most, window = limit.most[who], limit.window[who]
        own = limit.counts(coming)[above] & (most > 0) & (at - due[who] < window)
        near = limit.counts(batch.recent)[sent] & (instant > (at - window)[met])
        used = np.bincount(met[near], minlength=len(above))
        both = own[later] & own[earlier] & (at[earlier] > (at - window)[later])
        used += np.bincount(later[both], minlength=len(above))
        pushed |= own & (used == most - 1)
    last = np.flatnonzero(pushed)  # of several of a customer the last assignment stays
    wait = due.copy()
    ahead[who[last]], wait[who[last]] = above[last], at[last] + GRACE
    return wait, ahead


def _above(coming: Columns, priority: int) -> Ints:
    """Return the rows of a higher priority by time, then by campaign."""
    codes, words = coming.dictionary("campaign")
    rank = np.argsort(np.argsort(np.array([word or "" for word in words])))[codes]
    rows = coming.rows(coming.whole("priority", 0) > priority)
    return rows[np.lexsort((rank[rows], coming.whole("at")[rows]))]


def _of_the_same(who: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of places at which the same customer stands, the later one first."""
    order = np.argsort(who, kind="stable")
    begin = np.concatenate([[0], np.cumsum(np.bincount(who))])
    later, earlier = matched(begin, who, order)
    apart = np.flatnonzero(earlier < later)
    return later[apart], earlier[apart]
