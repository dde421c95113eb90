"""Pauses: "no offers in July". They bind marketing only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preferences.sheet import LONG_AGO, NOBODY, Bools, Ints, newest, where
from preferences.statement import KINDS, Statements, value


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """The pauses that stand; each is one customer's span [start, until)."""

    customer: Ints
    start: Ints
    until: Ints
    row: Ints
    order: tuple[Ints, ...]
    """Of several that end together the one is named that comes last in this order, most significant first."""


def resumes(text: str | None) -> bool:
    """Whether a pause statement ends pauses instead of making one."""
    return value(text).get("resume") is True


def pauses(said: Statements) -> Pauses:
    """Return the pauses that stand: a newer one replaces an older one of its scope that it touches, others add up.

    So "until 1 August" shortens an open pause, while July and December both stand; a resumption ends those that last
    and those to come. What was said at one instant replaces nothing of it: both pauses stand, and a pause outlives a
    resumption.
    """
    lines = np.flatnonzero(said.kind == KINDS.index("pause"))
    if not len(lines):
        nothing = np.zeros(0, dtype=np.int64)
        return Pauses(customer=nothing, start=nothing, until=nothing, row=nothing, order=())
    ends = said.columns.judged("value", resumes, np.bool_, said.row[lines])
    at, number, start = said.at(lines), said.number(lines), said.start[lines]
    until = said.until[lines]
    begins = where(start == LONG_AGO, at, start)
    topic_and_brand = said.slot[lines] % (2 * said.depth)
    order = np.lexsort((number, at, topic_and_brand, said.customer[lines]))
    group = said.customer[lines] * 2 * said.depth + topic_and_brand
    stands = ~ends[order] & ~_replaced(group[order], at[order], begins[order], until[order])
    kept = order[stands]
    same = (np.diff(group[kept]) == 0) & (np.diff(at[kept]) == 0)
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    content = np.zeros(len(kept), dtype=np.int64)
    content[tied] = said.content(lines[kept[tied]])
    return Pauses(
        customer=said.customer[lines][kept],
        start=start[kept],
        until=until[kept],
        row=said.row[lines][kept],
        order=(at[kept], -topic_and_brand[kept].astype(np.int64), content, number[kept]),
    )


def _replaced(group: Ints, at: Ints, begins: Ints, until: Ints) -> Bools:
    """Return which of the lines (sorted by group, then age) are touched by a newer one of their group."""
    replaced = np.zeros(len(group), dtype=np.bool_)
    for step in range(1, int(np.bincount(np.unique(group, return_inverse=True)[1]).max())):
        same = (group[:-step] == group[step:]) & (at[:-step] < at[step:])
        touch = (begins[step:] <= until[:-step]) & (begins[:-step] <= until[step:])
        replaced[:-step] |= same & touch
    return replaced


def resume_at(due: Ints, found: Pauses) -> tuple[Ints, Ints]:
    """Return when the pauses let each message leave (NEVER: open end), and the row of the last that moved it."""
    freed = due.copy()
    row = np.full(len(due), NOBODY, dtype=np.int64)
    while True:
        here = freed[found.customer]
        inside = np.flatnonzero((found.start <= here) & (here < found.until))
        if not len(inside):
            return freed, row
        last = newest(
            found.customer[inside], len(due), found.until[inside], *(part[inside] for part in found.order)
        )
        inside = inside[last[last != NOBODY]]
        freed[found.customer[inside]] = found.until[inside]
        row[found.customer[inside]] = found.row[inside]
