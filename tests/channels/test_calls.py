"""`channels.calls`: a few at a time, each ends in time, and a stop is heeded at once."""

import threading
from concurrent.futures import Future
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from channels.calls import TOO_LATE, Calls, TooLateError, on_time
from channels.punctual import PunctualAdapter
from tests.patience import until
from tidings.message import Parcel, Sms
from tidings.outcome import Accepted, ErrorClass, Refused, Unknown
from tidings.ticks import ticks

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


class BrokenAnswerError(Exception):
    """What a library says, which may quote the answer."""


def test_an_answer_that_the_library_falls_over_is_a_doubt_of_its_own_call_only(caplog):
    """One malformed answer, one doubt; what it said is kept nowhere."""

    def call(parcel):
        if parcel.attempt == "a1":
            raise BrokenAnswerError(parcel.content.to)
        return Accepted(reference="r")

    outcomes = dict(Calls(call, limit=timedelta(seconds=20), workers=2).each(parcels(3)))

    assert outcomes.pop("a1") == Unknown(code="BrokenAnswerError")
    assert list(outcomes.values()) == [Accepted(reference="r")] * 2
    assert CONTENT.to not in caplog.text


def test_answers_that_are_fewer_than_asked_for_leave_all_of_the_call_in_doubt():
    calls = Calls(lambda _: Unknown(code=""), limit=timedelta(seconds=20), workers=1)
    outcomes = dict(calls.together(lambda job: [Accepted(reference="r")] * (len(job) - 1), [parcels(2)]))
    assert set(outcomes.values()) == {Unknown(code="answers_missing")}


def test_a_call_that_was_given_up_sends_nothing_any_more():
    """Its thread goes on, comes to where the request leaves, and stops there."""
    given_up, over, left = threading.Event(), threading.Event(), []

    def call(parcel):
        given_up.wait(30)
        try:
            on_time()
            left.append(parcel)
        finally:
            over.set()
        return Accepted(reference="r")

    outcomes = dict(Calls(call, limit=timedelta(seconds=0.2), workers=1).each(parcels(1)))
    given_up.set()

    assert over.wait(30)
    assert outcomes == {"a0": Unknown(code="timeout", detail="the call was given up")}
    assert left == []


def is_late():
    try:
        on_time()
    except TooLateError:
        return True
    return False


def test_nothing_leaves_while_nobody_waits_for_it():
    """Whoever reads the outcomes watches over the lease: while it stands still no call begins, and none ends late."""
    made = []
    limit = timedelta(seconds=0.2)
    asked = Future()

    def call(parcel):
        made.append(parcel.attempt)
        if len(made) > 1:  # may begin before the first is asked for: its own limit is not the reader's
            until(lambda: ticks() > asked.result() + limit.total_seconds())
            on_time()
        return Accepted(reference="r")

    outcomes = Calls(call, limit=limit, workers=1).each(parcels(50))
    read = [next(outcomes)]
    asked.set_result(ticks())
    until(lambda: not any(one.name == "provider-call" for one in threading.enumerate()))
    read += outcomes

    assert made == ["a0", "a1"]
    assert read == [("a0", Accepted(reference="r")), *[(f"a{n}", TOO_LATE) for n in range(1, 50)]]


def test_a_frozen_request_stops_at_the_connection():
    """Whatever the library does before it writes: looked up, connected, and then not sent.

    Its outcome is that of whoever was first, the reader who gave it up or the connection that did not send it.
    """
    took = []

    class Peer(BaseHTTPRequestHandler):
        def do_POST(self):
            took.append(self.path)

    with HTTPServer(("127.0.0.1", 0), Peer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        session = requests.Session()
        session.mount("http://", PunctualAdapter())

        def call(_):
            until(is_late)
            session.post(f"http://127.0.0.1:{server.server_address[1]}/", data="x" * 99, timeout=20)
            return Accepted(reference="r")

        outcomes = Calls(call, limit=timedelta(seconds=0.2), workers=1).each(parcels(1))
        given_up = Unknown(code="timeout", detail="the call was given up")
        assert [outcome in (given_up, TOO_LATE) for _, outcome in outcomes] == [True]
        until(lambda: not any(one.name == "provider-call" for one in threading.enumerate()))
        session.close()
        server.shutdown()

    assert took == []
