"""An offer that was used is reminded of nowhere, however the use became known and whenever the reminder was planned."""

import pytest
from sqlalchemy import text

from preferences.policy import Policy
from store.silence import fall_back
from store.touchpoints import Touchpoint, record
from tests.town import NOON, install, settle
from tests.work.test_deliver import SAMPLE, House
from work.campaign import open_campaign, parse_campaign
from work.merge import merge
from work.redemption import offers_in_force, redeem, withdraw_used
from work.run import begin, plan

CAMPAIGN = {
    "name": "autumn",
    "edition": "2026",
    "topic": "offer",
    "template": "offer/autumn",
    "audience": {"everybody": True},
    "channels": ["email", "sms"],
    "fallback_after": {"email": "P3D"},
    "data": {
        "code": "LYS25",
        "discount": 25,
        "price": "66.75",
        "currency": "EUR",
        "valid_until": "2026-11-30",
    },
}


@pytest.fixture
def home(settings, engine):
    return install(settings, engine)


def planned(home, *, state="ready", **changes):
    campaign = parse_campaign(CAMPAIGN | changes, where="t")
    run = open_campaign(home, campaign, Policy(), actor="staff:Ada", now=NOON).run
    for shard in range(begin(home, run, now=NOON).count):
        plan(home, run, shard, Policy(), now=NOON)
    with home.engine.begin() as connection:
        connection.execute(
            text("UPDATE messages SET state = :state, channel = 'email' WHERE run_id = :run"),
            {"state": state, "run": run},
        )
        connection.execute(text("UPDATE runs SET state = 'sending' WHERE id = :run"), {"run": run})
    return run


def used(home, customer, **detail):
    with home.engine.begin() as connection:
        told = Touchpoint(
            customer=customer, source="till", external_id=str(detail), direction="in", channel="visit",
            kind="redeemed", at=NOON, detail=detail,
        )  # fmt: skip
        record(connection, [told])


def states(home, run):
    with home.engine.connect() as connection:
        query = text(
            "SELECT customer_id, state, reason FROM messages WHERE run_id = :run ORDER BY customer_id"
        )
        return [tuple(row) for row in connection.execute(query, {"run": run})]


@pytest.mark.parametrize(
    "detail", [{"code": "LYS25"}, {"offer": "autumn:2026"}], ids=["by its code", "by its name"]
)
def test_a_use_that_came_by_a_file_cancels_what_is_planned(home, engine, detail):
    ada, bo = settle(engine, 2)
    run = planned(home)
    used(home, ada, **detail)

    assert withdraw_used(home, now=NOON) == 1
    assert states(home, run) == [(ada, "cancelled", "redeemed"), (bo, "ready", "")]
    assert withdraw_used(home, now=NOON) == 0


def test_a_reminder_that_is_planned_after_the_use_is_cancelled_too(home, engine):
    ada, _ = settle(engine, 2)
    used(home, ada, code="LYS25")
    run = planned(home, name="reminder")

    withdraw_used(home, now=NOON)
    assert [state for _, state, _ in states(home, run)] == ["cancelled", "ready"]


@pytest.mark.parametrize("before", [True, False], ids=["before it is planned", "between plan and claim"])
def test_no_reminder_leaves_whose_offer_was_used(home, engine, before):
    house = House(home.settings, engine)
    ada, bo, bos, cy = settle(engine, 4)
    with engine.begin() as connection:
        merge(connection, "C2", "C3", actor="staff:Mia", because="same person", now=NOON)
    if not before:
        house.plan(name="reminder")
    for one in (ada, bos):
        used(house.installation, one, code=SAMPLE["code"], receipt=one)
    if before:
        house.plan(name="reminder")

    assert house.send().total() == 1
    assert states(house.installation, house.run) == [
        (ada, "cancelled", "redeemed"),
        (bo, "cancelled", "redeemed"),
        (cy, "done", ""),
    ]


def test_a_use_and_a_claim_never_wait_for_each_other(home, engine):
    [ada] = settle(engine)
    house = House(home.settings, engine).plan(name="reminder")
    with engine.begin() as claim:
        claim.execute(text("SELECT FROM messages FOR NO KEY UPDATE"))
        with engine.begin() as connection:
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
            done = redeem(connection, ada, "reminder:1", channel="visit", at=NOON, by="key:till", now=NOON)
    house.send()

    assert done.cancelled == []
    assert states(home, house.run) == [(ada, "cancelled", "redeemed")]


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"data": CAMPAIGN["data"] | {"code": "OTHER"}}, {"code": "LYS25"}),
        ({}, {"code": ""}),
        ({}, {}),
        ({"edition": "2027"}, {"offer": "autumn:2026"}),
    ],
    ids=["another code", "an empty code", "no offer named", "another edition"],
)
def test_the_use_of_one_offer_ends_no_other(home, engine, changes, detail):
    [ada] = settle(engine)
    run = planned(home, **changes)
    used(home, ada, **detail)

    assert withdraw_used(home, now=NOON) == 0
    assert states(home, run) == [(ada, "ready", "")]


def test_what_waits_for_silence_falls_back_to_no_other_channel(home, engine):
    ada, _ = settle(engine, 2, channels=("email", "sms"))
    run = planned(home, state="done")
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
                    SELECT gen_random_uuid(), id, 1, 'email', 'a', 'accepted', right(id::text, 10),
                           :now - interval '5 days'
                      FROM messages"""),
            {"now": NOON},
        )
        assert redeem(connection, ada, "autumn:2026", channel="visit", at=NOON, by="key:till", now=NOON)
        fall_back(connection, now=NOON)
    withdraw_used(home, now=NOON)

    assert [state for _, state, _ in states(home, run)] == ["done", "ready"]


def test_one_use_is_written_once_however_often_it_is_said(home, engine):
    [ada] = settle(engine)
    planned(home, state="done")
    with engine.begin() as connection:
        first = redeem(connection, ada, "autumn:2026", channel="visit", at=NOON, by="key:till", now=NOON)
        second = redeem(connection, ada, "autumn:2026", channel="web", at=NOON, by="key:web", now=NOON)
        assert offers_in_force(connection, home, ada, now=NOON) == []
        assert redeem(connection, ada, "summer:1", channel="web", at=NOON, by="key:web", now=NOON) is None

    assert (first.again, second.again) == (False, True)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM touchpoints")).scalar() == 1


def test_the_use_of_one_merged_person_is_nobody_elses(home, engine):
    ada, other, bo, bos = settle(engine, 4)
    with engine.begin() as connection:
        for kept, gone in (("C1", "C2"), ("C3", "C4")):
            merge(connection, kept, gone, actor="staff:Mia", because="same person", now=NOON)
    run = planned(home, state="done")
    with engine.begin() as connection:
        assert redeem(connection, other, "autumn:2026", channel="visit", at=NOON, by="key:till", now=NOON)
        left = {one: len(offers_in_force(connection, home, one, now=NOON)) for one in (ada, other, bo, bos)}
        again = redeem(connection, bos, "autumn:2026", channel="visit", at=NOON, by="key:till", now=NOON)

    assert left == {ada: 0, other: 0, bo: 1, bos: 1}
    assert (again.again, len(states(home, run))) == (False, 2)
