"""Calls over HTTP, a few at a time, each of which ends in time.

Time-outs of HTTP libraries run per read: a server that sends a byte a second holds a call for hours. Here a call
that exceeds its limit is given up and its outcome is unknown; its thread dies with the connection or the process.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from queue import Empty, SimpleQueue

from tidings.message import Parcel
from tidings.outcome import ErrorClass, Outcome, Refused, Unknown

STOPPING = frozenset({ErrorClass.CONFIG, ErrorClass.THROTTLE})
QUIET = ("botocore", "boto3", "urllib3", "requests", "twilio", "httpx2", "httpcore2", "pywebpush", "root")
Job = Sequence[Parcel]
"""What one call hands over: mostly one parcel."""


def quiet() -> None:
    """Keep libraries from writing requests, and so customers' addresses, into a log of level `debug`."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Calls:
    """Makes one call for each parcel.

    Args:
        call: hands over one parcel; expected failures are outcomes, it does not retry.
        limit: the longest that one call may take.
        workers: calls at the same time, and the most that are begun before the first of them says to stop.
    """

    def __init__(self, call: Callable[[Parcel], Outcome], *, limit: timedelta, workers: int) -> None:
        self._call = call
        self._limit = limit.total_seconds()
        self._workers = workers

    def each(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Yield (attempt id, outcome) as each is known; see `channels.contract.Provider.send`."""
        return self.together(lambda job: [self._call(job[0])], [(parcel,) for parcel in parcels])

    def together(
        self, call: Callable[[Job], Sequence[Outcome]], jobs: Sequence[Job]
    ) -> Iterator[tuple[str, Outcome]]:
        """Make one call for each job of several parcels; it returns an outcome for each, in their order."""
        batch = _Batch(call, jobs)
        try:
            for _ in range(min(self._workers, len(jobs))):
                batch.start_worker()
            for _ in jobs:
                yield from batch.next(self._limit)
        finally:
            batch.waiting.clear()


class _Batch:
    """The state that the workers of one batch share."""

    def __init__(self, call: Callable[[Job], Sequence[Outcome]], jobs: Sequence[Job]) -> None:
        self.waiting = deque(enumerate(jobs))
        self._jobs = jobs
        self._call = call
        self._started: dict[int, float] = {}
        self._done: SimpleQueue[tuple[int, Sequence[Outcome] | Exception]] = SimpleQueue()
        self._stopped: Refused | None = None

    def start_worker(self) -> None:
        """Start a thread that makes calls until none is waiting."""
        threading.Thread(target=self._work, name="provider-call", daemon=True).start()

    def next(self, limit: float) -> list[tuple[str, Outcome]]:
        """Wait for the next outcomes, at most until a call exceeds the limit."""
        while True:
            started = list(self._started.items())
            first, since = min(started, key=lambda entry: entry[1]) if started else (-1, time.monotonic())
            try:
                number, result = self._done.get(timeout=max(0.0, since + limit - time.monotonic()))
            except Empty:
                if self._started.pop(first, None) is not None:
                    self.start_worker()
                    lost = Unknown(code="timeout", detail="the call was given up")
                    return [(parcel.attempt, lost) for parcel in self._jobs[first]]
                continue
            if isinstance(result, Exception):
                raise result
            return [(parcel.attempt, one) for parcel, one in zip(self._jobs[number], result, strict=True)]

    def _work(self) -> None:
        while True:
            try:
                number, job = self.waiting.popleft()
            except IndexError:
                return
            self._started[number] = time.monotonic()
            result: Sequence[Outcome] | Exception
            try:
                result = [self._stopped] * len(job) if self._stopped else self._call(job)
            except Exception as error:
                result = error  # raised again where the outcomes are read
            else:
                self._heed(result)  # before it is read, so that no worker begins another call meanwhile
            if self._started.pop(number, None) is None:
                return  # given up meanwhile; another worker took the place
            self._done.put((number, result))

    def _heed(self, result: Sequence[Outcome]) -> None:
        for one in result:
            if self._stopped is None and isinstance(one, Refused) and one.error in STOPPING:
                self._stopped = one
