# ruff: noqa: C901 -- rules told in one piece
"""The oracle's reading of what is left to chance and of the best hour, in plain Python."""

from __future__ import annotations

import hashlib
import math
from datetime import timedelta
from zoneinfo import ZoneInfo

CHANNELS = ("email", "sms", "push", "letter", "whatsapp")
MASK = 2**64 - 1


def chance(name, customer):
    """Return a number in [0, 1) that a name and a customer give."""
    seed = int.from_bytes(hashlib.blake2b(b"\1" + name.encode(), digest_size=8).digest(), "big")
    return (_mixed((seed + _mixed(customer)) & MASK) >> 11) * 2.0**-53


def _mixed(value):
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & MASK
    return value ^ (value >> 31)


def drawn(question, policy, customer, ranked):
    """Return which channel comes first when lots are drawn, and how likely that was."""
    share, count = policy.explore, len(ranked)
    if not share or count < 2:
        return ranked[0] if ranked else None, 1.0
    number = chance(f"explore\n{question.run}", customer)
    named = ranked[0]
    if number < share:
        named = [c for c in CHANNELS if c in ranked][min(math.floor(number / share * count), count - 1)]
    return named, (1.0 - share + share / count if named == ranked[0] else share / count)


def is_held_out(question, customer):
    """Tell whether a customer gets nothing of the question's group."""
    return chance(f"holdout\n{question.holdout_group}", customer) < question.holdout


def better_hour(question, policy, lines, now, due, zone, is_free):
    """Return (instant, evidence) of the hour that is surely better than `due`, None when none is.

    Args:
        question: its population, window and last day.
        policy: its strengths.
        lines: the customer's cells, {cell, weight, as_of}.
        now: the present.
        due: when it would leave.
        zone: the customer's.
        is_free: tells of an instant whether quiet hours and holidays let a message leave.
    """
    until = question.best_hour_until or (now + timedelta(days=1) if policy.best_hour else None)
    if until is None or due >= until:
        return None
    counts = question.population.hours or (0.0,) * 168
    total = sum(counts)
    people = [(count + 1.0 / 168) / (total + 1.0) for count in counts]
    own = {}
    for line in sorted(lines, key=lambda line: line["cell"]):
        days = max((now - line["as_of"]) // timedelta(days=1), 0)
        own[line["cell"]] = max(line["weight"], 0.0) * 0.5 ** (days / policy.observing.half_life.days)
    answers = sum(own.values())
    strength, deviations = policy.learning.hour_strength, policy.observing.deviations

    def mine(cell):
        return (own.get(cell, 0.0) + strength * people[cell]) / (answers + strength)

    def surely(best, here, worth):
        low = best - deviations * math.sqrt(best * (1.0 - best) / (worth + 1.0))
        return low > here + deviations * math.sqrt(here * (1.0 - here) / (worth + 1.0))

    hours = [one for one in _hours(due, until, zone, question.last_day) if is_free(one[0])]
    here = _cell(due, zone)
    for share, worth, said in (
        (mine, answers + strength, "hour_observations"),
        (lambda cell: people[cell], total, "hour_population"),
    ):
        best = max(hours, key=lambda one: (share(one[1]), -one[0].timestamp()), default=None)
        if said == "hour_observations" and answers < policy.observing.at_least:
            continue
        if said == "hour_population" and total < policy.learning.base_strength:
            continue
        if best and surely(share(best[1]), share(here), worth):
            value = share(best[1])
            margin = deviations * math.sqrt(value * (1.0 - value) / (worth + 1.0))
            rounded = [round(x * 1000) / 1000 for x in (value, value - margin, value + margin)]
            seen = answers if said == "hour_observations" else total
            return best[0], {
                "hour": f"{best[1] % 24:02}:00", "weekday": best[1] // 24, "zone": zone, said: round(seen),
                "hour_share": rounded[0], "hour_between": rounded[1:],
            }  # fmt: skip
    return None


def _cell(instant, zone):
    wall = instant.astimezone(ZoneInfo(zone))
    return wall.weekday() * 24 + wall.hour


def _hours(due, until, zone, last_day):
    """Return when each hour of the wall clock begins, and its cell: the minutes are asked one by one."""
    found, moment = [], due.replace(second=0, microsecond=0)
    before = moment.astimezone(ZoneInfo(zone))
    while moment < until and len(found) < 167:
        moment += timedelta(minutes=1)
        wall = moment.astimezone(ZoneInfo(zone))
        begins = (wall.date(), wall.hour) != (before.date(), before.hour) and moment <= until
        if begins and (last_day is None or wall.date() <= last_day):
            found.append((moment, _cell(moment, zone)))
        before = wall
    return found
