"""The recall race: an e-mail first, a letter for the print house's cut-off, taken back when somebody answers before."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from store.missing import missing
from tests.town import NOON, settle
from tests.work.test_receive import news
from tests.work.test_rehearsal import PaperHouse, answer
from tidings.channel import Channel
from work.intake import import_file
from work.merge import merge
from work.progress import progress
from work.receive import receive
from work.redemption import redeem
from work.report import report

FALLS = NOON + timedelta(days=3)
"""Three days of silence; the print house collects at 16:00 in Oslo, and its batch is made at 14:15 UTC."""
SOON = FALLS + timedelta(hours=1)
BATCH = FALLS + timedelta(hours=3)


@pytest.fixture
def house(settings, engine):
    return PaperHouse(settings, engine)


@pytest.fixture
def customer(house, engine):
    """Somebody whose e-mail stayed silent and whose letter waits for the print house."""
    [customer] = settle(engine, channels=("email", "letter"))
    house.plan(channels=["email", "letter"], fallback_after={"email": "P3D"})
    house.tick(NOON)
    house.tick(FALLS)
    assert house.sql("SELECT state, channel, reason FROM messages") == [("ready", "letter", "fallback")]
    assert house.sql("SELECT due_at FROM messages") == [(FALLS + timedelta(hours=2, minutes=15),)]
    assert house.letter.handed == []
    return customer


def paid_by_a_file(house, customer, tmp_path):
    table = tmp_path / "payments.csv"
    table.write_text(f"customer,at,channel,kind,id\nC1,{SOON.isoformat()},payment,paid,p1\n")
    brought = import_file(house.engine, "touchpoints", table, source="test", now=SOON, actor="staff:test")
    assert brought.imported == 1


def redeemed_in_the_shop(house, customer, _):
    with house.engine.begin() as connection:
        used = redeem(connection, customer, "autumn:1", channel="visit", at=SOON, by="till", now=SOON)
    assert len(used.cancelled) == 1


ANSWERS = [
    pytest.param(
        lambda h, c, _: answer(h.engine, c, kind="opened", at=SOON), "opened", id="opened by a person"
    ),
    pytest.param(lambda h, c, _: answer(h.engine, c, kind="clicked", at=SOON), "clicked", id="clicked"),
    pytest.param(lambda h, c, _: answer(h.engine, c, kind="replied", at=SOON), "replied", id="replied"),
    pytest.param(paid_by_a_file, "paid", id="a payment that came by a file"),
    pytest.param(redeemed_in_the_shop, "redeemed", id="redeemed in the shop"),
]


@pytest.mark.parametrize(("act", "because"), ANSWERS)
def test_who_answers_before_the_batch_gets_no_letter(house, customer, tmp_path, act, because):
    act(house, customer, tmp_path)

    house.tick(BATCH)

    assert house.letter.handed == []
    assert house.sql("SELECT state, channel, reason, tried FROM messages") == [
        ("done", "email", "recalled", [])
    ]
    assert house.sql("SELECT state FROM deliveries") == [("delivered",)]
    with house.engine.begin() as connection:
        told = report(connection, house.run)
    price = house.installation.organisation.costs.expected(Channel.LETTER)
    assert (told["sent"], "went_on" in told) == ({"email": 1}, False)
    assert told["saved"] == {
        "letters": 1, "amount": f"{price:.2f}", "channels": {"letter": 1}, "because": {because: 1},
    }  # fmt: skip


def test_the_claim_asks_last_of_all(house, customer):
    """An answer between the resident loop's look and the batch is heeded too."""
    answer(house.engine, customer, kind="clicked", at=SOON)

    house.now = BATCH
    house.send()

    assert house.letter.handed == []
    assert house.sql("SELECT state, channel FROM messages") == [("done", "email")]


def test_any_record_of_the_person_answers_and_nobody_elses(house, engine):
    customer, _, other, others = settle(engine, 4, channels=("email", "letter"))
    with engine.begin() as connection:
        for kept, gone in (("C1", "C2"), ("C3", "C4")):
            merge(connection, kept, gone, actor="staff:Mia", because="same person", now=NOON)
    house.plan(channels=["email", "letter"], fallback_after={"email": "P3D"})
    house.tick(NOON)
    answer(engine, others, kind="paid", at=NOON + timedelta(days=1), channel="payment")
    house.tick(FALLS)
    expected = [(customer, "ready", "letter"), (other, "done", "email")]
    assert house.sql("SELECT customer_id, state, channel FROM messages ORDER BY 1") == expected

    answer(engine, customer + 1, kind="paid", at=SOON, channel="payment")
    house.tick(BATCH)

    assert house.letter.handed == []
    with engine.begin() as connection:
        assert report(connection, house.run)["saved"]["letters"] == 1


@pytest.mark.parametrize(
    "days", [pytest.param(1, id="while the SMS waits"), pytest.param(2, id="while the letter waits")]
)
def test_an_answer_that_is_told_late_still_is_one(house, engine, days):
    """Paid after the e-mail and before the SMS; the file of payments came when the SMS had left."""
    [customer] = settle(engine, channels=("email", "sms", "letter"))
    house.plan(channels=["email", "sms", "letter"], fallback_after={"email": "P1D", "sms": "P1D"})
    for day in range(days + 1):
        house.tick(NOON + timedelta(days=day))
    answer(engine, customer, kind="paid", at=NOON + timedelta(hours=12), channel="payment")

    house.tick(NOON + timedelta(days=3))

    assert house.letter.handed == []
    assert house.sql("SELECT state, channel, tried FROM messages") == (
        [("done", "sms", ["email"])] if days == 1 else [("done", "email", ["sms"])]
    )
    assert house.sql("SELECT channel, because FROM recalls") == ([] if days == 1 else [("letter", "paid")])


