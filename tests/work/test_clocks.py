"""Clocks that are wrong, and clocks that are changed: nothing is sent early, twice, or given up too soon."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.town import NOON, settle
from tests.work.test_deliver import House
from tidings.outcome import Accepted, ErrorClass, Refused

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


CLOSED = Refused(error=ErrorClass.CONFIG, code="535", wait=timedelta(minutes=10))
BUSY = Refused(error=ErrorClass.THROTTLE, code="429", wait=timedelta(minutes=10))


@pytest.mark.parametrize("wrong", [pytest.param(DAY, id="ahead"), pytest.param(-DAY, id="late")])
@pytest.mark.parametrize("said", [pytest.param(CLOSED, id="a circuit"), pytest.param(BUSY, id="a rest")])
def test_a_clock_a_day_off_closes_a_lane_for_nobody_else(house, engine, wrong, said):
    """Whatever it wrote of the lane, a worker with a right clock tries it, and it opens for all."""
    settle(engine, 3)
    house.plan()
    house.sql("UPDATE messages SET due_at = :at", at=NOON - 2 * DAY)
    house.now = NOON + wrong
    house.email.default = said
    house.send()
    house.sql("UPDATE messages SET due_at = :at", at=NOON - 2 * DAY)
    house.email.default = Accepted(reference="ok")

    house.now = NOON
    house.send()

    assert states(engine).count("accepted") == 3


def test_a_probe_that_a_clock_a_day_ahead_took_and_left_is_taken_again(house, engine):
    settle(engine, 3)
    house.plan()
    house.email.default = CLOSED
    house.send()
    house.sql("UPDATE messages SET due_at = :at", at=NOON)
    house.sql("UPDATE lanes SET open_until = :at, probe_until = :at", at=NOON + DAY)
    house.email.default = Accepted(reference="ok")

    house.now = NOON + HOUR
    house.send()

    assert states(engine).count("accepted") == 3


def test_a_worker_whose_clock_is_a_day_late_waits_for_no_pause_of_the_others(house, engine):
    """To it each of them ends a day from now; it tries one message instead, and the lane opens when that is taken."""
    settle(engine, 3)
    house.plan()
    house.sql("UPDATE messages SET due_at = :at", at=NOON - 2 * DAY)
    house.email.default = CLOSED
    house.send()
    house.sql("UPDATE messages SET due_at = :at", at=NOON - 2 * DAY)
    house.email.default = Accepted(reference="ok")

    house.now = NOON - DAY
    house.send()

    assert states(engine).count("accepted") == 3


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
