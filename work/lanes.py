"""What the senders of a process remember between batches: whose turn it is, how fast a provider is, what to tell.

What all workers must know of a lane, its circuit and its rest, is in the store (`store.lanes`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from threading import Lock
from time import monotonic

from sqlalchemy import Engine

from channels.circuit import SAMPLE, Circuit
from channels.contract import Capability, Provider
from store import lanes as stored
from store.lanes import LONGEST, Lane, Waiting
from tidings.organisation import Organisation
from tidings.outcome import ErrorClass, Outcome, Refused, Unknown
from tidings.purpose import PurposeClass

TELL_EVERY = 1.0
"""Seconds between notes of what went well; what went wrong is told at once."""

_QUICK_BATCH, _SLOW_BATCH, _QUICK_SLICE, _SLOW_SLICE = 1.0, 3.0, 0.1, 0.5
"""Seconds: what takes less may grow, what takes more shrinks."""
_MOST_GROWTH = 8
_OF_A_CLAIM, _LONGEST = 4, 3
"""A batch may also take so many times as long as its claim, and so many times what is set here, at the most."""

FIRST_BATCH = 50
FIRST_SLICE = 10
_BAD = frozenset({Refused, Unknown})

LETTERS = 500
"""Letters go out as one merged file a claim, under a key: a bigger batch puts nothing in doubt, and fonts are in
each once."""


def sender_of(organisation: Organisation, brand: str, channel: str) -> str:
    """Return the second half of a lane's name: from what address or number the brand writes on the channel."""
    known = {one.id: one for one in organisation.brands}
    said = getattr(known[brand].senders, channel, "") if brand in known else ""
    return str(said) or f"{brand}/{channel}"


@dataclass(kw_only=True)
class Pace:
    """How many messages a provider is given at a time: more while it is quick, fewer when it is slow."""

    batch: int = FIRST_BATCH
    """Messages of a claim."""
    slice: int = FIRST_SLICE
    """Parcels handed over at once: the most that are in doubt when the process is killed."""

    def claimed(self, messages: int, seconds: float, *, most: int, claim: float = 0.0) -> None:
        """Take in how long a whole batch took; a claim never exceeds `most`.

        It grows to what would have taken a second: each claim on the way costs 20 ms, however few it claims. Where the
        claim itself took long, as seconds do on a machine that has too much to do, it is not the provider who is slow,
        and smaller batches would make it slower still.

        Args:
            messages: of the batch.
            seconds: to build it and to hand it over.
            most: as many may be claimed at all.
            claim: seconds until its intents were committed.
        """
        patience = min(max(1.0, _OF_A_CLAIM * claim / _QUICK_BATCH), _LONGEST)
        quick, slow = patience * _QUICK_BATCH, patience * _SLOW_BATCH
        if seconds < quick and messages >= self.batch:
            times = int(quick / max(seconds, quick / _MOST_GROWTH))
            self.batch = min(self.batch * max(times, 2), most)
        elif seconds > slow:
            self.batch = max(self.batch // 2, 1)

    def handed(self, parcels: int, seconds: float, *, most: int) -> None:
        """Take in how long a slice took."""
        if seconds < _QUICK_SLICE and parcels >= self.slice:
            self.slice = min(self.slice * 2, most)
        elif seconds > _SLOW_SLICE:
            self.slice = max(self.slice // 2, min(FIRST_SLICE, most))


def largest_slice(provider: Provider) -> int:
    """Return the most parcels to hand over at once: doubts cost nothing under a key, and much where a list is asked."""
    if provider.channel.on_paper:
        return LETTERS
    return {Capability.KEY: 500, Capability.LIST: FIRST_SLICE}.get(provider.capability, 100)


@dataclass(kw_only=True)
class _Note:
    """Outcomes of a lane that the others do not know of yet."""

    outcomes: list[tuple[Outcome, datetime]] = field(default_factory=list)
    told_at: float = float("-inf")


class Lanes:
    """Shared by the threads of a process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._notes: defaultdict[tuple[str, str], _Note] = defaultdict(_Note)
        self._paces: defaultdict[str, Pace] = defaultdict(Pace)
        self._served: dict[str, int] = {}
        self._numbers = count()

    def pace(self, provider: Provider) -> Pace:
        """Return the pace of a provider, to be changed in place."""
        return self._paces[f"{provider.channel}/{provider.name}"]

    def turns(self, waiting: Sequence[Waiting]) -> list[Waiting]:
        """Return what waits in the order to be served: what is owed first, then the run that was served longest ago."""
        return sorted(
            waiting,
            key=lambda one: (
                one.purpose_class != PurposeClass.REQUIRED,
                self._served.get(one.run, -1),
                one.run,
                one.shard,
            ),
        )

    def served(self, run: str) -> None:
        """Note that a run has had its turn."""
        self._served[run] = next(self._numbers)

    def record(
        self,
        engine: Engine,
        provider: str,
        sender: str,
        outcomes: Iterable[Outcome],
        *,
        now: datetime,
        probe: bool = False,
    ) -> Lane | None:
        """Take in the outcomes of a call, and tell the other workers now and then, of errors and of a probe at once.

        Returns what is now known of the lane when it was told, else None: nothing has gone wrong.
        """
        with self._lock:
            note = self._notes[provider, sender]
            note.outcomes = [*note.outcomes, *((outcome, now) for outcome in outcomes)]
            bad = any(type(outcome) in _BAD for outcome, _ in note.outcomes)
            at_once = bad or probe
            if not note.outcomes or (not at_once and monotonic() - note.told_at < TELL_EVERY):
                note.outcomes = note.outcomes[-SAMPLE:]
                return None
            told, note.outcomes, note.told_at = note.outcomes, [], monotonic()
        with engine.begin() as connection:
            lane = _after(stored.lock(connection, provider, sender).believed(now), told, probe=probe)
            stored.save(connection, lane)
        return lane


def _after(lane: Lane, outcomes: Iterable[tuple[Outcome, datetime]], *, probe: bool) -> Lane:
    """Return a lane after some outcomes; a throttled one rests as a whole for as long as the provider asked.

    Only its own outcome ends a probe: what was handed over before it may be answered meanwhile.
    """
    circuit = Circuit(errors=lane.errors, sample=lane.sample, open_until=lane.open_until, reason=lane.reason)
    rests_until = lane.rests_until
    for told, at in outcomes:
        outcome = replace(told, wait=min(told.wait, LONGEST)) if isinstance(told, Refused) else told
        circuit.record(outcome, now=at)
        if isinstance(outcome, Refused) and outcome.error is ErrorClass.THROTTLE:
            rests_until = max(rests_until or at, at + outcome.wait)
    return Lane(
        provider=lane.provider,
        sender=lane.sender,
        errors=circuit.errors,
        sample=circuit.sample,
        reason=circuit.reason,
        open_until=circuit.open_until,
        rests_until=rests_until,
        probe_until=None if probe or circuit.open_until is None else lane.probe_until,
    )
