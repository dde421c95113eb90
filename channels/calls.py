"""Calls over HTTP, a few at a time, each of which ends in time.

Time-outs of HTTP libraries run per read: a server that sends a byte a second holds a call for hours. Here a call
that exceeds its limit is given up and its outcome is unknown; its thread dies with the connection or the process.
Whatever was given up, or was due while the process stood still (SIGSTOP, a laptop's lid), sends nothing any more:
transports ask `on_time` right before a request leaves, and no call begins that the reader of the outcomes, who watches
over the lease, did not expect within the limit.
"""

import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from queue import Empty, SimpleQueue
from typing import overload

import structlog

from tidings.message import Parcel
from tidings.outcome import ErrorClass, Outcome, Refused, Unknown
from tidings.ticks import ticks

log = structlog.get_logger()

STOPPING = frozenset({ErrorClass.CONFIG, ErrorClass.THROTTLE})
QUIET = ("botocore", "boto3", "urllib3", "requests", "twilio", "httpx2", "httpcore2", "pywebpush", "root")
CONNECTIONS = 32
"""What a provider keeps open at most: the four senders of a process share it, and make eight calls each at a time. With
fewer, libraries would close and open a connection, and greet by TLS, for calls that find none."""
READ = 64 * 1024
"""Bytes of an answer that are taken in at a time."""
LARGEST = 4 * 1024 * 1024
"""Bytes of an answer that are taken in: a page of a list has a tenth of that."""
PLAIN = {"Accept-Encoding": "identity"}
"""Headers of requests whose answers are bounded: what comes packed all the same is not unpacked, and is no answer."""
Job = Sequence[Parcel]
"""What one call hands over: mostly one parcel."""
TOO_LATE = Refused(error=ErrorClass.TRANSIENT, code="too_late", wait=timedelta(seconds=1), called=False)
"""Nothing left: the call was given up, or the process stood still, before the request was sent."""


class TooLateError(Exception):
    """The call of this thread is over; nothing of its request may leave any more."""


class _Call(threading.local):
    """The call that a thread is making."""

    until = math.inf
    """Ticks at which it is given up."""
    left = False


_call = _Call()


def over() -> bool:
    """Whether the call of this thread was given up."""
    return ticks() >= _call.until


class EndlessError(Exception):
    """An answer is larger than any that we ask for, or goes on when nobody waits for it any more."""


def within(parts: Iterable[bytes], largest: int = LARGEST) -> Iterator[bytes]:
    """Yield the parts of an answer: so many bytes, while its call lasts.

    Whoever gave a call up no longer reads, but its thread does: without a bound an answer that never ends fills the
    memory.

    Raises:
        EndlessError: there are more.
    """
    taken = 0
    for part in parts:
        taken += len(part)
        if taken > largest or over():
            msg = "the answer has no end"
            raise EndlessError(msg)
        yield part


def on_time(*_: object, **__: object) -> None:
    """Do nothing while the call of this thread may send: asked right before a request leaves, whoever asks and how.

    Raises:
        TooLateError: it may not.
    """
    if over():
        raise TooLateError


def leaving() -> None:
    """Note that something of this thread's request leaves now, where a transport asks this instead of `on_time`.

    Raises:
        TooLateError: it may not.
    """
    on_time()
    _call.left = True


def left() -> bool:
    """Whether anything of this thread's request may have left: with `leaving`, certain."""
    return _call.left


def in_doubt(status: int) -> bool:
    """Whether an HTTP status, beside no code that we know, leaves open if the service did what it was asked.

    It does unless it is 4xx; with 408 somebody on the way waited too long, perhaps for the service.
    """
    refused = HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return not refused or status == HTTPStatus.REQUEST_TIMEOUT


def quiet() -> None:
    """Keep libraries from writing requests, and so customers' addresses, into a log of level `debug`."""
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


