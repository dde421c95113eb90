"""Lots, holdouts and best hours of real runs: what is stored, what it proves, and how a policy is judged by it."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from preferences.policy import Policy, policy_from
from store.base_rates import newest
from store.logged import came, logged
from store.rehearsals import happened
from store.touchpoints import Touchpoint, record
from tests.town import NOON, settle
from tests.work.test_deliver import House
from tidings.problem import Problem
from work.evaluate import evaluated
from work.explain import explain
from work.learn import learn
from work.merge import merge
from work.report import report

DAY = timedelta(days=1)
LATER = NOON + 8 * DAY


def rules(house, text):
    (house.installation.home / "policy.toml").parent.mkdir(parents=True, exist_ok=True)
    (house.installation.home / "policy.toml").write_text(text)


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def messages(engine, what="*"):
    with engine.begin() as connection:
        return connection.execute(text(f"SELECT {what} FROM messages ORDER BY customer_id")).all()


def react(engine, customer, kind, ago, number, *, channel="email", message=None, direction="in"):
    with engine.begin() as connection:
        record(
            connection,
            [
                Touchpoint(
                    customer=customer, source="t", external_id=str(number), direction=direction, channel=channel,
                    kind=kind, at=NOON - ago, purpose="offer", message=message,
                )
            ],
        )  # fmt: skip


def test_every_message_has_its_propensity(house, engine):
    settle(engine, 400, channels=("email", "sms"))
    rules(house, "explore = 0.05\n")
    house.plan()
    rows = messages(engine, "first_channel, propensity, decision->0->>'reason' AS reason")

    drawn = [row for row in rows if row.reason == "explored"]
    assert {(row.first_channel, row.propensity) for row in rows} == {("email", 0.975), ("sms", 0.025)}
    assert 2 <= len(drawn) <= 25
    assert {row.first_channel for row in drawn} == {"sms"}


def test_what_was_drawn_is_drawn_again_when_it_is_sent_and_explained(house, engine):
    settle(engine, 200, channels=("email", "sms"))
    rules(house, "explore = 0.05\n")
    house.plan().send()

    rows = messages(engine, "channel, first_channel, customer_id, decision->0->>'reason' AS reason, state")
    assert all((row.channel, row.state) == (row.first_channel, "done") for row in rows)
    one = next(row.customer_id for row in rows if row.reason == "explored")
    told = explain(house.installation, f"C{one}", house.run, now=LATER)
    assert (told["facts_changed"], told["channels"][0]["reason"]) == (False, "explored")
    assert told["channels"][0]["evidence"]["propensity"] == 0.025


def test_a_policy_is_judged_by_a_run_that_explored(house, engine):
    settle(engine, 400, channels=("email", "sms"))
    rules(house, "explore = 0.05\n")
    house.plan().send()
    for number, row in enumerate(messages(engine, "id, customer_id, first_channel")):
        if row.first_channel == "sms":
            react(engine, row.customer_id, "clicked", -DAY, number, channel="sms", message=row.id)

    email, sms = (
        evaluated(house.installation, policy_from(said), [house.run], now=LATER)
        for said in ({}, {"verified": ["email"]})
    )

    assert (email["n"], email["overlap"], email["ips"]["value"]) == (400, "full", 0.0)
    assert (sms["overlap"], sms["supported"], sms["snips"]["value"]) == ("full", 400, 1.0)
    assert sms["ips"]["low"] <= 1.0 <= sms["ips"]["high"]
    assert "few_effective" in sms["warnings"]


def test_a_run_that_drew_nothing_is_said_to_tell_nothing_of_another_policy(house, engine):
    settle(engine, 3, channels=("email", "sms"))
    house.plan().send()

    found = evaluated(house.installation, policy_from({"verified": ["email"]}), [house.run], now=LATER)
    same = evaluated(house.installation, Policy(), [house.run], now=NOON)

    assert (found["overlap"], found["ips"], found["warnings"]) == ("none", None, ["no_overlap"])
    assert (same["overlap"], same["same"], same["young"]) == ("full", 3, 3)
    with pytest.raises(Problem, match="no run"):
        evaluated(house.installation, Policy(), ["nothing"], now=LATER)


def test_what_is_learnt_later_is_not_known_to_the_judge(house, engine):
    [ada] = settle(engine, channels=("email", "sms"))
    house.plan().send()
    for number in range(20):
        react(engine, ada, "sent", -number * timedelta(hours=1), f"s{number}", channel="sms", direction="out")
        react(engine, ada, "clicked", -number * timedelta(hours=1), f"c{number}", channel="sms")
    learn(engine, now=LATER)

    assert evaluated(house.installation, Policy(), [house.run], now=LATER)["same"] == 1


def test_a_holdout_is_held_counted_and_compared(house, engine):
    settle(engine, 300)
    house.plan(holdout=0.2).send()
    for number, row in enumerate(messages(engine, "customer_id, state")):
        if row.state == "done" and number % 2:
            react(engine, row.customer_id, "visited", -DAY, number, channel="visit")
    with engine.begin() as connection:
        found = report(connection, house.run)

    held = found["held"]["holdout"]
    assert 35 < held < 85
    assert found["audience"] == 300 == held + found["planned"]["email"]
    lift = found["holdout"]
    assert (lift["held"], lift["treated"], lift["held_came"], lift["sure"]) == (held, 300 - held, 0, True)
    assert lift["low"] < lift["lift"] < lift["high"]
    assert lift["lift"] == pytest.approx(lift["treated_came"] / lift["treated"])


def test_an_answer_of_any_record_of_a_person_counts(house, engine):
    kept, gone = settle(engine, 2, channels=("email", "sms"))
    with engine.begin() as connection:
        merge(connection, "C1", "C2", actor="staff:test", because="one person", now=NOON)
    house.plan().send()
    for kind in ("clicked", "visited"):
        react(engine, gone, kind, -DAY, kind)

    with engine.begin() as connection:
        [row] = logged(connection, house.run, engaged=("clicked",), within=9 * DAY).to_dicts()
        heard = happened(connection, house.run).to_dicts()
        assert (row["customer"], row["engaged"]) == (kept, True)
        assert came(connection, house.run, within=9 * DAY) == (1, 1, 0, 0)
    assert [(one["customer"], one["clicked_at"]) for one in heard] == [(kept, NOON + DAY)]


def test_a_run_without_a_holdout_says_nothing_of_one(house, engine):
    settle(engine)
    with engine.begin() as connection:
        assert "holdout" not in report(connection, house.plan().run)


def test_marketing_waits_for_the_best_hour_of_each_customer(house, engine):
    ada, _ = settle(engine, 2)
    for number in range(12):
        react(engine, ada, "clicked", (7 * number) * DAY - timedelta(hours=6), number)
    learn(engine, now=LATER)
    house.plan(best_hour=True)

    rows = messages(engine, "due_at, reason, decision->0->'evidence' AS evidence")
    assert [(row.due_at - NOON, row.reason) for row in rows] == [
        (timedelta(hours=6), "best_hour"), (timedelta(0), "")
    ]  # fmt: skip
    assert (rows[0].evidence["hour"], rows[0].evidence["weekday"], rows[0].evidence["zone"]) == (
        "19:00", 1, "Europe/Oslo",
    )  # fmt: skip
    told = explain(house.installation, "C1", house.run, now=NOON)
    assert told["sentence"].startswith(
        "It waits until 19:00 (Europe/Oslo): we noticed that you answer most often"
    )
    house.send()
    assert [row.state for row in messages(engine, "state")] == ["ready", "done"]
    house.now = NOON + timedelta(hours=6)
    house.send()
    assert [row.state for row in messages(engine, "state")] == ["done", "done"]


def test_a_message_that_had_its_best_hour_leaves_though_a_better_one_was_learnt_meanwhile(house, engine):
    [ada] = settle(engine)
    for number in range(12):
        react(engine, ada, "clicked", (7 * number) * DAY - timedelta(hours=6), number)
    learn(engine, now=LATER)
    house.plan(best_hour=True)
    with engine.begin() as connection:
        connection.execute(text("UPDATE best_hours SET cells = '{45}', weights = '{200}'"))  # Tuesday, 21:00

    house.now = NOON + timedelta(hours=6)
    house.send()

    assert [row.state for row in messages(engine, "state")] == ["done"]


def test_base_rates_are_versions_and_a_run_keeps_its_own(house, engine):
    people = settle(engine, 4)
    for who in people:
        react(engine, who, "sent", 3 * DAY, f"s{who}", direction="out")
    react(engine, people[0], "clicked", 2 * DAY, "c0")
    learn(engine, now=NOON)
    with engine.begin() as connection:
        first = newest(connection)
    learn(engine, now=NOON)
    house.plan()
    react(engine, people[1], "clicked", DAY, "c1")
    learn(engine, now=NOON)
    with engine.begin() as connection:
        second = newest(connection)
        kept = connection.scalar(text("SELECT options->'learnt'->>'version' FROM runs"))

    assert (first.version, second.version, kept) == (1, 2, "1")
    # The last touchpoint, a click, is a day younger than what was sent: it is weighed a day less.
    assert first.rates["marketing"]["email"] == pytest.approx(
        [3 * 0.5 ** (1 / 180) + 0.5 ** (1 / 180), 1.0], abs=0.02
    )
    assert sum(first.hours) == pytest.approx(1.0)
    assert second.rates["marketing"]["email"][1] > 1.9


def test_late_and_disordered_touchpoints_end_where_a_whole_fold_does(house, engine):
    """Day by day, newest first, or all at once."""
    people = settle(engine, 3)
    told = [
        (who, kind, ago * DAY + timedelta(hours=who), f"{who}-{kind}-{ago}")
        for who in people
        for ago in (1, 5, 9)
        for kind in ("sent", "opened", "clicked")
    ]

    def kept():
        with engine.begin() as connection:
            state = [
                connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")).all()
                for table in ("behaviour", "best_hours")
            ]
            return [*state, newest(connection).rates, newest(connection).hours]

    for one in told:
        react(engine, *one, direction="out" if one[1] == "sent" else "in")
        learn(engine, now=NOON)
    step_by_step = kept()
    with engine.begin() as connection:
        for table in ("behaviour", "best_hours", "base_rates"):
            connection.execute(text(f"DELETE FROM {table}"))
    assert learn(engine, now=NOON, full=True) == 3

    assert kept() == step_by_step


def test_who_moves_to_another_zone_has_their_hours_counted_there(house, engine):
    [ada] = settle(engine)
    react(engine, ada, "clicked", DAY, 1)
    learn(engine, now=NOON)
    with engine.begin() as connection:
        connection.execute(text("UPDATE customers SET time_zone = 'Asia/Kolkata'"))

    assert (learn(engine, now=NOON), learn(engine, now=NOON)) == (1, 0)
    with engine.begin() as connection:
        row = connection.execute(text("SELECT cells, time_zone FROM best_hours")).one()
    assert (row.cells, row.time_zone) == ([17], "Asia/Kolkata")
