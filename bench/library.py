"""How much of our CPU a provider's own client library takes: what no sender that uses it can save."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from bench.figure import Figure, cost, cpu_seconds


def library_share(
    figure: str, owner: type, method: str, work: Callable[[], object], *, messages: int
) -> Figure:
    """Return the CPU of a message in microseconds, ours and the library's part of it; the ratio is its share.

    Args:
        figure: its name.
        owner: the library's class.
        method: the one that every call goes through.
        work: hands over the messages.
        messages: how many.
    """
    with _inside(owner, method) as spent:
        total = cpu_seconds(work)
    return cost(
        figure, ours=total / messages * 1e6, other=sum(spent) / messages * 1e6, unit="us a message", goal=0
    )


@contextmanager
def _inside(owner: type, method: str) -> Iterator[list[float]]:
    """Collect the CPU seconds of each call of a method, by any thread."""
    plain = getattr(owner, method)
    spent: list[float] = []
    lock = Lock()

    def timed(*args: Any, **kwargs: Any) -> Any:
        start = time.thread_time()
        try:
            return plain(*args, **kwargs)
        finally:
            with lock:
                spent.append(time.thread_time() - start)

    setattr(owner, method, timed)
    try:
        yield spent
    finally:
        setattr(owner, method, plain)
