"""`tidings doubts`, `settle`, `calls`, `missing`: JSON on standard output, mistakes as sentences."""

import json

import pytest

from tests.walk import tidings

NOBODY = "0197c1f2-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("doubts") / "home"


@pytest.mark.parametrize("command", ["doubts", "calls"])
def test_nothing_is_an_empty_list(home, command):
    done = tidings(home, command, "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


MISTAKES = {
    "no such run": (("missing", "no-such-run", "--json"), "There is no run 'no-such-run'."),
    "no such message": (("settle", NOBODY, "--as", "accepted", "--because", "x"), "Nothing of message"),
    "not an id": (
        ("settle", "17", "--as", "absent", "--because", "x", "--json"),
        "There is no message '17'.",
    ),
    "no reason": (("settle", NOBODY, "--as", "absent", "--because", " "), "needs a reason and a name"),
    "no such call": (("calls", "done", "7", "--by", "Ingrid", "--note", "x"), "There is no call 7"),
}


@pytest.mark.parametrize(("words", "said"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_a_sentence_and_exit_two(home, words, said):
    done = tidings(home, *words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_verdict_that_there_is_not_is_refused(home):
    assert tidings(home, "settle", NOBODY, "--as", "maybe", "--because", "x").returncode == 2
