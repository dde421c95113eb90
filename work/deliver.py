"""Claim, build, send, record: the loop that never sends twice and loses nothing (design/delivery.md).

One transaction claims a batch and writes its intents (`work.claim`); no byte leaves before it is committed; one
transaction records the outcomes (`work.handover`).
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from channels.contract import Provider
from preferences.policy import Policy
from store import lanes as stored
from store.claims import Claimed
from store.lanes import Waiting
from store.outcomes import Step
from store.owner import Owner
from tidings.channel import Channel
from tidings.settings import Mode
from tidings.ticks import ticks
from work.build import RunContext, read_context
from work.claim import Batch, Claimer, doors
from work.handover import Handover
from work.installation import Installation
from work.lanes import Lanes, sender_of
from work.recover import recover
from work.settle import settle

Clock = Callable[[], datetime]

Lane = tuple[str, str]
"""A channel and the brand's sender on it."""

MOST_LANES = 32
"""Lanes that a sender serves at the same time; the others wait for one to be empty."""
LOOK = 1.0
"""Seconds between looks for what has become due on another lane while one is busy."""


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector from everything that is loaded by now; it looks at what comes after.

    A batch makes so many objects that it would go through all others again and again, 90 ms each time.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@dataclass(kw_only=True)
class Sender:
    """One process that sends: it owns its attempts for as long as it lives.

    Args:
        owner: our lock, from `store.owner`.
        clock: business time; a rehearsed or demonstrated run has its own.
        progress: called with the number of messages that got an outcome.
    """

    installation: Installation
    providers: Mapping[Channel, Sequence[Provider]]
    """Of each channel, the most preferred first; the next one sends while the circuit of those before is open."""
    policy: Policy
    owner: Owner
    clock: Clock
    progress: Callable[[int], None] = lambda _: None
    stopping: Callable[[], bool] = lambda: False
    """Asked before each claim; what is claimed is finished."""
    lanes: Lanes = field(default_factory=Lanes)
    _contexts: dict[str, RunContext] = field(default_factory=dict)

    def send_due(self, *, run: str | None = None, shard: int | None = None) -> Counter[str]:
        """Send everything that is due; returns outcomes by name. Safe to run any number of times.

        Lanes are served side by side, so that a slow provider holds up no other one, nor what becomes due on another
        lane meanwhile. On a lane, what is owed comes first, also what is owed in another run than `run`, and runs take
        turns of a batch.
        """
        tally: Counter[str] = Counter()
        with undisturbed():
            for done in self._side_by_side(run, shard):
                tally.update(done)
        return tally

    def settle(self, *, run: str | None = None) -> int:
        """Name what dead processes left open, and make ready again what may be; returns how many were named."""
        recover(self.installation, now=self.clock())
        every = [provider for choice in self.providers.values() for provider in choice]
        return settle(self.installation, every, now=self.clock(), run=run)["named"]

    def closed(self) -> list[tuple[str, str]]:
        """Return the (channel, brand) pairs on which nothing can be sent now: every circuit is open or rests."""
        now = self.clock()
        found = []
        with self.installation.engine.begin() as connection:
            for brand in self.installation.organisation.brands:
                for channel, choice in self.providers.items():
                    sender = sender_of(self.installation.organisation, brand.id, channel)
                    known = stored.read(connection, [one.name for one in choice], sender)
                    if not doors(choice, known, now).open:
                        found.append((str(channel), brand.id))
        return found

    def finish(
        self,
        provider: Provider,
        claimed: Sequence[Claimed],
        rest: Mapping[str, Sequence[str]],
        *,
        lease: timedelta | None = None,
        claimed_at: float | None = None,
    ) -> list[Step]:
        """Build, send and record what was claimed and committed; returns a step for each attempt.

        Args:
            provider: whom it was claimed for.
            claimed: committed attempts, of one sender.
            rest: the channels that each message may fall back to.
            lease: with which it was claimed.
            claimed_at: `tidings.ticks.ticks` before the claim; None: just now.
        """
        batch = Batch(
            provider=provider,
            sender=sender_of(self.installation.organisation, claimed[0].brand, claimed[0].channel),
            claimed=claimed,
            rest=rest,
            lease=lease or self.installation.settings.lease,
        )
        return self._finish(batch, ticks() if claimed_at is None else claimed_at)

    def _side_by_side(self, run: str | None, shard: int | None) -> Iterator[Counter[str]]:
        """Serve every lane until nothing can be sent; in the outbox, where no provider is slow, one after the other."""
        busy: dict[Lane, Future[Counter[str] | None]] = {}
        fruitless: set[Lane] = set()
        most = 1 if self.installation.mode is Mode.OUTBOX else MOST_LANES
        with ThreadPoolExecutor(max_workers=most, thread_name_prefix="lane") as threads:
            while True:
                # A refused channel makes the message due on the next one, perhaps on a lane already emptied.
                due = {self._lane(one) for one in self._waiting(self.providers, run, shard)}
                for lane in sorted(due - busy.keys() - fruitless):
                    busy[lane] = threads.submit(self._serve, lane, run, shard)
                if not busy:
                    return
                over, _ = wait(busy.values(), LOOK, FIRST_COMPLETED)
                found = [(lane, future.result()) for lane, future in busy.items() if future in over]
                moved = [done for _, done in found if done is not None]
                if moved or not over:  # others may be sent by now
                    fruitless.clear()
                for lane, done in found:
                    del busy[lane]
                    if done is None:
                        fruitless.add(lane)
                yield from moved

    def _serve(self, lane: Lane, run: str | None, shard: int | None) -> Counter[str] | None:
        """Send batch after batch of a lane until nothing of it can be sent now; None when nothing was claimed."""
        tally: Counter[str] = Counter()
        claimed = False
        fruitless: set[tuple[str, int]] = set()
        while not self.stopping():
            waiting = [
                one
                for one in self._waiting([Channel(lane[0])], run, shard)
                if self._lane(one) == lane and (one.run, one.shard) not in fruitless
            ]
            if not waiting:
                break
            turn = self.lanes.turns(waiting)[0]
            done = self._batch(turn, counted=run is None or turn.run == run)
            if done is None:
                fruitless.add((turn.run, turn.shard))
                continue
            claimed = True
            self.lanes.served(turn.run)
            tally.update(done)
        return tally if claimed else None

    def _batch(self, turn: Waiting, *, counted: bool = True) -> Counter[str] | None:
        """Claim, build, send and record one batch; None when nothing of it can be sent now."""
        claimed_at = ticks()
        with self.installation.engine.begin() as connection:
            self._read_context(turn.run, connection)
        claimer = Claimer(
            installation=self.installation, policy=self.policy, owner=self.owner, lanes=self.lanes
        )
        choice = self.providers[Channel(turn.channel)]
        batches = claimer.claim(turn, self._contexts[turn.run], choice, now=self.clock())
        if batches is None:
            return None
        steps = [step for batch in batches for step in self._finish(batch, claimed_at)]
        if counted:
            self.progress(len(steps))
        return Counter(step.attempt_state for step in steps)

    def _finish(self, batch: Batch, claimed_at: float) -> list[Step]:
        with self.installation.engine.begin() as connection:
            for run in {one.run for one in batch.claimed}:
                self._read_context(run, connection)
        return Handover(
            installation=self.installation,
            lanes=self.lanes,
            contexts=self._contexts,
            batch=batch,
            clock=self.clock,
            claimed_at=claimed_at,
        ).run()

    def _read_context(self, run: str, connection: Connection) -> None:
        if run not in self._contexts:
            self._contexts[run] = read_context(connection, self.installation, run)

    def _waiting(self, channels: Iterable[Channel], run: str | None, shard: int | None) -> list[Waiting]:
        with self.installation.engine.begin() as connection:
            return stored.waiting(
                connection,
                channels=[str(channel) for channel in channels],
                mode=self.installation.mode,
                now=self.clock(),
                run=run,
                shard=shard,
                overtake=self.installation.mode is not Mode.OUTBOX or bool(self.policy.co_mail),
            )

    def _lane(self, one: Waiting) -> Lane:
        return one.channel, sender_of(self.installation.organisation, one.brand, one.channel)
