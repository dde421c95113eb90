"""A call that ends in time, whatever the other side does."""

import threading
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")


class GivenUpError(Exception):
    """The call took longer than its limit; what it did is not known."""


def in_time(call: Callable[[], T], limit: timedelta) -> T:
    """Return what `call` returns, or raise what it raises.

    Libraries' own time-outs run per read: a server that sends a byte a second holds a call for hours. A call that is
    given up ends with its connection or the process.

    Raises:
        GivenUpError: the limit passed.
    """
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        try:
            done.put((call(), None))
        except BaseException as error:
            done.put((None, error))

    threading.Thread(target=work, name="letter-call", daemon=True).start()
    try:
        result, error = done.get(timeout=limit.total_seconds())
    except Empty:
        raise GivenUpError from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]
