"""Histories of one message, made up by dice: workers that die and freeze, lost answers, receipts early, late and twice.

The table of `tidings.state` and the fold of `work.evidence` are the program's own. Dice, clock and transport are handed
in, so a seed is a history for ever. What the providers took is kept apart, as the truth that is judged by.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from store.stories import Attempt, Delivery, Story
from tidings.receipt import ReceiptKind
from tidings.state import (
    ARRIVED,
    OPEN_DELIVERY,
    AttemptState,
    DeliveryState,
    Event,
    MessageState,
    Nothing,
    after,
)
from work.evidence import fold, waits

BEGAN = datetime(2026, 3, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TRIES = 3
OVER = (MessageState.DONE, MessageState.UNDELIVERABLE, MessageState.CANCELLED)
GONE = (
    DeliveryState.ACCEPTED,
    DeliveryState.DELIVERED,
    DeliveryState.EXPIRED,
    DeliveryState.BOUNCED,
    DeliveryState.SILENT,
)


class Broken(AssertionError):  # noqa: N818 -- a law is broken, which says it
    """A law does not hold."""


@dataclass(slots=True)
class Clock:
    """Time as the history sees it: it goes on by a minute a step."""

    now: datetime = BEGAN

    def tick(self) -> datetime:
        self.now += MINUTE
        return self.now


@dataclass(slots=True)
class Transport:
    """A provider of one channel: what it took is the truth, whatever it answers."""

    capability: str
    dice: Random
    took: Counter = field(default_factory=Counter)
    """Of each delivery, how many copies exist."""
    accepted: set = field(default_factory=set)
    """Attempts whose bytes it took."""
    news: list = field(default_factory=list)
    """(attempt, kind) that it will report, some of them twice."""

    def send(self, delivery: Delivery, attempt: Attempt) -> Event:
        """Take or refuse; return what the sender hears of it."""
        fate = self.dice.random()
        if fate < 0.12:
            return Event.REFUSED
        knows_the_key = self.capability == "key" and self.took[delivery.id]
        if fate < 0.20 and not knows_the_key:
            return Event.REJECTED
        if fate < 0.28:  # the connection broke before anything was taken
            return Event.UNKNOWN
        self.accepted.add(attempt.id)
        self.took[delivery.id] = 1 if self.capability == "key" else self.took[delivery.id] + 1
        self._report(attempt)
        return Event.ACCEPTED if fate < 0.85 else Event.UNKNOWN  # or the answer was lost

    def _report(self, attempt: Attempt) -> None:
        kinds = [
            ReceiptKind.ACCEPTED,
            ReceiptKind.DELIVERED,
            ReceiptKind.OPENED,
            ReceiptKind.BOUNCED,
            ReceiptKind.EXPIRED,
        ]
        for kind in self.dice.choices(kinds, weights=(5, 5, 2, 1, 1), k=self.dice.randrange(4)):
            self.news += [(attempt, kind)] * self.dice.choice((1, 1, 2))


@dataclass(slots=True)
class Worker:
    """A sending process with the attempt that it claimed; `answer` is what it heard and has not recorded yet."""

    delivery: Delivery | None = None
    attempt: Attempt | None = None
    answer: Event | None = None
    alive: bool = True
    frozen: bool = False
    """Past its lease: it may record, and sends nothing any more."""


class History:
    """One message from its plan to its end."""

    def __init__(self, dice: Random, clock: Clock) -> None:
        self.dice, self.clock = dice, clock
        channels = dice.sample(("email", "sms", "letter"), k=dice.choice((1, 2, 3)))
        self.transports = {
            name: Transport(dice.choice(("key", "list", "event", "none")), dice) for name in channels
        }
        self.required = dice.random() < 0.5
        self.story = Story(
            message="m", customer=1, brand="b", purpose="p", state=MessageState.PLANNED, reason="", channel=channels[0],
            due_at=None, tried=[], ranked=channels, stopped=False, rehearsal=False,
        )  # fmt: skip
        self.workers = [Worker(), Worker()]
        self.orphans: list[Worker] = []
        self.waiting: list[tuple[Delivery, Attempt, ReceiptKind]] = []
        self.owner: dict[str, Delivery] = {}
        self.tries: Counter[str] = Counter()
        self.resent: set[str] = set()
        self.number = 0

    # What can happen, each a step that does nothing where it cannot.

    def run(self, steps: int) -> None:
        """Let chance rule, then let everything come to its end, and judge."""
        self._hear(Event.DECIDED)
        moves: tuple[Callable[[], None], ...] = (
            self.claim, self.claim, self.send, self.send, self.send, self.record, self.record, self.die, self.freeze,
            self.settle, self.report, self.report, self.silence,
        )  # fmt: skip
        for _ in range(steps):
            self.clock.tick()
            self.dice.choice(moves)()
            if self.dice.random() < 0.01:
                self.dice.choice((self.stop, self.recall))()
            self.check()
        self.finish()

    def finish(self) -> None:
        """Everybody who is ill dies, time goes by, all news comes in."""
        for worker in self.workers:
            if worker.frozen:
                self._die(worker)
        for _ in range(20):
            self.clock.tick()
            for worker in self.workers:
                self._send(worker)
                self._record(worker)
            self.settle()
            self.claim()
            while any(transport.news for transport in self.transports.values()):
                self.report()
            self.check()
            busy = any(worker.attempt for worker in self.workers) or self.waiting
            if self.story.state in OVER and not busy:
                break
        self._judge()

    def claim(self) -> None:
        story = self.story
        worker = next((one for one in self.workers if one.attempt is None), None)
        if worker is None or story.state is not MessageState.READY or story.stopped:
            return
        last = story.last if story.deliveries else None
        if last is None or last.state is not DeliveryState.READY or last.channel != story.channel:
            if last is not None and last.state is DeliveryState.READY:
                self._deliver(last, Event.RECALL)
            self.number += 1
            last = Delivery(
                id=f"d{self.number}", number=self.number, channel=story.channel or "", address="a",
                reference=f"R{self.number}", state=DeliveryState.READY,
            )  # fmt: skip
            self._may_go_on()
            story.deliveries[last.id] = last
        if any(one.state in ARRIVED for one in story.deliveries.values()):
            raise Broken("it goes out although it arrived on another channel")
        if any(one.state is AttemptState.ACCEPTED for one in last.attempts.values()):
            raise Broken("a delivery that was accepted goes out again")
        self.number += 1
        attempt = Attempt(id=f"a{self.number}", provider=last.channel, state=AttemptState.SENDING)
        last.attempts[attempt.id] = attempt
        self.owner[attempt.id] = last
        self._hear(Event.CLAIMED)
        self._deliver(last, Event.CLAIMED)
        worker.delivery, worker.attempt, worker.answer = last, attempt, None

    def _may_go_on(self) -> None:
        """Hold against the truth what the next delivery rests on: no earlier one was taken without our knowing."""
        for one in self.story.deliveries.values():
            unknown = one.state in (DeliveryState.REJECTED, DeliveryState.RECALLED)
            if unknown and self.transports[one.channel].took[one.id]:
                raise Broken("the next channel is taken while a provider has the message on the one before")

    def send(self) -> None:
        self._send(self.dice.choice(self.workers))

    def _send(self, worker: Worker) -> None:
        if worker.attempt is None or worker.delivery is None or worker.answer is not None or worker.frozen:
            return
        worker.answer = self.transports[worker.delivery.channel].send(worker.delivery, worker.attempt)

    def record(self) -> None:
        self._record(self.dice.choice(self.workers))

    def _record(self, worker: Worker) -> None:
        """Commit what a worker heard, as `store.outcomes.record` does: what is closed is left alone."""
        delivery, attempt = worker.delivery, worker.attempt
        if attempt is None or delivery is None or (worker.answer is None and not worker.frozen):
            return
        event = worker.answer or Event.CANCELLED  # past its lease nothing is sent
        new = after(attempt.state, event)
        if isinstance(new, AttemptState):
            attempt.state = new
            self._outcome(delivery, event)
        worker.delivery = worker.attempt = worker.answer = None
        worker.frozen = False

    def _outcome(self, delivery: Delivery, event: Event) -> None:
        answer = event
        if event is Event.REFUSED:
            self.tries[delivery.id] += 1
            event = Event.REJECTED if self.tries[delivery.id] >= TRIES else event
        if event is Event.REJECTED and self._in_doubt_again(delivery, answer):
            return
        if self._deliver(delivery, event):
            self._move_on(delivery, event)

    def _in_doubt_again(self, delivery: Delivery, answer: Event) -> bool:
        """What went out again in vain says nothing about the try before it, unless a key was looked up."""
        proof = self.transports[delivery.channel].capability == "key" and answer is Event.REJECTED
        doubts = [one for one in delivery.attempts.values() if one.state is AttemptState.ABANDONED]
        if proof or not doubts or not self._deliver(delivery, Event.DOUBTED):
            return False
        doubts[0].state, doubts[0].settled_by = AttemptState.UNKNOWN, "in vain"
        self._hear(Event.DOUBTED)
        return True

    def _move_on(self, delivery: Delivery, event: Event) -> None:
        if event is not Event.REJECTED:
            self._hear(event, channel=delivery.channel)
            return
        self.story.tried.append(delivery.channel)
        left = [name for name in self.story.ranked if name not in self.story.tried]
        self._hear(Event.FALLBACK if left else Event.EXHAUSTED, channel=left[0] if left else delivery.channel)

    def die(self) -> None:
        if self.dice.random() < 0.3:
            self._die(self.dice.choice(self.workers))

    def _die(self, worker: Worker) -> None:
        if worker.attempt is not None:
            self.orphans.append(worker)
        self.workers[self.workers.index(worker)] = Worker()

    def freeze(self) -> None:
        worker = self.dice.choice(self.workers)
        worker.frozen = worker.attempt is not None

    def settle(self) -> None:
        """Name what the dead and the frozen have, fold what waited, then end doubts by each capability."""
        for worker in [*self.orphans, *(one for one in self.workers if one.frozen)]:
            if (
                worker.attempt is not None
                and worker.attempt.state is AttemptState.SENDING
                and worker.delivery
            ):
                worker.attempt.state = AttemptState.UNKNOWN
                self._deliver(worker.delivery, Event.UNKNOWN)
        self.orphans = []
        held, self.waiting = self.waiting, []
        for delivery, attempt, kind in held:
            self._fold(delivery, attempt, kind)
        for delivery in list(self.story.deliveries.values()):
            for attempt in list(delivery.attempts.values()):
                if attempt.state is AttemptState.UNKNOWN:
                    self._end(delivery, attempt)

    def _end(self, delivery: Delivery, attempt: Attempt) -> None:
        transport = self.transports[delivery.channel]
        if transport.capability == "list":
            taken = attempt.id in transport.accepted
            self._fold(delivery, attempt, ReceiptKind.ACCEPTED if taken else ReceiptKind.ABSENT)
        elif transport.capability == "key":
            self._resend(delivery, attempt)
        elif transport.capability == "none" and self.required and delivery.id not in self.resent:
            self.resent.add(delivery.id)
            self._resend(delivery, attempt)

    def _resend(self, delivery: Delivery, attempt: Attempt) -> None:
        if self.story.stopped or attempt.settled_by or delivery.state is not DeliveryState.IN_DOUBT:
            return
        if self.story.state is not MessageState.IN_DELIVERY:
            return
        new = after(attempt.state, Event.ABANDONED)
        if isinstance(new, AttemptState):
            attempt.state = new
            self._deliver(delivery, Event.RESEND)
            self._hear(Event.RESEND, channel=delivery.channel)

    def report(self) -> None:
        """A provider tells something it knows, in no order; what cannot be folded yet waits."""
        told = [transport for transport in self.transports.values() if transport.news]
        if told:
            news = self.dice.choice(told).news
            attempt, kind = news.pop(self.dice.randrange(len(news)))
            self._fold(self.owner[attempt.id], attempt, kind)

    def _fold(self, delivery: Delivery, attempt: Attempt, kind: ReceiptKind) -> None:
        if waits(delivery, attempt):
            self.waiting.append((delivery, attempt, kind))
        else:
            fold(self.story, delivery, attempt, kind, proof="dice", now=self.clock.now)

    def silence(self) -> None:
        if self.dice.random() < 0.2 and self.story.state is MessageState.DONE and self.story.deliveries:
            last = self.story.last
            left = [name for name in self.story.ranked if name not in (*self.story.tried, last.channel)]
            if left and self._deliver(last, Event.SILENCE):
                self.story.tried.append(last.channel)
                self._hear(Event.FALLBACK, channel=left[0])

    def stop(self) -> None:
        self.story.stopped = True
        if self._hear(Event.STOP):
            for delivery in self.story.deliveries.values():
                self._deliver(delivery, Event.STOP)

    def recall(self) -> None:
        done = self.story.deliveries and self.story.state is MessageState.DONE
        if done and self._deliver(self.story.last, Event.RECALL):
            self._hear(Event.RECALL)

    def _deliver(self, delivery: Delivery, event: Event) -> bool:
        new = self._after(delivery.state, event)
        if isinstance(new, DeliveryState):
            delivery.state = new
        return isinstance(new, DeliveryState)

    def _hear(self, event: Event, *, channel: str | None = None) -> bool:
        new = self._after(self.story.state, event)
        if isinstance(new, MessageState):
            self.story.state = new
            self.story.channel = channel or self.story.channel
        return isinstance(new, MessageState)

    @staticmethod
    def _after(state, event):
        new = after(state, event)
        if new is Nothing.IMPOSSIBLE:
            raise Broken(f"{event} came in {state}")
        return new

    # What must hold.

    def check(self) -> None:
        """Hold the laws of every moment against this one."""
        deliveries = self.story.deliveries.values()
        if sum(delivery.state in OPEN_DELIVERY for delivery in deliveries) > 1:
            raise Broken("two deliveries of a message are open")
        for delivery in deliveries:
            states = [attempt.state for attempt in delivery.attempts.values()]
            unknown = states.count(AttemptState.UNKNOWN)
            _hold("two attempts of a delivery are open", states.count(AttemptState.SENDING) + unknown <= 1)
            _hold("two attempts of a delivery are accepted", states.count(AttemptState.ACCEPTED) <= 1)
            _hold("a doubt without a name", unknown or delivery.state is not DeliveryState.IN_DOUBT)
            _hold(
                "an attempt is open on a delivery that is over",
                delivery.state in OPEN_DELIVERY or not (unknown or AttemptState.SENDING in states),
            )
            transport = self.transports[delivery.channel]
            copies = transport.took[delivery.id]
            _hold("a delivery counts as gone that no provider has", copies or delivery.state not in GONE)
            most = 2 if transport.capability == "none" and self.required else 1
            _hold(f"{transport.capability} took too many copies", copies <= most)

    def _judge(self) -> None:
        """Nothing is lost: the end is an end, or a doubt with a name."""
        story = self.story
        if self.waiting:
            raise Broken("news was kept and never folded")
        if story.state is MessageState.DONE and not any(d.state in GONE for d in story.deliveries.values()):
            raise Broken("done, and nothing was delivered")
        if story.state in OVER or (story.stopped and story.state is MessageState.READY):
            return
        if story.state is MessageState.IN_DELIVERY and story.last.state is DeliveryState.IN_DOUBT:
            return
        raise Broken(f"it ends as {story.state}")


def _hold(law: str, holds: object) -> None:
    if not holds:
        raise Broken(law)


def tell(seed: int, *, steps: int = 24, kind: type[History] = History) -> History:
    """Run one history from its seed; raises Broken with the law that does not hold."""
    history = kind(Random(seed), Clock())
    try:
        history.run(steps)
    except Broken as broken:
        broken.add_note(f"seed {seed}")
        raise
    return history
