"""Which facts each cell of an answer rests on; docs/deciding.md lists the keys of the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import reduce

import numpy as np

from preferences.batch import Batch
from preferences.behaviour import Observed
from preferences.consent import BASES, WITH_EVENT, Permission
from preferences.evidence import (
    Evidence,
    instant,
    number,
    often,
    on_behalf,
    quoted,
    quoted_list,
    real,
    until,
    wished_days,
)
from preferences.law import Known, laws
from preferences.rank import Wishes
from preferences.reach import OPEN, Reach
from preferences.reach import number as code
from preferences.sheet import NOBODY, WIDTH, Bools, Floats, Ints, flat, where
from preferences.timing import Timing
from preferences.wash import Lawful
from tidings.reason import Reason

Cells = Ints
"""Places of cells in a sheet laid out flat: channel x number of customers + customer."""
STATED = (Reason.STATED_TEMPORARY, Reason.STATED_TOPIC, Reason.STATED_PURPOSE, Reason.STATED_ALL)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the rules found, customers x channels."""

    reach: Reach
    land: Known
    permission: Permission | None
    lawful: Lawful | None
    wishes: Wishes
    observed: Observed | None


def grounds(batch: Batch, ground: Ground, evidence: Evidence, cell: Cells, reason: Ints) -> Ints:
    """Point to what placed or closed each cell: a statement, a suppression, an address, a standing, observations."""
    stated = where(_is(reason, *STATED), flat(ground.wishes.statement)[cell], NOBODY)
    never = where(_is(reason, Reason.NEVER_WISHED), flat(ground.wishes.never)[cell], NOBODY)
    closed = where(_is(reason, Reason.SUPPRESSED), flat(ground.reach.suppression)[cell], NOBODY)
    faulty = _is(reason, Reason.UNUSABLE_ADDRESS, Reason.UNVERIFIED_ADDRESS)
    unfit = where(faulty, flat(ground.reach.address)[cell], NOBODY)
    barred = where(_is(reason, Reason.STANDING, Reason.OPEN_MATTER), batch.known[cell % batch.size], NOBODY)
    parts = [
        evidence.lines(
            batch.statements,
            np.maximum(stated, never),
            [
                '"statement": ',
                number("statement"),
                ', "said_at": ',
                instant("at"),
                ', "source": ',
                quoted("source"),
                on_behalf("on_behalf"),
                until("until"),
            ],
        ),
        evidence.lines(
            batch.suppressions,
            closed,
            [
                '"suppression": ',
                number("suppression"),
                ', "why": ',
                quoted("reason"),
                ', "suppressed_at": ',
                instant("at"),
            ],
        ),
        evidence.lines(
            batch.addresses, unfit, ['"address": ', number("address"), ', "problem": ', quoted("problem")]
        ),
        evidence.lines(
            batch.customers, barred, ['"standing": ', quoted("standing"), ', "holds": ', quoted_list("holds")]
        ),
        _observations(batch, ground, evidence, cell, reason),
        _over_budget(batch, evidence, reason),
    ]
    return reduce(np.maximum, parts)


def permissions(batch: Batch, ground: Ground, evidence: Evidence, cell: Cells, reason: Ints) -> Ints:
    """Point to what makes marketing lawful on each possible channel, or to the event that forbids it."""
    found = ground.permission
    nothing = np.zeros(len(reason), dtype=np.int64)
    if found is None:
        return nothing
    basis = flat(found.basis)[cell].astype(np.int64)
    possible = _is(reason, *STATED, Reason.OBSERVED, Reason.EXPLORED, Reason.DEFAULT_ORDER, Reason.CHEAPEST)
    told = possible & (basis > 0) & (basis <= WITH_EVENT) | _is(
        reason, Reason.OBJECTED, Reason.CHANNEL_NO_CONSENT, Reason.EXPIRED
    )
    events = evidence.lines(
        batch.consents,
        where(told, flat(found.event)[cell], NOBODY),
        [
            '"consent": ', number("consent"), ', "action": ', quoted("action"),
            ', "consent_at": ', instant("at"), ', "consent_source": ', quoted("source"),
            on_behalf("consent_on_behalf"),
        ],
    )  # fmt: skip
    events = np.maximum(events, _laws(batch, ground, evidence, cell, reason))
    if not (possible & (basis > WITH_EVENT)).any():
        return events
    begin = evidence.add_words([f'"basis": "{name}"' for name in BASES])
    return where(possible & (basis > WITH_EVENT), begin + basis, events)


