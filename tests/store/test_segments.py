"""`store.segments`: each rule selects whom it says, and hostile values are only values."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter
from sqlalchemy import insert, select, update

from store.segments import where
from store.tables import addresses, customers, touchpoints
from tests.town import NOON, address, agree, settle, state, suppress
from tidings.problem import Problem
from tidings.segment import Segment

READ = TypeAdapter(Segment)


@pytest.fixture
def town(engine):
    """C1 in Norway gardens and clicked twice; C2 in Sweden has odd attributes; C3 left."""
    ids = settle(engine, 3, channels=(), consent=None)
    with engine.begin() as connection:
        for customer, values in zip(
            ids,
            (
                {"attributes": {"segment": "garden", "points": 12}},
                {"country": "SE", "attributes": {"points": "many", "vip": True}},
                {"standing": "former", "attributes": {"points": "7.5"}},
            ),
            strict=True,
        ):
            connection.execute(update(customers).where(customers.c.id == customer).values(**values))
        for number, (customer, days, machine) in enumerate(
            [(ids[0], 1, False), (ids[0], 40, False), (ids[1], 1, True), (ids[2], 200, False)]
        ):
            connection.execute(
                insert(touchpoints).values(
                    customer_id=customer, source="test", external_id=str(number), direction="in", channel="email",
                    kind="clicked", purpose="offer", machine=machine, at=NOON - timedelta(days=days),
                )
            )  # fmt: skip
        for customer, channel, number in [(ids[0], "email", 1), (ids[1], "email", 2), (ids[1], "sms", 2)]:
            connection.execute(insert(addresses).values(customer_id=customer, **address(channel, number)))
        suppress(connection, "email", "c2@example.org")
        wish(connection, ids)
    return engine


def wish(connection, ids):
    """C1 wants invoices by letter and everything by e-mail; C2 paused offers and went on; C3 pauses for a while."""
    state(connection, ids[0], topic="invoice", channels=["letter", "email"])
    state(connection, ids[0], channels=["email"])
    state(connection, ids[1], kind="pause", topic="offer", at=NOON - timedelta(days=11))
    state(connection, ids[1], kind="pause", topic="offer", value={"resume": True})
    state(connection, ids[2], kind="pause", topic="offer", until_at=NOON + timedelta(days=9))
    state(connection, ids[2], topic="invoice", channels=["sms"], until_at=NOON - timedelta(days=1))
    agree(connection, ids[0], topic="offer")
    agree(connection, ids[0], topic="offer", channel="sms", action="withdrawn", at=NOON - timedelta(days=2))
    agree(connection, ids[1], topic="all", action="objected")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param({"everybody": True}, [1, 2, 3], id="everybody"),
        pytest.param({"field": "country", "value": "SE"}, [2], id="one country"),
        pytest.param({"field": "country", "op": "in", "value": ["SE", "DK"]}, [2], id="a list of countries"),
        pytest.param({"field": "country", "op": "not in", "value": ["SE"]}, [1, 3], id="all but a list"),
        pytest.param({"field": "reference", "value": "C3"}, [3], id="by reference"),
        pytest.param({"field": "attributes.segment", "value": "garden"}, [1], id="an attribute as text"),
        pytest.param({"field": "attributes.vip", "value": True}, [2], id="an attribute as truth"),
        pytest.param(
            {"field": "attributes.points", "op": ">", "value": 7}, [1, 3], id="a number, also one in text"
        ),
        pytest.param(
            {"field": "attributes.segment", "op": "missing"}, [2, 3], id="an attribute that is missing"
        ),
        pytest.param(
            {"field": "attributes.segment", "op": "!=", "value": "x"}, [1, 2, 3], id="missing is not equal"
        ),
        pytest.param(
            {"field": "last_name", "op": "contains", "value": "%"}, [], id="a wildcard is only a sign"
        ),
        pytest.param({"field": "last_name", "value": "' OR 1=1 --"}, [], id="a quote is only a sign"),
        pytest.param(
            {"field": "attributes.%(x)s", "value": "y"}, [], id="a placeholder in a name is only a name"
        ),
        pytest.param({"did": "clicked", "within": "P90D"}, [1], id="what a machine did does not count"),
        pytest.param({"did": "clicked", "within": "P90D", "at_least": 3}, [], id="often enough"),
        pytest.param({"did_not": "clicked"}, [2], id="what somebody did not do"),
        pytest.param({"did": "clicked", "at_least": 2}, [1], id="often at any time"),
        pytest.param({"has": "email"}, [1], id="an address that is not suppressed"),
        pytest.param({"lacks": "email"}, [2, 3], id="no address, or a suppressed one"),
        pytest.param({"has": "sms"}, [2], id="a mobile number"),
        pytest.param({"prefers": "letter", "topic": "invoice"}, [1], id="invoices by letter"),
        pytest.param(
            {"prefers": "email", "topic": "offer"}, [1], id="the order for everything holds for offers"
        ),
        pytest.param({"prefers": "sms", "topic": "invoice"}, [], id="a wish that has ended"),
        pytest.param(
            {"stated": "pause", "topic": "offer"}, [3], id="a pause in force, not one that was ended"
        ),
        pytest.param({"stated": "order", "topic": "invoice"}, [1], id="any order in force"),
        pytest.param({"consent": "given", "topic": "offer"}, [], id="the last word was another one"),
        pytest.param({"consent": "given", "topic": "offer", "channel": "email"}, [1], id="yes on a channel"),
        pytest.param({"consent": "withdrawn", "topic": "offer", "channel": "sms"}, [1], id="no on a channel"),
        pytest.param({"consent": "objected", "topic": "offer.garden"}, [2], id="never, said of everything"),
        pytest.param(
            {"any": [{"field": "country", "value": "SE"}, {"field": "standing", "value": "former"}]},
            [2, 3],
            id="any of two",
        ),
        pytest.param(
            {"all": [{"everybody": True}], "none": [{"field": "standing", "value": "former"}]},
            [1, 2],
            id="all but none of",
        ),
    ],
)
def test_rule(town, rule, expected):
    """A rule selects exactly these customers."""
    with town.begin() as connection:
        found = connection.execute(
            select(customers.c.id).where(where(READ.validate_python(rule), now=NOON)).order_by(customers.c.id)
        ).scalars()

        assert list(found) == expected


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"field": "country", "op": "in", "value": "SE"}, id="in without a list"),
        pytest.param({"field": "country", "op": "=", "value": ["SE"]}, id="equal to a list"),
        pytest.param({"field": "created_at", "op": ">", "value": "soon"}, id="a date in words"),
    ],
)
def test_a_value_that_does_not_fit_is_named(rule):
    """An operator says what it needs."""
    with pytest.raises(Problem, match=rule["field"]):
        where(READ.validate_python(rule), now=NOON)
