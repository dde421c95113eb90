"""Hands one committed batch to its provider, a slice at a time, and records what became of each attempt.

Between slices everything is looked at that may have changed since the claim: the lease, the run, the lane.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from channels.contract import Capability, Provider, SharesEnvelopes
from store import lanes as stored
from store.away import AWAY
from store.claims import Claimed, renew
from store.comail import take_apart
from store.consents import spoken_for
from store.invoices import documents
from store.lanes import Lane
from store.limits import uncover
from store.outcomes import Step, record
from store.runs import cancel_stopped, states_of
from tidings.channel import Channel
from tidings.message import Letter, Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Rejected, Unknown
from tidings.purpose import PurposeClass
from tidings.settings import Mode
from tidings.ticks import ticks
from work.build import RunContext, parcels
from work.claim import Batch, doors
from work.comail import share
from work.departures import depart
from work.installation import Installation
from work.journal import Journal, Watched, folder
from work.lanes import Lanes, largest_slice
from work.outcome import Built, cancelled, step
from work.refused import heed

log = structlog.get_logger()

PULSE = 1.0
"""Seconds after which a pause, a stop or a closed lane is seen at the latest, between slices."""

HELD = 256 << 20
"""Bytes of letters that are kept for one call: with enclosures, a few hundred of them would fill a small machine."""

_RECORD_AGAIN = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds between tries to record while the database is away."""

_NO_PROVIDER = Rejected(error=ErrorClass.CONFIG, code="no_provider_for_platform")