def _laws(batch: Batch, ground: Ground, evidence: Evidence, cell: Cells, reason: Ints) -> Ints:
    """Point to the law, the register or the country whose register is due that closes a channel."""
    pointers = np.zeros(len(reason), dtype=np.int64)
    if ground.lawful is None:
        return pointers
    closed = np.flatnonzero((reason == flat(ground.lawful.reason)[cell]) & (reason != OPEN))
    if not len(closed):
        return pointers
    lands = sorted(batch.policy.wash)
    due = evidence.add_words([f'"register_of": {json.dumps(land)}' for land in lands])
    country = flat(ground.lawful.country)[cell[closed]].astype(np.int64)
    rules = _told_laws(evidence)
    law = flat(ground.lawful.law)[cell[closed]].astype(np.int64)
    by_register = where(law == NOBODY, evidence.add_words(['"law": ""']), rules + law)
    listed = _is(reason[closed], Reason.REGISTER)
    row = where(listed, flat(ground.reach.address)[cell[closed]], NOBODY)
    told = where(_is(reason[closed], Reason.WASH_DUE), due + country, by_register)
    pointers[closed] = where(
        listed & (law == NOBODY),
        evidence.lines(
            batch.addresses, row, ['"register": ', number("register"), ', "address": ', number("address")]
        ),
        told,
    )
    return pointers


def _told_laws(evidence: Evidence) -> int:
    return evidence.add_words(
        [f'"country": {json.dumps(one.country)}, "law": {json.dumps(one.source)}' for one in laws()]
    )


_WISH = (
    '"wish": ', number("statement"), ', "wish_said_at": ', instant("at"), ', "wish_source": ', quoted("source"),
    on_behalf("wish_on_behalf"),
)  # fmt: skip
"""What a message waits for has its own names: the channel that it waits on may rest on another statement."""


def waits(batch: Batch, timing: Timing, evidence: Evidence, line: Ints) -> Ints:
    """Point to what a message waits for; `line` is NOBODY for every cell but the one that waits."""
    if not (timing.reason != OPEN).any():
        return np.zeros(len(line), dtype=np.int64)
    reason = np.append(timing.reason, OPEN)[line]
    paused = evidence.lines(
        batch.statements,
        where(_is(reason, Reason.PAUSE), np.append(timing.pause, NOBODY)[line], NOBODY),
        [
            '"pause": ', number("statement"), ', "pause_said_at": ', instant("at"),
            ', "pause_source": ', quoted("source"), on_behalf("pause_on_behalf"), until("pause_until"),
        ],
    )  # fmt: skip
    caps = evidence.add_words(
        [
            f'"cap": {cap.limit}, "days": {round(cap.window.total_seconds() / 86_400, 3):g}'
            for cap in batch.policy.caps
        ]
    )
    capped = where(_is(reason, Reason.CAP), caps + np.append(timing.cap, 0)[line], 0)
    limited = _limited(batch, timing, evidence, line, reason)
    wished = evidence.lines(
        batch.statements,
        where(_is(reason, Reason.BEST_DAY), np.append(timing.day, NOBODY)[line], NOBODY),
        ['"best_days": ', wished_days("value"), ", ", *_WISH],
    )
    lawful = np.zeros(len(line), dtype=np.int64)
    if (bound := _is(reason, Reason.LAW)).any():
        lawful = where(bound, _told_laws(evidence) + np.append(timing.law, 0)[line], 0)
    hours = _hours(timing, evidence, line, reason)
    windows = _windows(timing, evidence, line, reason)
    over = _is(reason, Reason.OFFER_OVER)
    last = where(over, evidence.add_words([f'"last_day": "{batch.question.last_day}"']), 0)
    return reduce(np.maximum, [paused, capped, limited, wished, lawful, hours, windows, last])


def _limited(batch: Batch, timing: Timing, evidence: Evidence, line: Ints, reason: Ints) -> Ints:
    """Point to the customer's wish about frequency, or to the campaign that goes first."""
    wished = evidence.lines(
        batch.statements,
        where(_is(reason, Reason.FREQUENCY), np.append(timing.wish, NOBODY)[line], NOBODY),
        [*_WISH, often("value")],
    )
    ahead = evidence.lines(
        batch.coming,
        where(_is(reason, Reason.PRIORITY), np.append(timing.ahead, NOBODY)[line], NOBODY),
        [
            '"gives_way_to": ', quoted("campaign"), ', "its_priority": ', number("priority"),
            ', "planned_at": ', instant("at"),
        ],
    )  # fmt: skip
    return np.maximum(wished, ahead)


