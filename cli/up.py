"""`tidings up`: the web page and the scheduler in one program."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

from cli.output import console
from tidings.problem import Exit
from tidings.settings import Settings

if TYPE_CHECKING:
    from flows.desk import Desk

PATIENCE = 10
"""Seconds that the page gets to end."""


def up() -> int:
    """Serve the page and run what is due until interrupted: scheduled campaigns, releases, waiting messages.

    Example: tidings up

    The page is at TIDINGS_HOST:TIDINGS_PORT (default http://127.0.0.1:8765).
    """
    from flows import environment
    from flows.server import joined

    settings = Settings.read()
    with joined(settings.root) as server:
        environment.pin(settings.root, server.api_url)
        from work.installation import opened

        with opened(settings) as installation:
            server.wait()
            from flows.desk import Desk, at

            desk = Desk(installation=installation)
            with at(desk):
                return _until_told(desk)


def _until_told(desk: Desk) -> int:
    """Serve in a thread of its own, and stop in order at a signal.

    In the main thread Prefect takes SIGTERM for itself while a flow runs, and breaks off whatever is being sent.
    """
    loop = asyncio.new_event_loop()

    def stop(*_: object) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(desk.stop.set)

    def serve() -> int:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(_serve(desk))

    awake, wake = socket.socketpair()  # a signal may be taken by any thread; a byte wakes this one for sure
    wake.settimeout(0)
    with awake, wake, ThreadPoolExecutor(max_workers=1) as pool:
        signal.set_wakeup_fd(wake.fileno())
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, stop)
        served = pool.submit(copy_context().run, serve)
        served.add_done_callback(lambda _: wake.send(b"."))
        while not served.done():
            awake.recv(1)
        signal.set_wakeup_fd(-1)
        return served.result()


async def _serve(desk: Desk) -> int:
    """Run page and resident loop until told to stop, or until the page ends by itself."""
    from flows.resident import forever
    from flows.server import die_with_parent

    settings = desk.installation.settings
    page = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web", start_new_session=True, preexec_fn=die_with_parent
    )
    console.print(f"Tidings is up: http://{settings.host}:{settings.port} (Ctrl-C ends it)")
    watching = asyncio.create_task(forever(desk))
    ended = asyncio.create_task(page.wait())
    await asyncio.wait({watching, ended}, return_when=asyncio.FIRST_COMPLETED)
    desk.stop.set()
    await watching
    if page.returncode is None:
        page.terminate()
        try:
            await asyncio.wait_for(ended, PATIENCE)
        except TimeoutError:
            page.kill()
            await page.wait()
        return Exit.OK
    console.print("The page ended by itself; see the lines above.")
    return Exit.FAILED
