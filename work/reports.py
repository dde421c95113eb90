"""What came of a season: response, cost and complaints by channel, brand, purpose and month, and by what was known.

Made of the counts of runs (`store.tally`); it reads no message. Rehearsals are left out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from store.runs import Run, runs_where
from store.tables import runs
from store.tally import answers, arrivals, grounds, totals, went_on
from tidings.channel import Channel
from tidings.organisation import Organisation
from tidings.reason import Reason
from tidings.state import DeliveryState, MessageState
from work.lift import lift_of

MOST = 5_000
"""Runs that a report is made of; newer ones first."""
MOST_LIFTS = 12
"""Runs of them whose holdout is counted: each takes as long as all the rest."""
STATED = frozenset({Reason.STATED_TEMPORARY, Reason.STATED_TOPIC, Reason.STATED_PURPOSE, Reason.STATED_ALL})
GROUNDS = ("stated", "observed", "house")
"""Why a channel was chosen: the customer asked for it, we noticed it, or nothing was known."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Counts of some messages."""

    sent: int = 0
    """Accepted by a provider, on the channel that took it last."""
    went_on: int = 0
    """Had left on the channel, and are counted as sent where they went on to."""
    delivered: int = 0
    answered: int = 0
    """Clicked, replied to, paid, called about, or redeemed."""
    complained: int = 0
    stopped: int = 0
    """Answered with STOP."""
    cost: Decimal = Decimal(0)

    @property
    def left(self) -> int:
        """How many left on the channel, whatever came of it: a message counts on every channel that took it."""
        return self.sent + self.went_on

    @property
    def cost_each(self) -> Decimal:
        """The cost of one customer who was reached; 0 when there is none."""
        return (self.cost / self.sent).quantize(Decimal("0.0001")) if self.sent else Decimal(0)

    def __add__(self, other: "Line") -> "Line":
        """Return both together."""
        return Line(
            **{name: getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__}
        )


@dataclass(frozen=True, kw_only=True)
class Key:
    """What a line is about."""

    month: date
    """Its first day."""
    brand: str
    purpose: str
    channel: str


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """What came of choosing a channel for one kind of reason."""

    ground: str
    """One of GROUNDS."""
    chosen: int
    answered: int


@dataclass(frozen=True, kw_only=True)
class Reports:
    """A season."""

    runs: int
    lines: Mapping[Key, Line]
    grounds: Sequence[Grounds]
    preferred: int
    """Messages that were sent by the first channel of their customer."""
    paperless: int
    """Messages sent by another channel that could have been letters."""
    paper_saved: Decimal
    """What they would have cost as letters, less what they did cost."""
    lifts: Sequence[Mapping[str, Any]]
    """What `work.lift.lift_of` says of each run with a holdout, and the `run`; the newest MOST_LIFTS."""

    @property
    def all(self) -> Line:
        """Everything together."""
        return sum(self.lines.values(), Line())

    def by(self, *names: str) -> dict[tuple[object, ...], Line]:
        """Return the lines put together by some fields of their keys, in order."""
        found: dict[tuple[object, ...], Line] = defaultdict(Line)
        for key, line in self.lines.items():
            found[tuple(getattr(key, name) for name in names)] += line
        return dict(sorted(found.items(), key=lambda pair: tuple(map(str, pair[0]))))


def reports(
    connection: Connection,
    organisation: Organisation,
    *,
    kinds: Sequence[str],
    since: date,
    until: date,
    brand: str = "",
    purpose: str = "",
) -> Reports:
    """Return what came of the runs that began in a time.

    Args:
        connection: in a transaction of isolation REPEATABLE READ, or nothing may change meanwhile.
        organisation: for its time zone and its prices.
        kinds: of the runs that the reader may see.
        since: the first day, in the organisation's time zone.
        until: the last day.
        brand: only of this; '' = all.
        purpose: only for this; '' = all.
    """
    zone = ZoneInfo(organisation.time_zone)
    conditions = [
        runs.c.kind.in_(kinds),
        runs.c.mode != "rehearsal",
        runs.c.starts_at >= datetime.combine(since, time.min, zone),
        runs.c.starts_at < datetime.combine(until + timedelta(days=1), time.min, zone),
    ]
    conditions += [runs.c.brand == brand] if brand else []
    conditions += [runs.c.purpose == purpose] if purpose else []
    found = {
        run.id: run
        for run in runs_where(connection, *conditions, order=(runs.c.starts_at.desc(),), limit=MOST)
    }
    lines = _lines(connection, found, zone)
    preferred = sum(
        row.n
        for row in totals(connection, list(found))
        if row.state == MessageState.DONE and row.channel == row.first_channel
    )
    saved = _without_paper(connection, found)
    price = organisation.costs.expected(Channel.LETTER)
    return Reports(
        runs=len(found),
        lines=lines,
        grounds=_grounds(connection, found),
        preferred=preferred,
        paperless=saved.sent,
        paper_saved=max(price * saved.sent - saved.cost, Decimal(0)),
        lifts=list(islice(_lifts(connection, found.values()), MOST_LIFTS)),
    )


def _lifts(connection: Connection, found: Iterable[Run]) -> Iterator[Mapping[str, Any]]:
    for run in found:
        if told := lift_of(connection, run):
            yield told | {"run": run}


def _lines(connection: Connection, found: Mapping[str, Run], zone: ZoneInfo) -> dict[Key, Line]:
    lines: dict[Key, Line] = defaultdict(Line)

    def add(run_id: str, channel: str, line: Line) -> None:
        run = found[run_id]
        month = run.starts_at.astimezone(zone).date().replace(day=1)
        lines[Key(month=month, brand=run.brand, purpose=run.purpose, channel=channel)] += line

    for row in totals(connection, list(found)):
        if row.state == MessageState.DONE:
            add(row.run, row.channel, Line(sent=row.n, cost=row.cost))
    for row in went_on(connection, list(found)):
        add(row.run, row.channel, Line(went_on=row.n, cost=row.cost))
    for row in arrivals(connection, list(found)):
        if row.state == DeliveryState.DELIVERED:
            add(row.run, row.channel, Line(delivered=row.n))
    for row in answers(connection, list(found)):
        add(row.run, row.channel, replace(Line(), **{row.kind: row.n}))
    return dict(lines)


def _grounds(connection: Connection, found: Mapping[str, Run]) -> list[Grounds]:
    chosen, answered = Counter[str](), Counter[str]()
    for row in grounds(connection, list(found)):
        chosen[_ground(row.ground)] += row.n
    for row in answers(connection, list(found)):
        answered[_ground(row.ground)] += row.n * (row.kind == "answered")
    return [Grounds(ground=name, chosen=chosen[name], answered=answered[name]) for name in GROUNDS]


def _ground(reason: str) -> str:
    return "stated" if reason in STATED else "observed" if reason == Reason.OBSERVED else "house"


def _without_paper(connection: Connection, found: Mapping[str, Run]) -> Line:
    """Return what went another way in runs that may go by letter."""
    on_paper = [run.id for run in found.values() if Channel.LETTER in run.options.get("channels", Channel)]
    return sum(
        (
            Line(sent=row.n, cost=row.cost)
            for row in totals(connection, on_paper)
            if row.state == MessageState.DONE and row.channel and not Channel(row.channel).on_paper
        ),
        Line(),
    )
