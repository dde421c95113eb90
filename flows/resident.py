"""The resident loop: starts what is due, settles doubts, moves on what stayed silent, takes in what comes back.

It is woken by NOTIFY, else it looks every few seconds.

One flow run an hour instead of one a minute, which would cost a third of a core for ever (design/flows.md).
"""

import asyncio
from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

import structlog
from prefect import flow

from flows.coming import checked, take_in
from flows.desk import Desk, desk
from flows.kinds import FLOWS
from flows.learn import learn
from store.runs import Run, due_runs, find_run
from store.silence import fall_back, take_back_overtaken
from store.wake import Waker
from work.chain import keep_head
from work.collection import next_collection
from work.limits import cover_fallen

log = structlog.get_logger()

HOUR = timedelta(hours=1)
LOOK = 5.0
"""Seconds between looks when nothing wakes it: how late a schedule can be after a lost notification."""

LONGEST_REST = 600.0
"""Seconds that a run rests at most between tries that fail, for example because its template is wrong."""

LEARN_EVERY = timedelta(hours=24)


class Rests:
    """Runs that failed, and when they may be tried again: after one look, then after twice as long each time.

    Times are the seconds of a clock that only goes on.
    """

    def __init__(self) -> None:
        self._rests: dict[str, tuple[float, float]] = {}

    def failed(self, run: str, now: float) -> None:
        """Let a run rest."""
        _, last = self._rests.get(run, (0.0, LOOK / 2))
        rest = min(2 * last, LONGEST_REST)
        self._rests[run] = (now + rest, rest)

    def worked(self, run: str) -> None:
        """Forget what a run failed before."""
        self._rests.pop(run, None)

    def over(self, run: str, now: float) -> bool:
        """Tell whether a run may be tried."""
        return now >= self._rests.get(run, (now, 0.0))[0]


@flow(name="resident", flow_run_name="resident, {hour}", persist_result=False, retries=0)
async def resident(hour: str, seconds: float) -> dict[str, int]:
    """Watch the store for `seconds`; returns how many runs it worked on."""
    with desk() as at:
        return {"runs": await watch(at, seconds=seconds)}


async def watch(at: Desk, *, seconds: float) -> int:
    """Do what `resident` does, with everything handed in."""
    over = asyncio.Event()
    coming = asyncio.create_task(take_in(at, over))
    try:
        return await _start_what_is_due(at, seconds=seconds)
    finally:
        over.set()
        await _survive(coming, rest=0)


async def _start_what_is_due(at: Desk, *, seconds: float) -> int:
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    busy: dict[str, asyncio.Task[Any]] = {}
    rests = Rests()
    seen = 0
    async with Waker(at.installation.engine) as waker:
        while loop.time() < until and not at.stop.is_set():
            for run in await asyncio.to_thread(_due, at):
                if run.id not in busy and rests.over(run.id, loop.time()):
                    seen += 1
                    busy[run.id] = asyncio.create_task(_start(run), name=run.id)
            for name in [name for name, task in busy.items() if task.done()]:
                if error := busy.pop(name).exception():
                    log.error("a run stopped; it is tried again", run=name, exc_info=error)
                    rests.failed(name, loop.time())
                else:
                    rests.worked(name)
            await _either(waker.wait(min(LOOK, max(until - loop.time(), 0))), at.stop.wait())
    await asyncio.gather(*busy.values(), return_exceptions=True)
    return seen


async def forever(at: Desk) -> None:
    """Run `resident` hour by hour, and `learn` once a day, until told to stop.

    Raises:
        Problem: a mailbox, queue or folder is set up wrongly.
    """
    checked(at)
    learned_at: datetime | None = None
    while not at.stop.is_set():
        now = at.now()
        if learned_at is None or now - learned_at >= LEARN_EVERY:
            await _survive(learn())
            learned_at = now
        await _survive(resident(hour=f"{now:%Y-%m-%d %H:%M}", seconds=HOUR.total_seconds()))


async def _either(*awaited: Awaitable[Any]) -> None:
    """Return when the first of them is done; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in awaited]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _survive(awaited: Awaitable[Any], *, rest: float = LOOK) -> None:
    """Go on after a failed hour: the next one finds by state what is left."""
    try:
        await awaited
    except Exception as error:
        log.exception("the resident loop goes on after a fault", error=type(error).__name__)
        await asyncio.sleep(rest)


def _due(at: Desk) -> list[Run]:
    """Settle, move on what stayed silent, and return the runs that have something due."""
    now = at.now()
    with at.sender() as sender:
        sender.settle()
        closed = sender.closed()
    with at.installation.engine.begin() as connection:
        silent = fall_back(connection, now=now, letters_at=next_collection(at.installation, now)) > 0
        cover_fallen(connection, at.installation, at.installation.policy, now=now, silent=silent)
        take_back_overtaken(connection, now=now)
        keep_head(connection, at.installation.home, now=now)
        found = (find_run(connection, run_id) for run_id in due_runs(connection, now=now, closed=closed))
        return [run for run in found if run is not None and run.mode == at.installation.mode]


async def _start(run: Run) -> None:
    await FLOWS[run.kind](run=run.id, title=run.title)
