"""Pauses: "no offers in July". They bind marketing only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from preferences.sheet import LONG_AGO, NOBODY, Bools, Ints, where
from preferences.statement import KINDS, Statements, value


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """The pauses that stand; each is one customer's span [start, until)."""

    customer: Ints
    start: Ints
    until: Ints
    row: Ints
    number: Ints
    """The statement's id."""


def resumes(text: str | None) -> bool:
    """Whether a pause statement ends pauses instead of making one."""
    return value(text).get("resume") is True


def pauses(said: Statements) -> Pauses:
    """Return the pauses that stand: a newer one replaces an older one of its scope that it touches, others add up.

    So "until 1 August" shortens an open pause and a resumption ends it, while July and December both stand.
    """
    lines = np.flatnonzero(said.kind == KINDS.index("pause"))
    if not len(lines):
        nothing = np.zeros(0, dtype=np.int64)
        return Pauses(customer=nothing, start=nothing, until=nothing, row=nothing, number=nothing)
    ends = said.columns.judged("value", resumes, np.bool_, said.row[lines])
    at, number, start = said.at(lines), said.number(lines), said.start[lines]
    until = where(ends, at, said.until[lines])
    begins = where(start == LONG_AGO, at, start)
    topic_and_brand = said.slot[lines] % (2 * said.depth)
    order = np.lexsort((number, at, topic_and_brand, said.customer[lines]))
    group = said.customer[lines] * 2 * said.depth + topic_and_brand
    stands = ~ends[order] & ~_replaced(group[order], begins[order], until[order])
    kept = order[stands]
    return Pauses(
        customer=said.customer[lines][kept],
        start=start[kept],
        until=until[kept],
        row=said.row[lines][kept],
        number=number[kept],
    )


def _replaced(group: Ints, begins: Ints, until: Ints) -> Bools:
    """Return which of the lines (sorted by group, then age) are touched by a newer one of their group."""
    replaced = np.zeros(len(group), dtype=np.bool_)
    for step in range(1, int(np.bincount(np.unique(group, return_inverse=True)[1]).max())):
        same = group[:-step] == group[step:]
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
        inside = inside[np.lexsort((found.number[inside], found.until[inside]))]
        freed[found.customer[inside]] = found.until[inside]
        row[found.customer[inside]] = found.row[inside]
