"""`tidings up`: the web page and the scheduler in one program."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from typing import TYPE_CHECKING

from cli.output import console
from cli.stopping import until_told
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from flows.desk import Desk

PATIENCE = 10
"""Seconds that the page gets to end, and Prefect."""

LOOK = 0.2
"""Seconds between looks at who still sends."""


def up() -> int:
    """Serve the page and run what is due until interrupted: scheduled campaigns, releases, waiting messages.

    Example: tidings up

    The page is at TIDINGS_HOST:TIDINGS_PORT (default http://127.0.0.1:8765).
    """
    from flows import environment
    from flows.server import joined

    settings = Settings.read()
    _free(settings)
    with joined(settings.root) as server:
        environment.pin(settings.root, server.api_url)
        from work.installation import opened

        with opened(settings) as installation:
            server.wait()
            from flows.desk import Desk, at

            desk = Desk(installation=installation)
            with at(desk):
                return until_told(desk.stop, lambda: _serve(desk))


def _free(settings: Settings) -> None:
    """Make sure that the page can be served, before anything starts and a link for the first login is made.

    Raises:
        Problem: another program serves there, as a second `tidings up` finds, or nobody may.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        socket.create_server((settings.host, settings.port), family=family).close()
    except OSError as error:
        said = str(error.strerror).partition(" (")[0]
        raise Problem(
            f"The page cannot be served at {settings.host}:{settings.port}: {said}.",
            todo="Is `tidings up` running already? TIDINGS_HOST and TIDINGS_PORT name another place.",
        ) from error


async def _serve(desk: Desk) -> int:
    """Run page and resident loop until told to stop, or until the page ends by itself."""
    from flows.resident import forever
    from flows.server import die_with_parent
    from flows.yielding import stand_back

    settings = desk.installation.settings
    page = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "web", start_new_session=True, preexec_fn=die_with_parent
    )
    stand_back()
    console.print(f"Tidings is up: http://{settings.host}:{settings.port} (Ctrl-C ends it)")
    await asyncio.to_thread(_first_login, desk)
    watching = asyncio.create_task(forever(desk))
    ended = asyncio.create_task(page.wait())
    told = asyncio.create_task(desk.stop.wait())
    await asyncio.wait({watching, ended, told}, return_when=asyncio.FIRST_COMPLETED)
    desk.stop.set()
    await _end(watching, desk)
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


async def _end(watching: asyncio.Task[None], desk: Desk) -> None:
    """Wait until what is being sent is sent and recorded, and a moment for Prefect to write that down.

    No more than a moment: a flow whose server has died waits for it for ever.
    """
    while desk.sending and not watching.done():
        await asyncio.sleep(LOOK)
    await asyncio.wait({watching}, timeout=PATIENCE)
    if not watching.done():
        console.print("Prefect's server does not answer; what was sent is recorded without it.")
        watching.cancel()
        await asyncio.wait({watching}, timeout=PATIENCE)
    elif not watching.cancelled():
        watching.result()


def _first_login(desk: Desk) -> None:
    """Print the link by which a person alone sets a password, as long as nobody can log in; never into a journal."""
    from store.staff import count
    from work.accounts import alone

    settings = desk.installation.settings
    if os.environ.get("JOURNAL_STREAM"):  # systemd writes down what we print (systemd.exec(5))
        with desk.installation.engine.connect() as connection:
            if not count(connection):
                console.print("Nobody can log in yet: `tidings staff add NAME --role ROLE` prints a link.")
        return
    invited = alone(desk.installation.engine, settings=settings.login, now=desk.now())
    if invited:
        link = f"{settings.public_url.rstrip('/')}/welcome/{invited.secret}"
        console.print(f"First login, as {invited.name}: {link}", markup=False, soft_wrap=True)
