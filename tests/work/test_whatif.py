"""`work.whatif` and `work.compare`: a run under another policy, and a rehearsal against what then happened."""

import csv
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from preferences.policy import Cap, Policy, policy_from
from store.silence import fall_back
from tests.town import NOON, agree, settle, state, suppress
from tests.work.test_deliver import House
from tests.work.test_limits import at_home, prefers_letters
from tests.work.test_rehearsal import answer, rehearsed
from tidings.outcome import ErrorClass, Rejected
from tidings.problem import Problem
from tidings.purpose import Purpose
from work import run as stages
from work.compare import compare
from work.erase import erase_customer
from work.evaluate import evaluated
from work.whatif import as_csv, read_policy, whatif


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def test_under_its_own_policy_nothing_of_a_run_changes(house, engine):
    people = settle(engine, 4, channels=("email", "sms"))
    with engine.begin() as connection:
        state(connection, people[0], channels=["sms"])
        suppress(connection, "email", "c2@example.org")
    house.plan().send()

    found = whatif(house.installation, house.run, house.installation.policy)

    assert (found["messages"], found["changed"], found["unlike"], found["people"]) == (4, 0, 0, [])
    assert found["channels"] == {"email": {"was": 2, "would": 2}, "sms": {"was": 2, "would": 2}}


def test_another_policy_is_told_person_by_person(house, engine):
    [legacy] = settle(engine, consent="legacy")
    settle(engine)
    house.plan().send()

    found = whatif(house.installation, house.run, policy_from({"legacy_counts": ["email"]}))

    assert found["changes"] == [
        {"was": "no_consent", "would": "email", "reason": "default_order", "messages": 1}
    ]
    assert found["held"] == {"no_consent": {"was": 1, "would": 0}}
    [one] = found["people"]
    assert (one["customer"], one["was"], one["would"]) == (legacy, "no_consent", "email")
    rows = list(csv.DictReader(io.StringIO("".join(as_csv(found)))))
    assert [(row["customer"], row["was"], row["would"]) for row in rows] == [
        (str(legacy), "no_consent", "email")
    ]


def test_budgets_and_households_hold_on_both_sides(house, engine):
    """What is rehearsed is what is planned, and under its own policy nothing of it changes."""
    people = settle(engine, 6, channels=("email", "letter"))
    at_home(engine, people[:2])
    prefers_letters(engine, people)
    given = {"channels": ["email", "letter"], "budget": {"letters": 2}}
    told = rehearsed(house, **given)
    house.plan(**given)
    house.sql("UPDATE runs SET state = 'planning'")
    stages.open_for_sending(house.installation, house.run, now=NOON)
    house.send()
    same = whatif(house.installation, house.run, house.installation.policy)
    other = whatif(house.installation, house.run, Policy(household=False))

    assert told["planned"] == house.report()["planned"] == {"email": 3, "letter": 2}
    assert compare(house.installation, house.run)["other"] == 0
    assert (same["changed"], same["unlike"], same["held"]) == (0, 0, {"household": {"was": 1, "would": 1}})
    assert same["channels"] == {"email": {"was": 3, "would": 3}, "letter": {"was": 2, "would": 2}}
    assert same["cost"]["was"] == house.report()["cost"]["total"]
    assert [(one["was"], one["would"]) for one in other["people"]] == [("household", "letter")]
    judged = evaluated(house.installation, Policy(), [house.run], now=NOON + timedelta(days=30))
    assert (judged["n"], judged["same"]) == (3, 3), "the letters wait"


def test_what_was_said_since_does_not_count(house, engine):
    [customer] = settle(engine, channels=("email", "sms"))
    house.plan().send()
    with engine.begin() as connection:
        state(connection, customer, channels=["sms"], at=NOON + timedelta(days=1))
        agree(connection, customer, action="objected", at=NOON + timedelta(days=1))

    found = whatif(house.installation, house.run, house.installation.policy)

    assert (found["changed"], found["channels"]) == (0, {"email": {"was": 1, "would": 1}})


def test_what_was_decided_once_more_is_replayed_by_the_rules_and_the_instant_of_that(settings, engine):
    """They wait until two; by then the rules of the day let them wait until five."""
    (settings.home / "policy.toml").write_text('[quiet]\nemail = { start = "11:00", end = "14:00" }\n')
    first = House(settings, engine)
    people = settle(engine, 2, channels=("email",))
    first.plan()
    (settings.home / "policy.toml").write_text('[quiet]\nemail = { start = "13:00", end = "17:00" }\n')
    later = House(settings, engine)
    later.run, later.now = first.run, NOON + timedelta(hours=2)
    later.send()
    (settings.home / "policy.toml").write_text("")

    found = whatif(later.installation, first.run, House(settings, engine).installation.policy)

    assert (found["messages"], found["unlike"], found["changed"]) == (2, 0, 2)
    assert {(one["customer"], one["was_due"], one["would_due"]) for one in found["people"]} == {
        (customer, NOON + timedelta(hours=4), later.now) for customer in people
    }


