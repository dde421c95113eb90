"""When a message may leave: after caps and pauses and on wished days (marketing), outside quiet hours and holidays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import reduce

import numpy as np

from preferences.batch import Batch
from preferences.cap import Room, room
from preferences.hours import BestHour, best_hour, own_hours
from preferences.law import OF_ADDRESS, Known, table
from preferences.pause import Pauses, pauses, resume_at
from preferences.quiet import DAY, EPOCH_DAY, Clock, Rest, known_zone, release
from preferences.reach import OPEN, number
from preferences.sheet import CHANNELS, NEVER, NOBODY, Bools, Ints, Small, alike, at, sheet, where
from preferences.statement import ANY_DAY, Statements, best_days, quiet_times
from tidings.channel import Channel
from tidings.reason import Reason

_ROUNDS = 60
"""After so many turns of pauses, quiet times and laws, each of hours or more, there is no instant."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Per line (a customer and their first channel): when, why not now, and what that rests on."""

    due: Ints
    """NEVER: a pause without end, or an offer that is over by then."""
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
    day: Ints
    """Row of the statement about the best days, NOBODY without."""
    law: Ints
    """The law (place in `preferences.law.laws`) whose quiet time binds, NOBODY without."""
    best: BestHour | None


def timing(
    batch: Batch, said: Statements, land: Known, customer: Ints, channel: Ints, waited: Bools
) -> tuple[Ints, Timing]:
    """Find the first instant, `now` or later, that every rule allows.

    A wait never changes the channel: what the customer likes best is worth a night. Most messages are alike in all that
    an instant depends on: they share a line.

    Args:
        batch: the facts.
        said: what customers stated.
        land: where they are known.
        customer: of each message.
        channel: of each message.
        waited: which messages have had their best hour.

    Returns:
        The line of each message, and the lines.
    """
    begins, ends, chosen = _quiet_times(batch, said)
    start, end, own = (at(one, customer, channel) for one in (begins, ends, chosen))
    days, day = _wished_days(batch, said)
    free, found, hours = _room(batch, said), None, own_hours(batch)
    alone = (free.due > batch.now) | (day != NOBODY)
    if hours is not None:
        alone |= hours.enough
    if batch.is_marketing:
        found = pauses(said)
        alone[found.customer] = True
    line, one = _shared(batch, land, alone[customer], customer, channel, (start, end, own, waited))
    customer, channel, own, waited = customer[one], channel[one], own[one], waited[one]
    start, end = start[one].astype(np.int64), end[one].astype(np.int64)
    free = Room(**{part.name: getattr(free, part.name)[customer] for part in fields(free)})
    rest = _rest(batch, start, end, days[customer], customer, channel)
    rests = [rest, *_abroad(rest, land, customer, channel)]
    legal, law = _legal(batch, rest, land, customer, channel)
    found = None if found is None else _lines(found, customer, batch.size)
    settled = _settle(free.due, found, rests, legal)
    best = best_hour(batch, hours, where(waited, NEVER, settled.due), [*rests, *legal], customer, channel)
    due, better = _better(settled.due, best, found, rests, legal)
    over = _over(batch, due, rest)
    return line, Timing(
        due=where(over, NEVER, due),
        reason=where(over, np.int8(number(Reason.OFFER_OVER)), _reason(free, settled, better, law)),
        pause=settled.pause,
        cap=free.cap,
        wish=free.wish,
        ahead=free.ahead,
        start=start,
        end=end,
        own=own,
        zone=rest.zone,
        zones=list(rest.zones),
        day=day[customer],
        law=law,
        best=best,
    )


def _shared(
    batch: Batch, land: Known, alone: Bools, customer: Ints, channel: Ints, own: Sequence[Small]
) -> tuple[Ints, Ints]:
    """Return the line of each message, and the message that stands for each line.

    Args:
        batch: the facts.
        land: where the customers are known.
        alone: which messages have a line of their own.
        customer: of each message.
        channel: of each message.
        own: what else each message is timed by, a column each.
    """
    line = np.empty(len(alone), dtype=np.int64)
    several, single = np.flatnonzero(~alone), np.flatnonzero(alone)
    customer, channel = customer[several], channel[several]
    known = batch.known[customer]
    line[several], one = alike(
        channel,
        *(np.append(batch.customers.dictionary(column)[0], 0)[known] for column in ("time_zone", "country")),
        known == NOBODY,
        *(part[several] for part in own),
        *(at(land.places[:, :, slot], customer, channel) for slot in range(OF_ADDRESS, land.places.shape[2])),
        *(at(land.abroad[:, :, edge], customer, channel) for edge in range(land.abroad.shape[2])),
    )
    line[single] = len(one) + np.arange(len(single))
    return line, np.concatenate([several[one], single])


