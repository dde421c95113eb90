"""Every change of a clock on earth from 2024 to 2027: no message is early, inside quiet hours, or lost."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pytest

from preferences.quiet import MINUTE, Rest, release
from preferences.sheet import NEVER, microseconds
from preferences.statement import ANY_DAY

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
WINDOWS = (
    (time(21), time(8)),
    (time(2), time(3)),
    (time(2, 30), time(2, 45)),
    (time(1, 30), time(2, 30)),
    (time(23, 30), time(0, 30)),
    (time(0), time(23, 59)),
    (time(12), time(12)),
)
"""Over midnight, exactly the hour that is missing or comes twice, parts of it, nearly the whole day, none."""
AROUND = [timedelta(minutes=minutes) for minutes in (-720, -90, -61, -30, -1, 0, 1, 29, 60, 61, 119, 721)]
ODD = timedelta(seconds=17, microseconds=5)
"""Instants need not be whole minutes."""


@cache
def changes(zone: str) -> tuple[tuple[datetime, timedelta], ...]:
    """Return when a clock is set, to the minute, and by how much: more is a gap, less a fold; a day at a time."""
    info, found, day = ZoneInfo(zone), [], FIRST
    while day < LAST:
        if _ahead(info, day) != _ahead(info, day + 24 * HOUR):
            minute = next(
                day + timedelta(minutes=n)
                for n in range(1, 24 * 60 + 1)
                if _ahead(info, day + timedelta(minutes=n)) != _ahead(info, day)
            )
            found.append((minute, _ahead(info, minute) - _ahead(info, day)))
        day += 24 * HOUR
    return tuple(found)


def _ahead(info: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(info).utcoffset() or timedelta(0)


def changing() -> list[str]:
    """Return one name for each clock on earth that is set: aliases of it tell nothing new."""
    first: dict[tuple[object, ...], str] = {}
    for zone in sorted(available_timezones(), key=lambda name: ("/" not in name, name)):
        info = ZoneInfo(zone)
        marks = [_ahead(info, FIRST + timedelta(days=n)) for n in range((LAST - FIRST).days)]
        if len(set(marks)) > 1:
            first.setdefault(tuple(marks), zone)
    return sorted(first.values())


def lines(zone: str) -> Iterator[tuple[datetime, tuple[time, time]]]:
    """Yield instants around every change, each with every quiet time."""
    for change, _ in changes(zone):
        for away in AROUND:
            for window in WINDOWS:
                yield change + away, window
                yield change + away + ODD, window


def resting(zone: str, moment: datetime, window: tuple[time, time]) -> bool:
    """Whether a wall clock lies inside a quiet time."""
    clock = moment.astimezone(ZoneInfo(zone)).time().replace(tzinfo=None)
    start, end = window
    return start <= clock < end if start <= end else clock >= start or clock < end


def freed(zone: str, told: list[tuple[datetime, tuple[time, time]]]) -> list[datetime]:
    count = len(told)
    nothing = np.zeros(count, dtype=np.int64)
    rest = Rest(
        start=np.array([w[0].hour * 60 + w[0].minute for _, w in told]),
        end=np.array([w[1].hour * 60 + w[1].minute for _, w in told]),
        resting=np.zeros(count, dtype=np.bool_),
        days=np.full(count, ANY_DAY),
        zone=nothing,
        country=nothing,
        zones=[zone],
        countries=[""],
    )
    due = np.array([microseconds(moment) for moment, _ in told])
    after = release(due, rest, np.ones(count, dtype=np.bool_)).due
    assert (after != NEVER).all()
    return [FIRST + timedelta(microseconds=one - microseconds(FIRST)) for one in after.tolist()]


ZONES = changing()


def test_the_table_is_whole():
    """Europe, America, Chile, Australia with its half hour, Egypt and Morocco, of which some do it in Ramadan."""
    assert len(ZONES) >= 30
    kinds = {(shift > timedelta(0), abs(shift)) for zone in ZONES for _, shift in changes(zone)}
    assert {(True, HOUR), (False, HOUR), (True, HOUR / 2), (False, HOUR / 2)} <= kinds


@pytest.mark.parametrize("zone", ZONES)
def test_a_message_leaves_at_the_first_instant_outside_quiet_hours(zone):
    """Never inside them, never earlier than it is due, never a minute later than it may, whatever the clock does."""
    told = list(lines(zone))
    assert told
    for (moment, window), after in zip(told, freed(zone, told), strict=True):
        assert not resting(zone, after, window), (moment, window)
        assert moment <= after <= moment + timedelta(days=2), (moment, window)
        if after > moment:
            before = after - timedelta(microseconds=1)
            assert resting(zone, moment, window), (moment, window)
            assert resting(zone, before, window), (moment, window)
            minutes = int((after - moment) / timedelta(microseconds=MINUTE))
            assert all(resting(zone, moment + timedelta(minutes=n), window) for n in range(0, minutes, 13))
