"""The best hour (marketing): the hour of the week in which a customer answers, on their own clock.

168 cells, weekday x hour, of the customer are blended with those of the whole population. A message waits for the
best hour of its window that quiet hours and holidays allow, and only when that is sure: when the lower end of the
best hour's interval lies above the upper end of the hour in which it would leave. The customer's own hours speak
first; where they are not sure, the population's do, if enough was seen of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np

from preferences.batch import Batch
from preferences.behaviour import weights
from preferences.policy import Policy
from preferences.quiet import Clock, Rest, release
from preferences.sheet import CHANNELS, NEVER, Bools, Floats, Ints, matched, microseconds, where
from tidings.channel import Channel

HOUR = 3_600_000_000
DAY = 24 * HOUR
WEEK = 168
THURSDAY = 72
"""The cell at which 1970 began."""
WINDOW = timedelta(days=1)
"""How long a message waits for a better hour where the run says nothing."""
_WAITING = np.array([not Channel(name).on_paper for name in CHANNELS])
"""A letter is read when the post comes."""
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, kw_only=True)
class BestHour:
    """Per line."""

    due: Ints
    moved: Bools
    own: Bools
    """Whether the customer's own hours moved it, not the population's."""
    cell: Ints
    """The hour of the week that it waits for: 24 * weekday (Monday 0) + hour."""
    answers: Floats
    """How many answers that rests on, forgotten ones less."""
    share: Floats
    """Of the answers that come in this hour of the week."""
    low: Floats
    high: Floats


@dataclass(frozen=True, kw_only=True)
class _Lines:
    """The messages that may wait: a customer and their first channel each."""

    line: Ints
    customer: Ints
    due: Ints
    cell: Ints
    """The hour of the week in which it would leave."""
    hour: Ints
    """Whole hours of the wall clock since 1970."""
    most: Ints
    """Hours that it may wait."""
    rests: tuple[Rest, ...]


@dataclass(frozen=True, kw_only=True)
class _Choice:
    """A better hour for each line: how many hours ahead (0: none), when, and its share."""

    ahead: Ints
    due: Ints
    share: Floats


@dataclass(frozen=True, kw_only=True)
class OwnHours:
    """What the customers' own hours say; a row is one customer, of whom enough was seen, and cell, sorted."""

    customer: Ints
    cell: Ints
    weight: Floats
    begin: Ints
    """Per customer of the batch: their first row."""
    total: Floats
    """Per customer of the batch: the answers, forgotten ones less."""
    enough: Bools
    """Per customer of the batch: whether that is enough for their own hours to count."""


def best_hour(
    batch: Batch, own: OwnHours | None, due: Ints, rests: Sequence[Rest], customer: Ints, channel: Ints
) -> BestHour | None:
    """Move messages to a better hour; None where the question asks for no best hour.

    Args:
        batch: the facts.
        own: what `own_hours` says of the batch.
        due: when each line may leave (NEVER: it may not).
        rests: all quiet times of each line, those on the customer's own clock first.
        customer: of each line.
        channel: the first one of each line.
    """
    until = window_end(batch)
    if until is None or own is None:
        return None
    lines = _lines(until, due, rests, customer, channel)
    if not len(lines.line):
        return None
    people, answers = _population(batch)
    crowd = _of_population(batch, lines, people, until)
    told = _of_own(batch, lines, own, people, until)
    strength, deviations = batch.policy.learning.hour_strength, batch.policy.observing.deviations
    total = own.total[lines.customer]
    # What nobody was seen in is worth what the population's share is: the best such hour is the population's best.
    plain = where(crowd.ahead > 0, strength * crowd.share / (total + strength), -1.0)
    better = (told.share > plain) | ((told.share == plain) & (told.ahead < crowd.ahead))
    mine = _Choice(
        ahead=where(better, told.ahead, crowd.ahead),
        due=where(better, told.due, crowd.due),
        share=where(better, told.share, plain),
    )
    here = (_weight(own, lines.customer, lines.cell) + strength * people[lines.cell]) / (total + strength)
    sure = own.enough[lines.customer] & (mine.ahead > 0)
    sure &= _apart(mine.share, here, total + strength, deviations)
    by_all = ~sure & (crowd.ahead > 0) & (answers >= batch.policy.learning.base_strength)
    by_all &= _apart(crowd.share, people[lines.cell], np.full(len(total), answers), deviations)
    return _result(due, lines, sure, by_all, mine, crowd, where(sure, total, answers), batch.policy)


