"""What comes back is fetched again and again: every source at its own pace, and replies are forwarded.

A source that fails rests, longer each time, and keeps nobody waiting: each has a thread of its own.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import structlog

from channels.contract import Source
from flows.desk import Desk
from store.owner import alone
from tidings.channel import Channel
from work.alerts import watch
from work.drops import take_all
from work.gather import emptied
from work.mismatch import ask_of_all
from work.paper_folder import all_sources
from work.receive import fold_waiting
from work.redemption import withdraw_used
from work.rehearsal import rehearse_waiting
from work.reply import forward
from work.settlement import withdraw_settled
from work.slips import hand_out
from work.washed import decide_washed
from work.webhooks import deliver

log = structlog.get_logger()

PACE = 10.0
"""Seconds between looks at a source that had nothing."""
PACES = {
    "alerts": 60.0,
    "slips": 2.0,
    "webhooks": 2.0,
    "redemptions": 30.0,
    "settlements": 30.0,
    "rehearsals": 2.0,
    "washed": 30.0,
    "mismatches": 21600.0,
}
"""Those that look less often, or more: a person waits for a code."""
LONGEST_REST = 600.0
"""Seconds that a source rests at most between looks that fail."""


def checked(at: Desk) -> None:
    """Make sure that what comes back can be fetched.

    Raises:
        Problem: a mailbox, queue or folder is set up wrongly.
    """
    for source in all_sources(at.installation).values():
        source.close()


async def take_in(at: Desk, over: asyncio.Event) -> None:
    """Fetch what comes back until it is over; see `checked` for what raises."""
    installation = at.installation
    found = all_sources(installation)
    rounds: Mapping[str, Callable[[], int]] = {
        **{name: _round(at, source) for name, source in found.items()},
        "replies": lambda: _forwarded(at),
        "waiting": lambda: _folded(at),
        "slips": lambda: hand_out(installation, at.providers, now=at.now()).total(),
        "alerts": lambda: watch(installation, now=at.now()),
        "webhooks": lambda: deliver(installation, now=at.now()),
        "drops": lambda: take_all(installation, now=at.now()),
        "redemptions": lambda: withdraw_used(installation, now=at.now()),
        "settlements": lambda: withdraw_settled(installation, now=at.now()),
        "rehearsals": lambda: rehearse_waiting(installation),
        "mismatches": lambda: _asked(at),
        "washed": lambda: decide_washed(installation, installation.policy, now=at.now()),
    }
    with ThreadPoolExecutor(max_workers=len(rounds), thread_name_prefix="coming") as pool:
        try:
            await asyncio.gather(
                *(
                    again_and_again(over, name, _alone(at, name, work), pool, pace=PACES.get(name, PACE))
                    for name, work in rounds.items()
                )
            )
        finally:
            for source in found.values():
                with suppress(OSError):
                    source.close()


async def again_and_again(
    stop: asyncio.Event,
    name: str,
    work: Callable[[], int],
    pool: ThreadPoolExecutor,
    *,
    pace: float = PACE,
    longest: float = LONGEST_REST,
) -> None:
    """Do a piece of work, rest, and do it again until told to stop; a failure is told, and followed by a longer rest.

    Args:
        work: returns how much it found; after something there is no rest.
        pace: seconds of rest after nothing.
        longest: seconds of rest at most.
    """
    loop = asyncio.get_running_loop()
    rest = pace
    while not stop.is_set():
        try:
            rest = 0.0 if await loop.run_in_executor(pool, work) else pace
        except Exception as error:
            rest = min(2 * max(rest, pace), longest)
            log.warning("what comes back could not be fetched", source=name, error=type(error).__name__)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), rest)


def _alone(at: Desk, name: str, work: Callable[[], int]) -> Callable[[], int]:
    """Return the work as one of several workers does it: only one of them at a time."""

    def turn() -> int:
        with alone(at.installation.engine, name) as mine:
            return work() if mine else 0

    return turn


def _round(at: Desk, source: Source) -> Callable[[], int]:
    def look() -> int:
        taken = 0
        for tally in emptied(at.installation, source, now=at.now()):
            taken += tally.total()
            _forwarded(at)  # at once: a person waits for the answer
            if at.stop.is_set():
                break
        return taken

    return look


def _forwarded(at: Desk) -> int:
    return forward(at.installation, lambda: at.providers[Channel.EMAIL], now=at.now()).total()


def _folded(at: Desk) -> int:
    tally = fold_waiting(at.installation, now=at.now())
    return tally.total() - tally["waiting"]


def _asked(at: Desk) -> int:
    """Ask who says one channel and answers on another, where the organisation wants that, in the name of each brand."""
    return ask_of_all(at.installation, now=at.now()) if at.installation.settings.ask_mismatches else 0
