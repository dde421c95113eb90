"""The facts of a batch as columns, and where each question's customer stands in the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from preferences.policy import Policy
from preferences.reach import OPEN, number
from preferences.sheet import NOBODY, Bools, Columns, Customers, Ints, Small, microseconds, newest, where
from tidings.facts import Facts, Question
from tidings.purpose import PurposeClass
from tidings.reason import Reason

STANDINGS = ("prospect", "customer", "former", "deceased")
PROSPECT, CUSTOMER, FORMER, DECEASED = range(4)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Everything that the rules read."""

    question: Question
    policy: Policy
    now: int
    size: int
    """Number of different customers asked about."""
    asked: Columns
    customers: Columns
    addresses: Columns
    suppressions: Columns
    consents: Columns
    statements: Columns
    behaviour: Columns
    hours: Columns
    recent: Columns
    coming: Columns
    once: bool
    """Whether the questions are about one customer after the other, and so the rows of the sheet."""
    known: Ints
    """Per customer: the row in `customers`, NOBODY for a stranger."""
    standing: Small
    washed: Mapping[tuple[str, str], date]
    """The date of the newest do-not-mail register by country and kind."""

    @property
    def is_marketing(self) -> bool:
        """Whether the question needs a lawful basis, and pauses and caps bind it."""
        return self.question.purpose_class == PurposeClass.MARKETING

    def held(self) -> Small:
        """Return per customer why nothing may be sent at all (rule 1), or OPEN.

        Nobody writes to the dead. Former customers and those with an open complaint, dispute, dunning or
        bereavement get no marketing.
        """
        held = np.full(self.size, OPEN, dtype=np.int8)
        if self.is_marketing:
            held[np.flatnonzero(_some(self.customers, "holds")[self.known])] = number(Reason.OPEN_MATTER)
            held[np.flatnonzero(self.standing == FORMER)] = number(Reason.STANDING)
        held[np.flatnonzero(self.standing == DECEASED)] = number(Reason.STANDING)
        held[np.flatnonzero(self.known == NOBODY)] = number(Reason.UNKNOWN_CUSTOMER)
        return held

    def waited(self) -> Bools:
        """Return which messages were planned before and have had their best hour."""
        if "waited" in self.asked.frame.columns:
            return self.asked.truth("waited")
        return np.zeros(self.asked.length, dtype=np.bool_)

    def asked_of(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the rows of a sheet or column of customers that the questions are about, a row for each question."""
        return values if self.once else values[self.asked.row]


def columns(facts: Facts, policy: Policy, now: datetime) -> Batch:
    """Turn facts into columns."""
    customers = Customers(facts.asked["customer"].to_numpy())
    read = {
        name: Columns(getattr(facts, name), customers)
        for name in (
            "asked",
            "customers",
            "addresses",
            "suppressions",
            "consents",
            "statements",
            "behaviour",
            "hours",
            "recent",
            "coming",
        )
    }
    people = read["customers"]
    rows = np.flatnonzero(people.row != NOBODY)
    last = newest(people.row[rows], customers.size)
    known = where(last == NOBODY, NOBODY, np.append(rows, NOBODY)[last])
    standing = np.append(people.codes("standing", STANDINGS), np.int8(NOBODY))[known]
    return Batch(
        question=facts.question,
        policy=policy,
        now=microseconds(now),
        size=customers.size,
        once=read["asked"].length == customers.size and bool((np.diff(read["asked"].row) == 1).all()),
        known=known,
        standing=standing,
        washed=facts.washed,
        **read,
    )


def _some(columns: Columns, column: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    filled = columns.judged(column, bool, np.bool_)
    return np.append(filled, False)
