"""Invented histories of messages keep the laws of delivery, and senders that are careless are caught by them."""

import os

import pytest

from tests.laws.histories import Broken, History, tell
from tidings.receipt import ReceiptKind
from tidings.state import AttemptState, DeliveryState, Event
from work.evidence import fold

HISTORIES = int(os.environ.get("TIDINGS_HISTORIES", "20000"))
ENOUGH = 4_000
"""A careless sender is caught within so many."""


def test_no_history_breaks_a_law():
    ends = {tell(seed).story.state.value for seed in range(HISTORIES)}
    assert ends >= {"done", "undeliverable", "in_delivery", "cancelled"}, "every kind of end was reached"


class SendsAgainWithoutAsking(History):
    def _end(self, delivery, attempt):
        self._resend(delivery, attempt)


class TakesADoubtForSuccess(History):
    def _end(self, delivery, attempt):
        fold(self.story, delivery, attempt, ReceiptKind.ACCEPTED, proof="hope", now=self.clock.now)


class FailsOverInDoubt(History):
    def _end(self, delivery, attempt):
        self._hear(Event.FALLBACK, channel=self.story.ranked[-1])


class ForgetsWhatTheDeadLeft(History):
    def settle(self):
        self.orphans = []


class WakesUpAndSends(History):
    def freeze(self):
        worker = self.dice.choice(self.workers)
        if worker.attempt is not None and worker.attempt.state is AttemptState.SENDING:
            worker.attempt.state = AttemptState.UNKNOWN
            self._deliver(
                worker.delivery, Event.UNKNOWN
            )  # named, while it goes on as if nothing had happened


class LosesNews(History):
    def _fold(self, delivery, attempt, kind):
        if delivery.state is DeliveryState.ACCEPTED and kind is ReceiptKind.BOUNCED:
            self.waiting.append((delivery, attempt, kind))
        else:
            super()._fold(delivery, attempt, kind)


class BelievesTheSecondAnswer(History):
    def _in_doubt_again(self, delivery, answer):
        return False


CARELESS = {
    "one that takes the answer to a second try for one to the first": (
        BelievesTheSecondAnswer,
        "the next channel is taken while",
    ),
    "one that sends again without asking": (SendsAgainWithoutAsking, "copies"),
    "one that takes a doubt for success": (TakesADoubtForSuccess, "no provider has"),
    "one that takes another channel while in doubt": (
        FailsOverInDoubt,
        "two deliveries of a message are open",
    ),
    "one that forgets what the dead left": (ForgetsWhatTheDeadLeft, "ends as in_delivery|a doubt without"),
    "one that wakes up after its lease and sends": (WakesUpAndSends, "copies"),
    "one that keeps news for ever": (LosesNews, "never folded"),
}


@pytest.mark.parametrize(("kind", "law"), CARELESS.values(), ids=CARELESS)
def test_a_careless_sender_is_caught(kind, law):
    with pytest.raises(Broken, match=law):
        _many(kind)


def _many(kind):
    for seed in range(ENOUGH):
        tell(seed, kind=kind)
