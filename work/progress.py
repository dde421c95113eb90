"""How far a run is: its report as a funnel by channel, what became of what was sent, and when it will be over.

Every number comes from counts that are kept with each change (`store.tally`): looking costs the same at any size. The
sums are those of `work.report` and `work.missing`, from the same rows.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from store.runs import Run, find_run, open_doubts
from store.tally import answers, arrivals, totals
from tidings.channel import Channel
from tidings.organisation import Costs
from tidings.problem import Problem
from tidings.state import DeliveryState, MessageState
from work.report import report

CAME_BACK = frozenset(
    {DeliveryState.BOUNCED, DeliveryState.EXPIRED, DeliveryState.REJECTED, DeliveryState.SILENT}
)
OVER = frozenset({"finished", "stopped"})


@dataclass(frozen=True, kw_only=True)
class Way:
    """One channel of a run."""

    channel: str
    planned: int = 0
    """By first choice."""
    sent: int = 0
    """Accepted on it, also where the message went on to another channel afterwards."""
    delivered: int = 0
    """Proven to have arrived; not every provider proves it."""
    answered: int = 0
    back: int = 0
    """Deliveries that came back, expired, were refused or found no reaction."""
    fallbacks: int = 0
    """Deliveries that were not their message's first."""
    recalled: int = 0
    forecast: Decimal = Decimal(0)
    """Of what is planned, at the price of those that were sent; before the first one, of one SMS part or sheet."""
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A run as its page shows it."""

    run: Run
    report: Mapping[str, Any]
    """As `work.report.report` gives it."""
    ways: Sequence[Way]
    missing: Mapping[str, int]
    """By reason, as `work.missing.missing` counts them."""
    got: int
    """Who has the message: the rest of the audience is missing."""
    eta: timedelta | None
    """Until what is due now is out, at the pace so far; None: nobody can say."""

    @property
    def planned(self) -> int:
        """Messages that were given a channel, or will be."""
        return int(sum(self.report["planned"].values()))

    @property
    def held(self) -> int:
        """Documents and customers that get nothing."""
        return int(sum(self.report["held"].values()))

    @property
    def sent(self) -> int:
        """Messages that a provider took."""
        return int(sum(self.report["sent"].values()))

    @property
    def failed(self) -> int:
        """Messages that no channel is left for."""
        return int(sum(self.report["failed"].values()))

    @property
    def waiting(self) -> int:
        """Messages that are to go, or on their way."""
        return int(sum(self.report["waiting"].values()) + self.report["unknown"])

    @property
    def delivered(self) -> int:
        """Deliveries that are proven to have arrived."""
        return sum(way.delivered for way in self.ways)

    @property
    def answered(self) -> int:
        """Messages that somebody clicked, replied to, paid or called about."""
        return sum(way.answered for way in self.ways)

    @property
    def forecast(self) -> Decimal:
        """What it would cost if every message went as it was planned."""
        return sum((way.forecast for way in self.ways), Decimal(0))

    @property
    def final(self) -> bool:
        """Whether it can change no more but by news of what was sent."""
        return self.run.state in OVER and not self.report["unknown"]


def progress(connection: Connection, run_id: str, costs: Costs, *, now: datetime) -> Progress:
    """Return how far a run is.

    Args:
        connection: in a transaction of isolation REPEATABLE READ, or nothing may change meanwhile.
        costs: of the organisation, for the forecast.
        now: the current instant.

    Raises:
        Problem: there is no such run.
    """
    run = find_run(connection, run_id)
    if run is None:
        raise Problem(f"There is no run {run_id!r}.", todo="`tidings runs list` lists them.")
    told = report(connection, run_id, lifted=False)
    missing = _missing(connection, run)
    return Progress(
        run=run,
        report=told,
        ways=_ways(connection, told, run_id, costs),
        missing=missing,
        got=int(told["audience"]) - sum(missing.values()),
        eta=pace(
            run,
            sent=sum(told["sent"].values()),
            left=told["waiting"].get("due", 0) + told["unknown"],
            now=now,
        ),
    )


def _ways(connection: Connection, told: Mapping[str, Any], run: str, costs: Costs) -> list[Way]:
    counted: dict[str, Counter[str]] = {channel: Counter() for channel in Channel}
    for row in arrivals(connection, [run]):
        for name, holds in (
            ("delivered", row.state == DeliveryState.DELIVERED),
            ("back", row.state in CAME_BACK),
            ("recalled", row.state == DeliveryState.RECALLED),
            ("fallbacks", row.fallback),
        ):
            counted[row.channel][name] += row.n * holds
    for row in answers(connection, [run]):
        counted[row.channel]["answered"] += row.n * (row.kind == "answered")
    ways = []
    each = _each(connection, run)
    for channel, found in counted.items():
        planned = told["planned"].get(channel, 0)
        sent = told["sent"].get(channel, 0) + told.get("went_on", {}).get(channel, 0)
        if planned or sent or any(found.values()):
            ways.append(
                Way(
                    channel=str(channel),
                    planned=planned,
                    sent=sent,
                    forecast=each.get(channel, costs.expected(Channel(channel))) * planned,
                    cost=Decimal(told["cost"]["channels"].get(channel, 0)),
                    **found,
                )
            )
    return ways


def _each(connection: Connection, run: str) -> dict[str, Decimal]:
    """Return by channel what one message that was sent has cost: with the parts and the sheets that it really has."""
    sent: Counter[str] = Counter()
    spent: dict[str, Decimal] = {}
    for row in totals(connection, [run]):
        if row.state == MessageState.DONE:
            sent[row.channel] += row.n
            spent[row.channel] = spent.get(row.channel, Decimal(0)) + row.cost
    return {channel: cost / sent[channel] for channel, cost in spent.items()}


def _missing(connection: Connection, run: Run) -> dict[str, int]:
    """Count who has not got it as `store.missing` names it, without naming anybody."""
    found: Counter[str] = Counter({reason: len(documents) for reason, documents in run.rejected.items()})
    if run.state == "scheduled":
        return _sorted(found.items())
    for row in totals(connection, [run.id]):
        if row.state != MessageState.DONE:
            found[row.reason or _how_far(run, row.state)] += row.n
    doubts = open_doubts(connection, run.id) if found["sending"] else 0
    found["sending"] -= doubts
    found["in_doubt"] += doubts
    return _sorted(found.items())


def _how_far(run: Run, state: str) -> str:
    """Return how far a message is that has no reason of its own."""
    if state == MessageState.IN_DELIVERY:
        return "sending"
    if state == MessageState.PLANNED:
        return "undecided"
    return run.state if run.state in {"waiting_release", "paused", "stopped", "planning"} else "due"


def _sorted(found: Iterable[tuple[str, int]]) -> dict[str, int]:
    return {str(reason): n for reason, n in sorted(found) if n}


def pace(run: Run, *, sent: int, left: int, now: datetime) -> timedelta | None:
    """Return how long what is due needs at the average pace since the run could send; None: nobody can say."""
    passed = now - max(run.starts_at, run.released_at or run.starts_at)
    if run.state != "sending" or not sent or not left or passed <= timedelta(0):
        return None
    return passed * left / sent
