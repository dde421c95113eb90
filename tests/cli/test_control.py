"""`tidings pause`, `resume`, `stop`: what each answers, what it changes, and what it refuses in a sentence."""

import json

import pytest

from tests.town import settle
from tests.work.test_deliver import House

pytestmark = pytest.mark.usefixtures("organised")


@pytest.fixture
def house(settings, engine):
    settle(engine, 3)
    return House(settings, engine).plan()


def test_a_paused_run_waits_and_goes_on(tidings, house):
    code, printed = tidings("pause", house.run, "--by", "Ingrid", "--because", "wrong price", "--json")
    assert (code, json.loads(printed.out)) == (0, {"run": house.run, "state": "paused", "cancelled": 0})
    assert not house.send()
    assert house.report()["waiting"] == {"paused": 3}

    code, printed = tidings("resume", house.run, "--by", "Ingrid")
    assert (code, printed.out.strip()) == (0, f"Run {house.run} is sending.")
    assert sum(house.send().values()) == 3
    assert house.sql("SELECT actor, action, subject, detail ->> 'because' FROM audit ORDER BY id") == [
        ("staff:Ingrid", "pause", house.run, "wrong price"),
        ("staff:Ingrid", "resume", house.run, ""),
    ]


@pytest.mark.parametrize("before", ["scheduled", "planning", "waiting_release", "sending"])
def test_it_goes_back_to_where_it_was(tidings, house, before):
    house.sql("UPDATE runs SET state = :state", state=before)

    tidings("pause", house.run, "--by", "Ingrid")
    tidings("resume", house.run, "--by", "Ingrid")

    assert house.sql("SELECT state FROM runs") == [(before,)]


def test_a_stopped_run_cancels_what_is_unsent(tidings, house):
    code, printed = tidings("stop", house.run, "--by", "Ingrid", "--because", "recall", "--json")

    assert (code, json.loads(printed.out)) == (0, {"run": house.run, "state": "stopped", "cancelled": 3})
    assert not house.send()
    assert house.sql("SELECT DISTINCT state, reason FROM messages") == [("cancelled", "stopped")]
    assert house.report()["held"] == {"stopped": 3}


@pytest.mark.parametrize(
    ("state", "command", "said"),
    [
        pytest.param("stopped", "resume", "is stopped, so it cannot be resumed", id="resume what is stopped"),
        pytest.param(
            "finished", "resume", "is finished, so it cannot be resumed", id="resume what is finished"
        ),
        pytest.param("sending", "resume", "is sending, so it cannot be resumed", id="resume what goes on"),
        pytest.param("stopped", "pause", "is stopped, so it cannot be paused", id="pause what is stopped"),
        pytest.param("paused", "pause", "is paused already", id="pause twice"),
        pytest.param("stopped", "stop", "is stopped, so there is nothing to stop", id="stop twice"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(tidings, house, state, command, said):
    house.sql("UPDATE runs SET state = :state", state=state)
    if state == "finished":
        house.sql("UPDATE messages SET state = 'done'")

    code, printed = tidings(command, house.run, "--by", "Ingrid")

    assert code == 2
    assert said in printed.err
    assert house.sql("SELECT state FROM runs") == [(state,)]
    assert house.sql("SELECT count(*) FROM audit") == [(0,)]


@pytest.mark.parametrize("command", ["pause", "resume", "stop"])
def test_an_unknown_run_and_a_missing_name(tidings, house, command):
    assert "There is no run 'nothing'" in tidings(command, "nothing", "--by", "Ingrid")[1].err
    code, printed = tidings(command, house.run, "--by", " ")
    assert (code, "Say who decides with --by NAME." in printed.err) == (2, True)
