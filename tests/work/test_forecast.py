"""`work.forecast`: the numbers beside a draft are those of a run, and a sample's add up like them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.runs import find_run
from tests.town import NOON, install, settle, state
from work import run as stages
from work.campaign import open_campaign
from work.drafts import Content, ready
from work.forecast import SAMPLE, _whole, forecast
from work.report import report

DATA = {"code": "LYS25", "discount": "25", "price": "66.75", "currency": "EUR", "valid_until": "2027-11-30"}


@pytest.fixture
def installation(settings, engine):
    ids = settle(engine, 4, channels=("email", "sms", "letter"))
    settle(engine, 2, consent=None)
    settle(engine, 1, standing="deceased")
    with engine.begin() as connection:
        state(connection, ids[0], channels=["letter"])
        state(connection, ids[1], kind="pause", topic="offer", until_at=NOON.replace(month=5))
    return install(settings, engine)


@pytest.fixture
def draft(installation):
    return ready(
        installation, Content(name="autumn", edition="1", template="offer/autumn", data=DATA, own_time=False)
    )


def test_the_numbers_are_those_of_the_run(installation, draft):
    told = forecast(installation, installation.policy, draft.campaign, draft.template, now=NOON)

    opened = open_campaign(installation, draft.campaign, installation.policy, actor="staff:Ola", now=NOON)
    for shard in range(stages.begin(installation, opened.run, now=NOON).count):
        stages.plan(installation, opened.run, shard, installation.policy, now=NOON)
    with installation.engine.connect() as connection:
        run = report(connection, opened.run)
        audience = find_run(connection, opened.run).audience
    assert (told.audience, told.held) == (audience, sum(run["held"].values())) == (7, 3)
    assert {part.key: part.count for part in told.channels} == run["planned"]
    assert {part.key: part.count for part in told.reasons} == run["held"]
    assert [(part.key, part.count) for part in told.waits] == [("pause", 1)]
    assert told.cost == Decimal(run["cost"]["total"])
    assert not told.sampled


def test_a_letter_costs_the_postage_of_where_it_goes(installation, draft, engine):
    def letters():
        told = forecast(installation, installation.policy, draft.campaign, draft.template, now=NOON)
        return {part.key: (part.count, part.cost) for part in told.channels}["letter"]

    postage = installation.organisation.costs.postage["standard"]
    at_home = letters()
    settle(engine, 2, channels=("letter",), country="SE")

    assert at_home == (1, postage.domestic + postage.sheet)
    assert letters() == (3, at_home[1] + 2 * (postage.abroad + postage.sheet))


def test_nothing_is_written_by_a_forecast(installation, draft):
    forecast(installation, installation.policy, draft.campaign, draft.template, now=NOON, exact=True)

    with installation.engine.connect() as connection:
        assert (
            connection.exec_driver_sql(
                "SELECT (SELECT count(*) FROM runs) + (SELECT count(*) FROM messages)"
            ).scalar()
            == 0
        )


@given(
    counts=st.dictionaries(st.tuples(st.just("c"), st.text(max_size=3)), st.integers(1, SAMPLE), min_size=1),
    audience=st.integers(0, 10_000_000),
)
def test_a_sample_is_scaled_to_whole_customers_that_add_up(counts, audience):
    told = _whole(counts, audience)

    assert sum(told.values()) == audience
    total = sum(counts.values())
    assert all(abs(told[key] - n * audience / total) < 1 for key, n in counts.items())
