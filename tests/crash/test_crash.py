"""The short form of `make crash`: kills at every boundary, freezes, a restart of the database, and a naive sender."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.__main__ import is_broken
from tests.crash.judge import KINDS

KEYS = [
    "kills", "freezes", "messages", "in_flight_share", "duplicates", "lost", "false_accepted", "unknown_named",
    "unnamed",
]  # fmt: skip


def hunt(*words):
    """Return (exit code, what was said, the JSON object of its last line)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash", *words],
        cwd=Path(__file__).parents[2],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    *said, last = done.stdout.splitlines() or [done.stderr]
    return done.returncode, "\n".join([*said, done.stderr]), json.loads(last)


def test_fifty_kills_double_and_lose_nothing_that_could_be_known():
    """Nothing twice and nothing lost where a provider can be asked or takes a key; elsewhere every doubt has a name."""
    code, said, report = hunt("--kills", "50")

    assert list(report) == KEYS
    assert not is_broken(report), f"{said}\n{report}"
    assert code == 0
    assert report["kills"] >= 50
    assert report["freezes"] >= 1
    assert report["in_flight_share"] >= 0.8
    assert "restarts of the database" in said
    assert sum(report["duplicates"].values()) + sum(report["lost"].values()) <= report["unknown_named"]


def test_the_harness_finds_what_a_naive_sender_does():
    """A sender that looks at the status, sends and writes the status mails people twice, and nothing names it."""
    code, said, report = hunt("--kills", "8", "--naive")

    assert code == 1
    assert sum(report["duplicates"].values()) > 0, said
    assert report["unnamed"] > 0


BROKEN = {
    "duplicates": dict.fromkeys(KINDS, 0),
    "lost": dict.fromkeys(KINDS, 0),
    "false_accepted": 0,
    "unnamed": 0,
}


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"duplicates": {**BROKEN["duplicates"], "key": 1}}, True, id="a letter printed twice"),
        pytest.param({"lost": {**BROKEN["lost"], "list": 1}}, True, id="an SMS lost"),
        pytest.param(
            {"duplicates": {**BROKEN["duplicates"], "none": 3}}, False, id="named doubts sent again"
        ),
        pytest.param({"false_accepted": 1}, True, id="a yes that nobody said"),
        pytest.param({"unnamed": 1}, True, id="a loss without a name"),
    ],
)
def test_what_breaks_the_promise(change, broken):
    assert is_broken({**BROKEN, **change}) is broken
