"""`tidings evaluate`: one JSON value for programs, a table and plain warnings for people."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("organised")


LATER = ("--now", "2026-03-20T12:00:00Z")


def test_the_stored_policy_is_worth_what_came_of_it(tidings, run):
    code, printed = tidings("evaluate", "1", "--against", run, "--json", *LATER)
    told = json.loads(printed.out)

    assert code == 0
    assert {"n", "supported", "effective_sample_size", "overlap", "ips", "snips", "dr", "warnings"} <= set(
        told
    )
    assert (told["n"], told["same"], told["overlap"], told["ips"]["value"]) == (1, 1, "full", 0.0)
    assert set(told["dr"]) == {"value", "low", "high"}


def test_a_run_that_drew_nothing_is_said_to_tell_nothing(tidings, run, tmp_path):
    for name, rules in (("other.toml", 'verified = ["email"]'), ("other.json", '{"verified": ["email"]}')):
        (tmp_path / name).write_text(rules)
        code, printed = tidings("evaluate", str(tmp_path / name), "--against", run, *LATER)

        assert code == 0
        assert "drew nothing by lot: nothing can be said" in " ".join(printed.out.split())
        assert "DR, doubly robust" in printed.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(("nowhere.toml", "--against", "autumn-1"), "cannot be read", id="no such file"),
        pytest.param(("99", "--against", "autumn-1"), "no policy version 99", id="no such version"),
        pytest.param(("1", "--against", "autumn-9"), "no run 'autumn-9'", id="no such run"),
        pytest.param(("1", "--against", "autumn-1", "--days", "0"), "no window", id="no window"),
    ],
)
def test_what_cannot_be_judged_is_one_sentence(tidings, run, words, said):
    code, printed = tidings("evaluate", *words)

    assert code == 2
    assert said in printed.err
    assert "Traceback" not in printed.err
