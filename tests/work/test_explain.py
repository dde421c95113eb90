# ruff: noqa: E501 -- tables
"""`work.explain` and `work.timeline`: what support tells a customer who asks why."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert

from store.tables import touchpoints
from tests.town import NOON, agree, settle, state, suppress
from tests.work.test_deliver import House, offer
from tidings.problem import Problem
from work.as_of import explain_as_of
from work.campaign import open_campaign
from work.explain import explain
from work.timeline import timeline

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def told(house, reference="C1", run=None, **change):
    return explain(house.installation, reference, run or house.run, now=LATER, **change)


def test_every_channel_has_its_rank_reason_sentence_and_evidence(house, engine):
    (ada,) = settle(engine, channels=("email", "sms"))
    with engine.begin() as connection:
        state(connection, ada, channels=["sms"], topic="offer", at=datetime(2026, 2, 19, 23, 30, tzinfo=UTC))
    found = told(house.plan())

    assert (found["customer"], found["state"], found["channel"], found["document"]) == (
        "C1",
        "ready",
        "sms",
        "autumn/1",
    )
    assert [(one["channel"], one["rank"], one["reason"]) for one in found["channels"]] == [
        ("sms", 1, "stated_purpose"),
        ("email", 2, "default_order"),
        ("letter", None, "not_allowed"),
        ("push", None, "not_allowed"),
    ]
    assert found["sentence"] == "You asked for this for this kind of message on February 20, 2026 (form)."
    assert found["channels"][0]["evidence"]["source"] == "form"
    assert (found["facts_changed"], found["today"], found["policy"]) == (False, None, 1)
    assert told(house, language="sv")["sentence"].startswith(
        "Du bad om det för sådana meddelanden 20 februari 2026"
    )
    as_of = explain_as_of(
        house.installation, "C1", as_of=datetime.now(UTC) + timedelta(days=1), purpose="offer"
    )
    assert as_of["channels"][0]["sentence"] == found["sentence"], "days are those of the customer's own clock"


def test_what_was_sent_has_no_part_in_its_own_reason(house, engine):
    settle(engine)
    house.plan().send()

    assert (told(house)["state"], told(house)["facts_changed"]) == ("done", False)


def test_facts_that_changed_are_told_with_what_would_happen_today(house, engine):
    (ada,) = settle(engine)
    house.plan()
    with engine.begin() as connection:
        agree(connection, ada, action="objected", at=NOON + timedelta(minutes=1))
    found = told(house)

    assert found["facts_changed"]
    assert found["today"] == {"state": "held", "reason": "no_consent", "channel": None}
    assert found["channel"] == "email"


def test_a_held_message_says_why(house, engine):
    settle(engine, consent=None)
    found = told(house.plan())

    assert (found["state"], found["reason"]) == ("held", "no_consent")
    assert found["sentence"] == (
        "You have not agreed to this kind of message on any channel that reaches you."
    )
    assert {one["rank"] for one in found["channels"]} == {None}


def test_a_repeat_points_to_the_run_that_sent_it(house, engine):
    settle(engine)
    house.plan().send()
    first = house.run
    again = open_campaign(
        house.installation, offer(), house.installation.policy, actor="staff:test", now=LATER
    )
    found = told(house, run=again.run)

    assert again.run != first
    assert (found["reason"], found["original_run"], found["state"]) == ("already_sent", first, "held")
    assert found["sentence"] == "You were sent this before."
    assert found["channels"][0]["channel"] == "email"


@pytest.mark.parametrize(
    ("reference", "run", "words"),
    [
        pytest.param("nobody", None, "no customer 'nobody'", id="a stranger"),
        pytest.param("C1", "nothing", "no run 'nothing'", id="no such run"),
        pytest.param("C2", None, "no part in", id="not in the audience"),
    ],
)
def test_what_cannot_be_explained_is_said(house, engine, reference, run, words):
    settle(engine)
    house.plan()
    settle(engine)

    with pytest.raises(Problem, match=words):
        told(house, reference, run)


def test_the_timeline_has_everything_in_order(house, engine):
    (ada,) = settle(engine, channels=("email", "sms"))
    with engine.begin() as connection:
        state(connection, ada, channels=["email"])
        suppress(connection, "sms", "+4740600001")
        connection.execute(
            insert(touchpoints).values(
                customer_id=ada, source="till", external_id="1", direction="in", channel="payment", kind="paid",
                purpose="invoice", at=NOON - timedelta(days=2),
            )
        )  # fmt: skip
    house.plan().send()
    with engine.begin() as connection:
        entries = timeline(connection, ada)
        nobody = timeline(connection, ada + 1)

    assert all(one["at"] <= other["at"] for one, other in pairwise(entries))
    kinds = {entry["kind"] for entry in entries}
    assert kinds >= {"customer", "address", "consent", "statement", "suppression", "paid", "message", "delivery", "attempt", "sent"}  # fmt: skip
    assert {entry["direction"] for entry in entries} == {"in", "out", ""}
    assert all(entry["title"] for entry in entries)
    assert {"Asked for email for all messages (form)", "Paid: invoice by payment"} <= {
        entry["title"] for entry in entries
    }
    sent = next(entry for entry in entries if entry["kind"] == "sent")
    assert sent["message"] == next(entry for entry in entries if entry["kind"] == "message")["message"]
    assert nobody == []