def _result(
    due: Ints,
    lines: _Lines,
    sure: Bools,
    by_all: Bools,
    mine: _Choice,
    crowd: _Choice,
    answers: Floats,
    policy: Policy,
) -> BestHour:
    moved = sure | by_all
    share = np.clip(where(sure, mine.share, crowd.share), 0.0, 1.0)
    worth = where(sure, answers + policy.learning.hour_strength, answers)
    margin = policy.observing.deviations * np.sqrt(share * (1.0 - share) / (worth + 1.0))
    place = lines.line[moved]
    found = BestHour(
        due=due.copy(),
        moved=np.zeros(len(due), dtype=np.bool_),
        own=np.zeros(len(due), dtype=np.bool_),
        cell=np.zeros(len(due), dtype=np.int64),
        answers=np.zeros(len(due)),
        share=np.zeros(len(due)),
        low=np.zeros(len(due)),
        high=np.zeros(len(due)),
    )
    found.due[place] = where(sure, mine.due, crowd.due)[moved]
    found.moved[place] = True
    found.own[place] = sure[moved]
    found.cell[place] = ((lines.cell + where(sure, mine.ahead, crowd.ahead)) % WEEK)[moved]
    for sheet, values in (
        (found.answers, answers),
        (found.share, share),
        (found.low, share - margin),
        (found.high, share + margin),
    ):
        sheet[place] = values[moved]
    return found


def _apart(best: Floats, here: Floats, worth: Floats, deviations: float) -> Bools:
    """Tell where the best hour's interval lies above that of the present one."""
    low, high = (
        share + sign * deviations * np.sqrt(share * (1.0 - share) / (worth + 1.0))
        for share, sign in ((np.clip(best, 0.0, 1.0), -1.0), (here, 1.0))
    )
    apart: Bools = low > high
    return apart


def window_end(batch: Batch) -> int | None:
    """Return until when a message may wait for a better hour; None where none is asked for."""
    question = batch.question
    if not batch.is_marketing:
        return None
    if question.best_hour_until is not None:
        return microseconds(question.best_hour_until)
    return batch.now + WINDOW // timedelta(microseconds=1) if batch.policy.best_hour else None


def _population(batch: Batch) -> tuple[Floats, float]:
    """Return the population's share of each cell, every hour being worth one answer in 168, and its answers."""
    counts = np.array(batch.question.population.hours or np.zeros(WEEK))
    total = float(counts.sum())
    return (counts + 1.0 / WEEK) / (total + 1.0), total


def own_hours(batch: Batch) -> OwnHours | None:
    """Return in which hours the customers were seen themselves; None where the question asks for no best hour."""
    if window_end(batch) is None:
        return None
    columns, observing = batch.hours, batch.policy.observing
    row = columns.rows()
    customer, cell = columns.row[row], columns.whole("cell")[row]
    weight = columns.real("weight")[row] * weights(
        batch.now - columns.whole("as_of")[row], observing.half_life
    )
    key = customer * WEEK + cell
    if not (key[1:] >= key[:-1]).all():  # sums do not depend on the order of rows
        order = np.argsort(key, kind="stable")
        customer, cell, weight = customer[order], cell[order], weight[order]
    total = np.bincount(customer, weights=weight, minlength=batch.size).astype(np.float64)
    enough = total >= observing.at_least
    kept = np.flatnonzero(enough[customer])
    return OwnHours(
        customer=customer[kept],
        cell=cell[kept],
        weight=weight[kept],
        begin=np.concatenate([[0], np.cumsum(np.bincount(customer[kept], minlength=batch.size))]),
        total=total,
        enough=enough,
    )


def _weight(own: OwnHours, customer: Ints, cell: Ints) -> Floats:
    """Return the weight of one cell of each customer."""
    key = own.customer * WEEK + own.cell
    wanted = customer * WEEK + cell
    place = np.minimum(np.searchsorted(key, wanted), max(len(key) - 1, 0))
    if not len(key):
        return np.zeros(len(wanted))
    return where(key[place] == wanted, own.weight[place], 0.0)


