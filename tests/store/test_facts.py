# ruff: noqa: E501 -- tables
"""`store.facts` and `store.policies`: what is read is what was written."""

from datetime import timedelta

import polars as pl
import pytest
from sqlalchemy import insert, text

from preferences.policy import Policy, policy_from
from store.facts import read_facts
from store.policies import current_policy, rules_of
from store.tables import suppressions, touchpoints
from tests.preferences.batches import question
from tests.town import NOON, settle, state
from tidings.facts import CAP_HORIZON, SCHEMAS, empty

DAY = timedelta(days=1)
ODD = 'a "b",\\c\x1e\n{d}, é'


def asked(*customers):
    rows = [(str(number), customer, [], [], None, False) for number, customer in enumerate(customers)]
    return pl.DataFrame(rows, schema=empty("asked").schema, orient="row")


@pytest.fixture
def ada(engine):
    (customer,) = settle(engine, channels=("email", "letter"), holds=["complaint", "dispute"])
    with engine.begin() as connection:
        state(
            connection,
            customer,
            topic="offer",
            channels=["letter", "email"],
            value={"only": True},
            until_at=NOON + DAY,
        )
        state(connection, customer, topic="invoice", channels=["sms"])
        state(connection, customer, kind="language", value={"language": ODD})
        bar = {"channel": "email", "reason": ODD, "source": "test", "actor": "system", "at": NOON}
        connection.execute(insert(suppressions).values(value="c1@example.org", brand="nordlys", **bar))
        connection.execute(insert(suppressions).values(value="c1@example.org", brand="other", **bar))
        for number, (kind, ago) in enumerate([("sent", DAY), ("sent", CAP_HORIZON), ("clicked", DAY)]):
            connection.execute(
                insert(touchpoints).values(
                    customer_id=customer, source="t", external_id=str(number), direction="out", channel="email", kind=kind,
                    purpose="offer", at=NOON - ago,
                )
            )  # fmt: skip
    return customer


def test_every_frame_has_its_schema_and_the_rows_that_matter(engine, ada):
    settle(engine, 3)
    with engine.begin() as connection:
        facts = read_facts(connection, question(), asked(ada), NOON)

    for name in SCHEMAS:
        assert getattr(facts, name).schema == empty(name).schema, name
    assert facts.customers["holds"].to_list() == [["complaint", "dispute"]]
    assert set(facts.addresses["channel"]) == {"email", "letter"}
    assert facts.suppressions.select("brand", "reason").rows() == [("nordlys", ODD)]
    assert set(facts.statements["topic"]) == {"offer", "all"}
    order = facts.statements.filter(pl.col("kind") == "order").row(0, named=True)
    assert (order["channels"], order["value"], order["until_at"]) == (
        ["letter", "email"],
        '{"only": true}',
        NOON + DAY,
    )
    assert facts.consents["proof"].to_list() == [True, True]
    assert facts.recent["at"].to_list() == [NOON - DAY]


def test_what_is_owed_needs_neither_consent_nor_history(engine, ada):
    with engine.begin() as connection:
        facts = read_facts(
            connection, question(topic="invoice", purpose_class="required"), asked(ada, ada), NOON
        )

    assert (facts.consents.height, facts.recent.height, facts.customers.height) == (0, 0, 1)


def test_nobody_asked_nothing_read(engine):
    with engine.begin() as connection:
        facts = read_facts(connection, question(), asked(), NOON)

    assert all(getattr(facts, name).is_empty() for name in SCHEMAS)


def test_a_policy_is_kept_once_and_read_back(engine):
    other = Policy(time_zone="Europe/Oslo")
    with engine.begin() as connection:
        versions = [current_policy(connection, rules) for rules in (Policy(), other, Policy())]
        again = policy_from(rules_of(connection, versions[1]))
        count = connection.scalar(text("SELECT count(*) FROM policies"))

    assert versions[0] == versions[2] != versions[1]
    assert (again, again.digest, count) == (other, other.digest, 2)
