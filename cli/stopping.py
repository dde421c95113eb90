"""How a command that runs until it is told ends in order."""

import asyncio
import signal
import socket
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any


def until_told(stop: asyncio.Event, serve: Callable[[], Coroutine[Any, Any, int]]) -> int:
    """Run `serve` in a thread of its own; a signal sets `stop`. Returns what `serve` returns.

    In the main thread Prefect takes SIGTERM for itself while a flow runs, and breaks off whatever is being sent.
    """
    loop = asyncio.new_event_loop()

    def told(*_: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)

    def run() -> int:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(serve())

    awake, wake = socket.socketpair()  # a signal may be taken by any thread; a byte wakes this one for sure
    wake.settimeout(0)
    with awake, wake, ThreadPoolExecutor(max_workers=1) as pool:
        signal.set_wakeup_fd(wake.fileno())
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, told)
        served = pool.submit(copy_context().run, run)
        served.add_done_callback(lambda _: wake.send(b"."))
        while not served.done():
            awake.recv(1)
        signal.set_wakeup_fd(-1)
        return served.result()
