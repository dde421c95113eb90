"""Quiet hours, public holidays and wished days of the week on the customer's own clock.

A wall clock is not a line: an hour is missing in spring and comes twice in autumn. So the rule is one sentence
about instants: a message may leave at the first instant at or after it is due whose wall clock lies outside
the quiet time and whose date is no holiday and, where days are wished, one of them. When
the quiet time ends inside a missing hour, that is the
instant the clock jumps; inside a repeated hour, the first one that is still ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from preferences.sheet import NEVER, NOBODY, Bools, Ints, different, microseconds, where
from preferences.statement import ANY_DAY

MINUTE = 60_000_000
DAY = 1440 * MINUTE
EPOCH_DAY = date(1970, 1, 1)
_THURSDAY = 3
"""The day of the week of 1 January 1970, Monday 0."""
_ERA = 2**53
"""Microseconds, 285 years: more than any instant has."""
_YEARS = 10_000
"""More than any year is."""


@dataclass(frozen=True, kw_only=True)
class Rest:
    """Who is waited for, as arrays of one length.

    A quiet time (minutes; equal: none), whether holidays bind, which days of the week are allowed (bits, Monday the
    lowest), and where the customer lives (places in `zones` and `countries`; zone NOBODY: nothing is waited for).
    """

    start: Ints
    end: Ints
    resting: Bools
    days: Ints
    zone: Ints
    country: Ints
    zones: Sequence[str]
    countries: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Freed:
    """The first allowed instant of each line, and what moved it."""

    due: Ints
    quiet: Bools
    holiday: Bools
    day: Bools


def release(due: Ints, rest: Rest, which: Bools) -> Freed:
    """Return the first allowed instant at or after each `due`; lines outside `which` stay as they are."""
    freed = due.copy()
    moved = np.zeros((3, len(due)), dtype=np.bool_)
    waiting = (rest.start != rest.end) | rest.resting | (rest.days != ANY_DAY)
    moving = np.flatnonzero(which & waiting & (rest.zone != NOBODY))
    while len(moving):
        now, zone, first, last = freed[moving], rest.zone[moving], rest.start[moving], rest.end[moving]
        clock = Clock.at(rest.zones, zone, now)
        wall = now + clock.ahead
        day = wall // DAY
        minute = (wall - day * DAY) // MINUTE
        over = first > last
        inside = where(over, (minute >= first) | (minute < last), (minute >= first) & (minute < last))
        resting = _on_holiday(rest, moving, day)
        unwished = (rest.days[moving] >> (day + _THURSDAY) % 7) & 1 == 0
        ends = (day + (over & (minute >= first))) * DAY + last * MINUTE
        target = where(resting | unwished, (day + 1) * DAY, ends)
        hit = inside | resting | unwished
        for one, why in zip(
            moved, (inside & ~resting & ~unwished, resting, unwished & ~resting), strict=True
        ):
            one[moving[np.flatnonzero(why)]] = True
        hit = np.flatnonzero(hit)
        moving, clock = moving[hit], clock.of(hit)
        # No further than the next change of the clock: one that is set back may stand outside the window again.
        freed[moving] = np.minimum(clock.shows(target[hit]), clock.change)
    return Freed(due=freed, quiet=moved[0], holiday=moved[1], day=moved[2])


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What the clocks of some zones show at some instants, and when each is set next; microseconds."""

    now: Ints
    zone: Ints
    clocks: tuple[Ints, Ints]
    """As `_clocks` returns them."""
    place: Ints
    """The next change among them."""

    @classmethod
    def at(cls, zones: Sequence[str], zone: Ints, now: Ints) -> Clock:
        """Read the clock of each zone (a place in `zones`) at an instant of its own."""
        if not len(now):
            return cls(now=now, zone=now, clocks=(now, now), place=now)
        first, last = (datetime.fromtimestamp(int(edge) // 1_000_000, tz=UTC).year for edge in _edges(now))
        clocks = _clocks(tuple(zones), first, last + 2)
        place = np.searchsorted(clocks[0], zone.astype(np.int64) * _ERA + now, side="right")
        return cls(now=now, zone=zone, clocks=clocks, place=place)

    def of(self, which: Ints) -> Clock:
        """Return the clocks of some lines."""
        return Clock(now=self.now[which], zone=self.zone[which], clocks=self.clocks, place=self.place[which])

    @cached_property
    def ahead(self) -> Ints:
        """How far each is ahead of UTC."""
        return self.clocks[1].take(self.place - 1)

    @cached_property
    def change(self) -> Ints:
        """The next instant at which each is set."""
        return self.clocks[0].take(self.place) - self.zone.astype(np.int64) * _ERA

    def shows(self, wall: Ints) -> Ints:
        """Return the first instant after `now` at which it shows `wall` or, where it is set past it, more."""
        found = wall - self.ahead
        late = np.flatnonzero(self.change <= found)
        then = self.clocks[1].take(self.place[late])
        found[late] = np.maximum(self.change[late], wall[late] - then)
        return found


def _edges(values: Ints) -> tuple[np.int64, np.int64]:
    return values.min(), values.max()


@lru_cache(maxsize=256)
def _clocks(zones: tuple[str, ...], first_year: int, last_year: int) -> tuple[Ints, Ints]:
    """Return when the clocks of all zones are set, zone after zone, and how far each is ahead from then on.

    The instants of a zone are moved by its place times _ERA, so that one sorted list answers for all; the last one of
    each lies after every instant.
    """
    instants: list[Ints] = []
    shifts: list[Ints] = []
    for place, zone in enumerate(zones):
        changes, ahead = transitions(zone, first_year, last_year)
        instants.append(np.append(changes, _ERA - 1) + place * _ERA)
        shifts.append(np.append(ahead, 0))
    return np.concatenate(instants), np.concatenate(shifts)


@lru_cache(maxsize=2048)
def transitions(zone: str, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    """Return the instants at which a zone's clock is set, from the start of a year, and the offset from each on."""
    info = ZoneInfo(zone)
    begin = datetime(first_year, 1, 1, tzinfo=UTC)
    changes = [begin, *(change for year in range(first_year, last_year) for change in _changes(zone, year))]
    return (
        np.array([microseconds(change) for change in changes], dtype=np.int64),
        np.array([_shift(info, change) for change in changes], dtype=np.int64),
    )


@lru_cache(maxsize=16_384)
def _changes(zone: str, year: int) -> tuple[datetime, ...]:
    """Return when a clock is set within a year."""
    info, found = ZoneInfo(zone), []
    moment, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    shift = _shift(info, moment)
    while moment < end:
        later = moment + timedelta(days=1)
        if (ahead := _shift(info, later)) != shift:
            found.append(_change(info, moment, later))
        moment, shift = later, ahead
    return tuple(found)


def _change(info: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the first whole second of a span at which the offset is no longer that of its beginning."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _shift(info, middle) == _shift(info, before):
            before = middle
        else:
            after = middle
    return after


def _shift(info: ZoneInfo, moment: datetime) -> int:
    ahead = moment.astimezone(info).utcoffset() or timedelta(0)
    return (ahead.days * 86_400 + ahead.seconds) * 1_000_000


@lru_cache(maxsize=4096)
def known_zone(name: str | None, fallback: str) -> str:
    """Return the zone, or the fallback when there is no such zone."""
    try:
        ZoneInfo(name or "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return fallback
    return name or fallback


def _on_holiday(rest: Rest, line: Ints, day: Ints) -> Bools:
    """Return which lines stand on a day, since 1970, that is a holiday which binds them."""
    found = np.zeros(len(day), dtype=np.bool_)
    which = np.flatnonzero(rest.resting[line])
    if not len(which):
        return found
    country, day = rest.country[line[which]].astype(np.int64), day[which]
    first, last = (int(_year(edge)) for edge in _edges(day))
    if first == last:
        asked = [(place, first) for place in different(country).tolist()]
    else:
        asked = [divmod(pair, _YEARS) for pair in np.unique(country * _YEARS + _year(day)).tolist()]
    dates = [place * _YEARS * 366 + holidays_of(rest.countries[place], year) for place, year in asked]
    known = np.concatenate([*dates, [NEVER]])
    key = country * _YEARS * 366 + day
    found[which] = known[np.searchsorted(known, key)] == key
    return found


def _year(day: Any) -> Any:
    """Return the year of days since 1970."""
    return day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


@lru_cache(maxsize=1024)
def holidays_of(country: str, year: int) -> Ints:
    """Return a country's public holidays as days since 1970; none where they are not known."""
    if not country:
        return np.zeros(0, dtype=np.int64)
    import holidays

    try:
        known = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        return np.zeros(0, dtype=np.int64)
    return np.array(sorted((day - EPOCH_DAY).days for day in known if day.year == year), dtype=np.int64)
