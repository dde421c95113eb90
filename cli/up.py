"""`tidings up`: the web page and the scheduler in one program."""

import asyncio
import signal
import subprocess
import sys

from cli.output import console
from tidings.problem import Exit
from tidings.settings import Settings


def up() -> int:
    """Serve the page and run what is due until interrupted: scheduled campaigns, releases, waiting messages.

    Example: tidings up

    The page is at TIDINGS_HOST:TIDINGS_PORT (default http://127.0.0.1:8765).
    """
    from flows import environment
    from flows.server import joined
    from work.installation import opened

    settings = Settings.read()
    with joined(settings.root) as server:
        environment.pin(settings.root, server.api_url)
        with opened(settings) as installation:
            page = subprocess.Popen([sys.executable, "-m", "web"], stdin=subprocess.PIPE)
            try:
                console.print(f"Tidings is up: http://{settings.host}:{settings.port} (Ctrl-C ends it)")
                server.wait()
                _watch(installation, page)
            finally:
                page.terminate()
                page.wait(10)
    return Exit.OK


def _watch(installation: object, page: "subprocess.Popen[bytes]") -> None:
    from flows.desk import Desk, at
    from flows.resident import forever
        from work.installation import Installation

    if not isinstance(installation, Installation):
        raise TypeError(installation)
    desk = Desk(installation=installation)

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        work = asyncio.create_task(forever(desk, stop=stop))
        ended = asyncio.create_task(asyncio.to_thread(page.wait))
        await asyncio.wait({work, ended, asyncio.create_task(stop.wait())}, return_when=asyncio.FIRST_COMPLETED)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)

    with at(desk):
        asyncio.run(main())