def _reason(free: Room, settled: _Settled, better: Bools, law: Ints) -> Small:
    """Return why each line waits; what is named last outweighs what is named before it."""
    reason = np.full(len(law), OPEN, dtype=np.int8)
    for moved, name in (
        (settled.quiet, Reason.QUIET_HOURS),
        (settled.law, Reason.LAW),
        (settled.holiday, Reason.HOLIDAY),
        (settled.day, Reason.BEST_DAY),
        (better, Reason.BEST_HOUR),
        (free.cap != NOBODY, Reason.CAP),
        (free.wish != NOBODY, Reason.FREQUENCY),
        (free.ahead != NOBODY, Reason.PRIORITY),
        (settled.pause != NOBODY, Reason.PAUSE),
        (settled.never, Reason.QUIET_HOURS),
        (settled.never & (law != NOBODY), Reason.LAW),
    ):
        reason[np.flatnonzero(moved)] = number(name)
    return reason


def _room(batch: Batch, said: Statements) -> Room:
    """Return when the limits on marketing let something through to each customer."""
    if batch.is_marketing:
        return room(batch, said)
    nothing = np.full(batch.size, NOBODY, dtype=np.int64)
    return Room(due=np.full(batch.size, batch.now), cap=nothing, wish=nothing, ahead=nothing)


def _better(
    due: Ints, best: BestHour | None, found: Pauses | None, rests: Sequence[Rest], legal: Sequence[Rest]
) -> tuple[Ints, Bools]:
    """Return when each line leaves, and whether it waits for its best hour; not for one that lies in a pause."""
    if best is None:
        return due, np.zeros(len(due), dtype=np.bool_)
    stays = best.moved & (_settle(best.due, found, rests, legal).due == best.due)
    return where(stays, best.due, due), stays


def _over(batch: Batch, due: Ints, rest: Rest) -> Bools:
    """Return which lines may leave, but only after the last day of the offer on the customer's clock."""
    last = batch.question.last_day
    if last is None or not batch.is_marketing:
        return np.zeros(len(due), dtype=np.bool_)
    leaves = where(due == NEVER, batch.now, due)
    day = (leaves + Clock.at(rest.zones, rest.zone, leaves).ahead) // DAY
    over: Bools = (due != NEVER) & (day > (last - EPOCH_DAY).days)
    return over


@dataclass(frozen=True, kw_only=True)
class _Settled:
    """When each line may leave, and what moved it."""

    due: Ints
    never: Bools
    """Whether quiet times and laws leave no instant between them."""
    pause: Ints
    quiet: Bools
    holiday: Bools
    day: Bools
    law: Bools


def _settle(due: Ints, found: Pauses | None, rests: Sequence[Rest], legal: Sequence[Rest]) -> _Settled:
    """Move instants until no pause, no quiet time and no law moves them further.

    Where they leave no instant between them (the customer's nights, the law's days) it is NEVER.
    """
    paused = found is not None and len(found.customer) > 0
    pause = np.full(len(due), NOBODY, dtype=np.int64)
    quiet, holiday, day, law = (np.zeros(len(due), dtype=np.bool_) for _ in range(4))
    moving, never = np.ones(len(due), dtype=np.bool_), np.zeros(len(due), dtype=np.bool_)
    for _ in range(_ROUNDS):
        before = due
        if found is not None and paused:
            due, last = resume_at(due, found)
            pause = where(last == NOBODY, pause, last)
        for rest in rests:
            freed = release(due, rest, moving & (due != NEVER))
            due, quiet, holiday, day = (
                freed.due,
                quiet | freed.quiet,
                holiday | freed.holiday,
                day | freed.day,
            )
        for rest in legal:
            freed = release(due, rest, moving & (due != NEVER))
            due, law = freed.due, law | freed.quiet
        moving = due != before
        if not moving.any() or not (paused or len(rests) + len(legal) > 1):
            break
    else:
        never = moving
        due = where(never, NEVER, due)
    return _Settled(due=due, never=never, pause=pause, quiet=quiet, holiday=holiday, day=day, law=law)


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
        order=tuple(part[which] for part in found.order),
    )


