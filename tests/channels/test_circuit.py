"""`channels.circuit`: when a lane stops, and how it starts again."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.circuit import BURST, SAMPLE, Circuit
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
GOOD = Accepted(reference="r")
BUSY = Refused(error=ErrorClass.TRANSIENT, code="4.3.2", wait=timedelta(minutes=1))
AWAY = Refused(error=ErrorClass.TRANSIENT, code="ConnectionRefusedError", wait=timedelta(minutes=1))
LOST = Unknown(code="timeout")
WRONG = Refused(error=ErrorClass.CONFIG, code="535", wait=timedelta(minutes=10))
GONE = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")
SPAM = Rejected(error=ErrorClass.DATA, code="5.7.1")


@pytest.mark.parametrize(
    ("outcomes", "every", "allowed"),
    [
        pytest.param([GOOD] * 300, timedelta(0), 50, id="all is well"),
        pytest.param([WRONG], timedelta(0), 0, id="a wrong set-up stops at once"),
        pytest.param(
            [GONE, SPAM] * 300, timedelta(0), 50, id="bad addresses and messages are not the lane's"
        ),
        pytest.param([BUSY] * (BURST - 1), timedelta(0), 50, id="one error short of a burst"),
        pytest.param([BUSY] * BURST, timedelta(seconds=1.224), 0, id="fifty errors within a minute"),
        pytest.param([LOST] * BURST, timedelta(seconds=1), 0, id="lost answers are errors too"),
        pytest.param(
            [BUSY] * BURST, timedelta(seconds=1.225), 50, id="fifty errors in little more than that"
        ),
        pytest.param(
            ([GOOD] * 4 + [BUSY]) * 40, timedelta(seconds=9), 0, id="a fifth of the last two hundred"
        ),
        pytest.param(([GOOD] * 5 + [BUSY]) * 40, timedelta(seconds=9), 50, id="less than a fifth"),
        pytest.param([AWAY] * 5, timedelta(seconds=9), 0, id="nobody answers, five times in a row"),
        pytest.param([AWAY] * 4, timedelta(seconds=9), 50, id="nobody answers, four times in a row"),
        pytest.param(
            ([AWAY] * 4 + [BUSY]) * 5,
            timedelta(seconds=9),
            50,
            id="somebody answers now and then, if only to refuse",
        ),
    ],
)
def test_opens(outcomes, every, allowed):
    """The rules of the design, each at its edge."""
    circuit = Circuit()
    now = NOON
    for outcome in outcomes:
        circuit.record(outcome, now=now)
        now += every

    assert circuit.allowed(50, now=now) == allowed
    assert bool(circuit.reason) is (allowed == 0)


def test_one_probe_closes_or_opens_again():
    """After the pause one message tries; the rest wait for what becomes of it."""
    circuit = Circuit()
    circuit.record(WRONG, now=NOON)
    later = NOON + WRONG.wait

    assert circuit.allowed(50, now=later - timedelta(seconds=1)) == 0
    assert circuit.allowed(50, now=later) == 1

    circuit.record(BUSY, now=later)
    assert circuit.allowed(50, now=later) == 0

    circuit.record(GOOD, now=later + timedelta(minutes=1))
    assert circuit.allowed(50, now=later + timedelta(minutes=1)) == 50


def test_the_sample_starts_again_when_it_closes():
    """Old errors do not open it a second time."""
    circuit = Circuit()
    for outcome in [BUSY] * SAMPLE:
        circuit.record(outcome, now=NOON)
    circuit.record(GOOD, now=NOON + timedelta(hours=1))
    circuit.record(BUSY, now=NOON + timedelta(hours=1))

    assert circuit.allowed(50, now=NOON + timedelta(hours=1)) == 50
