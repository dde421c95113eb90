"""What somebody should know in the morning: what runs, what waits for them, what went wrong, what comes, who is ill."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row

from channels.circuit import SAMPLE
from store import overview
from store.runs import Run
from store.tally import totals
from store.watch import Told
from store.watch import alerts as raised
from tidings.state import MessageState
from work.collection import cut_off_on
from work.installation import Installation
from work.progress import pace
from work.report import HELD

AHEAD = timedelta(days=7)
BACK = timedelta(days=1)
MOST = 30
"""Runs of a list."""


@dataclass(frozen=True, kw_only=True)
class Going:
    """A run that is under way."""

    run: Run
    sent: int = 0
    planned: int = 0
    failed: int = 0
    held: int = 0
    eta: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class Day:
    """One of the next days, and what happens on it."""

    on: date
    runs: Sequence[Run]
    cut_off: time | None
    """Until then the print house takes letters; in the organisation's time zone."""


@dataclass(frozen=True, kw_only=True)
class Health:
    """A lane: a provider and a sender."""

    provider: str
    sender: str
    state: str
    """open, resting, shaky or good."""
    reason: str
    again_at: datetime | None
    failed: int
    """Of the last outcomes, in percent."""


@dataclass(frozen=True, kw_only=True)
class Today:
    """All of it."""

    going: Sequence[Going]
    waiting: Sequence[Run]
    """For a release."""
    drafts: Sequence[Row[Any]]
    """Campaigns that wait for approval: id, name, edition, asked_by, asked_at."""
    alerts: Sequence[Told]
    failures: Sequence[Going]
    """Runs since yesterday with messages that failed, or were held back because a document is wrong."""
    open: Row[Any]
    """doubts, calls, discrepancies, replies."""
    days: Sequence[Day]
    health: Sequence[Health]


def today(
    connection: Connection, installation: Installation, *, kinds: Sequence[str], now: datetime
) -> Today:
    """Return what is going on.

    Args:
        connection: any; nothing is written.
        installation: for its time zone and its cut-off.
        kinds: of the runs that the reader may see.
        now: the current instant.
    """
    found = overview.open_runs(connection, kinds=kinds, limit=MOST)
    under_way = [run for run in found if run.state != "waiting_release"]
    recent = overview.new_runs(connection, kinds=kinds, since=now - BACK, limit=MOST)
    return Today(
        going=counted(connection, under_way, now=now),
        waiting=[run for run in found if run.state == "waiting_release"],
        drafts=overview.waiting_drafts(connection),
        alerts=[one for one in raised(connection) if one.cleared_at is None],
        failures=[one for one in counted(connection, recent, now=now) if one.failed or one.run.rejected],
        open=overview.open_things(connection, now=now),
        days=_days(connection, installation, kinds, now),
        health=health(connection, now=now),
    )


def going(connection: Connection, *, kinds: Sequence[str], now: datetime) -> list[Going]:
    """Return the runs that are under way, with their counts."""
    found = overview.open_runs(connection, kinds=kinds, limit=MOST)
    return counted(connection, [run for run in found if run.state != "waiting_release"], now=now)


def counted(connection: Connection, runs: Sequence[Run], *, now: datetime) -> list[Going]:
    """Return runs with their counts; those of `work.report`, of all of them at once."""
    sums: dict[str, dict[str, int]] = {
        run.id: dict.fromkeys(("sent", "planned", "failed", "held", "due"), 0) for run in runs
    }
    for row in totals(connection, list(sums)):
        found = sums[row.run]
        found["held" if row.state in HELD else "planned"] += row.n
        found["sent"] += row.n * (row.state == MessageState.DONE)
        found["failed"] += row.n * (row.state == MessageState.UNDELIVERABLE)
        found["due"] += row.n * (
            row.state == MessageState.IN_DELIVERY or (row.state == MessageState.READY and not row.reason)
        )
    return [
        Going(
            run=run,
            eta=pace(run, sent=sums[run.id]["sent"], left=sums[run.id].pop("due"), now=now),
            **sums[run.id],
        )
        for run in runs
    ]


def health(connection: Connection, *, now: datetime) -> list[Health]:
    """Return every lane that was ever used, and whether it works; see `channels.circuit`."""
    found = []
    for lane in overview.known_lanes(connection):
        sample = lane.sample[-SAMPLE:]
        failed = 100 * sample.count("-") // len(sample) if sample else 0
        resting = lane.rests_until is not None and lane.rests_until > now
        state = (
            "open" if lane.open_until is not None else "resting" if resting else "shaky" if failed else "good"
        )
        found.append(
            Health(
                provider=lane.provider,
                sender=lane.sender,
                state=state,
                reason=lane.reason,
                again_at=lane.open_until or (lane.rests_until if resting else None),
                failed=failed,
            )
        )
    return found


def _days(
    connection: Connection, installation: Installation, kinds: Sequence[str], now: datetime
) -> list[Day]:
    zone = ZoneInfo(installation.organisation.time_zone)
    first = now.astimezone(zone).date()
    coming = overview.coming_runs(connection, kinds=kinds, after=now - BACK, before=now + AHEAD, limit=MOST)
    return [
        Day(
            on=on,
            runs=[run for run in coming if max(run.starts_at, now).astimezone(zone).date() == on],
            cut_off=cut_off_on(installation, on),
        )
        for on in (first + timedelta(days=number) for number in range(AHEAD.days))
    ]