@dataclass(kw_only=True)
class Handover:
    """One batch on its way."""

    installation: Installation
    lanes: Lanes
    contexts: Mapping[str, RunContext]
    batch: Batch
    clock: Callable[[], datetime]
    claimed_at: float
    """Ticks read before the claim."""
    _outcomes: dict[str, Outcome] = field(default_factory=dict)
    _claimed: Mapping[str, Claimed] = field(default_factory=dict)
    _built: dict[str, Built] = field(default_factory=dict)
    _lost: set[str] = field(default_factory=set)
    _looked_at: float = 0.0
    _renewed_at: float = 0.0
    _allowed: float = 0.0
    """Seconds after a renewal in which a call may begin."""
    _why: str = ""
    """Why the rest is not sent."""

    def run(self) -> list[Step]:
        """Build, send and record; returns a step for each attempt."""
        self._claimed = {one.attempt: one for one in self.batch.claimed}
        self._looked_at = self._renewed_at = self.claimed_at
        self._allowed = self.installation.settings.lease.total_seconds()
        with Journal(folder(self.installation.home)) as journal:
            journal.claimed([one.attempt for one in self.batch.claimed])
            if self.batch.provider is not None and self.installation.mode is not Mode.OUTBOX:
                home, name = self.installation.home, self.batch.provider.name
                depart(home, self.batch.claimed, provider=name, now=self.clock())
            if self.batch.provider is None:
                self._outcomes = {one.attempt: _NO_PROVIDER for one in self.batch.claimed}
            else:
                self._send(self.batch.provider, journal)
            steps = self._steps()
            self._record(steps)
            journal.done()
        return steps

    def _send(self, provider: Provider, journal: Journal) -> None:
        with self.installation.engine.begin() as connection:
            named = [one.invoice for one in self.batch.claimed if one.invoice is not None]
            invoices = documents(connection, named)
        ready = parcels(self.batch.claimed, self.contexts, self.installation, invoices)
        pace = self.lanes.pace(provider)
        started = ticks()
        while part := self._slice(ready, self._size(provider, pace.slice)):
            if not self._may_go(provider, len(part)):
                return
            part = self._enveloped([one for one in part if one.attempt not in self._lost], provider)
            before = ticks()
            self._hand_over(provider, part, journal)
            pace.handed(len(part), ticks() - before, most=largest_slice(provider))
        most = self.installation.settings.claim
        if not provider.channel.on_paper and not provider.rate:
            claim = started - self.claimed_at
            pace.claimed(len(self.batch.claimed), ticks() - started, most=most, claim=claim)

    def _enveloped(self, part: list[Parcel], provider: Provider) -> list[Parcel]:
        """Put letters of one customer into one envelope (`work.comail`)."""
        if not provider.channel.on_paper or not isinstance(provider, SharesEnvelopes):
            return part
        shared = share(
            self.installation, part, self._claimed, self._built, self.batch.top_of, now=self.clock()
        )
        self._built |= shared.built
        return shared.parcels

    def _size(self, provider: Provider, pace: int) -> int:
        if provider.channel.on_paper:  # with those that go along in an envelope
            return largest_slice(provider) + len(self.batch.top_of)
        if provider.rate:
            return max(1, min(pace, int(provider.rate / 10)))
        return pace

    def _slice(self, ready: Iterator[tuple[str, Any]], size: int) -> list[Parcel]:
        """Build the next parcels; what cannot be built has its outcome, and a long build keeps its lease."""
        part: list[Parcel] = []
        held = 0
        for attempt, made in ready:
            if isinstance(made, Rejected):
                self._outcomes[attempt] = made
                continue
            self._built[attempt] = made.built
            part.append(made.parcel)
            held += len(made.parcel.content.pdf) if isinstance(made.parcel.content, Letter) else 0
            if len(part) == size or held > HELD:
                break
            self._keep()
        return part

    def _may_go(self, provider: Provider, calls: int) -> bool:
        """Tell whether a call may begin now; waits for its turn where a rate limits the lane."""
        self._look(provider)
        if not self._why and provider.rate:
            until = ticks() + self._turn(provider, calls).total_seconds()
            while not self._why and (left := until - ticks()) > 0:
                time.sleep(min(left, PULSE))
                self._look(provider)
        if not self._why and not self._keep():
            self._why = "lease_over"
        return not self._why

    def _turn(self, provider: Provider, calls: int) -> timedelta:
        """Take room for some calls at the lane's rate; returns how long to wait for it."""
        try:
            with self.installation.engine.begin() as connection:
                return stored.take_turn(
                    connection, provider.name, self.batch.sender, calls=calls, rate=provider.rate
                )
        except AWAY:
            self._why = "database_away"
            return timedelta(0)

    def _keep(self) -> bool:
        """Extend the lease in good time; False when it is too late for a call to begin.

        A call may begin until `TIDINGS_LEASE` after the last renewal; the attempts are left alone longer than that by
        what the longest call takes.
        """
        elapsed = ticks() - self._renewed_at
        allowed = self._allowed
        if elapsed < allowed / 3:
            return True
        if elapsed < allowed:
            with suppress(*AWAY):  # a database that is away: there is still some time
                self._renew()
        return ticks() < self._renewed_at + allowed

    def _look(self, provider: Provider) -> None:
        """Once a second: is the run still to be sent, is the lane open, are the attempts still ours?"""
        now = ticks()
        if now - self._looked_at < PULSE:
            return
        self._looked_at = now
        try:
            with self.installation.engine.begin() as connection:
                states = states_of(connection, {one.run for one in self.batch.claimed})
                known = stored.read(connection, [provider.name], self.batch.sender)
        except AWAY:
            self._why = "database_away"
            return
        self._why = next((f"run_{state}" for state in states if state in {"paused", "stopped"}), "")
        lane = known.get(provider.name)
        if (
            not self._why and lane is not None and lane.probe_until is None
        ):  # a probe goes on: it opens the lane
            self._close_with(provider, lane)

    def _close_with(self, provider: Provider, lane: Lane) -> None:
        """Stop when the lane is closed, whoever found out."""
        way = doors([provider], {provider.name: lane}, self.clock())
        if not way.open or way.open[0].probe:
            self._why = "lane_closed"

    def _renew(self) -> None:
        """Extend the lease of what is not sent yet; what somebody named in doubt meanwhile is not sent any more."""
        before = ticks()
        waiting = [one.attempt for one in self.batch.claimed if one.attempt not in self._outcomes]
        with self.installation.engine.begin() as connection:
            kept = renew(connection, waiting, lease=self.batch.lease)
        self._lost.update(attempt for attempt in waiting if attempt not in kept)
        self._renewed_at = before

    def _hand_over(self, provider: Provider, part: Sequence[Parcel], journal: Journal) -> None:
        """Send; whatever the provider took and does not answer for is unknown, never assumed to be absent."""
        answers: dict[str, Outcome] = {}
        watched = Watched(part, journal)
        try:
            for attempt, outcome in provider.send(watched):
                answers[attempt] = outcome
                following = self._next_of(self._claimed.get(attempt), outcome)
                journal.took(attempt, outcome, self._built.get(attempt), following)
                if not self._keep():  # frozen meanwhile: nothing that was not begun may begin
                    break
        except Exception as error:
            log.exception("a provider broke off", provider=provider.name, error=type(error).__name__)
        journal.tell()
        for missing in part[: watched.begun]:
            answers.setdefault(missing.attempt, Unknown(code="no_answer"))
        self._outcomes.update(answers)
        now = self.clock()
        engine = self.installation.engine
        try:
            lane = self.lanes.record(
                engine, provider.name, self.batch.sender, answers.values(), now=now, probe=self.batch.probe
            )
        except AWAY:
            # The answers are worth more than what is known of the lane: they are recorded with patience.
            self._why, lane = "database_away", None
        if lane is not None:
            self._close_with(provider, lane)

    def _next_of(self, one: Claimed | None, outcome: Outcome) -> Sequence[str]:
        """Return the channels that a message may fall back to; after STOP, an offer needs a consent to that one."""
        if one is None or isinstance(outcome, Accepted):
            return ()
        rest = self.batch.rest.get(one.message, ())
        run = self.contexts[one.run].run
        stopped = isinstance(outcome, Rejected) and outcome.error is ErrorClass.OPT_OUT
        if not stopped or run.purpose_class != PurposeClass.MARKETING:
            return rest
        try:
            with self.installation.engine.begin() as connection:
                own = spoken_for(connection, one.customer, brand=one.brand, topic=run.topic)
        except AWAY:  # what is not known is not allowed
            return ()
        return [channel for channel in rest if channel in own]

    def _steps(self) -> list[Step]:
        now = self.clock()
        keyed = self.batch.provider is not None and self.batch.provider.capability is Capability.KEY
        return [
            step(
                one,
                self._outcomes[one.attempt],
                self._built.get(one.attempt),
                next_channels=self._next_of(one, self._outcomes[one.attempt]),
                now=now,
                keyed=keyed,
            )
            if one.attempt in self._outcomes
            else cancelled(one, due_at=now, code=self._why or "lease_over")
            for one in self.batch.claimed
        ]

    def _record(self, steps: Sequence[Step]) -> None:
        """Commit the outcomes, with patience: a database that restarts must not turn answers into doubts."""
        for wait in (*_RECORD_AGAIN, None):
            try:
                commit(self.installation, self.batch.claimed, steps, now=self.clock())
            except AWAY:
                if wait is None:
                    raise
                log.warning("outcomes wait for the database", attempts=len(steps), seconds=wait)
                time.sleep(wait)
            else:
                return


def commit(
    installation: Installation, claimed: Sequence[Claimed], steps: Sequence[Step], *, now: datetime
) -> None:
    """Record the outcomes of a batch in one transaction, with what they say about addresses and consent."""
    with installation.engine.begin() as connection:
        record(connection, steps, now=now)
        heed(connection, claimed, steps, now=now)
        if letters := sorted({one.run for one in claimed if one.channel == Channel.LETTER}):
            uncover(connection, letters, now=now)
            take_apart(connection, [one.delivery for one in claimed])
        cancel_stopped(connection, sorted({one.run for one in claimed}))
