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
QUIET = ("botocore", "boto3", "urllib3", "requests", "twilio")


def quiet() -> None:
    """Keep libraries from writing requests, and so customers' addresses, into a log of level `debug`."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Calls:
    """Makes one call for each parcel.

    Args:
        call: hands over one parcel; expected failures are outcomes, it does not retry.
        limit: the longest that one call may take.
        workers: calls at the same time.
    """

    def __init__(self, call: Callable[[Parcel], Outcome], *, limit: timedelta, workers: int) -> None:
        self._call = call
        self._limit = limit.total_seconds()
        self._workers = workers

    def each(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Yield (attempt id, outcome) as each is known; see `channels.contract.Provider.send`."""
        batch = _Batch(self._call, parcels)
        try:
            for _ in range(min(self._workers, len(parcels))):
                batch.start_worker()
            for _ in parcels:
                yield batch.next(self._limit)
        finally:
            batch.waiting.clear()


class _Batch:
    """The state that the workers of one batch share."""

    def __init__(self, call: Callable[[Parcel], Outcome], parcels: Sequence[Parcel]) -> None:
        self.waiting = deque(parcels)
        self._call = call
        self._started: dict[str, float] = {}
        self._done: SimpleQueue[tuple[str, Outcome | Exception]] = SimpleQueue()
        self._stopped: Refused | None = None

    def start_worker(self) -> None:
        """Start a thread that makes calls until none is waiting."""
        threading.Thread(target=self._work, name="provider-call", daemon=True).start()

    def next(self, limit: float) -> tuple[str, Outcome]:
        """Wait for the next outcome, at most until a call exceeds the limit."""
        while True:
            started = list(self._started.items())
            first, since = min(started, key=lambda entry: entry[1]) if started else ("", time.monotonic())
            try:
                attempt, result = self._done.get(timeout=max(0.0, since + limit - time.monotonic()))
            except Empty:
                if first and self._started.pop(first, None) is not None:
                    self.start_worker()
                    return first, Unknown(code="timeout", detail="the call was given up")
                continue
            if self._stopped is None and isinstance(result, Refused) and result.error in STOPPING:
                self._stopped = result
            if isinstance(result, Exception):
                raise result
            return attempt, result

    def _work(self) -> None:
        while True:
            try:
                parcel = self.waiting.popleft()
            except IndexError:
                return
            self._started[parcel.attempt] = time.monotonic()
            result: Outcome | Exception
            try:
                result = self._stopped or self._call(parcel)
            except Exception as error:
                result = error  # raised again where the outcomes are read
            if self._started.pop(parcel.attempt, None) is None:
                return  # given up meanwhile; another worker took the place
            self._done.put((parcel.attempt, result))
