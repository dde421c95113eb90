"""`tidings campaign rehearse`, `campaign compare`, `whatif` and `mismatches`: one JSON value, or tables for people."""

import csv
import json

import pytest
import tomli_w

from tests.town import settle
from tests.work.test_deliver import House, offer

pytestmark = pytest.mark.usefixtures("organised")

NOW = ("--now", "2026-03-03T12:00:00Z")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "autumn.toml"
    definition = offer(fallback_after={"email": "P3D"}).model_dump(mode="json", exclude_none=True)
    definition["schedule"].pop("start", None)
    path.write_text(tomli_w.dumps(definition), encoding="utf-8")
    return str(path)


def test_a_rehearsal_prints_the_same_bytes_twice_and_a_picture_for_people(tidings, engine, file):
    settle(engine, 12, channels=("email", "sms"))

    first, second = (tidings("campaign", "rehearse", file, *NOW, "--json") for _ in range(2))
    words = tidings("campaign", "rehearse", file, *NOW, "--until", "2026-03-20")[1].out

    assert first[0] == 0
    assert first[1].out == second[1].out
    told = json.loads(first[1].out)
    assert (told["audience"], told["planned"]) == (12, {"email": 12})
    assert "12 in the audience. Nothing was sent." in words
    assert "█" in words
    assert "2026-03-03" in words


def test_a_run_is_compared_with_its_rehearsal(tidings, engine, settings, file):
    settle(engine, 3, channels=("email", "sms"))
    assert tidings("campaign", "compare", "autumn-1")[0] == 2
    tidings("campaign", "rehearse", file, *NOW)
    run = House(settings, engine).plan(fallback_after={"email": "P3D"}).run

    code, printed = tidings("campaign", "compare", run, "--json")
    words = tidings("campaign", "compare", run, "--people")[1].out

    told = json.loads(printed.out)
    assert (code, told["run"], told["customers"], told["same"] + told["other"]) == (0, run, 3, 3)
    assert f"Run {run} against rehearsal-autumn-1-" in words


def test_a_run_is_decided_again_under_another_policy(tidings, run, tmp_path):
    rules, table = tmp_path / "strict.toml", tmp_path / "changes.csv"
    rules.write_text('verified = ["email"]')

    code, printed = tidings("whatif", str(rules), run, "--json", "--csv", str(table))
    words = tidings("whatif", "1", run)[1].out

    told = json.loads(printed.out)
    assert (code, told["channels"]) == (0, {"email": {"was": 1, "would": 0}, "sms": {"was": 0, "would": 1}})
    assert [(row["was"], row["would"]) for row in csv.DictReader(table.read_text().splitlines())] == [
        ("email", "sms")
    ]
    assert "1 messages: 0 would have gone otherwise" in words


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(("campaign", "rehearse", "absent.toml"), id="a file that is not there"),
        pytest.param(("campaign", "compare", "none"), id="a run that there is not"),
        pytest.param(("whatif", "99", "none"), id="a version that nobody used"),
        pytest.param(("mismatches", "--brand", "none"), id="a brand that there is not"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tidings, engine, words):
    code, printed = tidings(*words)

    assert (code, printed.out) == (2, "")
    assert printed.err.startswith("tidings: ")
    assert "Traceback" not in printed.err


def test_nobody_says_one_thing_and_does_another(tidings, engine):
    settle(engine, 2)

    code, printed = tidings("mismatches", "--ask", "--json")

    assert (code, json.loads(printed.out)) == (0, {"mismatches": [], "asked": 0})
    assert "0 customers say one channel" in tidings("mismatches")[1].out
