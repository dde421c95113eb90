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
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from preferences.sheet import NEVER, NOBODY, Bools, Ints, microseconds
from preferences.statement import ANY_DAY

MINUTE = 60_000_000
DAY = 1440 * MINUTE
_EPOCH_DAY = date(1970, 1, 1)
_THURSDAY = 3
"""The day of the week of 1 January 1970, Monday 0."""


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
    places = np.where(rest.resting, rest.country, len(rest.countries))
    group = rest.zone * (len(rest.countries) + 1) + places
    waiting = (rest.start != rest.end) | rest.resting | (rest.days != ANY_DAY)
    concerned = np.flatnonzero(which & waiting & (rest.zone != NOBODY))
    small = (
        group[concerned].astype(np.int16)
        if len(rest.zones) * (len(rest.countries) + 1) < 2**15
        else group[concerned]
    )
    order = concerned[np.argsort(small, kind="stable")]
    borders = np.flatnonzero(np.diff(group[order])) + 1
    for who in np.split(order, borders) if len(order) else ():
        zone = rest.zones[int(rest.zone[who[0]])]
        country = "" if places[who[0]] == len(rest.countries) else rest.countries[int(places[who[0]])]
        window = (rest.start[who], rest.end[who], rest.days[who])
        freed[who], moved[:, who] = _release(due[who], window, zone, country)
    return Freed(due=freed, quiet=moved[0], holiday=moved[1], day=moved[2])


def _release(due: Ints, window: tuple[Ints, Ints, Ints], zone: str, country: str) -> tuple[Ints, Bools]:
    at = due.copy()
    start, end, days = window
    moved = np.zeros((3, len(at)), dtype=np.bool_)
    moving = np.arange(len(at))
    while True:
        now, first, last = at[moving], start[moving], end[moving]
        wall = now + offsets(zone, now)
        day = wall // DAY
        minute = (wall - day * DAY) // MINUTE
        over = first > last
        inside = np.where(over, (minute >= first) | (minute < last), (minute >= first) & (minute < last))
        resting = _on_holiday(country, day) if country else np.zeros(len(day), dtype=np.bool_)
        unwished = (days[moving] >> (day + _THURSDAY) % 7) & 1 == 0
        ends = (day + (over & (minute >= first))) * DAY + last * MINUTE
        target = np.where(resting | unwished, (day + 1) * DAY, ends)
        hit = inside | resting | unwished
        if not hit.any():
            break
        moved[:, moving] |= np.stack([inside & ~resting & ~unwished, resting, unwished & ~resting])
        moving = moving[hit]
        # No further than the next change of the clock: one that is set back may stand outside the window again.
        at[moving] = np.minimum(instant_of(now[hit], target[hit], zone), _next_change(now[hit], zone))
    return at, moved


def _next_change(now: Ints, zone: str) -> Ints:
    changes, _ = transitions(zone, *_years(int(now.min()), int(now.max())))
    return np.append(changes, NEVER)[np.searchsorted(changes, now, side="right")]


def instant_of(now: Ints, wall: Ints, zone: str) -> Ints:
    """Return the first instant after `now` whose wall clock shows `wall` or, where the clock jumps over it, more."""
    changes, _ = transitions(zone, *_years(int(now.min()), int(now.max())))
    here = offsets(zone, now)
    plain = wall - here
    ahead = np.searchsorted(changes, now, side="right")
    change = changes[np.minimum(ahead, len(changes) - 1)]
    crossed = (ahead < len(changes)) & (change <= plain)
    after = np.maximum(change, wall - offsets(zone, change))
    return np.where(crossed, after, plain)


def offsets(zone: str, at: Ints) -> Ints:
    """Return how far the wall clock of a zone is ahead of UTC at each instant, in microseconds."""
    edges = int(at.min()), int(at.max())
    changes, shift = transitions(zone, *_years(*edges))
    first, last = np.searchsorted(changes, edges, side="right") - 1
    if first == last:  # The clock is not set between them, as nearly always.
        return np.full(len(at), shift[first])
    return shift[np.searchsorted(changes, at, side="right") - 1]


def _years(first: int, last: int) -> tuple[int, int]:
    """Return the years to know a clock's changes in, for instants between two of them."""
    return (
        datetime.fromtimestamp(first // 1_000_000, tz=UTC).year,
        datetime.fromtimestamp(last // 1_000_000, tz=UTC).year + 2,
    )


@lru_cache(maxsize=2048)
def transitions(zone: str, first_year: int, last_year: int) -> tuple[Ints, Ints]:
    """Return the instants at which a zone's clock is set, from the start of a year, and the offset from each on."""
    info = ZoneInfo(zone)
    moment = datetime(first_year, 1, 1, tzinfo=UTC)
    found = [(microseconds(moment), _shift(info, moment))]
    while moment.year < last_year:
        later = moment + timedelta(days=1)
        if _shift(info, later) != found[-1][1]:
            change = _change(info, moment, later)
            found.append((microseconds(change), _shift(info, change)))
        moment = later
    instants, shifts = zip(*found, strict=True)
    return np.array(instants, dtype=np.int64), np.array(shifts, dtype=np.int64)


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


def _on_holiday(country: str, days: Ints) -> Bools:
    first = _EPOCH_DAY + timedelta(days=int(days.min()))
    last = _EPOCH_DAY + timedelta(days=int(days.max()))
    begin, table = _calendar(country, first.year, last.year)
    return table[days - begin]


@lru_cache(maxsize=1024)
def _calendar(country: str, first_year: int, last_year: int) -> tuple[int, Bools]:
    """Return the first day of some years, and of each of their days whether it is a holiday."""
    begin, end = ((date(year, 1, 1) - _EPOCH_DAY).days for year in (first_year, last_year + 1))
    table = np.zeros(end - begin, dtype=np.bool_)
    for year in range(first_year, last_year + 1):
        table[holidays_of(country, year) - begin] = True
    return begin, table


@lru_cache(maxsize=1024)
def holidays_of(country: str, year: int) -> Ints:
    """Return a country's public holidays as days since 1970; none where they are not known."""
    import holidays

    try:
        known = holidays.country_holidays(country, years=year)
    except NotImplementedError:
        return np.zeros(0, dtype=np.int64)
    return np.array(sorted((day - _EPOCH_DAY).days for day in known if day.year == year), dtype=np.int64)
