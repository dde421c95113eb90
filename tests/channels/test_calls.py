"""`channels.calls`: a few at a time, each ends in time, and a stop is heeded at once."""

import threading
from datetime import timedelta

import pytest

from channels.calls import Calls
from tidings.message import Parcel, Sms
from tidings.outcome import Accepted, ErrorClass, Refused, Unknown

CONTENT = Sms(sender="N", to="+4790000001", text="x", parts=1, encoding="gsm7")


def parcels(count):
    return [
        Parcel(message=f"m{n}", attempt=f"a{n}", content=CONTENT, purpose="offer", brand="n")
        for n in range(count)
    ]


@pytest.mark.parametrize("error", [ErrorClass.CONFIG, ErrorClass.THROTTLE])
@pytest.mark.parametrize("workers", [1, 8])
def test_no_call_begins_after_one_that_stops_the_batch(error, workers):
    """Not even while nobody reads the outcomes: at most the calls that were under way are made."""
    made = []

    def call(parcel):
        made.append(parcel.attempt)
        return Refused(error=error, code="no", wait=timedelta(seconds=1))

    outcomes = dict(Calls(call, limit=timedelta(seconds=20), workers=workers).each(parcels(200)))

    assert len(outcomes) == 200
    assert {outcome.error for outcome in outcomes.values()} == {error}
    assert len(made) <= workers


def test_a_transient_refusal_stops_nobody_else():
    """Only what is about the lane stops the lane."""
    refused = Refused(error=ErrorClass.TRANSIENT, code="no", wait=timedelta(seconds=1))
    made = []

    def call(parcel):
        made.append(parcel.attempt)
        return refused

    assert len(list(Calls(call, limit=timedelta(seconds=20), workers=4).each(parcels(50)))) == 50
    assert len(made) == 50


def test_several_parcels_a_call():
    """Each parcel has the outcome at its place, whatever the order in which the calls end."""
    jobs = [parcels(20)[start : start + 4] for start in range(0, 20, 4)]
    calls = Calls(lambda _: Unknown(code="not used"), limit=timedelta(seconds=20), workers=3)

    outcomes = dict(calls.together(lambda job: [Accepted(reference=one.message) for one in job], jobs))

    assert outcomes == {f"a{n}": Accepted(reference=f"m{n}") for n in range(20)}


def test_a_stop_in_the_middle_of_a_call_of_several():
    """One parcel of a call says stop: its neighbours keep what they got, no further call begins."""
    made = []
    stop = Refused(error=ErrorClass.THROTTLE, code="slow down", wait=timedelta(seconds=1))

    def call(job):
        made.append(job)
        return [Accepted(reference="r"), stop]

    jobs = [parcels(20)[start : start + 2] for start in range(0, 20, 2)]
    calls = Calls(lambda _: stop, limit=timedelta(seconds=20), workers=1)
    outcomes = dict(calls.together(call, jobs))

    assert len(made) == 1
    assert [type(outcome) for outcome in outcomes.values()] == [Accepted, *[Refused] * 19]


def test_a_call_that_never_ends_leaves_its_parcels_in_doubt():
    """Given up after the limit, all of them, and the others go on."""
    forever = threading.Event()

    def call(job):
        if job[0].attempt == "a0":
            forever.wait(30)
        return [Accepted(reference="r") for _ in job]

    jobs = [parcels(6)[start : start + 2] for start in range(0, 6, 2)]
    calls = Calls(lambda _: Unknown(code=""), limit=timedelta(seconds=0.3), workers=1)
    outcomes = dict(calls.together(call, jobs))
    forever.set()

    assert {name for name, outcome in outcomes.items() if isinstance(outcome, Unknown)} == {"a0", "a1"}
    assert len(outcomes) == 6


def test_a_bug_is_raised_where_the_outcomes_are_read():
    """An exception is no outcome."""

    def call(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(Calls(call, limit=timedelta(seconds=20), workers=2).each(parcels(3)))