def test_a_stricter_cap_moves_the_instant(house, engine):
    [customer] = settle(engine)
    house.plan(name="before").send()
    house.now = NOON + timedelta(minutes=1)
    house.plan(name="after")
    capped = Policy(caps=(Cap(purpose=Purpose.OFFER, limit=1, window=timedelta(days=30)),))

    with engine.begin() as connection:
        connection.execute(text("UPDATE touchpoints SET at = at - interval '1 hour'"))
    found = whatif(house.installation, house.run, capped)

    [one] = found["people"]
    assert (one["customer"], one["was"], one["would"]) == (customer, "email", "email")
    assert one["would_due"] > one["was_due"]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        pytest.param("17", None, "no policy version 17", id="a version that nobody used"),
        pytest.param("absent.toml", None, "cannot be read", id="a file that is not there"),
        pytest.param("wrong.toml", "a = ", "not valid", id="a file that is no TOML"),
        pytest.param("wrong.json", "{", "not valid", id="a file that is no JSON"),
        pytest.param("strange.toml", "colour = 'red'", "colour", id="a rule that there is not"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_with_a_sentence(house, tmp_path, name, content, says):
    if content is not None:
        (tmp_path / name).write_text(content)
    named = name if name.isdigit() else str(tmp_path / name)
    with house.engine.connect() as connection, pytest.raises(Problem, match=says):
        read_policy(connection, named)


def test_a_policy_is_read_from_toml_json_and_the_store(house, engine, tmp_path):
    settle(engine)
    house.plan()
    rules = {"legacy_counts": ["email"]}
    (tmp_path / "a.toml").write_text('legacy_counts = ["email"]')
    (tmp_path / "a.json").write_text(json.dumps(rules))
    with engine.connect() as connection:
        read = [read_policy(connection, str(tmp_path / name)) for name in ("a.toml", "a.json")]
        stored = read_policy(connection, "1")

    assert read == [policy_from(rules)] * 2
    assert stored.digest == house.installation.policy.digest


def test_a_rehearsal_is_held_against_what_happened_by_cause(house, engine):
    same, said, bounced, gone, closed, silent = settle(engine, 6, channels=("email", "sms"))
    found = rehearsed(house, fallback_after={"email": "P3D"}, seed=1)
    late = NOON + timedelta(hours=1)
    with engine.begin() as connection:
        # As if chance had drawn that everybody answers by e-mail.
        connection.execute(
            text("UPDATE rehearsed SET state = 'done', channel = 'email', tried = '{}', reason = ''")
        )
        state(connection, said, channels=["sms"], at=late)
        agree(connection, gone, topic="offer", action="objected", at=late)
        suppress(connection, "email", "c5@example.org")
    house.email.answers["c3@example.org"] = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")
    house.now = late
    house.plan(fallback_after={"email": "P3D"}).send()
    for customer in (same, bounced, closed, said):
        answer(engine, customer, kind="clicked", at=late + timedelta(hours=1))
    house.now = NOON + timedelta(days=4)
    with engine.begin() as connection:
        fall_back(connection, now=house.now)
    house.send()

    told = compare(house.installation, house.run)

    assert (told["rehearsal"], told["customers"], told["same"], told["other"]) == (
        found["rehearsal"],
        6,
        1,
        5,
    )
    assert {one["customer"]: (one["happened"], one["cause"]) for one in told["people"]} == {
        said: ("sms", "statement_changed"),
        bounced: ("sms", "bounced"),
        gone: ("no_consent", "consent_changed"),
        closed: ("sms", "suppressed"),
        silent: ("sms", "was_silent"),
    }
    assert told["channels"] == {
        "email": {"rehearsed": 6, "happened": 1},
        "sms": {"rehearsed": 0, "happened": 4},
    }
    assert sum(one["customers"] for one in told["causes"]) == told["other"]


def test_who_came_or_went_since_the_rehearsal_is_named(house, engine):
    _, second, forgotten = settle(engine, 3)
    audience = {"field": "country", "op": "=", "value": "NO"}
    rehearsed(house, audience=audience)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET country = 'SE' WHERE id = :id"), {"id": second})
    [third] = settle(engine, 1)
    house.plan(audience=audience).send()
    with engine.begin() as connection:
        erase_customer(connection, forgotten, actor="staff:test", because="asked", now=NOON)

    told = compare(house.installation, house.run)

    assert {one["customer"]: one["cause"] for one in told["people"]} == {
        second: "not_in_audience",
        third: "not_rehearsed",
        forgotten: "erased",
    }
    assert told["same"] == 1


def test_a_run_that_nobody_rehearsed_cannot_be_compared(house, engine):
    settle(engine)
    house.plan()

    with pytest.raises(Problem, match="Nobody rehearsed autumn 1"):
        compare(house.installation, house.run)
