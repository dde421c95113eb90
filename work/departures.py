"""What leaves is written down beside the store as well, in a file that outlives it: a restored backup learns from it.

A line is written before the first byte of a batch leaves: when, on which channel, by which provider, and the ids of the
messages; nothing personal. Messages have the same ids whoever plans them, so that also what the backup has never heard
of is recognised when its run is begun again (docs/decisions/0048). It holds across the loss of the database, not of the
disk it lies on; a machine that cannot write it sends all the same.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy import Connection

from channels.contract import Capability, Forgets, Provider
from channels.registry import PROVIDERS
from store import departed as stored
from store.claims import Claimed, open_attempts
from store.departed import Departure
from store.doubts import name_restored
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.settings import Settings

log = structlog.get_logger()

KEPT = timedelta(days=92)
"""How long a day's file is kept: an older backup brings back more doubts than it is worth."""


def folder(home: Path) -> Path:
    """Return where the files of a home lie, one for each day."""
    return home / "departures"


def depart(home: Path, claimed: Sequence[Claimed], *, provider: str, now: datetime) -> None:
    """Write down that a committed batch is about to leave."""
    first = claimed[0]
    words = (now.isoformat(), first.channel, provider, first.attempt, *(one.message for one in claimed))
    path = folder(home) / f"{now:%Y-%m-%d}.log"
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _forget(path.parent, before=(now - KEPT).date())
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            # It begins with a line's end as well: what another process could not write whole spoils only itself.
            os.write(file, ("\n" + "\t".join(words) + "\n").encode())
        finally:
            os.close(file)
    except OSError as error:
        log.warning("what leaves is not written down beside the store", error=error.strerror or str(error))


def _forget(place: Path, *, before: date) -> None:
    for path in place.glob("*.log"):
        with suppress(ValueError, FileNotFoundError):
            if date.fromisoformat(path.stem) < before:
                path.unlink()


def read(folders: Iterable[Path]) -> Iterator[Departure]:
    """Yield what the files say; a line that was torn off says as much as it can."""
    for place in folders:
        for path in sorted(place.glob("*.log")):
            with path.open(encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    yield from _departure(line.rstrip("\n").split("\t"))


def _departure(words: Sequence[str]) -> Iterator[Departure]:
    with suppress(ValueError):
        at, channel, provider, attempt, *messages = words
        whole = [str(UUID(one)) for one in messages if len(one) == len(attempt)]
        yield Departure(
            at=datetime.fromisoformat(at),
            channel=Channel(channel),
            provider=provider,
            attempt=str(UUID(attempt)),
            messages=whole,
        )


def capabilities(settings: Settings, channel: Channel) -> dict[str, Capability]:
    """Return how each provider that a setting names for a channel can be asked, by the name that attempts have.

    Who cannot be set up is missing. A key that is forgotten may have been used too long ago to prove anything.
    """
    found = {}
    for name in dict.fromkeys(getattr(settings, channel)):
        make: Callable[[Settings], Provider] = PROVIDERS[channel, name]
        try:
            provider = make(settings)
        except Problem:
            continue
        provider.close()
        found[provider.name] = Capability.NONE if isinstance(provider, Forgets) else provider.capability
    return found


def doubt_departed(
    connection: Connection, settings: Settings, *, run: str, shard: int, now: datetime
) -> Counter[str]:
    """Name as doubts what was planned anew and had left before the store was lost; returns how many, by capability."""
    if not stored.known(connection):
        return Counter()
    return doubt_ready(connection, settings, stored.ready(connection, run=run, shard=shard), now=now)


def doubt_ready(
    connection: Connection, settings: Settings, left: Iterable[stored.Left], *, now: datetime
) -> Counter[str]:
    """Name ready messages as doubts at the provider that they left by.

    Where that one takes the same key once, and no other provider could be given it, the message stays ready.
    """
    tally: Counter[str] = Counter()
    for (channel, provider), group in groupby(
        sorted(left, key=lambda one: (one.channel, one.provider, one.message)),
        key=lambda one: (one.channel, one.provider),
    ):
        them = list(group)
        known = capabilities(settings, Channel(channel))
        capability = known.get(provider, Capability.NONE)
        if capability is not Capability.KEY or len(known) > 1:
            opened = open_attempts(
                connection,
                [(one.message, one.address) for one in them],
                channel=channel,
                provider=provider,
                owner=0,
                now=min(one.at for one in them),
                lease=timedelta(0),
            )
            name_restored(connection, [one.attempt for one in opened], now=now)
        tally[capability] += len(them)
        stored.forget(connection, [one.message for one in them])
    return tally
