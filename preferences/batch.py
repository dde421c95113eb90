"""The facts of a batch as columns, and where each question's customer stands in the sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from preferences.policy import Policy
from preferences.reach import OPEN, number
from preferences.sheet import NOBODY, Columns, Customers, Ints, microseconds, newest
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
    known: Ints
    """Per customer: the row in `customers`, NOBODY for a stranger."""
    standing: Ints
    washed: Mapping[tuple[str, str], date]
    """The date of the newest do-not-mail register by country and kind."""

    @property
    def is_marketing(self) -> bool:
        """Whether the question needs a lawful basis, and pauses and caps bind it."""
        return self.question.purpose_class == PurposeClass.MARKETING

    def held(self) -> Ints:
        """Return per customer why nothing may be sent at all (rule 1), or OPEN.

        Nobody writes to the dead. Former customers and those with an open complaint, dispute, dunning or
        bereavement get no marketing.
        """
        held = np.full(self.size, OPEN, dtype=np.int64)
        if self.is_marketing:
            held[_some(self.customers, "holds")[self.known]] = number(Reason.OPEN_MATTER)
            held[self.standing == FORMER] = number(Reason.STANDING)
        held[self.standing == DECEASED] = number(Reason.STANDING)
        held[self.known == NOBODY] = number(Reason.UNKNOWN_CUSTOMER)
        return held


def batch(facts: Facts, policy: Policy, now: datetime) -> Batch:
    """Turn facts into columns."""
    customers = Customers(facts.asked["customer"].to_numpy())
    columns = {
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
    people = columns["customers"]
    rows = np.flatnonzero(people.row != NOBODY)
    last = newest(people.row[rows], customers.size)
    known = np.where(last == NOBODY, NOBODY, np.append(rows, NOBODY)[last])
    standing = np.append(people.codes("standing", STANDINGS), NOBODY)[known]
    return Batch(
        question=facts.question,
        policy=policy,
        now=microseconds(now),
        size=customers.size,
        known=known,
        standing=standing,
        washed=facts.washed,
        **columns,
    )


def _some(columns: Columns, column: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    filled = columns.judged(column, bool, np.bool_)
    return np.append(filled, False)