def test_a_letter_that_left_after_all_is_not_saved(house, customer):
    """The e-mail was answered by a payment, and came back later: so it was the letter after all."""
    answer(house.engine, customer, kind="paid", at=SOON, channel="payment")
    house.tick(SOON)
    [(attempt,)] = house.sql("SELECT id::text FROM attempts")
    with house.engine.begin() as connection:
        assert report(connection, house.run)["saved"]["letters"] == 1
    receive(house.installation, [news("bounced", attempt=attempt, provider=house.email.name)], now=SOON)
    house.tick(BATCH)

    assert len(house.letter.handed) == 1
    with house.engine.begin() as connection:
        assert "saved" not in report(connection, house.run)


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(
            lambda h, c: answer(h.engine, c, kind="opened", at=SOON, machine=True), id="a machine opens it"
        ),
        pytest.param(
            lambda h, c: answer(h.engine, c, kind="clicked", at=NOON - timedelta(1)), id="an older click"
        ),
        pytest.param(lambda h, c: None, id="silence"),
    ],
)
def test_who_does_not_answer_gets_the_letter(house, customer, act):
    act(house, customer)

    house.tick(BATCH)

    assert len(house.letter.handed) == 1
    assert house.sql("SELECT state, channel FROM messages") == [("done", "letter")]
    assert house.sql("SELECT * FROM recalls") == []


def test_what_is_handed_over_is_not_taken_back(house, customer):
    house.tick(BATCH)
    answer(house.engine, customer, kind="clicked", at=BATCH + timedelta(hours=1))

    house.tick(BATCH + timedelta(hours=2))

    assert house.sql("SELECT state, channel FROM messages") == [("done", "letter")]
    assert house.sql("SELECT * FROM recalls") == []


def test_an_email_that_was_followed_by_a_letter_still_counts_and_still_costs(house, customer):
    costs = house.installation.organisation.costs
    with house.engine.begin() as connection:
        waiting = report(connection, house.run)
    house.tick(BATCH)

    with house.engine.begin() as connection:
        told = report(connection, house.run)
        shown = progress(connection, house.run, costs, now=BATCH)

    assert (waiting["sent"], waiting["went_on"]) == ({}, {"email": 1})
    assert (told["sent"], told["went_on"]) == ({"letter": 1}, {"email": 1})
    assert set(told["cost"]["channels"]) == {"email", "letter"}
    spent = {way.channel: (way.sent, way.fallbacks, way.cost > 0) for way in shown.ways}
    assert spent == {"email": (1, 0, True), "letter": (1, 1, True)}


@pytest.mark.parametrize(
    ("after", "then"),
    [
        pytest.param(1, ("ready", "letter"), id="a gateway that follows every link as the mail comes in"),
        pytest.param(2, ("done", "email"), id="a person who was quick"),
    ],
)
def test_a_click_as_the_mail_comes_in_is_no_answer(house, engine, after, then):
    settle(engine, channels=("email", "letter"))
    house.plan(channels=["email", "letter"], fallback_after={"email": "P3D"})
    house.tick(NOON)
    [(attempt,)] = house.sql("SELECT id::text FROM attempts")
    clicked = news("clicked", attempt=attempt, at=NOON + timedelta(seconds=after))
    receive(house.installation, [clicked], now=SOON)
    house.tick(FALLS)

    assert house.sql("SELECT state, channel FROM messages") == [then]


def gone(house):
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE addresses SET state = 'unusable' WHERE channel = 'letter'"))


def refused(house):
    with house.engine.begin() as connection:
        connection.execute(
            text("""
                INSERT INTO consents (customer_id, brand, topic, channel, action, source, proof, actor, at)
                SELECT id, 'all', 'offer', 'letter', 'withdrawn', 'form', 'x', 'customer', :at FROM customers
            """),
            {"at": SOON},
        )


@pytest.mark.parametrize("told", [pytest.param(True, id="delivered"), pytest.param(False, id="accepted")])
@pytest.mark.parametrize(
    "close",
    [
        pytest.param(gone, id="whose postal address is gone meanwhile"),
        pytest.param(refused, id="who wants no letters any more"),
    ],
)
def test_what_arrived_and_finds_its_next_channel_closed_is_not_missing(house, customer, close, told):
    """It stays where it is, as where there was no other channel from the beginning, and is not asked about again."""
    [(attempt,)] = house.sql("SELECT id::text FROM attempts")
    if told:
        receive(house.installation, [news("delivered", attempt=attempt, provider=house.email.name)], now=SOON)
    close(house)

    house.tick(BATCH)
    house.tick(BATCH + timedelta(days=4))

    assert house.sql("SELECT state, channel, reason, tried FROM messages") == [
        ("done", "email", "", ["letter"])
    ]
    assert house.sql("SELECT state FROM deliveries") == [("delivered" if told else "accepted",)]
    with house.engine.begin() as connection:
        found = report(connection, house.run)
        assert missing(connection, house.run) == []
    assert (found["sent"], found["failed"], "went_on" in found) == ({"email": 1}, {}, False)

    receive(house.installation, [news("bounced", attempt=attempt, provider=house.email.name)], now=SOON)
    assert house.sql("SELECT state FROM messages") == [("undeliverable",)]
