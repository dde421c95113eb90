"""One letter for a household: who gets it for all, and who is covered by it.

It is about letters of marketing only; what is owed goes to everybody. Customers are one household where they say so by
a reference, or live at the same address under the same last name. Whoever wishes letters of their own neither is
covered nor covers, nor does who needs large print or plain language and did not ask for one letter. The letter goes to
the customer with the lowest number, so that it is the same one whatever the order of the rows, unless one has left.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from preferences.sheet import NOBODY, Columns, Customers, Ints, microseconds
from preferences.statement import needs_own_text, one_household, statements
from tidings.facts import Question

if TYPE_CHECKING:
    import polars as pl


def covered(
    letters: pl.DataFrame, said: pl.DataFrame, question: Question, *, together: bool, now: datetime
) -> pl.DataFrame:
    """Return which letters of a run are covered by another one of their household.

    Args:
        letters: message, customer, household (a word that is the same for a household; null: none), gone (it has left
            and stands for the others) of everything in the run that leaves as a letter.
        said: statements of their customers, as `tidings.facts.SCHEMAS` has them.
        question: of the run.
        together: what counts for those who said nothing.
        now: when it is decided.

    Returns:
        message, covered_by: one row for each message that stays behind, sorted by message.
    """
    import polars as pl

    wishes = _wishes(letters, said, question, together=together, now=now)
    sharing = letters.filter(wishes & pl.col("household").is_not_null())
    first = (
        sharing.sort(~pl.col("gone"), "customer", "message")
        .group_by("household")
        .agg(pl.col("message").first().alias("covered_by"))
    )
    return (
        sharing.join(first, on="household")
        .filter((pl.col("message") != pl.col("covered_by")) & ~pl.col("gone"))
        .select("message", "covered_by")
        .sort("message")
    )


def _wishes(
    letters: pl.DataFrame, said: pl.DataFrame, question: Question, *, together: bool, now: datetime
) -> pl.Series:
    """Return of each letter whether its customer takes one together with the household."""
    import polars as pl

    customers = Customers(letters["customer"].to_numpy())
    columns = Columns(said, customers)
    spoken = statements(
        columns, size=customers.size, brand=question.brand, topic=question.topic, now=microseconds(now)
    )
    row: Ints = spoken.first("household")
    judged = columns.judged("value", lambda word: {True: 1, False: 0}.get(one_household(word), NOBODY))  # type: ignore[arg-type]
    wish = np.append(judged, NOBODY)[row]
    plain = np.append(columns.judged("value", needs_own_text, np.bool_), False)[spoken.first("manner")]
    share = np.where(wish == NOBODY, together & ~plain, wish == 1)
    return pl.Series(share[customers.rows(letters["customer"].to_numpy())])
