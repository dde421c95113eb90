"""One-shot commands: the server starts while the program reads and plans, then the flow runs that a schedule runs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.desk import Desk, at
from flows.server import Server
from tidings.settings import Mode
from work import run as stages
from work.installation import Installation
from work.report import rejected_lines, report


@dataclass(kw_only=True)
class OneShot:
    """An open installation and a Prefect server that is starting or runs."""

    desk: Desk
    server: Server

    @property
    def installation(self) -> Installation:
        """The open installation."""
        return self.desk.installation

    @property
    def outbox(self) -> Path | None:
        """The folder that messages go to, None when the mode is live."""
        home = self.installation.home
        return (self.desk.out or home / "outbox") if self.installation.mode is not Mode.LIVE else None

    def report(self, run_id: str) -> dict[str, Any]:
        """Return a run's report."""
        with self.installation.engine.begin() as connection:
            return report(connection, run_id)

    def rejected(self, run_id: str) -> list[str]:
        """Return a line for each document that was held because it is wrong."""
        with self.installation.engine.begin() as connection:
            return rejected_lines(connection, run_id)

    def run(
        self, run_id: str, *, progress: Callable[[int, int], None] = lambda _done, _of: None
    ) -> dict[str, Any]:
        """Take a run as far as it goes and return its report; `progress` gets (done, of)."""
        desk = self.desk
        self._set_up()
        shards = stages.begin(desk.installation, run_id, now=desk.now())
        for shard in range(shards.count):  # While the server starts; the flow finds all this done.
            stages.plan(desk.installation, run_id, shard, desk.installation.policy, now=desk.now())
        stages.open_for_sending(desk.installation, run_id, now=desk.now())
        done = 0

        def sent(count: int) -> None:
            nonlocal done
            done += count
            progress(done, shards.messages)

        with at(replace(desk, sent=sent)):
            asyncio.run(self._flow(run_id, shards))
        return self.report(run_id)

    def deliver(self) -> dict[str, int]:
        """Send everything that is due in any run; returns outcomes by name."""
        self._set_up()

        async def one() -> dict[str, int]:
            from flows.deliver import deliver

            await asyncio.to_thread(self.server.wait)
            return await deliver()

        with at(self.desk):
            return asyncio.run(one())

    def _set_up(self) -> None:
        """Make the providers now: a wrong setting found inside a flow would be logged by Prefect with its traceback."""
        assert self.desk.providers

    async def _flow(self, run_id: str, shards: stages.Shards) -> None:
        from flows.kinds import FLOWS  # 2.4 s: Prefect is imported while its server starts on the other core

        await asyncio.to_thread(self.server.wait)
        try:
            await FLOWS[shards.kind](run=run_id, title=_name(shards))
        except BaseException:  # also a signal: threads that send would otherwise go on to the end of the run
            self.desk.stop.set()
            raise


def _name(shards: stages.Shards) -> str:
    return f"{shards.title}, {shards.messages:,} messages"
