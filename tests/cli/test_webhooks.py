"""`tidings webhooks`: endpoints are added, listed, rotated, replayed and removed; secrets are shown once."""

import json

import pytest


def test_an_endpoint_lives_through_all_commands(tidings):
    words = ("crm", "https://crm.example.com/tidings", "--event", "message.failed", "--personal", "--json")
    made = json.loads(tidings("webhooks", "add", *words)[1].out)
    [listed] = json.loads(tidings("webhooks", "list", "--json")[1].out)

    assert made["secret"].startswith("whsec_")
    assert (listed["name"], listed["events"], listed["personal"]) == ("crm", ["message.failed"], True)
    assert "whsec_" not in json.dumps(listed)
    assert json.loads(tidings("webhooks", "rotate", "crm", "--json")[1].out)["secret"] != made["secret"]
    assert json.loads(
        tidings("webhooks", "replay", "crm", "--since", "2026-01-01T00:00Z", "--json")[1].out
    ) == {
        "name": "crm",
        "events": 0,
    }
    assert "crm" in tidings("webhooks", "list")[1].out
    assert json.loads(tidings("webhooks", "remove", "crm", "--json")[1].out) == {
        "name": "crm",
        "removed": True,
    }
    assert json.loads(tidings("webhooks", "list", "--json")[1].out) == []
    assert "no webhooks" in tidings("webhooks", "list")[1].out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "crm", "http://crm.example.com"), "only https"),
        (("add", "crm", "https://10.0.0.1/"), "not on the internet"),
        (("add", "crm", "https://crm.example.com", "--event", "message.eaten"), "no event"),
        (("rotate", "crm"), "no webhook 'crm'"),
        (("remove", "crm"), "no webhook 'crm'"),
        (("replay", "crm"), "needs a moment or events"),
        (("replay", "crm", "--event", "17x"), "no event's id"),
        (("replay", "crm", "--since", "yesterday"), "--since: 'yesterday' is not an instant"),
        (("replay", "crm", "--since", "9999-12-31T23:59-14:00"), "is not an instant"),
    ],
    ids=[
        "without TLS", "a private address", "no event", "rotate a stranger", "remove a stranger",
        "replay nothing", "replay what is no event", "replay since no moment",
        "replay since a moment beyond all years",
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_in_a_sentence(tidings, words, said):
    code, printed = tidings("webhooks", *words)

    assert code == 2
    assert said in printed.err
    assert "Traceback" not in printed.err