def _quiet_times(batch: Batch, said: Statements) -> tuple[Small, Small, Bools]:
    """Return start and end of the quiet time of every customer and channel: their own, else the policy's."""
    start, end = (sheet(batch.size, NOBODY, np.int16) for _ in range(2))
    own = sheet(batch.size, filled=False, kind=np.bool_)
    for column, name in enumerate(CHANNELS):
        window = batch.policy.quiet.get(Channel(name))
        for part, edge in ((start, window and window.start), (end, window and window.end)):
            part[:, column] = edge.hour * 60 + edge.minute if edge else 0
    spoken = list(said.spoken("quiet_hours"))
    if spoken:
        codes, words = said.columns.dictionary("value")
        table = np.array([quiet_times(word) for word in words], dtype=np.int16)
    for _, who, row in reversed(spoken):  # what is more particular is laid over what is less so
        times = table[codes[row]]
        told = times[:, :, 0] != NOBODY
        start[who] = where(told, times[:, :, 0], start[who])
        end[who] = where(told, times[:, :, 1], end[who])
        own[who] |= told
    return start, end, own


def _wished_days(batch: Batch, said: Statements) -> tuple[Ints, Ints]:
    """Return the days of the week that each customer wishes (marketing), and the statement that says so."""
    days = np.full(batch.size, ANY_DAY, dtype=np.int64)
    row = said.first("best_days") if batch.is_marketing else np.full(batch.size, NOBODY, dtype=np.int64)
    who = np.flatnonzero(row != NOBODY)
    if len(who):
        days[who] = said.columns.judged("value", best_days)[row[who]]
    return days, row


def _rest(batch: Batch, start: Ints, end: Ints, days: Ints, customer: Ints, channel: Ints) -> Rest:
    known = batch.known[customer]
    fallback = batch.policy.time_zone
    zone, names = batch.customers.dictionary("time_zone")
    country, countries = batch.customers.dictionary("country")
    resting = np.array([name in batch.policy.holidays for name in CHANNELS])[channel]
    return Rest(
        start=start,
        end=end,
        resting=resting,
        days=days,
        zone=np.append(zone, len(names))[known],
        country=np.append(country, len(countries))[known],
        zones=[*(known_zone(name, fallback) for name in names), fallback],
        countries=[*(name or "" for name in countries), ""],
    )


def _abroad(rest: Rest, land: Known, customer: Ints, channel: Ints) -> Iterator[Rest]:
    """Yield the same quiet time on the clocks of the phone number: of another country, or of an area of the same."""
    for edge in range(land.abroad.shape[2]):
        zone = at(land.abroad[:, :, edge], customer, channel)
        if (zone != NOBODY).any():
            yield _window(rest, rest.start, rest.end, zone, land.zones)


def _legal(batch: Batch, rest: Rest, land: Known, customer: Ints, channel: Ints) -> tuple[list[Rest], Ints]:
    """Return the quiet times that laws set, on the customer's clock and the number's, and which law of each line."""
    law = np.full(len(customer), NOBODY, dtype=np.int64)
    rules = table(batch.question.purpose_class)
    if not (rules.quiet_law != NOBODY).any():
        return [], law
    found: list[Rest] = []
    places = [at(land.places[:, :, slot], customer, channel) for slot in range(land.places.shape[2])]
    for slot, place in enumerate(places):
        start, end = at(rules.start, place, channel), at(rules.end, place, channel)
        nearer = reduce(
            np.logical_or, (place == other for other in places[:slot]), np.zeros(len(place), dtype=np.bool_)
        )
        start, end = where(nearer, 0, start), where(nearer, 0, end)
        which = start != end
        if not which.any():
            continue
        law = where(which & (law == NOBODY), at(rules.quiet_law, place, channel), law)
        found.append(_window(rest, start, end, rest.zone, rest.zones))
        called = reduce(np.logical_or, (place == other for other in places[OF_ADDRESS:]))
        for edge in range(land.abroad.shape[2]):
            zone = where(called, at(land.abroad[:, :, edge], customer, channel), NOBODY)
            if (zone != NOBODY).any():
                found.append(_window(rest, start, end, zone, land.zones))
    return found, law


def _window(rest: Rest, start: Ints, end: Ints, zone: Ints, zones: Sequence[str]) -> Rest:
    """Return a quiet time of the day alone, on some clock."""
    return Rest(
        start=start,
        end=end,
        resting=np.zeros(len(start), dtype=np.bool_),
        days=np.full(len(start), ANY_DAY, dtype=np.int64),
        zone=zone,
        country=rest.country,
        zones=zones,
        countries=rest.countries,
    )
