"""What a flow works with, kept out of its parameters: Prefect records parameters, and those are ids and counts only."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path

import structlog

from channels.contract import Provider
from channels.registry import providers
from flows.environment import folder
from flows.server import die_with_parent
from store.owner import Owner, owner
from tidings.channel import Channel
from tidings.settings import Mode, Settings
from work.deliver import Sender
from work.installation import Installation, opened
from work.lanes import Lanes

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Desk:
    """An open installation, business time, and who wants to know how far it is.

    Args:
        out: the outbox folder, where it is not the home's own.
        fixed_now: business time stands still at this instant; None is the clock of the machine.
        sent: called with the number of messages that got an outcome.
    """

    installation: Installation
    out: Path | None = None
    fixed_now: datetime | None = None
    lanes: Lanes = field(default_factory=Lanes)
    """What the senders of this process know of their providers."""
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process shall end: senders finish what they claimed and claim no more."""
    sent: Callable[[int], None] = lambda _: None
    sending: set[Owner] = field(default_factory=set)
    """Who sends at this moment: whoever ends the process waits for them."""

    def now(self) -> datetime:
        """Return business time."""
        return self.fixed_now or datetime.now(UTC)

    @cached_property
    def providers(self) -> Mapping[Channel, Sequence[Provider]]:
        """The providers of every channel, made once: they keep their connections."""
        from templates.cover import cover_for

        settings, mode = self.installation.settings, self.installation.mode
        cover = partial(cover_for, self.installation.organisation)
        made = providers(settings, home=self.installation.home, out=self.out, mode=mode, cover=cover)
        named = {*settings.sms, *settings.whatsapp}
        if mode is not Mode.OUTBOX and "twilio" in named and settings.public_is_near:
            log.warning("Twilio is not asked to call back: TIDINGS_PUBLIC_URL is this machine")
        return made

    @contextmanager
    def sender(self) -> Iterator[Sender]:
        """Return a sender with connections of its own, which owns what it sends while this lasts."""
        with owner(self.installation.engine) as held:
            self.sending.add(held)
            try:
                yield Sender(
                    installation=self.installation,
                    providers=self.providers,
                    policy=self.installation.policy,
                    owner=held,
                    clock=self.now,
                    progress=self.sent,
                    stopping=self.stop.is_set,
                    lanes=self.lanes,
                )
            finally:
                self.sending.discard(held)


LOOK = 0.5
"""Seconds between looks at the stop file."""

_desk: Desk | None = None


@contextmanager
def at(desk: Desk) -> Iterator[None]:
    """Let the flows of this process work at this desk."""
    global _desk  # one process works for one home; Prefect has no other way to hand in an object
    before, _desk = _desk, desk
    try:
        yield
    finally:
        _desk = before


@contextmanager
def desk() -> Iterator[Desk]:
    """Return this process's desk; a worker's process, where nobody has set one, opens it from the settings."""
    if _desk is not None:
        yield _desk
        return
    die_with_parent()  # a killed worker takes its flow run with it, which would go on unseen
    with opened(Settings.read()) as installation:
        own = Desk(installation=installation)
        told = asyncio.get_running_loop().create_task(_until_told(own))
        try:
            with at(own):
                yield own
        except Exception:
            log.exception("a worker's flow ended by a fault")
            raise
        finally:
            told.cancel()


def stop_file(home: Path) -> Path:
    """Return the file whose appearance ends the workers of a home in order: they finish what they claimed."""
    return folder(home) / "shared" / "stop"


async def _until_told(own: Desk) -> None:
    while not stop_file(own.installation.home).exists():
        await asyncio.sleep(LOOK)
    own.stop.set()
