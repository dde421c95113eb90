"""`work.segments`: saved rules and SQL are looked up, and an audience is frozen as it is when the campaign starts."""

import pytest
from sqlalchemy import text

from store.segments import newest
from tests.town import NOON, install, settle
from tests.work.test_campaign import campaign
from tidings.problem import Problem
from tidings.segment import Combine, Saved
from work import run as stages
from work import segments
from work.campaign import open_campaign
from work.segments import Reading, parse_rule, pinned, plain

NORWAY = {"field": "country", "value": "NO"}


@pytest.fixture
def installation(settings, engine):
    settle(engine, 2, topic="news")
    settle(engine, 1, topic="news", country="SE")
    return install(settings, engine)


def save(installation, name, rule):
    with installation.engine.begin() as connection:
        reading = Reading(connection=connection, engine=installation.engine)
        return segments.save(reading, name=name, title="", rule=parse_rule(rule), actor="staff:Ola", now=NOON)


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(NORWAY, id="a saved comparison"),
        pytest.param({"sql": "SELECT customer_id FROM customers WHERE country = 'NO'"}, id="a saved query"),
        pytest.param({"all": [{"everybody": True}], "none": [{"sql": "SELECT 3 AS customer_id"}]}, id="a query inside"),
    ],
)  # fmt: skip
def test_a_campaign_freezes_whom_its_segment_selects_when_it_starts(installation, rule):
    save(installation, "garden", rule)
    opened = open_campaign(
        installation,
        campaign(audience={"all": [{"segment": "garden"}]}),
        installation.policy,
        actor="staff:Ola",
        now=NOON,
    )

    stages.begin(installation, opened.run, now=NOON)
    save(installation, "garden", {"everybody": True})

    with installation.engine.connect() as connection:
        assert list(connection.scalars(text("SELECT customers FROM undecided"))) == [[1, 2]]


def test_a_pinned_segment_keeps_its_version(installation):
    save(installation, "garden", NORWAY)
    with installation.engine.connect() as connection:
        rule = pinned(connection, Combine(any=(Saved(segment="garden"),)))
    save(installation, "garden", {"everybody": True})

    with installation.engine.begin() as connection:
        reading = Reading(connection=connection, engine=installation.engine)
        assert segments.count(reading, rule, now=NOON) == 2
        assert newest(connection, "garden").version == 2
        assert newest(connection, "garden", 1).rule == plain(parse_rule(NORWAY))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        pytest.param({"segment": "nobody"}, "no segment 'nobody'", id="a segment that does not exist"),
        pytest.param({"segment": "loop"}, "contains itself", id="a segment that leads back to itself"),
        pytest.param({"sql": "DELETE FROM customers"}, "may not say", id="a query that changes"),
        pytest.param({"field": "country", "op": "in", "value": "NO"}, "must be a list", id="a value that does not fit"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_said_before_a_campaign_is_one(installation, rule, told):
    with installation.engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO segments (name, version, rule, created_by)
                    VALUES ('loop', 1, '{"all": [{"segment": "loop"}]}', 'x')""")
        )

    with pytest.raises(Problem, match=told):
        open_campaign(installation, campaign(audience=rule), installation.policy, actor="staff:Ola", now=NOON)


def test_a_rule_that_is_nested_without_end_is_refused(installation):
    rule = NORWAY
    for _ in range(200):
        rule = {"all": [rule]}

    with pytest.raises(Problem, match=r"nested|no rule"), installation.engine.begin() as connection:
        segments.count(Reading(connection=connection, engine=installation.engine), parse_rule(rule), now=NOON)
