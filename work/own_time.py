"""A campaign at a time of the day where each customer lives: nobody hears of it before their own clock says so."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from preferences.quiet import known_zone
from store.messages import hold_until, zones_of
from store.runs import Run
from tidings.campaign import Campaign


def hold_for_own_time(connection: Connection, run: Run, messages: Sequence[str]) -> None:
    """Let decided messages of a run wait for its start on their customer's clock; another run's stay as they are.

    What quiet hours, a cap or a pause moved further stays there. Whoever's time has passed already is due at once.
    """
    if run.kind != "campaign" or not run.options.get("campaign", {}).get("schedule", {}).get("own_time"):
        return
    start = Campaign.model_validate(run.options["campaign"]).schedule.start
    assert start is not None
    fallback = str(run.options.get("time_zone", "UTC"))
    instants = {zone: own_instant(start, zone, fallback) for zone in zones_of(connection, messages)}
    hold_until(connection, messages, instants)


def own_instant(start: datetime, zone: str, fallback: str) -> datetime:
    """Return when a clock in a zone shows `start`, in UTC; an hour that summer time skips is an hour later.

    >>> own_instant(datetime(2026, 12, 1, 9), "America/Sao_Paulo", "UTC").isoformat()
    '2026-12-01T12:00:00+00:00'
    >>> own_instant(datetime(2026, 12, 1, 9), "Mars/Olympus", "Europe/Oslo").isoformat()
    '2026-12-01T08:00:00+00:00'
    """
    return start.replace(tzinfo=ZoneInfo(known_zone(zone, fallback))).astimezone(UTC)
