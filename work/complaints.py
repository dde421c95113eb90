"""Marketing that too many people called spam: it pauses, before mailbox providers block the brand's invoices, too."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from store import watch as facts
from store.runs import Run
from tidings.purpose import PurposeClass
from work.control import pause

WITHIN = timedelta(days=7)
SHARE = 0.003
"""Gmail's and Yahoo's rule for bulk senders, in force since 2024-02: never reach 0.3 %."""
AT_LEAST = 3
"""One complaint of a hundred mails is a person, three are a pattern."""
OURSELVES = "complaint watch"
"""Who pauses, in the audit log."""


def too_many(connection: Connection, *, now: datetime) -> Sequence[Row[Any]]:
    """Return (brand, complaints, sent) of the brands whose marketing too many called spam within a week."""
    return [
        brand
        for brand in facts.complaints(connection, after=now - WITHIN)
        if brand.complaints >= AT_LEAST and brand.complaints >= SHARE * brand.sent
    ]


def pause_marketing(connection: Connection, brand: str, *, run: str | None = None) -> None:
    """Pause the marketing runs of a brand that send, or one of them; not one that a person resumed after that."""
    for one in facts.marketing_runs_to_pause(connection, brand, by=OURSELVES, run=run):
        pause(connection, one, by=OURSELVES, because="the complaint rate of its brand")


def hold_back(connection: Connection, run: Run, *, now: datetime) -> None:
    """Pause a run that has just begun to send, where too many complain: all of it may be out before the next look."""
    if run.purpose_class == PurposeClass.MARKETING and run.brand in {
        one.brand for one in too_many(connection, now=now)
    }:
        pause_marketing(connection, run.brand, run=run.id)
