"""Clocks that are wrong, and clocks that are changed: nothing is sent early, twice, or given up too soon."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.town import NOON, settle
from tests.work.test_deliver import House

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def states(engine):
    with engine.begin() as connection:
        return sorted(connection.execute(text("SELECT state FROM attempts")).scalars())


def test_a_worker_whose_clock_is_a_day_late_sends_nothing_early(house, engine):
    settle(engine, 2)
    house.plan()
    house.now = NOON - DAY

    house.send()

    assert house.email.handed == []


def test_a_worker_whose_clock_is_a_day_ahead_sends_once(house, engine):
    """Its leases are the database's time, so the others do not give up what it has."""
    settle(engine, 2)
    house.plan()
    house.now = NOON + DAY
    house.send()
    house.now = NOON

    house.send()

    assert len(house.email.handed) == 2
    assert states(engine) == ["accepted", "accepted"]


def test_a_living_workers_attempts_are_not_named_by_one_whose_clock_is_a_day_ahead(house, engine):
    """Who is alive and within its lease is sending, whatever another machine's clock says."""
    settle(engine, 1)
    house.plan()
    found = []

    class Looks:
        """Another worker, with a wrong clock, settles while this one sends."""

        def __call__(self, parcels):
            other = House.__new__(House)
            other.__dict__ = {**house.__dict__, "now": NOON + DAY}
            with other.sender() as sender:
                sender.settle()
            found.extend(states(engine))
            return original(parcels)

    original = house.email.send
    house.email.send = Looks()
    house.send()

    assert found == ["sending"]
    assert states(engine) == ["accepted"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(datetime(2026, 3, 29, 1, tzinfo=UTC), id="summer time begins"),
        pytest.param(datetime(2026, 10, 25, 1, tzinfo=UTC), id="summer time ends"),
    ],
)
def test_a_change_of_the_clocks_neither_repeats_nor_skips_anybody(house, engine, change):
    """The hour that is there twice, or not at all, is one hour of UTC like any other."""
    settle(engine, 3)
    house.plan()
    house.sql("UPDATE messages SET due_at = :at, purpose_class = 'required'", at=change)
    for minutes in range(-60, 61, 20):
        house.now = change + timedelta(minutes=minutes)
        house.send()
    house.now = change + 12 * HOUR
    house.send()

    assert len(house.email.handed) == len({parcel.message for parcel in house.email.handed}) == 3
