"""`tidings print`, `returned` and `recall` as a person calls them: exit codes, JSON, sentences."""

import json

import pytest

from tests.walk import tidings


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A home that has nothing; its embedded database is made by the first command."""
    return tmp_path_factory.mktemp("paper") / "home"


def test_nothing_was_handed_over(home):
    done = tidings(home, "print", "reconcile", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["print", "reconcile", "NO-x"], "There is no batch NO-x", id="no such batch"),
        pytest.param(["returned"], "Which letters?", id="neither a file nor a reference"),
        pytest.param(["returned", "nowhere.csv"], "There is no file nowhere.csv", id="no such file"),
        pytest.param(
            ["returned", "--reference", "ZZZZZZZZZZ"], "no letter of ours", id="a reference that is nobody's"
        ),
        pytest.param(["returned", "nowhere.csv", "--because", "eaten"], "is no reason", id="no such reason"),
        pytest.param(
            ["print", "confirm", "nowhere.csv"], "There is no file nowhere.csv", id="no confirmations"
        ),
        pytest.param(["print", "calendar", "--days", "0"], "Use 1 to 366", id="a list of no days"),
        pytest.param(["print", "calendar"], "No print house is written down", id="no calendar"),
        pytest.param(
            ["recall", "x", "--because", "paid", "--by", "I"], "is not a message's id", id="no message"
        ),
    ],
)
def test_what_cannot_be_used(home, words, said):
    """Exit code 2, a sentence on stderr, nothing on stdout."""
    done = tidings(home, *words, "--json")

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_list_of_strangers(home):
    """Exit code 3, every wrong row told with what to do, and kept in a file."""
    (home.parent / "back.csv").write_text("reference,because\nZZZZZZZZZZ,moved\n=1+1,moved\n")

    done = tidings(home, "returned", "back.csv", "--rejects", "wrong.csv", "--json")

    found = json.loads(done.stdout)
    assert (done.returncode, found["read"], found["returned"], found["rejected"]) == (3, 2, 0, 2)
    assert {one["row"] for one in found["problems"]} == {2, 3}
    assert (home.parent / "wrong.csv").read_text("utf-8-sig").count("\n") == 3


def test_a_batch_that_nobody_handed_over(home):
    """It has a name, and `reconcile` ends with 3 until it is put right."""
    (home.parent / "p.csv").write_text("batch,letters,sheets\nXX-1,2,2\n")

    confirmed = tidings(home, "print", "confirm", "p.csv", "--json")
    shown = tidings(home, "print", "reconcile")

    assert confirmed.returncode == 0
    [one] = json.loads(confirmed.stdout)["discrepancies"]
    assert (one["batch"], one["kind"]) == ("XX-1", "unknown_batch")
    assert shown.returncode == 3
    assert "XX-1: unknown batch" in shown.stdout
