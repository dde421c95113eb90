"""Which campaigns of a higher priority some customers may still hear from: who has to wait for them, waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from store.limits import members_among, rivals, unsent_of
from tidings.campaign import Campaign
from tidings.facts import CAP_HORIZON, Question, empty
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from work.segments import Reading, condition

if TYPE_CHECKING:
    import polars as pl

HIGHEST = 9


def coming(
    connection: Connection, question: Question, customers: Sequence[int], *, now: datetime
) -> pl.DataFrame:
    """Return frame `coming` of `tidings.facts.SCHEMAS`: the unsent of campaigns that began, the audience of others.

    Args:
        connection: any.
        question: what is asked; only marketing below the highest priority gives way.
        customers: who is asked about.
        now: campaigns count that start within the longest window of a cap from here.
    """
    import polars as pl

    rows: list[tuple[Any, ...]] = []
    if question.purpose_class == PurposeClass.MARKETING and question.priority < HIGHEST and question.run:
        for rival in rivals(connection, question.run, priority=question.priority, until=now + CAP_HORIZON):
            told = (rival.campaign, rival.brand, rival.purpose, rival.priority)
            rows += [
                (customer, *told, due or max(rival.starts_at, now))
                for customer, due in _of(connection, rival, customers, now)
            ]
    return pl.DataFrame(rows, schema=empty("coming").schema, orient="row")


def _of(
    connection: Connection, rival: Any, customers: Sequence[int], now: datetime
) -> list[tuple[int, datetime | None]]:
    if rival.frozen:
        return unsent_of(connection, rival.id, customers)
    campaign = Campaign.model_validate(rival.definition)
    reading = Reading(connection=connection, engine=connection.engine)
    try:
        audience = condition(reading, campaign.audience, now=now)
    except Problem:  # its segment is gone: it reaches nobody until somebody mends it
        return []
    return [(customer, None) for customer in members_among(connection, audience, customers)]
