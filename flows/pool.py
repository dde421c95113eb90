"""Workers: processes of a Prefect work pool that all pull from one store (design/flows.md, "many machines").

Each worker runs one `resident` at a time, an hour long. They share the work by the store's locks, so one more or one
less, also one that is killed in the middle, changes only how fast it goes. Prefect starts and shows them; whether
they live we know by their processes.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from flows.deployments import POOL, deploy
from flows.desk import Desk, stop_file
from flows.learn import learn
from flows.resident import HOUR, LEARN_EVERY, resident
from flows.server import die_with_parent

log = structlog.get_logger()

LOOK = 2.0
"""Seconds between looks at the workers: how long a dead one stays unnoticed."""

PATIENCE = 30.0
"""Seconds that the workers get to finish what they claimed."""


@dataclass(kw_only=True)
class Worker:
    """A worker's process and the flow run that it has, or shall get."""

    number: int
    process: Process | None = None
    flow_run: UUID | None = None

    @property
    def queue(self) -> str:
        """The work queue that nobody else reads."""
        return f"worker-{os.getpid()}-{self.number}"

    async def tend(self, client: PrefectClient, deployments: Mapping[str, UUID], at: Desk) -> None:
        """Start what is missing: the process, or its next hour."""
        if self.process is None or self.process.returncode is not None:
            if self.process is not None:
                log.warning("a worker ended and is started again", worker=self.number)
                await self._crashed(client)
            self.process = await _start(self.queue, log_file(at.installation.home))
        state = await self._state(client)
        if state is None or state.is_final():
            hour = f"{at.now():%Y-%m-%d %H:%M}"
            made = await client.create_flow_run_from_deployment(
                deployments[resident.name],
                name=f"worker {self.number}, {hour}",
                parameters={"hour": hour, "seconds": HOUR.total_seconds()},
                work_queue_name=self.queue,
            )
            self.flow_run = made.id

    async def _state(self, client: PrefectClient) -> State[Any] | None:
        if self.flow_run is None:
            return None
        try:
            return (await client.read_flow_run(self.flow_run)).state
        except ObjectNotFound:
            return None

    async def _crashed(self, client: PrefectClient) -> None:
        """Tell Prefect; what the process was sending is found by state, not by this."""
        state = await self._state(client)
        if self.flow_run is not None and state is not None and not state.is_final():
            await client.set_flow_run_state(self.flow_run, Crashed(message="The worker died."), force=True)
        self.flow_run = None

    async def end(self, client: PrefectClient) -> None:
        """Wait for the flow run, which ends by itself when told; then end the process."""
        for _ in range(int(PATIENCE / LOOK)):
            state = await self._state(client)
            if state is None or not state.is_running():
                break
            await asyncio.sleep(LOOK)
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(self.process.wait(), PATIENCE)
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


async def keep(at: Desk, count: int) -> None:
    """Keep `count` workers at work until told to stop."""
    workers = [Worker(number=number) for number in range(1, count + 1)]
    stop_file(at.installation.home).unlink(missing_ok=True)
    async with get_client() as client:
        deployments = await deploy(client)
        try:
            learned_at: datetime | None = None
            while not at.stop.is_set():
                for worker in workers:
                    await worker.tend(client, deployments, at)
                if learned_at is None or at.now() - learned_at >= LEARN_EVERY:
                    learned_at = at.now()
                    await client.create_flow_run_from_deployment(
                        deployments[learn.name], work_queue_name=workers[0].queue
                    )
                with suppress(TimeoutError):
                    await asyncio.wait_for(at.stop.wait(), LOOK)
        finally:
            stop_file(at.installation.home).touch()
            await asyncio.gather(*(worker.end(client) for worker in workers))


def log_file(home: Path) -> Path:
    """Return where the workers of a home, and Prefect in them, say what they have to say."""
    return stop_file(home).with_name("workers.log")


async def _start(queue: str, log_to: Path) -> Process:
    """Start a worker; when this process dies it dies, and with it what it runs."""
    options = ["--pool", POOL, "--type", "process", "--work-queue", queue, "--name", queue, "--limit", "2"]
    with log_to.open("ab") as said:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "prefect",
            "worker",
            "start",
            *options,
            stdin=DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
