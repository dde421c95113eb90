"""`work.outcome`: what each outcome means for attempt, delivery and message."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.claims import Claimed
from tests.town import NOON
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from work.outcome import LONGEST_WAIT, TRIES, Built, back_off, cancelled, step

MESSAGE = "0197c1f2-0000-7000-8000-00000000abcd"
BUILT = Built(content_hash="ab", parts=2, cost=Decimal("0.12"))


def claimed(number=1, channel="email", refused=0):
    return Claimed(
        attempt="a", number=number, delivery="d", delivery_number=1, reference="R", content_hash=None, created_at=NOON,
        message=MESSAGE, run="r", customer=1, customer_reference="C1", brand="b", purpose="offer", document="x/1",
        language="en", data={}, invoice=None, channel=channel, address="c1@example.org", postal=None, platform="",
        refused=refused,
    )  # fmt: skip


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("outcome", "rest", "states", "reason", "lane"),
    [
        pytest.param(
            Accepted(reference="q1"),
            ["sms"],
            ("accepted", "accepted", "done"),
            "",
            "email",
            id="accepted is done",
        ),
        pytest.param(
            Unknown(code="reset"),
            ["sms"],
            ("unknown", "in_doubt", "in_delivery"),
            "",
            "email",
            id="a doubt is not passed to the next channel",
        ),
        pytest.param(
            Refused(error=ErrorClass.TRANSIENT, code="451", wait=MINUTE),
            ["sms"],
            ("refused", "ready", "ready"),
            "back_off",
            "email",
            id="a busy provider is asked again on the same channel",
        ),
        pytest.param(
            Refused(error=ErrorClass.CONFIG, code="535", wait=MINUTE),
            [],
            ("refused", "ready", "ready"),
            "back_off",
            "email",
            id="our own fault loses nobody",
        ),
        pytest.param(
            Rejected(error=ErrorClass.ADDRESS, code="5.1.1"),
            ["sms", "letter"],
            ("rejected", "rejected", "ready"),
            "fallback",
            "sms",
            id="a dead address moves to the next channel",
        ),
        pytest.param(
            Rejected(error=ErrorClass.ADDRESS, code="5.1.1"),
            [],
            ("rejected", "rejected", "undeliverable"),
            "address",
            "email",
            id="a dead address without another channel has failed",
        ),
        pytest.param(
            Rejected(error=ErrorClass.DATA, code="too_big"),
            ["sms"],
            ("rejected", "rejected", "undeliverable"),
            "data",
            "email",
            id="a wrong message is wrong on every channel",
        ),
        pytest.param(
            Rejected(error=ErrorClass.OPT_OUT, code="21610"),
            ["letter"],
            ("rejected", "rejected", "ready"),
            "fallback",
            "letter",
            id="who said stop on one channel is asked on the next",
        ),
    ],
)
def test_step(outcome, rest, states, reason, lane):
    """Each outcome moves the three rows to their states."""
    made = step(claimed(), outcome, BUILT, next_channels=rest, now=NOON)

    assert (made.attempt_state, made.delivery_state, made.message_state) == states
    assert (made.reason, made.channel) == (reason, lane)
    assert made.content_hash == "ab"


def test_patience_ends():
    """After the last try the channel is used up and the message goes on."""
    outcome = Refused(error=ErrorClass.TRANSIENT, code="451", wait=MINUTE)

    made = step(claimed(number=TRIES, refused=TRIES - 1), outcome, BUILT, next_channels=["letter"], now=NOON)

    assert (made.delivery_state, made.message_state, made.channel) == ("rejected", "ready", "letter")
    assert made.used_up == "email"


def test_an_attempt_that_never_began_is_ready_at_once():
    """A lease that ended before the call costs the message nothing."""
    made = cancelled(claimed(), due_at=NOON, code="lease_over")

    assert (made.attempt_state, made.delivery_state, made.message_state) == ("cancelled", "ready", "ready")
    assert made.due_at == NOON


@given(seconds=st.integers(1, 10_000), number=st.integers(1, TRIES))
def test_back_off_grows_and_is_bounded(seconds, number):
    """The wait is never shorter than asked, unless six hours come first, and never the same for everybody."""
    wait = back_off(timedelta(seconds=seconds), claimed(refused=number))

    assert min(timedelta(seconds=seconds), LONGEST_WAIT) <= wait <= LONGEST_WAIT
