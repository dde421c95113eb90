"""STOP as the answer to a send: a withdrawal with its proof, a closed address, another channel only where it may be."""

import pytest
from sqlalchemy import text

from store.claims import left_open
from tests.shelf import add_attempt, add_delivery, add_message, add_run, states
from tests.town import NOON, agree, install, settle
from tests.work.test_deliver import House
from tidings.outcome import ErrorClass, Rejected
from work.handover import commit
from work.outcome import Built, step

STOP = Rejected(error=ErrorClass.OPT_OUT, code="21610")


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


@pytest.mark.parametrize(
    ("agreed", "state", "texts"),
    [
        pytest.param(
            "all", "undeliverable", 0, id="who agreed to offers in general is not pursued elsewhere"
        ),
        pytest.param("sms", "done", 1, id="who agreed to SMS by name still gets one"),
    ],
)
def test_an_offer(house, engine, agreed, state, texts):
    [customer] = settle(engine, 1, channels=("email", "sms"), consent=None)
    with engine.begin() as connection:
        agree(connection, customer, channel="all")
        if agreed != "all":
            agree(connection, customer, channel=agreed)
    house.email.default = STOP

    house.plan().send()

    assert len(house.email.handed) == 1
    assert len(house.sms.handed) == texts
    assert house.sql("SELECT state FROM messages") == [(state,)]
    [(attempt,)] = house.sql("SELECT id::text FROM attempts WHERE state = 'rejected'")
    assert house.sql(
        "SELECT customer_id, brand, topic, channel, source, actor, proof FROM consents WHERE action = 'withdrawn'"
    ) == [(customer, "nordlys", "all", "email", "provider", "customer", f"attempt {attempt}")]
    assert house.sql("SELECT brand, channel, reason FROM suppressions") == [("nordlys", "email", "opt_out")]


def test_what_was_planned_already_is_bound(house, engine):
    """The next edition was planned before the STOP, and is not sent by that channel."""
    settle(engine, 1, channels=("email",))
    first = house.plan(channels=["email"]).run
    house.plan(channels=["email"], edition="2")
    house.email.default = STOP

    house.send()

    assert len(house.email.handed) == 1
    assert house.sql("SELECT state FROM messages WHERE run_id = :run", run=first) == [("undeliverable",)]


REHEARSED = {"live": 1, "rehearsal": 0}


@pytest.mark.parametrize(("mode", "withdrawn"), REHEARSED.items(), ids=REHEARSED)
def test_a_colleagues_stop_is_no_customers(settings, engine, mode, withdrawn):
    installation = install(settings, engine)
    [customer] = settle(engine, 1)
    with engine.begin() as connection:
        message = add_message(connection, add_run(connection, mode=mode), customer, state="in_delivery")
        delivery = add_delivery(connection, message, state="sending")
        attempt = add_attempt(connection, delivery, state="sending")
        claimed = left_open(connection, [attempt])
    built = Built(content_hash="x", parts=1, cost=0)

    commit(installation, claimed, [step(claimed[0], STOP, built, next_channels=[], now=NOON)], now=NOON)

    with engine.connect() as connection:
        assert states(connection, message) == ("undeliverable", [("rejected", ["rejected"])])
        assert (
            connection.scalar(text("SELECT count(*) FROM consents WHERE action = 'withdrawn'")) == withdrawn
        )
