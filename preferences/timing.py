"""When a message may leave: after caps and pauses (marketing), outside quiet hours and holidays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from preferences.batch import Batch
from preferences.cap import Room, room
from preferences.pause import Pauses, pauses, resume_at
from preferences.quiet import Rest, known_zone, release
from preferences.reach import OPEN, number
from preferences.sheet import CHANNELS, NEVER, NOBODY, WIDTH, Bools, Ints
from preferences.statement import Statements, quiet_times
from tidings.channel import Channel
from tidings.reason import Reason


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Per line (a customer and their first channel): when, why not now, and what that rests on."""

    due: Ints
    """NEVER: a pause without end."""
    reason: Ints
    """OPEN where it leaves now."""
    pause: Ints
    """Row of the statement, NOBODY without."""
    cap: Ints
    """Place in the policy, NOBODY without."""
    wish: Ints
    """Row of the statement about frequency, NOBODY without."""
    ahead: Ints
    """Row in `coming` of the campaign that it gives way to, NOBODY without."""
    start: Ints
    end: Ints
    own: Bools
    """Whether the customer chose these quiet hours."""
    zone: Ints
    zones: list[str]


def timing(batch: Batch, said: Statements, customer: Ints, channel: Ints) -> Timing:
    """Find the first instant, `now` or later, that every rule allows.

    A wait never changes the channel: what the customer likes best is worth a night.
    """
    start, end, own = _quiet_times(batch, said)
    rest = _rest(batch, start[customer, channel], end[customer, channel], customer, channel)
    found, free = None, _room(batch, said, customer)
    if batch.is_marketing:
        found = _lines(pauses(said), customer, batch.size)
    due, pause, quiet, holiday = _settle(free.due, found, rest)
    reason = np.full(len(due), OPEN, dtype=np.int64)
    for moved, name in (
        (quiet, Reason.QUIET_HOURS),
        (holiday, Reason.HOLIDAY),
        (free.cap != NOBODY, Reason.CAP),
        (free.wish != NOBODY, Reason.FREQUENCY),
        (free.ahead != NOBODY, Reason.PRIORITY),
        (pause != NOBODY, Reason.PAUSE),
    ):
        reason[moved] = number(name)
    return Timing(
        due=due,
        reason=reason,
        pause=pause,
        cap=free.cap,
        wish=free.wish,
        ahead=free.ahead,
        start=rest.start,
        end=rest.end,
        own=own[customer, channel],
        zone=rest.zone,
        zones=list(rest.zones),
    )


def _room(batch: Batch, said: Statements, customer: Ints) -> Room:
    """Return when the limits on marketing let each line through."""
    if not batch.is_marketing:
        nothing = np.full(len(customer), NOBODY, dtype=np.int64)
        return Room(due=np.full(len(customer), batch.now), cap=nothing, wish=nothing, ahead=nothing)
    found = room(batch, said)
    return Room(**{part.name: getattr(found, part.name)[customer] for part in fields(found)})


def _settle(due: Ints, found: Pauses | None, rest: Rest) -> tuple[Ints, Ints, Bools, Bools]:
    """Move instants until neither a pause nor a quiet time moves them further."""
    pause = np.full(len(due), NOBODY, dtype=np.int64)
    quiet, holiday = np.zeros(len(due), dtype=np.bool_), np.zeros(len(due), dtype=np.bool_)
    while True:
        freed = due
        if found is not None and len(found.customer):
            freed, last = resume_at(due, found)
            pause = np.where(last == NOBODY, pause, last)
        after, by_quiet, by_holiday = release(freed, rest, freed != NEVER)
        quiet, holiday = quiet | by_quiet, holiday | by_holiday
        if found is None or not len(found.customer) or np.array_equal(after, due):
            return after, pause, quiet, holiday
        due = after


def _lines(found: Pauses, customer: Ints, size: int) -> Pauses:
    """Return the pauses of each line's customer, pointing to the lines (at most one per channel)."""
    if not len(found.customer):
        return found
    order = np.argsort(customer, kind="stable")
    begin = np.searchsorted(customer[order], np.arange(size + 1))
    count = np.diff(begin)[found.customer]
    which = np.repeat(np.arange(len(found.customer)), count)
    nth = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return Pauses(
        customer=order[begin[found.customer[which]] + nth],
        start=found.start[which],
        until=found.until[which],
        row=found.row[which],
        number=found.number[which],
    )


def _quiet_times(batch: Batch, said: Statements) -> tuple[Ints, Ints, Bools]:
    """Return start and end of the quiet time of every customer and channel: their own, else the policy's."""
    shape = (batch.size, WIDTH)
    start, end = np.full(shape, NOBODY, dtype=np.int64), np.full(shape, NOBODY, dtype=np.int64)
    spoken = list(said.spoken("quiet_hours"))
    if spoken:
        codes, words = said.columns.dictionary("value")
        table = np.array([quiet_times(word) for word in words], dtype=np.int64)
    for _, row in spoken:
        who = np.flatnonzero(row != NOBODY)
        times = table[codes[row[who]]]
        open_ = (start[who] == NOBODY) & (times[:, :, 0] != NOBODY)
        start[who] = np.where(open_, times[:, :, 0], start[who])
        end[who] = np.where(open_, times[:, :, 1], end[who])
    own = start != NOBODY
    for column, name in enumerate(CHANNELS):
        window = batch.policy.quiet.get(Channel(name))
        hours = (
            (window.start.hour * 60 + window.start.minute, window.end.hour * 60 + window.end.minute)
            if window
            else (0, 0)
        )
        start[:, column] = np.where(own[:, column], start[:, column], hours[0])
        end[:, column] = np.where(own[:, column], end[:, column], hours[1])
    return start, end, own


def _rest(batch: Batch, start: Ints, end: Ints, customer: Ints, channel: Ints) -> Rest:
    known = batch.known[customer]
    fallback = batch.policy.time_zone
    zone, names = batch.customers.dictionary("time_zone")
    country, countries = batch.customers.dictionary("country")
    resting = np.array([name in batch.policy.holidays for name in CHANNELS])[channel]
    return Rest(
        start=start,
        end=end,
        resting=resting,
        zone=np.append(zone, len(names))[known],
        country=np.append(country, len(countries))[known],
        zones=[*(known_zone(name, fallback) for name in names), fallback],
        countries=[*(name or "" for name in countries), ""],
    )
