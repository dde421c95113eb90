"""`tidings explain` and `tidings timeline`: one JSON value for programs, sentences for people."""

import json

import pytest

pytestmark = pytest.mark.usefixtures("organised")


def test_explain(tidings, run):
    code, printed = tidings("explain", "C1", run, "--now", "2026-03-03T13:00:00Z", "--json")
    told = json.loads(printed.out)

    assert code == 0
    assert {
        "customer",
        "run",
        "message",
        "state",
        "reason",
        "sentence",
        "policy",
        "decided_at",
        "channels",
    } <= set(told)
    assert {"channel", "rank", "reason", "sentence", "evidence"} == set(told["channels"][0])
    assert len(told["channels"]) == 4
    words = tidings("explain", "c1@example.org", run, "--now", "2026-03-03T13:00:00Z")[1].out
    assert "You have not chosen; this is our usual order." in words
    assert "The facts are the same today." in words


def test_timeline(tidings, run):
    code, printed = tidings("timeline", "C1", "--json")
    entries = json.loads(printed.out)

    assert code == 0
    assert {"at", "kind", "channel", "direction", "title", "message", "evidence"} == set(entries[0])
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
    assert "Sent: offer by email" in tidings("timeline", "C1")[1].out


@pytest.mark.parametrize(
    "words", [("explain", "nobody", "x"), ("explain", "C1", "x"), ("timeline", "nobody")]
)
def test_what_is_not_there_is_said_once(tidings, run, words):
    code, printed = tidings(*words)

    assert (code, printed.out) == (2, "")
    assert printed.err.startswith("tidings: There is no ")
