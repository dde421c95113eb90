"""`tidings workers`: several processes, on one machine or many, that share the sending."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from cli.output import console
from cli.stopping import until_told
from tidings.problem import Exit
from tidings.settings import Settings


def workers(count: Annotated[int, Parameter(validator=Number(gte=1, lte=64))] = 3, /) -> int:
    """Run what is due on COUNT worker processes of a Prefect work pool, until interrupted.

    Example: tidings workers 3

    Prefect's server is started on our PostgreSQL, unless PREFECT_API_URL names one: then this machine adds its
    workers to it, and TIDINGS_DATABASE names the store that all of them share. A worker that dies is started again;
    the others go on with what it left. `tidings up` beside it serves the page.

    Parameters
    ----------
    count
        How many processes, 1 to 64.
    """
    from flows import environment
    from flows.server import joined
    from flows.shared_database import shared_database
    from work.installation import opened

    settings = Settings.read()
    with (
        opened(settings) as installation,
        shared_database(settings.root, installation.engine) as database,
        joined(settings.root, database=database) as server,
    ):
        environment.pin(settings.root, server.api_url)
        console.print("Prefect's server starts; the first time this takes half a minute.")
        server.wait()
        from flows.desk import Desk
        from flows.pool import keep, log_file
        from flows.yielding import stand_back

        desk = Desk(installation=installation)

        async def work() -> int:
            stand_back()
            console.print(f"{count} workers are up: {server.api_url.removesuffix('/api')} (Ctrl-C ends them)")
            console.print(f"What they have to say is in {log_file(settings.root)}.")
            await keep(desk, count)
            return Exit.OK

        return until_told(desk.stop, work)
