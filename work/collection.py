"""When letters leave the house: the print house collects once a day, at the cut-off."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from work.installation import Installation

LEAD = timedelta(minutes=45)
"""How long before the cut-off a batch is made: time to lay it out and to hand it over."""


def next_collection(installation: Installation, at: datetime) -> datetime:
    """Return when a letter that may wait leaves: just before the next cut-off, at once where there is none.

    Until then it can be recalled. The cut-off (`TIDINGS_ALERTS__CUT_OFF`) is on the organisation's own clock.
    """
    cut_off = installation.settings.alerts.cut_off
    if cut_off is None:
        return at
    here = at.astimezone(ZoneInfo(installation.organisation.time_zone))
    leaves = here.replace(hour=cut_off.hour, minute=cut_off.minute, second=0, microsecond=0) - LEAD
    while leaves < here:
        leaves += timedelta(days=1)
    return leaves.astimezone(at.tzinfo)