def _lines(until: int, due: Ints, rests: Sequence[Rest], customer: Ints, channel: Ints) -> _Lines:
    line = np.flatnonzero(_WAITING[channel] & (due != NEVER) & (due < until))
    part = _rest_of(rests[0], line)
    hour = (due[line] + Clock.at(part.zones, part.zone, due[line]).ahead) // HOUR
    return _Lines(
        line=line,
        customer=customer[line],
        due=due[line],
        cell=(hour + THURSDAY) % WEEK,
        hour=hour,
        most=np.minimum((until - due[line]) // HOUR + 1, WEEK - 1),
        rests=(part, *(_rest_of(rest, line) for rest in rests[1:])),
    )


def _of_population(batch: Batch, lines: _Lines, people: Floats, until: int) -> _Choice:
    """Return for each line the population's best hour among those that are allowed, the earliest of equal ones."""
    count = len(lines.line)
    found = _Choice(ahead=np.zeros(count, dtype=np.int64), due=lines.due.copy(), share=np.full(count, -1.0))
    pairs, pair = np.unique(lines.cell * WEEK + lines.most, return_inverse=True)
    tables = [_by_share(people, *divmod(int(one), WEEK)) for one in pairs]
    width = max((len(table) for table in tables), default=0)
    order = np.array([np.pad(table, (0, width - len(table))) for table in tables]).reshape(-1, width)
    open_ = np.arange(count)
    for nth in range(width):
        ahead = order[pair[open_], nth]
        open_, ahead = open_[ahead > 0], ahead[ahead > 0]
        if not len(open_):
            break
        at, allowed = _at(batch, lines, open_, ahead, until)
        taken = open_[allowed]
        found.ahead[taken], found.due[taken] = ahead[allowed], at[allowed]
        found.share[taken] = people[(lines.cell[taken] + ahead[allowed]) % WEEK]
        open_ = open_[~allowed]
    return found


def _by_share(people: Floats, cell: int, most: int) -> Ints:
    """Return how many hours ahead the hours of a window are, those first in which most customers answer."""
    ahead = np.arange(1, most + 1)
    return ahead[np.lexsort([ahead, -people[(cell + ahead) % WEEK]])]


def _of_own(batch: Batch, lines: _Lines, own: OwnHours, people: Floats, until: int) -> _Choice:
    """Return for each line the best of the hours in which its customer was seen."""
    count = len(lines.line)
    found = _Choice(ahead=np.zeros(count, dtype=np.int64), due=lines.due.copy(), share=np.full(count, -1.0))
    line, row = matched(own.begin, lines.customer, np.arange(len(own.cell)))
    ahead = (own.cell[row] - lines.cell[line]) % WEEK
    inside = (ahead > 0) & (ahead <= lines.most[line]) & (own.weight[row] > 0)
    row, line, ahead = row[inside], line[inside], ahead[inside]
    at, allowed = _at(batch, lines, line, ahead, until)
    row, line, ahead, at = row[allowed], line[allowed], ahead[allowed], at[allowed]
    strength = batch.policy.learning.hour_strength
    whose = own.customer[row]
    share = (own.weight[row] + strength * people[own.cell[row]]) / (own.total[whose] + strength)
    order = np.lexsort([ahead, -share, line])
    first = order[np.flatnonzero(np.diff(line[order], prepend=-1))]
    found.ahead[line[first]], found.due[line[first]] = ahead[first], at[first]
    found.share[line[first]] = share[first]
    return found


def _at(batch: Batch, lines: _Lines, which: Ints, ahead: Ints, until: int) -> tuple[Ints, Bools]:
    """Return when an hour begins, so many ahead of a line's own, and whether the message may leave then.

    Not in an hour that the clock leaves out, in quiet hours, on a holiday, after the window or the offer's last day.
    """
    rest = _rest_of(lines.rests[0], which)
    at = Clock.at(rest.zones, rest.zone, lines.due[which]).shows((lines.hour[which] + ahead) * HOUR)
    shown = at + Clock.at(rest.zones, rest.zone, at).ahead
    allowed = (shown // HOUR == lines.hour[which] + ahead) & (at <= until)
    last = batch.question.last_day
    if last is not None:
        allowed &= shown // DAY <= (last - _EPOCH).days
    place = np.flatnonzero(allowed)
    for one in lines.rests:
        freed = release(at[place], _rest_of(one, which[place]), np.ones(len(place), dtype=np.bool_))
        place = place[freed.due == at[place]]
    allowed[:] = False
    allowed[place] = True
    return at, allowed


def _rest_of(rest: Rest, which: Ints) -> Rest:
    """Return the quiet times of some lines."""
    values: dict[str, Any] = {
        name: value[which] for name, value in vars(rest).items() if isinstance(value, np.ndarray)
    }
    return replace(rest, **values)
