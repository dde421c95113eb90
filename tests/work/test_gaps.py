"""Gaps: each wish that cannot be kept is counted once, under its one cause, with what it cost."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text

from preferences.decision import decide
from preferences.policy import Policy
from store.facts import read_facts
from store.tables import addresses, customers, messages
from tests.town import NOON, address, agree, install, settle, state, suppress
from tests.web.letters import send
from tests.work.test_merge import CHANNELS, QUESTION
from tidings.channel import Channel
from tidings.facts import asked_of
from work.gaps import gaps


@pytest.fixture
def house(settings, engine):
    return install(settings, engine)


def counted(house, policy=None):
    with house.engine.begin() as connection:
        return gaps(connection, house, policy or Policy(), now=NOON)


def causes(found, topic="invoice"):
    return {
        (row["channel"], row["cause"], row["detail"]): row["customers"]
        for row in found.gaps
        if row["topic"] == topic
    }


CAUSES = {
    "no address": ("letter", None, ("letter", "no_address", "")),
    "a bounced address": (
        "email",
        lambda c, one: suppress(c, "email", "c1@example.org"),
        ("email", "suppressed", "hard_bounce"),
    ),
    "a STOP": (
        "sms",
        lambda c, one: suppress(c, "sms", "+4740600001", "stop"),
        ("sms", "suppressed", "stop"),
    ),
    "an unusable address": (
        "email",
        lambda c, one: c.execute(addresses.update().values(state="unusable", problem="email_invalid")),
        ("email", "unusable_address", ""),
    ),
    "an address that is not confirmed": ("email", None, ("email", "unverified_address", "")),
    "a channel that the brand has no sender on": ("whatsapp", None, ("whatsapp", "no_sender", "")),
}


@pytest.mark.parametrize(("wished", "change", "cause"), CAUSES.values(), ids=CAUSES)
def test_each_cause_is_named(house, engine, wished, change, cause):
    [one] = settle(engine, channels=("email", "sms"))
    with engine.begin() as connection:
        state(connection, one, topic="invoice", channels=[wished])
        if change:
            change(connection, one)
    policy = Policy(verified=(Channel.EMAIL,)) if "unverified" in cause[1] else Policy()
    assert causes(counted(house, policy)) == {cause: 1}


def test_who_can_have_it_is_no_gap(house, engine):
    settle(engine, 3, channels=("email",))
    with engine.begin() as connection:
        for one in (1, 2):
            state(
                connection,
                connection.scalar(text(f"SELECT min(id) + {one - 1} FROM customers")),
                topic="invoice",
                channels=["email"],
            )
    found = counted(house)
    assert found.gaps == []
    assert [row for row in found.asked if row["asked"]] == [
        {
            "brand": "nordlys",
            "purpose": "invoice",
            "topic": "invoice",
            "channel": "email",
            "asked": 2,
            "got": 2,
            "missed": 0,
        }
    ]


MARKETING = {
    "agreed": ("given", {}),
    "objected": ("objected", {("email", "objected", ""): 1}),
    "never asked": ("", {("email", "channel_no_consent", ""): 1}),
}


@pytest.mark.parametrize(("consent", "found"), MARKETING.values(), ids=MARKETING)
def test_marketing_needs_consent(house, engine, consent, found):
    [one] = settle(engine, channels=("email",), consent=consent)
    with engine.begin() as connection:
        state(connection, one, topic="offer", channels=["email"])
    assert causes(counted(house), "offer") == found


def test_the_topic_beats_everything_and_the_newest_counts(house, engine):
    [one] = settle(engine, channels=("email",))
    with engine.begin() as connection:
        state(connection, one, topic="invoice", channels=["letter"], at=NOON - timedelta(days=3))
        state(connection, one, topic="invoice", channels=["push"], at=NOON - timedelta(days=2))
        state(connection, one, topic="all", channels=["sms"], at=NOON - timedelta(days=1))
    found = counted(house)
    assert causes(found) == {("push", "no_address", ""): 1}
    assert causes(found, "service") == {("sms", "no_address", ""): 1}


def test_what_went_another_way_says_what_it_cost_more(house, engine):
    [one] = settle(engine, channels=("letter",))
    send(engine, one, purpose="invoice", sent_at=NOON - timedelta(days=9))
    with engine.begin() as connection:
        connection.execute(messages.update().values(channel="letter", cost=Decimal("1.15")))
        state(connection, one, topic="invoice", channels=["sms"])
    [gap] = [row for row in counted(house).gaps if row["topic"] == "invoice"]
    assert (gap["cause"], gap["messages"], gap["cost"]) == ("no_address", 1, Decimal("1.10"))


def test_the_data_of_each_source(house, engine):
    settle(engine, 3, channels=("email", "sms"))
    with engine.begin() as connection:
        connection.execute(
            addresses.update()
            .where(addresses.c.value == "c3@example.org")
            .values(state="unusable", problem="email_invalid")
        )
        connection.execute(
            addresses.update().where(addresses.c.value == "c2@example.org").values(value="c1@example.org")
        )
        suppress(connection, "sms", "+4740600001")
    [row] = counted(house).quality
    counts = {
        name: row[name]
        for name in ("source", "customers", "email", "sms", "letter", "none", "invalid", "duplicates")
    }
    assert counts == {
        "source": "test",
        "customers": 3,
        "email": 2,
        "sms": 2,
        "letter": 0,
        "none": 0,
        "invalid": 1,
        "duplicates": 2,
    }


@given(
    wished=st.sampled_from(CHANNELS),
    held=st.sets(st.sampled_from(CHANNELS)),
    stopped=st.sets(st.sampled_from(CHANNELS)),
    unusable=st.sets(st.sampled_from(CHANNELS)),
)
def test_a_gap_is_what_the_decision_says_of_the_wished_channel(
    module_engine, wished, held, stopped, unusable
):
    """The one pass agrees with `preferences.decision`, which decides for one message."""
    question = replace(QUESTION, topic="service", purpose_class="required")
    with module_engine.connect() as connection:
        values = {"language": "en", "time_zone": "Europe/Oslo", "country": "NO"}
        one = connection.execute(insert(customers).values(**values).returning(customers.c.id)).scalar()
        for channel in held:
            row = address(channel, one) | {"state": "unusable" if channel in unusable else "usable"}
            connection.execute(insert(addresses).values(customer_id=one, **row))
            if channel in stopped:
                suppress(connection, channel, row["value"])
        state(connection, one, topic="service", channels=[wished])
        ranked = decide(read_facts(connection, question, asked_of(one), NOON), Policy(), NOON).ranked
        [told] = ranked.filter(pl.col("channel") == wished).to_dicts()
        found = [row for row in _gaps_of(connection) if row["topic"] == "service"]
        connection.rollback()
    assert [row["cause"] for row in found] == ["" if told["rank"] else told["reason"]]


def _gaps_of(connection):
    from store.gaps import Asking
    from store.gaps import gaps as one_pass

    asking = Asking(
        brand="nordlys", topics=["service"], marketing=[], barred={}, verified=[], closing=Policy().closing, free=[],
        prices=dict.fromkeys(CHANNELS, 0.1),
    )  # fmt: skip
    return one_pass(connection, asking, since=NOON - timedelta(days=365), now=NOON)


def test_a_denial_for_everything_counts_for_the_offer(house, engine):
    [one] = settle(engine, channels=("email",))
    with engine.begin() as connection:
        agree(connection, one, topic="all", action="objected", at=NOON)
        state(connection, one, topic="offer", channels=["email"])
    assert causes(counted(house), "offer") == {("email", "objected", ""): 1}
