"""What a run did beyond what happens anyway: who got its message against who was held out."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from preferences.holdout import lift
from store.logged import CAME, came
from store.runs import Run

WINDOW = timedelta(days=30)
"""How long after it was decided a customer may come to count."""


def lift_of(connection: Connection, run: Run) -> dict[str, Any] | None:
    """Return how much more often customers came (CAME) who got the message; None for a run without a holdout.

    Returns:
        {share, window_days, came, treated, treated_came, held, held_came, lift, low, high, sure}: the difference of the
        shares with its 95 % interval (None while one of the groups is empty); `sure` where that leaves out nothing.
    """
    share = run.options.get("campaign", {}).get("holdout", 0.0)
    if not share:
        return None
    treated, treated_came, held, held_came = came(connection, run.repeats or run.id, within=WINDOW)
    found = lift(treated=treated, treated_came=treated_came, held=held, held_came=held_came)
    return {
        "share": share,
        "window_days": WINDOW / timedelta(days=1),
        "came": list(CAME),
        **asdict(found),
        "sure": found.sure,
    }
