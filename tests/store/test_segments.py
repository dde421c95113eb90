"""`store.segments`: each rule selects whom it says, and hostile values are only values."""

from datetime import timedelta

import pytest
from pydantic import TypeAdapter
from sqlalchemy import insert, select, update

from store.segments import where
from store.tables import customers, touchpoints
from tests.town import NOON, settle
from tidings.problem import Problem
from tidings.segment import Segment

READ = TypeAdapter(Segment)


@pytest.fixture
def town(engine):
    """C1 in Norway gardens and clicked twice; C2 in Sweden has odd attributes; C3 left."""
    ids = settle(engine, 3, consent=None)
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
    return engine


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
