"""What a dead sender's journal is believed about, and what not."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal

import pytest

from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from work.journal import Journal, Told, read
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
