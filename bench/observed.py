"""Sends a run by its flow in a process of its own and reports what each part cost: `python -m bench.observed RUN`.

Prefect's are its server, with the keeper, and of this process the thread of the event loop and every other Python
thread that is not ours by its name. Ours are the threads that claim, build, send and record, those that call
providers, and what libraries start without Python, such as the threads of polars.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from bench.peers.server_cpu import postmaster_of, server_cpu
from flows import environment
from flows.server import joined
from tidings.problem import Exit, Problem
from tidings.settings import Settings
from work import run as stages
from work.deliver import Sender
from work.installation import Installation, opened

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday at noon: nobody has quiet hours."""
OURS = ("asyncio_", "lane", "provider-call")
"""How the names of our threads begin: of `asyncio.to_thread`, `work.deliver` and `channels.calls`."""
LOOK = 1.0
"""Seconds between looks at the threads, so that one that ends is counted."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """CPU seconds, user and system, between the first claim and the last mark, unless something else is said."""

    messages: int
    seconds: float
    """On the clock."""
    client: float
    """Of Prefect in the process that sends."""
    server: float
    ours: float
    database: float
    imported: float
    """To import the flows, before."""
    started: float
    """Of the server until it answers, before."""
    peak: int
    """The most memory that the process ever had, bytes."""

    @property
    def share(self) -> float:
        """Prefect's part of the whole, 0 to 1."""
        prefect = self.client + self.server
        return prefect / (prefect + self.ours + self.database)


@dataclass(kw_only=True)
class Watch:
    """Reads every clock when the first claim begins and when the last message has its mark."""

    keeper: int
    postmaster: int
    messages: int
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _left: int = 0
    _looked_at: float = 0.0
    _threads: dict[int, float] = field(default_factory=dict)
    """Of each thread of Prefect's that was ever seen, its CPU seconds when it was seen last."""
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)

    def begin(self) -> None:
        """Note that claims begin now, if they have not begun."""
        with self._lock:
            if not self.before:
                self._left = self.messages
                self.before = self._clocks()

    def sent(self, count: int) -> None:
        """Take in that so many messages have their mark."""
        with self._lock:
            self._left -= count
            if self._left <= 0:
                self.after = self._clocks()
            elif time.monotonic() - self._looked_at > LOOK:
                self._look()

    def _clocks(self) -> dict[str, float]:
        self._look()
        return {
            "seconds": time.monotonic(),
            "process": time.process_time(),
            "client": sum(self._threads.values()),
            "server": server_cpu(self.keeper),
            "database": server_cpu(self.postmaster),
        }

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        for thread in threading.enumerate():
            if not thread.name.startswith(OURS) and thread.native_id:
                self._threads[thread.native_id] = _of_thread(thread.native_id)

    def cost(self, *, imported: float, started: float) -> Cost:
        """Return what was spent between the two.

        Raises:
            Problem: not every message has its mark.
        """
        if not self.after:
            raise Problem(f"{self._left} of {self.messages} messages were not sent.", code=Exit.FAILED)
        spent = {name: self.after[name] - self.before[name] for name in self.after}
        return Cost(
            messages=self.messages,
            seconds=spent["seconds"],
            client=spent["client"],
            server=spent["server"],
            ours=spent["process"] - spent["client"],
            database=spent["database"],
            imported=imported,
            started=started,
            peak=_peak(),
        )


def _of_thread(number: int) -> float:
    words = Path(f"/proc/self/task/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _peak() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _keeper() -> int:
    """Return the process that `flows.server` started: it is our only child, and the server is its."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return next(
        int(child) for child in children if b"flows.server" in Path(f"/proc/{child}/cmdline").read_bytes()
    )


def _postmaster(installation: Installation) -> int:
    with installation.engine.connect() as connection:
        return postmaster_of(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def observe(run: str) -> Cost:
    """Take a run as far as it goes, by the flow that a schedule runs, and return what that cost."""
    settings = Settings.read()
    with joined(settings.root) as server, opened(settings) as installation:
        environment.pin(settings.root, server.api_url)
        before = time.process_time()
        from flows.desk import Desk, at
        from flows.kinds import FLOWS

        imported = time.process_time() - before
        server.wait()
        shards = stages.begin(installation, run, now=NOW)
        watch = Watch(keeper=_keeper(), postmaster=_postmaster(installation), messages=shards.messages)
        started = server_cpu(watch.keeper)

        class Watched(Desk):
            """Tells when the first claim begins."""

            @contextmanager
            def sender(self) -> Iterator[Sender]:
                watch.begin()
                with super().sender() as sender:
                    yield sender

        async def flow() -> None:
            await FLOWS[shards.kind](run=run, title=f"{shards.messages:,} messages")

        with at(Watched(installation=installation, fixed_now=NOW, sent=watch.sent)):
            asyncio.run(flow())
        return watch.cost(imported=imported, started=started)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(observe(sys.argv[1]))) + "\n")
