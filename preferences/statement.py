"""What customers asked for: channel order, pauses, quiet hours, language, measured links (rules 4 and 5).

A statement says it for a brand or for all, for a topic or for all, and for a while or for good. For one
question the most particular one speaks first: for a while before for good, this brand before all, the deepest
topic before the ones above it. Of two with the same scope only the newer counts, and of the same instant the
stricter (`precedence`): what they say decides, never which of them was recorded first. What it leaves open, the
next one fills.

The column `value` is JSON; what each kind puts there:

    order        {} or {"only": true}: channels that are left out are not wished at all (binds marketing)
    pause        {} or {"resume": true}: from now on no pause of this scope
    quiet_hours  {"start": "21:00", "end": "08:00", "channels": ["email"]}; without channels: all but letters
    language     {"language": "pt_BR"}
    tracking     {"tracking": false}
    manner       {"large_print": true, "plain_language": true, "call": true}: heeded when it is built
    best_days    {"days": ["tue", "thu"]}: marketing waits for such a day; no days: any
    frequency    {"at_most": 1, "per": "month"}: of marketing (day, week, month, quarter, year); {}: the house's caps
    household    {"letters": "one"} for the whole household, {"letters": "own"} for each
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from preferences.sheet import (
    CHANNELS,
    LONG_AGO,
    NEVER,
    NOBODY,
    WIDTH,
    Bools,
    Columns,
    Ints,
    Small,
    backwards,
    newest,
    where,
)
from tidings.channel import Channel
from tidings.purpose import topic_path
from tidings.reason import Reason

KINDS = (
    *("order", "pause", "quiet_hours", "language", "tracking", "manner"),
    *("best_days", "frequency", "household"),
)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ANY_DAY = 2 ** len(DAYS) - 1
PERIODS: Mapping[str, int] = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}
"""How many days a wish about frequency looks back."""
MOST_OFTEN = 99
"""A larger number of messages is no wish."""
UNPLACED = 99
"""Place of a channel that an order does not name."""
HOUR = 60
DAY = 24 * HOUR
FAR = 50 * 365 * 86_400_000_000
"""An end that lies further ahead than 50 years (9999-12-31) is no end."""


@dataclass(frozen=True, kw_only=True)
class Statements:
    """The statements of a batch that touch the question, as arrays; `row` points into the frame of facts."""

    columns: Columns
    size: int
    """Number of customers."""
    depth: int
    """Number of topics on the path, `all` included."""
    row: Ints
    customer: Ints
    kind: Small
    slot: Small
    """0 speaks first: (temporary, permanent) x (brand, all) x (topic ... all)."""
    active: Bools
    until: Ints
    start: Ints

    def at(self, lines: Ints) -> Ints:
        """Return when some lines were said."""
        return self.columns.whole("at", rows=self.row[lines])

    def number(self, lines: Ints) -> Ints:
        """Return the ids of some lines."""
        return self.columns.whole("statement", rows=self.row[lines])

    def content(self, lines: Ints) -> Ints:
        """Return for lines of one kind, scope and instant the greatest number for the one that counts."""
        rows = self.row[lines]
        said = self.columns.frame.select("channels", "value", "source", "on_behalf")[rows].rows()
        spans = zip((-self.until[lines]).tolist(), self.start[lines].tolist(), strict=True)
        return backwards([
            precedence(channels or (), text, *span, source or "", on_behalf or "")
            for (channels, text, source, on_behalf), span in zip(said, spans, strict=True)
        ])  # fmt: skip

    def spoken(self, kind: str) -> Iterator[tuple[int, Ints, Ints]]:
        """Yield per slot, the one that speaks first first: customers, each once, and the row in force of each."""
        lines, begin = self._in_force
        slots = 4 * self.depth
        for slot in range(slots):
            place = KINDS.index(kind) * slots + slot
            here = lines[begin[place] : begin[place + 1]]
            if len(here):
                yield slot, self.customer[here], self.row[here]

    @cached_property
    def _in_force(self) -> tuple[Ints, Ints]:
        """Return by kind and slot the newest active line of each customer, and where each slot begins among them."""
        slots = 4 * self.depth
        which = np.flatnonzero(self.active & (self.kind != NOBODY))
        key = self.kind[which].astype(np.int16) * slots + self.slot[which]
        order = np.argsort(key, kind="stable")
        which, key = which[order], key[order]
        whose = self.customer[which] + key.astype(np.int64) * self.size
        if not (whose[1:] >= whose[:-1]).all():
            order = np.argsort(whose, kind="stable")
            which, key, whose = which[order], key[order], whose[order]
        fresh = np.diff(whose, prepend=NOBODY) != 0
        if not fresh.all():
            person = np.cumsum(fresh) - 1
            tie = (lambda rows: self.content(which[rows]), lambda rows: self.number(which[rows]))
            last = newest(person, int(person[-1]) + 1, self.at(which), *tie)
            which, key = which[last], key[last]
        return which, np.concatenate([[0], np.cumsum(np.bincount(key, minlength=len(KINDS) * slots))])

    def first(self, kind: str) -> Ints:
        """Return the row that speaks first for each customer, NOBODY where none does."""
        answer = np.full(self.size, NOBODY, dtype=np.int64)
        for _, who, rows in reversed(list(self.spoken(kind))):
            answer[who] = rows
        return answer

    def reason(self, slot: int) -> Reason:
        """Return which rule a slot belongs to."""
        if slot < 2 * self.depth:
            return Reason.STATED_TEMPORARY
        above = self.depth - slot % self.depth
        return {1: Reason.STATED_ALL, 2: Reason.STATED_PURPOSE}.get(above, Reason.STATED_TOPIC)


def statements(columns: Columns, *, size: int, brand: str, topic: str, now: int) -> Statements:
    """Read the statements that touch a question; those that have ended or not begun are not active."""
    path = topic_path(topic)
    level, own = columns.codes("topic", path), columns.codes("brand", brand_words(brand))
    row = columns.rows(level != NOBODY, own != NOBODY)
    start, until = columns.whole("from_at", LONG_AGO, row), columns.whole("until_at", NEVER, row)
    until = where(until > now + FAR, NEVER, until)
    lasting = (until == NEVER).astype(np.int16)
    return Statements(
        columns=columns,
        size=size,
        depth=len(path),
        row=row,
        customer=columns.row[row],
        kind=columns.codes("kind", KINDS)[row],
        slot=(lasting * 2 + own[row]) * len(path) + level[row],
        active=(start <= now) & (now < until),
        start=start,
        until=until,
    )


def brand_words(brand: str) -> tuple[str, ...]:
    """Return the brands whose word counts, the more particular first."""
    return tuple(dict.fromkeys((brand, "all")))


def places(columns: Columns) -> tuple[Small, Small]:
    """Return the place of each channel in each different order (UNPLACED: not named), and which order each row has."""
    codes, words = columns.dictionary("channels")
    table = np.full((len(words) + 1, WIDTH), UNPLACED, dtype=np.int16)
    for number, word in enumerate(words):
        named = [name for name in dict.fromkeys((word or "").split(",")) if name in CHANNELS]
        for place, name in enumerate(named):
            table[number, CHANNELS.index(name)] = place
    return table, codes


def value(text: str | None) -> dict[str, Any]:
    """Return a statement's value; what is no JSON object says nothing.

    >>> value('{"only": true}')
    {'only': True}
    >>> value("nonsense")
    {}
    """
    try:
        read = json.loads(text or "{}")
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


def precedence(channels: Sequence[str], text: str | None, *rest: Any) -> tuple[Any, ...]:
    """Return what sorts statements of one kind, scope and instant: the first one counts.

    The stricter: none but these channels before an order, fewer channels before more, no links measured, a letter of
    one's own, fewer messages, fewer days, a longer quiet time, more help. Of what is as strict the first by alphabet.

    >>> min(precedence(["email"], "{}"), precedence(["sms", "letter"], '{"only": true}'))[2]
    2
    """
    silent = not channels and not is_only(text)
    same = json.dumps(value(text), sort_keys=True)
    return (-_strictness(text), silent, len(channels), ",".join(channels), same, *rest)


def _strictness(text: str | None) -> int:
    """Return how much a value forbids or asks to be heeded, as a number to compare those of one kind by."""
    said = value(text)
    most, days = frequency(text)
    weights = {"only": 1, "call": 4, "large_print": 2, "plain_language": 1}
    return (
        sum(weight for name, weight in weights.items() if said.get(name) is True)
        + (said.get("tracking") is False)
        + (said.get("letters") == "own")
        + (days * MOST_OFTEN**2 // most if most else 0)
        + sum((end - start) % DAY for start, end in quiet_times(text))
        + len(DAYS)
        - best_days(text).bit_count()
    )


def is_only(text: str | None) -> bool:
    """Whether an order excludes the channels that it leaves out."""
    return value(text).get("only") is True


def language(text: str | None) -> str:
    """Return the language asked for, '' when none is named."""
    named = value(text).get("language")
    return named if isinstance(named, str) else ""


def is_tracking(text: str | None) -> bool:
    """Whether links may be measured."""
    return value(text).get("tracking") is not False


def minutes(text: object) -> int:
    """Return a time of day as minutes after midnight, NOBODY when it is none.

    >>> minutes("21:30"), minutes("25:00")
    (1290, -1)
    """
    hours, _, rest = text.partition(":") if isinstance(text, str) else ("", "", "")
    if not (hours.isascii() and hours.isdigit() and rest[:2].isascii() and rest[:2].isdigit()):
        return NOBODY
    moment = int(hours) * 60 + int(rest[:2])
    return moment if moment < DAY and int(rest[:2]) < HOUR else NOBODY


def quiet_times(text: str | None) -> tuple[tuple[int, int], ...]:
    """Return start and end of the quiet time of each channel, (NOBODY, NOBODY) where nothing is said."""
    said = value(text)
    start, end = minutes(said.get("start")), minutes(said.get("end"))
    named = said.get("channels")
    loud = [channel.value for channel in Channel if not channel.on_paper]
    wanted = named if isinstance(named, list) and named else loud
    usable = start != NOBODY and end != NOBODY
    return tuple((start, end) if usable and name in wanted else (NOBODY, NOBODY) for name in CHANNELS)


def best_days(text: str | None) -> int:
    """Return the wished days of the week as bits, Monday the lowest; all seven when none is named.

    >>> best_days('{"days": ["mon", "wed"]}'), best_days("{}")
    (5, 127)
    """
    named = value(text).get("days")
    wished = sum(1 << place for place, day in enumerate(DAYS) if isinstance(named, list) and day in named)
    return wished or ANY_DAY


def frequency(text: str | None) -> tuple[int, int]:
    """Return at most how many marketing messages in how many days are wished, (0, 0): as the house does.

    >>> frequency('{"at_most": 1, "per": "month"}'), frequency('{"at_most": 0, "per": "day"}')
    ((1, 30), (0, 0))
    """
    said = value(text)
    most, per = said.get("at_most"), said.get("per")
    if type(most) is not int or not 1 <= most <= MOST_OFTEN or not isinstance(per, str):
        return (0, 0)
    return (most, PERIODS[per]) if per in PERIODS else (0, 0)


def one_household(text: str | None) -> bool | None:
    """Return whether one letter for the whole household is wished, None where nothing usable is said.

    >>> one_household('{"letters": "one"}'), one_household('{"letters": "own"}'), one_household("{}")
    (True, False, None)
    """
    return {"one": True, "own": False}.get(str(value(text).get("letters")))


def needs_own_text(text: str | None) -> bool:
    """Return whether letters to somebody are written otherwise: in large print or plain language.

    >>> needs_own_text('{"large_print": true}'), needs_own_text('{"call": true}')
    (True, False)
    """
    said = value(text)
    return said.get("large_print") is True or said.get("plain_language") is True
