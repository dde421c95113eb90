"""What the senders of a process know of their providers: a circuit each, and how long one that is too busy rests."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from threading import Lock

from channels.circuit import Circuit
from tidings.outcome import ErrorClass, Outcome, Refused


class Lanes:
    """Shared by the threads of a process. A lane is a provider by its name."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._circuits: defaultdict[str, Circuit] = defaultdict(Circuit)
        self._rests: dict[str, datetime] = {}

    def allowed(self, lane: str, claim: int, *, now: datetime) -> int:
        """Return how many messages may be claimed now: all, one to try, or none."""
        with self._lock:
            return 0 if self._resting(lane, now) else self._circuits[lane].allowed(claim, now=now)

    def opens_at(self, lane: str, *, now: datetime) -> datetime | None:
        """Return when a closed lane may be tried again, None for an open one."""
        with self._lock:
            return self._resting(lane, now) or self._circuits[lane].opens_at(now=now)

    def record(self, lane: str, outcomes: Iterable[Outcome], *, now: datetime) -> None:
        """Take in the outcomes of a call; a throttled lane rests as a whole for as long as the provider asked."""
        with self._lock:
            for outcome in outcomes:
                self._circuits[lane].record(outcome, now=now)
                if isinstance(outcome, Refused) and outcome.error is ErrorClass.THROTTLE:
                    self._rests[lane] = max(self._rests.get(lane, now), now + outcome.wait)

    def _resting(self, lane: str, now: datetime) -> datetime | None:
        until = self._rests.get(lane)
        return until if until is not None and now < until else None
