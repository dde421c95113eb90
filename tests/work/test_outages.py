"""An outage of a provider uses nobody's channel up, and what was not called for is not counted against anybody."""

from dataclasses import replace
from datetime import timedelta
from threading import Timer

import pytest
from sqlalchemy import text

from tests.town import settle
from tests.work.test_lanes import Town
from tidings.outcome import Accepted, ErrorClass, Refused
from work.control import pause, resume
from work.outcome import LANE_PATIENCE, LONGEST_WAIT, TRIES

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OUTAGES = {
    "the password is wrong": Refused(error=ErrorClass.CONFIG, code="5.7.8", wait=10 * MINUTE),
    "the day's quota is used up": Refused(error=ErrorClass.THROTTLE, code="429", wait=MINUTE),
    "nobody is there": Refused(error=ErrorClass.TRANSIENT, code="connection_refused", wait=MINUTE),
}
GREYLISTED = Refused(error=ErrorClass.TRANSIENT, code="4.7.1", wait=5 * MINUTE)


@pytest.fixture
def town(settings, engine):
    return Town(settings, engine)


def pass_by(town, hours, *, step=2 * HOUR):
    """Let time pass as workers see it: they look again and again."""
    until = town.now + timedelta(hours=hours)
    while town.now < until:
        town.send()
        town.now += step


@pytest.mark.parametrize("refused", OUTAGES.values(), ids=OUTAGES)
def test_an_outage_over_a_night_moves_nobody_to_another_channel(town, engine, refused):
    settle(engine, 3, channels=("email", "sms"))
    town.email.default = refused
    town.plan()

    pass_by(town, 14)
    assert town.sms.handed == []
    town.email.default = Accepted(reference="ok")
    pass_by(town, 13, step=LONGEST_WAIT)

    assert town.report()["sent"] == {"email": 3}


def test_an_outage_that_never_ends_does(town, engine):
    settle(engine, 1, channels=("email", "sms"))
    town.email.default = OUTAGES["the password is wrong"]
    town.plan()

    pass_by(town, (2 * LANE_PATIENCE) / HOUR, step=LONGEST_WAIT + MINUTE)

    assert town.report()["sent"] == {"sms": 1}


def test_an_address_that_is_put_off_again_and_again_goes_on_the_same_day(town, engine):
    settle(engine, 1, channels=("email", "sms"))
    town.email.default = GREYLISTED
    town.plan()

    pass_by(town, 26)

    assert len(town.email.handed) == TRIES
    assert town.report()["sent"] == {"sms": 1}


def test_a_run_that_is_paused_and_resumed_uses_up_no_try(town, engine):
    """What was claimed and had not begun is cancelled each time."""
    settle(engine, 1, channels=("email", "sms"))
    town.plan()
    for _ in range(TRIES + 1):
        with town.sender() as sender:
            batches = town.claim(sender)
            with engine.begin() as connection:
                pause(connection, town.run, by="Ola", because="a look")
            [batch] = batches
            sender.finish(batch.provider, batch.claimed, batch.rest, claimed_at=0.0)
        with engine.begin() as connection:
            resume(connection, town.run, by="Ola", because="seen")
    town.email.default = GREYLISTED
    town.send()
    assert town.sms.handed == []
    town.email.default = Accepted(reference="ok")
    town.now += HOUR

    town.send()

    assert town.report()["sent"] == {"email": 1}


class OneAMinute:
    """A provider that takes one message a minute, and tells the rest of each batch, uncalled, to come later."""

    def __init__(self, town):
        self.town = town
        self.calls = 0
        self.taken_at = None

    def send(self, parcels):
        stopped = None
        for parcel in parcels:
            if stopped is None:
                self.calls += 1
                if self.taken_at == self.town.now:
                    stopped = Refused(error=ErrorClass.THROTTLE, code="429", wait=MINUTE)
                    yield parcel.attempt, stopped
                    continue
                self.taken_at = self.town.now
                self.town.email.handed.append(parcel)
                yield parcel.attempt, Accepted(reference="ok")
            else:
                yield parcel.attempt, replace(stopped, called=False)


def test_a_provider_that_takes_one_a_minute_gets_one_a_minute(town, engine):
    """One `429` for a batch is one answer: the others were never asked about, wait no longer, and close no circuit."""
    settle(engine, 20, channels=("email", "sms"))
    town.email.send = OneAMinute(town).send
    town.plan()

    pass_by(town, 0.5, step=timedelta(seconds=80))

    assert town.report()["sent"] == {"email": 20}
    assert town.sql("SELECT open_until FROM lanes") == [(None,)]


def test_a_lock_that_is_not_to_be_had_for_a_moment_turns_no_answer_into_a_doubt(town, engine):
    """The provider has said yes; the transaction that says so fails in the driver, and is tried again."""
    settle(engine, 1)
    town.sql(f"ALTER DATABASE {engine.url.database} SET lock_timeout = '50ms'")
    engine.dispose()  # what connects from now on is impatient
    town.plan()
    with engine.connect() as somebody:

        def send(parcels):
            for parcel in parcels:
                somebody.execute(text("SELECT 1 FROM attempts FOR UPDATE"))
                Timer(0.3, somebody.rollback).start()
                yield parcel.attempt, Accepted(reference="ok")

        town.email.send = send
        town.send()

    assert town.report()["sent"] == {"email": 1}
