"""What a dead sender's journal is believed about, and what not."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from itertools import count, islice
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.calls import Calls
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from work.journal import LARGEST_WINDOW, Journal, Told, Watched, read
from work.outcome import Built

BUILT = Built(content_hash="h", parts=2, cost=Decimal("0.10"))


def heard(place):
    return [(tale.absent, tale.told) for tale in read(place)]


def die(place, *lines):
    """Write a journal and leave it as a killed process does."""
    with Journal(place) as journal:
        for name, *words in lines:
            getattr(journal, name)(*words)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param(Accepted(reference="a\tb\nc"), id="accepted under a hostile reference"),
        pytest.param(Rejected(error=ErrorClass.ADDRESS, code="5.1.1", detail="ø"), id="rejected"),
        pytest.param(
            Refused(error=ErrorClass.THROTTLE, code="429", wait=timedelta(minutes=5)),
            id="refused for a while",
        ),
        pytest.param(Unknown(code="reset"), id="unknown"),
    ],
)
def test_an_outcome_comes_back_as_it_was(tmp_path, outcome):
    die(tmp_path, ("claimed", ["a"]), ("begun", ["a"]), ("took", "a", outcome, BUILT, ["sms"]))

    assert heard(tmp_path) == [(set(), {"a": Told(outcome=outcome, built=BUILT, next_channels=["sms"])})]


def test_what_had_not_begun_is_absent_and_what_had_is_not_told(tmp_path):
    die(tmp_path, ("claimed", ["a", "b", "c"]), ("begun", ["a", "b"]))

    assert heard(tmp_path) == [({"c"}, {})]
    assert heard(tmp_path) == []  # it is read once


def test_a_batch_that_was_committed_leaves_nothing(tmp_path):
    with Journal(tmp_path) as journal:
        journal.claimed(["a"])
        journal.done()

    assert list(tmp_path.iterdir()) == []


def test_a_living_process_is_left_alone(tmp_path):
    with Journal(tmp_path) as journal:
        journal.claimed(["a"])
        assert heard(tmp_path) == []
    assert heard(tmp_path) == [({"a"}, {})]


@pytest.mark.parametrize(
    ("spoil", "left"),
    [
        pytest.param(lambda text: text[:-1], {"a", "b"}, id="the last line is torn: it says nothing"),
        pytest.param(
            lambda text: b"boot\tother\n" + text.partition(b"\n")[2], set(), id="the machine was restarted"
        ),
        pytest.param(lambda text: b"", set(), id="empty"),
        pytest.param(lambda text: text + b"took\ta\t{broken\n", set(), id="not JSON"),
        pytest.param(lambda text: text + b"took\n", set(), id="words are missing"),
        pytest.param(lambda text: text + b"\xff\xfe\tz\n", set(), id="not text"),
    ],
)
def test_a_spoilt_journal_calls_nothing_absent_by_mistake(tmp_path, spoil, left):
    die(tmp_path, ("claimed", ["a", "b"]), ("begun", ["a"]))
    [path] = tmp_path.iterdir()
    path.write_bytes(spoil(path.read_bytes()))

    assert heard(tmp_path) == [(left, {})]


def test_a_full_disk_takes_the_journal_away_before_anything_is_sent(tmp_path):
    """One that stops in the middle would call absent what is about to be sent."""
    with Journal(tmp_path) as journal:
        journal.claimed(["a"])
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, journal._file)
        os.close(full)
        journal.begun(["a"])
        assert list(tmp_path.iterdir()) == []

    assert heard(tmp_path) == []


def parcels(count):
    return [
        Parcel(
            message=f"m{n}",
            attempt=f"a{n}",
            content=Email(envelope_from="a@b.example", to="c@d.example", raw=b""),
            purpose="offer",
            brand="b",
        )
        for n in range(count)
    ]


def noted(place, count, take, clock=lambda: 0.0):
    """Let a provider take parcels and die; return which had begun."""
    every = [one.attempt for one in parcels(count)]
    with Journal(place) as journal:
        journal.claimed(every)
        take(Watched(parcels(count), journal, clock))
    [(absent, _)] = heard(place)
    return {int(attempt[1:]) for attempt in set(every) - absent}


def begin(count):
    """Take the first parcels one after the other."""
    return lambda watched: [one.attempt for one in islice(watched, count)]


@pytest.mark.parametrize(
    ("taken", "seconds", "begun"),
    [
        pytest.param(0, 0.0, 0, id="a provider that was never asked has begun nothing"),
        pytest.param(1, 0.0, 2, id="the first window is small"),
        pytest.param(3, 0.0, 6, id="a quick one is followed by one twice as large"),
        pytest.param(40, 0.0, 46, id="sixteen are the most"),
        pytest.param(5, 1.0, 5, id="where each takes long, nothing has begun but what was taken"),
    ],
)
def test_little_more_has_begun_than_was_taken(tmp_path, taken, seconds, begun):
    time = count(step=seconds)

    assert noted(tmp_path, 100, begin(taken), lambda: next(time)) == set(range(begun))


ways = st.lists(
    st.one_of(
        st.integers(0, 39),
        st.tuples(st.integers(0, 39), st.integers(0, 39)).map(sorted).map(lambda ends: slice(*ends)),
    ),
    max_size=10,
)


@given(ways)
def test_whatever_way_a_parcel_is_taken_it_has_begun(tmp_path_factory, ways):
    taken = set()

    def take(watched):
        for way in ways:
            watched[way]
            taken.update([way] if isinstance(way, int) else range(40)[way])

    begun = noted(tmp_path_factory.mktemp("journal"), 40, take)

    assert taken <= begun
    assert len(begun) <= max(taken, default=-1) + 1 + LARGEST_WINDOW


def test_calls_begin_as_they_are_made_not_with_their_batch(tmp_path):
    """Four at a time, of which only the first is answered: the others of a hundred wait, and have not begun."""
    answered = Event()

    def call(parcel):
        if parcel.attempt != "a0":
            answered.wait(20)
        return Accepted(reference="r")

    calls = Calls(call, limit=timedelta(seconds=30), workers=4)
    begun = noted(tmp_path, 100, lambda watched: next(calls.each(watched)), count(step=1.0).__next__)
    answered.set()

    assert 0 in begun
    assert begun <= set(range(5))


_VICTIM = """
import os, signal, sys
from pathlib import Path
from work.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    journal.claimed(["a", "b", "c"])
    journal.begun(["a", "b"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_it_outlives_kill_9(tmp_path):
    killed = subprocess.run([sys.executable, "-c", _VICTIM, str(tmp_path)], check=False, timeout=30)

    assert killed.returncode == -signal.SIGKILL
    assert heard(tmp_path) == [({"c"}, {})]
