"""A rehearsal on its page and in the API: asked for, worked through, read; and a run decided under other rules."""

import pytest

from tests.town import NOON, settle
from tests.web.test_campaigns import DATA, draft
from tidings.role import Role
from web.language import LANGUAGES
from work import run as stages
from work.campaign import open_campaign, parse_campaign
from work.rehearsal import rehearse_waiting

CAMPAIGN = {
    "name": "autumn",
    "edition": "2026",
    "topic": "offer",
    "template": "offer/autumn",
    "audience": {"everybody": True},
    "channels": ["email", "sms"],
    "data": {key.removeprefix("data."): value for key, value in DATA.items()},
}


@pytest.fixture
def town(engine, door):
    return settle(engine, 4, channels=("email", "sms")) + settle(engine, 1, consent=None)


@pytest.fixture
def marketer(staff):
    return staff(Role.MARKETING)


def test_a_draft_is_rehearsed_by_a_button_and_shown_by_day(door, town, marketer):
    path = f"{draft(marketer)}/rehearsal"
    assert "Nobody has rehearsed" in marketer.get(path).text

    asked = marketer.post(path)
    assert (asked.status_code, asked.headers["location"]) == (303, path)
    assert "It is being worked through" in marketer.get(path).text

    assert rehearse_waiting(door.installation) == 1
    shown = marketer.get(path).text
    assert "<b>5</b> <span>Audience" in shown
    assert "What leaves each day" in shown
    assert "<svg" in shown
    assert door.ask("SELECT count(*) FROM messages") == [(0,)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_speaks_the_readers_language(door, town, marketer, language):
    path = f"{draft(marketer)}/rehearsal"
    marketer.post(path)
    rehearse_waiting(door.installation)

    shown = marketer.get(path, headers={"Accept-Language": language.replace("_", "-")})

    assert shown.status_code == 200
    assert f'<html lang="{language.replace("_", "-")}"' in shown.text


def planned(door):
    campaign = parse_campaign(CAMPAIGN, where="test")
    opened = open_campaign(door.installation, campaign, door.installation.policy, actor="staff:x", now=NOON)
    for shard in range(stages.begin(door.installation, opened.run, now=NOON).count):
        stages.plan(door.installation, opened.run, shard, door.installation.policy, now=NOON)
    return opened.run


def test_a_run_is_decided_again_under_rules_that_are_written(door, town, marketer):
    run = planned(door)
    path = f"/runs/{run}/whatif"
    [(version,)] = door.ask("SELECT policy_version FROM runs")
    before = door.ask("SELECT id, state, channel, updated_at FROM messages ORDER BY id")
    assert marketer.get(path).status_code == 200

    same = marketer.post(path, {"version": str(version), "rules": ""})
    other = marketer.post(path, {"version": str(version), "rules": 'soft_opt_in = ["email"]'})
    wrong = marketer.post(path, {"version": str(version), "rules": "colour = 1"})

    assert "0 of 5 would have gone another way" in same.text
    assert "1 of 5 would have gone another way" in other.text
    assert (wrong.status_code, "colour" in wrong.text) == (422, True)
    assert door.ask("SELECT id, state, channel, updated_at FROM messages ORDER BY id") == before


@pytest.mark.parametrize("role", [Role.BILLING, Role.SUPPORT])
def test_who_sends_no_campaigns_rehearses_none(door, town, marketer, staff, role):
    path = f"{draft(marketer)}/rehearsal"
    other = staff(role)

    assert other.get(path).status_code == 403
    assert other.post(path).status_code == 403
    assert other.get(f"/runs/{planned(door)}/whatif").status_code == 403


def test_a_system_asks_and_reads(door, town):
    key = door.key("marketing")
    asked = door.client.post(
        "/v1/campaigns/rehearsals?seed=3", json=CAMPAIGN, headers=key | {"Idempotency-Key": "a"}
    )
    assert (asked.status_code, asked.headers["location"]) == (202, asked.json()["result"])
    where = asked.json()["result"]
    assert door.client.get(where, headers=key).json()["state"] == "waiting"

    rehearse_waiting(door.installation)

    told = door.client.get(where, headers=key).json()
    assert (told["state"], told["seed"], told["result"]["planned"]) == ("done", 3, {"email": 4})
    listed = door.client.get("/v1/campaigns/rehearsals", headers=key).json()["items"]
    assert [one["rehearsal"] for one in listed] == [asked.json()["rehearsal"]]
    run = planned(door)
    compared = door.client.get(f"/v1/runs/{run}/comparison", headers=key).json()
    assert (compared["customers"], compared["rehearsal"]) == (5, asked.json()["rehearsal"])


@pytest.mark.parametrize(
    ("path", "says"),
    [
        pytest.param("/v1/campaigns/rehearsals/none", "no rehearsal", id="a rehearsal that there is not"),
        pytest.param("/v1/runs/none/comparison", "no run", id="a run that there is not"),
    ],
)
def test_what_there_is_not_is_told(door, path, says):
    answer = door.client.get(path, headers=door.key("marketing"))

    assert (answer.status_code, says in answer.text) == (404, True)


def test_a_campaign_that_cannot_be_used_is_refused_at_once(door, town):
    key = door.key("marketing") | {"Idempotency-Key": "a"}
    answer = door.client.post("/v1/campaigns/rehearsals", json=CAMPAIGN | {"data": {}}, headers=key)

    assert (answer.status_code, "missing" in answer.text) == (422, True)
    assert door.ask("SELECT count(*) FROM rehearsals") == [(0,)]