class Calls:
    """Makes one call for each parcel.

    Args:
        call: hands over one parcel; expected failures are outcomes, it does not retry. Where it raises, as libraries
            do over an answer of no form, the outcome of its parcels is unknown, and of no others.
        limit: the longest that one call may take.
        workers: calls at the same time, and the most that are begun before the first of them says to stop.
    """

    def __init__(self, call: Callable[[Parcel], Outcome], *, limit: timedelta, workers: int) -> None:
        self._call = call
        self._limit = limit.total_seconds()
        self._workers = workers

    def each(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Yield (attempt id, outcome) as each is known; see `channels.contract.Provider.send`."""
        return self.together(lambda job: [self._call(job[0])], _Alone(parcels))

    def together(
        self, call: Callable[[Job], Sequence[Outcome]], jobs: Sequence[Job]
    ) -> Iterator[tuple[str, Outcome]]:
        """Make one call for each job of several parcels; it returns an outcome for each, in their order."""
        batch = _Batch(call, jobs, limit=self._limit)
        try:
            for _ in range(min(self._workers, len(jobs))):
                batch.start_worker()
            for _ in jobs:
                yield from batch.next()
        finally:
            batch.waiting.clear()


class _Alone(Sequence[Job]):
    """A job for each parcel, which is not touched before its call: whoever gave it notes what has begun."""

    def __init__(self, parcels: Sequence[Parcel]) -> None:
        self._parcels = parcels

    def __len__(self) -> int:
        return len(self._parcels)

    @overload
    def __getitem__(self, index: int) -> Job: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Job]: ...

    def __getitem__(self, index: int | slice) -> Job | Sequence[Job]:
        if isinstance(index, slice):
            return [(parcel,) for parcel in self._parcels[index]]
        return (self._parcels[index],)


class _Batch:
    """The state that the workers of one batch share."""

    def __init__(
        self, call: Callable[[Job], Sequence[Outcome]], jobs: Sequence[Job], *, limit: float
    ) -> None:
        self.waiting = deque(range(len(jobs)))
        self._jobs = jobs
        self._call = call
        self._limit = limit
        self._started: dict[int, float] = {}
        self._done: SimpleQueue[tuple[int, Sequence[Outcome]]] = SimpleQueue()
        self._stopped: Refused | None = None
        self._asked = ticks()
        """When the reader last asked for outcomes: it looks after the lease before it does."""

    def start_worker(self) -> None:
        """Start a thread that makes calls until none is waiting."""
        threading.Thread(target=self._work, name="provider-call", daemon=True).start()

    def next(self) -> list[tuple[str, Outcome]]:
        """Wait for the next outcomes, at most until a call exceeds the limit."""
        self._asked = ticks()
        while True:
            started = list(self._started.items())
            first, since = min(started, key=lambda entry: entry[1]) if started else (-1, ticks())
            try:
                number, result = self._done.get(timeout=max(0.0, since + self._limit - ticks()))
            except Empty:
                if self._started.pop(first, None) is not None:
                    self.start_worker()
                    lost = Unknown(code="timeout", detail="the call was given up")
                    return [(parcel.attempt, lost) for parcel in self._jobs[first]]
                continue
            return [(parcel.attempt, one) for parcel, one in zip(self._jobs[number], result, strict=True)]

    def _work(self) -> None:
        while True:
            try:
                number = self.waiting.popleft()
            except IndexError:
                return
            job = self._jobs[number]
            now = self._started[number] = ticks()
            _call.until, _call.left = now + self._limit, False
            if self._stopped or now > self._asked + self._limit:
                result: Sequence[Outcome] = [self._stopped or TOO_LATE] * len(job)
            else:
                result = self._made(job)
                self._heed(result)  # before it is read, so that no worker begins another call meanwhile
            if self._started.pop(number, None) is None:
                return  # given up meanwhile; another worker took the place
            self._done.put((number, result))

    def _made(self, job: Job) -> Sequence[Outcome]:
        try:
            outcomes = self._call(job)
        except TooLateError:
            return [TOO_LATE] * len(job)
        except Exception as error:
            name = type(error).__name__  # its words may quote the answer
            log.warning("a call broke off", error=name)
            return [Unknown(code=name)] * len(job)
        return outcomes if len(outcomes) == len(job) else [Unknown(code="answers_missing")] * len(job)

    def _heed(self, result: Sequence[Outcome]) -> None:
        for one in result:
            if self._stopped is None and isinstance(one, Refused) and one.error in STOPPING:
                self._stopped = replace(one, called=False)