def chances(batch: Batch, evidence: Evidence, reason: Ints, propensity: Floats) -> Ints:
    """Point to how likely a channel was that was drawn by lot, and to the share of those who are held out."""
    pointers = np.zeros(len(reason), dtype=np.int64)
    drawn = np.flatnonzero(_is(reason, Reason.EXPLORED))
    if len(drawn):
        known, place = np.unique(propensity[drawn], return_inverse=True)
        share = f'"explore": {batch.policy.explore!r}, "propensity": '
        pointers[drawn] = evidence.add_words([f"{share}{one!r}" for one in known.tolist()]) + place
    held = _is(reason, Reason.HOLDOUT)
    if held.any():
        pointers[held] = evidence.add_words([f'"holdout": {batch.question.holdout!r}'])
    return pointers


def _hours(timing: Timing, evidence: Evidence, line: Ints, reason: Ints) -> Ints:
    pointers = np.zeros(len(line), dtype=np.int64)
    moved = np.flatnonzero(_is(reason, Reason.BEST_HOUR))
    if timing.best is None or not len(moved):
        return pointers
    import polars as pl

    lines, best = line[moved], timing.best
    zones = pl.Series([json.dumps(zone) for zone in timing.zones])[timing.zone[lines]]
    hours = pl.Series([f'"hour": "{hour:02}:00", "weekday": {day}' for day in range(7) for hour in range(24)])
    whose = pl.Series(['"hour_population"', '"hour_observations"'])[best.own[lines].astype(np.int64)]
    shares = [
        pl.Series(np.round(part[lines] * 1000) / 1000).cast(pl.String)
        for part in (best.share, best.low, best.high)
    ]
    said = '{}, "zone": {}, {}: {}, "hour_share": {}, "hour_between": [{}, {}]'
    seen = pl.Series(np.rint(best.answers[lines]).astype(np.int64))
    text = pl.select(pl.format(said, hours[best.cell[lines]], zones, whose, seen, *shares).alias("text"))
    pointers[moved] = evidence.add(text["text"]) + np.arange(len(moved))
    return pointers


def _windows(timing: Timing, evidence: Evidence, line: Ints, reason: Ints) -> Ints:
    quiet = np.flatnonzero(_is(reason, Reason.QUIET_HOURS, Reason.HOLIDAY))
    pointers = np.zeros(len(line), dtype=np.int64)
    if not len(quiet):
        return pointers
    lines = line[quiet]
    packed = ((timing.zone[lines] * 1440 + timing.start[lines]) * 1440 + timing.end[lines]) * 2 + timing.own[
        lines
    ]
    known, place = np.unique(packed, return_inverse=True)
    pointers[quiet] = evidence.add_words([_window(one, timing.zones) for one in known.tolist()]) + place
    return pointers


def _window(packed: int, zones: list[str]) -> str:
    rest, own = divmod(packed, 2)
    rest, end = divmod(rest, 1440)
    zone, start = divmod(rest, 1440)
    hours = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    who = "customer" if own else "policy"
    return f'"quiet": "{hours}", "quiet_by": "{who}", "zone": {json.dumps(zones[zone])}'


def _observations(batch: Batch, ground: Ground, evidence: Evidence, cell: Cells, reason: Ints) -> Ints:
    pointers = np.zeros(len(reason), dtype=np.int64)
    seen = np.flatnonzero(_is(reason, Reason.OBSERVED))
    if ground.observed is None or not len(seen):
        return pointers
    import polars as pl

    observed, here = ground.observed, cell[seen]
    count = batch.behaviour.whole("observations", 0)[flat(observed.row)[here]]
    shares = [
        pl.Series(np.round(flat(part)[here] * 1000) / 1000).cast(pl.String)
        for part in (observed.mean, observed.low, observed.high)
    ]
    said = '"observations": {}, "engaged": {}, "between": [{}, {}]'
    text = pl.select(pl.format(said, pl.Series(count), *shares).alias("text"))
    pointers[seen] = evidence.add(text["text"]) + np.arange(len(seen))
    return pointers


def _over_budget(batch: Batch, evidence: Evidence, reason: Ints) -> Ints:
    """Point to the budget that closed a channel, and to what it would have gained; cells are messages x WIDTH here."""
    closed = _is(reason, Reason.BUDGET)
    if not closed.any():
        return np.zeros(len(reason), dtype=np.int64)
    return evidence.lines(
        batch.asked,
        where(closed, np.arange(len(reason)) // WIDTH, NOBODY),
        [f'"budget": {batch.question.budget or "null"}, "gain": ', real("gain")],
    )


def _is(reason: Ints, *which: Reason) -> Bools:
    answer: Bools = reduce(np.logical_or, [reason == code(one) for one in which])
    return answer
