"""When letters leave the house: a print house takes them until a cut-off, on the days on which it works."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from store.messages import collect_at, letters_due
from tidings.organisation import PrintHouse, Weekday
from tidings.problem import Problem
from work.agenda import holidays
from work.installation import Installation

LEAD = timedelta(minutes=45)
"""How long before the cut-off a batch is made: time to lay it out and to hand it over."""
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST = 366
"""Days within which a print house must work once; one that is closed for longer takes letters at any time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """One collection of a print house. Instants in UTC."""

    leaves: datetime
    """When what waits is handed over."""
    cut_off: datetime
    local: datetime
    """The cut-off on the print house's own clock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calendar:
    """The days and times of one print house."""

    provider: str
    house: PrintHouse
    zone: str
    country: str
    """On whose public holidays it is closed; '' on none."""

    def collections(self, after: datetime) -> Iterator[Collection]:
        """Yield those whose letters leave at an instant or later, for a year."""
        # What is to leave late in the evening may belong to the cut-off of the next day.
        first = after.astimezone(ZoneInfo(self.zone)).date()
        yield from (one for one in self.within(first, MOST) if one.leaves >= after)

    def within(self, first: date, days: int) -> Iterator[Collection]:
        """Yield those of so many days."""
        zone = ZoneInfo(self.zone)
        for day in (first + timedelta(days=number) for number in range(days)):
            if self.why_closed(day) is None:
                cut_off = datetime.combine(day, self.house.cut_off, zone).astimezone(UTC)
                leaves = cut_off - timedelta(minutes=self.house.lead)
                yield Collection(leaves=leaves, cut_off=cut_off, local=cut_off.astimezone(zone))

    def why_closed(self, day: date) -> str | None:
        """Return why nothing is collected on a day: `weekend`, `closed`, or the holiday's English name; None: it is."""
        if WEEK[day.weekday()] not in self.house.days:
            return "weekend"
        if day in self.house.closed:
            return "closed"
        known = holidays([self.country] if self.country else [], first=day, last=day)
        return known[0].title if known else None

    def next(self, at: datetime) -> Collection | None:
        """Return the next collection; None where there is none within a year."""
        return next(self.collections(at), None)


def calendars(installation: Installation) -> list[Calendar]:
    """Return the calendars of the print houses, that of the one which letters go to first."""
    organisation = installation.organisation
    used = [str(name) for name in installation.settings.letter] or ["outbox"]
    named = [*(name for name in used if name in organisation.print), *organisation.print]
    return [
        Calendar(
            provider=name,
            house=organisation.print[name],
            zone=organisation.print[name].time_zone or organisation.time_zone,
            country=organisation.print[name].country or organisation.country,
        )
        for name in dict.fromkeys(named)
    ]


def calendar_of(installation: Installation) -> Calendar | None:
    """Return the calendar by which letters are handed over; None where none is set up.

    Of several print houses that of the most preferred one: which of them takes a letter is known only when it leaves.
    Without one, `TIDINGS_ALERTS__CUT_OFF` is a cut-off on every day.
    """
    organisation, used = installation.organisation, installation.settings.letter or ("outbox",)
    found = [one for one in calendars(installation) if one.provider in used]
    if found:
        return found[0]
    cut_off = installation.settings.alerts.cut_off
    if cut_off is None:
        return None
    lead = int(LEAD.total_seconds()) // 60
    house = PrintHouse(cut_off=cut_off.replace(tzinfo=None), days=WEEK, lead=lead)
    return Calendar(provider=str(used[0]), house=house, zone=organisation.time_zone, country="")


def next_collection(installation: Installation, at: datetime) -> datetime:
    """Return when a letter that may wait leaves: just before the next cut-off, at once where there is none.

    Until then it can be recalled.
    """
    calendar = calendar_of(installation)
    found = calendar.next(at) if calendar else None
    return found.leaves.astimezone(at.tzinfo) if found else at


def is_held(installation: Installation) -> bool:
    """Tell whether every letter waits for its collection: the print house's calendar is in `organisation.toml`."""
    calendar = calendar_of(installation)
    return calendar is not None and calendar.provider in installation.organisation.print


def hold_for_collection(connection: Connection, installation: Installation, messages: Sequence[str]) -> None:
    """Let decided letters wait for the collection after the instant at which they are due.

    Only where the organisation has written its print house's calendar down (`[print.<provider>]`).
    """
    calendar = calendar_of(installation)
    if calendar is None or not is_held(installation):
        return
    for due in letters_due(connection, messages):
        found = calendar.next(due)
        if found is not None:
            evidence = {"cut_off_at": found.local.isoformat(), "print_house": calendar.provider}
            collect_at(connection, messages, due=due, leaves=found.leaves, evidence=evidence)


def coming_collections(
    installation: Installation, *, now: datetime, days: int, provider: str = ""
) -> list[dict[str, Any]]:
    """Return the next days of the print houses: {provider, day, collects, why, leaves_at, cut_off_at, zone}.

    Args:
        installation: whose print houses.
        now: the first day is today's, there.
        days: how many.
        provider: only this one.

    Raises:
        Problem: there is no such print house, or none at all.
    """
    known = calendars(installation)
    usual = calendar_of(installation)
    known = known or ([usual] if usual else [])
    if not known or (provider and provider not in {one.provider for one in known}):
        raise Problem(
            f"organisation.toml has no print house {provider!r}."
            if provider
            else "No print house is written down.",
            todo="Add [print.spool] with cut_off = 16:00:00 to organisation.toml; see docs/letters.md.",
        )
    return [day for one in known if provider in {"", one.provider} for day in _days(one, now, days)]


def _days(calendar: Calendar, now: datetime, days: int) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(calendar.zone)
    today = now.astimezone(zone).date()
    found = {one.local.date(): one for one in calendar.within(today, days)}
    for day in (today + timedelta(days=number) for number in range(days)):
        here = found.get(day)
        yield {
            "provider": calendar.provider,
            "day": day.isoformat(),
            "collects": here is not None,
            "why": calendar.why_closed(day) or "",
            "leaves_at": here and here.leaves.astimezone(zone).isoformat(),
            "cut_off_at": here and here.local.isoformat(),
            "zone": calendar.zone,
        }


def cut_off_on(installation: Installation, day: date) -> time | None:
    """Return until when letters are taken on a day, on the organisation's clock; None: on none or at any time."""
    calendar = calendar_of(installation)
    if calendar is None or calendar.why_closed(day) is not None:
        return None
    local = datetime.combine(day, calendar.house.cut_off, ZoneInfo(calendar.zone))
    return local.astimezone(ZoneInfo(installation.organisation.time_zone)).time()
