"""Several connections to one provider, where one would only wait: a relay 40 ms away takes 23 mails a second on each.

Every connection hands over its part of a call, a message at a time, and begins the next only when whoever called has
taken in what became of the last: a call that is broken off begins nothing more, as with one connection.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from threading import Lock, Semaphore
from typing import cast

from channels.contract import Capability, Provider
from tidings.channel import Channel
from tidings.message import Parcel
from tidings.outcome import Outcome
from tidings.ticks import ticks

SLOW = 0.01
"""Seconds a message: what takes less is no further away than this machine, and a second connection costs more."""


class Several:
    """A provider that may be called from several threads, with as many connections as its answers ask for.

    Args:
        provider: whose `send` is safe to call from several threads, and goes through what it is given once, in order.
        most: connections at once, 1 to 32.
    """

    def __init__(self, provider: Provider, *, most: int) -> None:
        self._provider = provider
        self._most = most
        self._seconds = 0.0
        """What a message took on one connection, lately."""
        self.name: str = provider.name
        self.channel: Channel = provider.channel
        self.capability: Capability = provider.capability
        self.platforms: frozenset[str] = provider.platforms
        self.rate: float = provider.rate
        self.call_timeout = provider.call_timeout

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over, in order where one connection does; see `channels.contract.Provider.send`."""
        connections = min(self._most, len(parcels)) if self._seconds > SLOW else 1
        began = ticks()
        answered = 0
        spread = _Spread(self._provider, parcels, connections)
        for answer in self._provider.send(parcels) if connections == 1 else spread.answers():
            yield answer
            answered += 1
        if answered:
            self._seconds = (ticks() - began) * connections / answered

    def close(self) -> None:
        """Close the provider."""
        self._provider.close()


class _Spread:
    """One call on several connections."""

    def __init__(self, provider: Provider, parcels: Sequence[Parcel], connections: int) -> None:
        self._provider = provider
        self._parcels = iter(
            parcels
        )  # each is touched when its turn comes: whoever gave them notes what has begun
        self._touching = Lock()
        self._answers: SimpleQueue[tuple[int, tuple[str, Outcome] | BaseException | None]] = SimpleQueue()
        self._go_on = [Semaphore(0) for _ in range(connections)]
        self._broken_off = False

    def answers(self) -> Iterator[tuple[str, Outcome]]:
        with ThreadPoolExecutor(len(self._go_on), thread_name_prefix=self._provider.name) as threads:
            for number in range(len(self._go_on)):
                threads.submit(self._serve, number)
            try:
                yield from self._collected()
            finally:
                self._broken_off = True
                for one in self._go_on:
                    one.release()

    def _collected(self) -> Iterator[tuple[str, Outcome]]:
        busy = len(self._go_on)
        while busy:
            number, answer = self._answers.get()
            if isinstance(answer, BaseException):
                raise answer
            if answer is None:
                busy -= 1
                continue
            yield answer
            self._go_on[number].release()

    def _in_turn(self) -> Iterator[Parcel]:
        while not self._broken_off:
            with self._touching:
                parcel = next(self._parcels, None)
            if parcel is None:
                return
            yield parcel

    def _serve(self, number: int) -> None:
        try:
            for answer in self._provider.send(cast("Sequence[Parcel]", self._in_turn())):
                self._answers.put((number, answer))
                self._go_on[number].acquire()
                if self._broken_off:
                    return
            self._answers.put((number, None))
        except BaseException as error:  # told to whoever called, in its thread
            self._answers.put((number, error))
