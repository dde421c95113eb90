"""`python -m web`: serve the pages and the API of `TIDINGS_HOME`; `tidings up` starts it as a child."""

from __future__ import annotations

import os
import sys
import threading

import uvicorn

from tidings.log import tell
from tidings.problem import Exit, Problem
from tidings.settings import Settings
from web.app import create
from work.installation import opened

WITH_PARENT = "--with-parent"
"""Stop when standard input ends, so that no page server outlives whoever started it."""


def main(arguments: list[str]) -> int:
    """Serve until told to stop; 2 when the set-up cannot be used."""
    try:
        settings = Settings.read()
        tell(settings.log)
        with opened(settings) as installation:
            server = uvicorn.Server(
                uvicorn.Config(
                    create(installation),
                    host=settings.host,
                    port=settings.port,
                    log_level=settings.log,
                    access_log=False,  # a path holds somebody's signed link
                    server_header=False,
                    proxy_headers=False,  # whom to believe is said in TIDINGS_PROXIES, see web.clients
                    timeout_graceful_shutdown=5,
                )
            )
            if WITH_PARENT in arguments:
                threading.Thread(target=_watch, args=(server,), daemon=True).start()
            server.run()
    except Problem as error:
        sys.stderr.write(f"tidings: {error}\n")
        return error.code
    except SystemExit as stopped:  # uvicorn could not take the port, and said so
        return Exit.FAILED if stopped.code else Exit.OK
    return Exit.OK


def _watch(server: uvicorn.Server) -> None:
    while os.read(0, 1024):
        pass
    server.should_exit = True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
