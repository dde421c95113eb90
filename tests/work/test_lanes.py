"""Lanes: what all workers know together, failover, rates, turns, and a person who stops a run in the middle."""

import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest

from channels.circuit import PAUSE
from channels.contract import Capability
from store.owner import owner
from store.runs import due_runs
from tests.patience import until
from tests.town import NOON, settle, state
from tests.work.test_deliver import House, Scripted
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.settings import Mode
from tidings.ticks import ticks
from work.control import pause, stop
from work.deliver import Sender
from work.lanes import FIRST_BATCH, FIRST_SLICE, Lanes, Pace

WRONG = Refused(error=ErrorClass.CONFIG, code="535", wait=timedelta(minutes=10))
TWO = {"field": "reference", "op": "in", "value": ["C1", "C2"]}
BUSY = Refused(error=ErrorClass.THROTTLE, code="429", wait=timedelta(minutes=5))


class Second(Scripted):
    """Another provider of the same channel."""

    def __init__(self, channel, name="second", platforms=(), **scripted):
        super().__init__(channel, **scripted)
        self.name = name
        self.platforms = frozenset(platforms)


class Town(House):
    """A house whose e-mail may have several providers, and whose senders share nothing but the store."""

    def __init__(self, settings, engine):
        super().__init__(settings, engine)
        self.choice = {Channel.EMAIL: (self.email,), Channel.SMS: (self.sms,)}

    @contextmanager
    def sender(self):
        """Return a sender as in another process: with a memory of its own."""
        with owner(self.engine) as number:
            yield Sender(
                installation=self.installation,
                providers=self.choice,
                policy=self.installation.policy,
                owner=number,
                clock=lambda: self.now,
                lanes=Lanes(),
            )


@pytest.fixture
def town(settings, engine):
    return Town(settings, engine)


def test_the_next_provider_sends_while_the_first_ones_circuit_is_open(town, engine):
    settle(engine, 40)
    second = Second(Channel.EMAIL)
    town.choice[Channel.EMAIL] = (town.email, second)
    town.email.default = WRONG

    town.plan().send()
    refused = len(town.email.handed)
    town.now = NOON + timedelta(minutes=5)  # those that were refused are due again, the circuit is still open
    town.send()
    assert len(town.email.handed) == refused == FIRST_SLICE
    assert len(second.handed) == 40 - refused
    town.email.default = Accepted(reference="ok")
    town.now = NOON + timedelta(hours=1)
    town.send()

    assert town.report()["sent"] == {"email": 40}
    bytes_of = {}
    for parcel in [*town.email.handed, *second.handed]:
        bytes_of.setdefault(parcel.message, set()).add(parcel.content.raw)
    assert {len(different) for different in bytes_of.values()} == {1}


def test_a_doubt_never_fails_over(town, engine):
    settle(engine, 3)
    second = Second(Channel.EMAIL)
    town.choice[Channel.EMAIL] = (town.email, second)
    town.email.default = Unknown(code="reset")
    town.plan().send()
    town.email.default = WRONG
    town.sql("UPDATE lanes SET open_until = :until", until=NOON + timedelta(minutes=50))

    town.send()

    assert second.handed == []
    assert town.report()["unknown"] == 3


def test_what_goes_out_again_after_a_doubt_goes_to_the_same_provider(town, engine):
    """Only there the message keeps its key or its Message-ID; meanwhile the others are not held up."""
    settle(engine, 2)
    second = Second(Channel.EMAIL)
    town.choice[Channel.EMAIL] = (town.email, second)
    town.plan()
    town.sql("UPDATE messages SET purpose_class = 'required'")
    town.email.answers["c1@example.org"] = Unknown(code="reset")
    town.email.answers["c2@example.org"] = WRONG
    town.send()
    town.email.answers.clear()

    town.now = NOON + timedelta(minutes=1)
    town.send()
    assert not {parcel.content.to for parcel in second.handed} & {"c1@example.org"}
    town.now = NOON + timedelta(hours=2)
    town.send()

    assert "c1@example.org" in [parcel.content.to for parcel in town.email.handed[2:]]
    assert town.report()["sent"] == {"email": 2}


def test_a_throttle_slows_the_lane_for_all_workers_and_is_no_reason_to_fail_over(town, engine):
    settle(engine, 30)
    second = Second(Channel.EMAIL)
    town.choice[Channel.EMAIL] = (town.email, second)
    town.email.default = BUSY
    town.plan().send()
    town.email.default = Accepted(reference="ok")

    town.now = NOON + timedelta(minutes=4)
    assert not town.send()
    assert second.handed == []
    town.now = NOON + timedelta(hours=1)
    assert sum(town.send().values()) == 30


def test_one_probe_over_all_workers_closes_the_circuit(town, engine):
    settle(engine, 30)
    town.email.default = WRONG
    town.plan().send()
    town.now = NOON + timedelta(hours=1)
    handed = len(town.email.handed)
    town.email.default = Accepted(reference="ok")

    with town.sender() as one, town.sender() as other:
        [probe] = town.claim(one)
        assert len(probe.claimed) == 1
        assert town.claim(other) is None
        one.finish(probe.provider, probe.claimed, probe.rest)
        assert len(town.email.handed) == handed + 1
        other.send_due()

    assert town.report()["sent"] == {"email": 30}


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(Rejected(error=ErrorClass.ADDRESS, code="5.1.1"), id="rejected"),
        pytest.param(Unknown(code="reset"), id="lost, which makes the pause begin again"),
    ],
)
def test_an_answer_to_an_earlier_call_ends_no_probe(town, engine, late):
    """Only what becomes of the probe itself lets another one try; of two, one would be sent for nothing."""
    settle(engine, 30)
    town.email.default = WRONG
    town.plan().send()
    town.sql("UPDATE messages SET due_at = :now", now=NOON)
    town.now = NOON + timedelta(hours=1)

    with town.sender() as one, town.sender() as other:
        [probe] = town.claim(one)
        other.lanes.record(engine, town.email.name, "hei@nordlys.example", [late], now=town.now)
        town.now += PAUSE + timedelta(seconds=1)
        assert town.claim(other) is None
        town.email.default = Accepted(reference="ok")
        one.finish(probe.provider, probe.claimed, probe.rest)
        other.send_due()

    assert town.report()["sent"] == {"email": 30}


def test_a_probe_that_says_nothing_of_the_lane_lets_the_next_one_try_at_once(town, engine):
    """Whoever is rejected for his address has told nothing about the provider, and there is no need to wait."""
    settle(engine, 5)
    town.email.default = WRONG
    town.plan().send()
    town.sql("UPDATE messages SET due_at = :now", now=NOON)
    town.now = NOON + timedelta(hours=1)
    town.email.default = Accepted(reference="ok")
    town.email.answers["c1@example.org"] = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")

    town.send()

    assert town.report()["sent"] == {"email": 4}


def test_a_failed_probe_opens_it_again(town, engine):
    settle(engine, 5)
    town.email.default = Refused(error=ErrorClass.CONFIG, code="535", wait=timedelta(0))
    town.plan().send()
    handed = len(town.email.handed)
    town.now = NOON + PAUSE * 10

    town.send()
    town.send()

    assert len(town.email.handed) == handed + 1


def test_a_run_of_a_closed_lane_is_not_due(town, engine):
    settle(engine, 3)
    town.email.default = WRONG
    town.plan().send()
    town.sql("UPDATE messages SET due_at = :now", now=NOON)

    def due(now):
        town.now = now
        with town.sender() as sender:
            closed = sender.closed()
        with engine.begin() as connection:
            return list(due_runs(connection, now=now, closed=closed))

    assert due(NOON + timedelta(minutes=1)) == []
    assert due(NOON + timedelta(minutes=11)) == [town.run]


def test_a_device_is_reached_by_the_first_provider_of_its_platform(town, engine):
    for customer in settle(engine, 4, channels=("push", "email")):
        with engine.begin() as connection:
            state(connection, customer, topic="offer", channels=["push", "email"], at=NOON)
    town.sql(
        "UPDATE addresses SET platform = (ARRAY['apns', 'fcm', 'web', 'fcm'])[customer_id] WHERE channel = 'push'"
    )
    apple = Second(Channel.PUSH, "apple", ["apns"])
    google = Second(Channel.PUSH, "google", ["fcm"])
    town.choice[Channel.PUSH] = (apple, google)

    town.plan(channels=["push", "email"]).send()
    moved = town.report()
    town.send()

    assert [len(apple.handed), len(google.handed)] == [1, 2]
    assert [parcel.content.to for parcel in town.email.handed] == ["c3@example.org"]
    assert (moved["sent"], moved["failed"]) == ({"email": 1, "push": 3}, {})
    assert town.sql("SELECT * FROM suppressions") == []


def test_a_rate_holds_over_all_workers(town, engine):
    """Two senders that know nothing of each other; each call takes its turn by the server's clock."""
    settle(engine, 24)
    town.email.rate = 20.0
    town.plan()
    started = time.monotonic()

    def send():
        with town.sender() as sender:
            sender.send_due()

    both = [threading.Thread(target=send) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(30)

    assert len(town.email.handed) == 24
    assert time.monotonic() - started >= (24 - 2 * 2) / 20.0


def test_a_small_run_waits_for_no_more_than_a_batch_of_a_huge_one(town, engine):
    settle(engine, 4 * FIRST_BATCH)
    huge = town.plan(name="huge").run
    small = town.plan(name="small", audience=TWO).run
    order = []
    with town.sender() as sender:
        sender.progress = lambda _: order.append(
            dict(town.sql("SELECT run_id, count(*) FROM messages WHERE state = 'done' GROUP BY 1"))
        )
        sender.send_due()

    first = next(done for done in order if small in done)
    assert first.get(huge, 0) <= FIRST_BATCH
    assert order[-1] == {huge: 4 * FIRST_BATCH, small: 2}


def test_what_is_owed_overtakes_a_campaign_in_the_campaigns_own_sender(town, engine):
    settle(engine, 3 * FIRST_BATCH)
    campaign = town.plan(name="campaign").run
    owed = town.plan(name="owed", audience=TWO).run
    town.sql("UPDATE runs SET purpose_class = 'required' WHERE id = :run", run=owed)
    live(town)
    with town.sender() as sender:
        sender.send_due(run=campaign)

    assert {parcel.content.to for parcel in town.email.handed[:2]} == {"c1@example.org", "c2@example.org"}
    assert len(town.email.handed) == 3 * FIRST_BATCH + 2


def live(town):
    """Let lanes be served side by side, as they are where something leaves."""
    town.sql("UPDATE runs SET mode = 'test'")
    town.installation.__dict__["mode"] = Mode.TEST


class Held(Scripted):
    """A provider that answers only when it is let go."""

    def __init__(self, channel, after=0):
        super().__init__(channel)
        self.after = after
        self.busy = threading.Event()
        self.go = threading.Event()

    def send(self, parcels):
        for parcel in parcels:
            if len(self.handed) >= self.after:
                self.busy.set()
                assert self.go.wait(30)
            self.handed.append(parcel)
            yield parcel.attempt, self.default


@contextmanager
def held_up(town, slow):
    """Send what is due, as far as that goes while one provider is busy; afterwards it goes on to the end."""
    with town.sender() as sender:
        sending = threading.Thread(target=sender.send_due)
        sending.start()
        try:
            assert slow.busy.wait(20)
            yield
        finally:
            slow.go.set()
            sending.join(30)


def test_a_slow_provider_holds_up_no_other_channel(town, engine):
    settle(engine, 2)
    settle(engine, 3, channels=("sms",))
    town.choice[Channel.EMAIL] = (slow := Held(Channel.EMAIL),)
    town.plan()
    live(town)
    with held_up(town, slow):
        assert until(lambda: len(town.sms.handed) == 3)
        assert slow.handed == []


def test_who_is_refused_on_a_slow_channel_has_the_next_one_before_the_slow_one_is_done(town, engine):
    settle(engine, FIRST_BATCH + 1, channels=("email", "sms"))
    town.choice[Channel.EMAIL] = (slow := Held(Channel.EMAIL, after=FIRST_BATCH),)
    slow.default = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")
    town.plan()
    live(town)
    with held_up(town, slow):
        assert until(lambda: len(town.sms.handed) == FIRST_BATCH)
    assert len(town.sms.handed) == FIRST_BATCH + 1


@pytest.mark.parametrize(
    ("act", "left", "reason"),
    [
        pytest.param(pause, "ready", "back_off", id="a pause leaves the rest ready"),
        pytest.param(stop, "cancelled", "stopped", id="a stop cancels the rest"),
    ],
)
def test_a_person_interrupts_a_batch_between_two_slices(town, engine, act, left, reason):
    settle(engine, 40)
    town.choice[Channel.EMAIL] = (held := Held(Channel.EMAIL, after=5),)
    town.plan()
    with town.sender() as sender:
        sending = threading.Thread(target=sender.send_due)
        sending.start()
        assert held.busy.wait(20)
        with engine.begin() as connection:
            act(connection, town.run, by="Ingrid", because="wrong price")
        told = time.monotonic()
        assert until(lambda: time.monotonic() - told > 1.0)  # by then every worker must have looked
        held.go.set()
        sending.join(30)

    assert len(held.handed) == FIRST_SLICE  # the slice that was being handed over, and nothing after it
    assert town.sql("SELECT state, reason, count(*) FROM messages GROUP BY 1, 2 ORDER BY 3") == [
        ("done", "", FIRST_SLICE),
        (left, reason, 40 - FIRST_SLICE),
    ]


@pytest.mark.parametrize(
    ("took", "claim", "after"),
    [
        pytest.param([0.6, 0.6, 0.6], 0.1, 400, id="a quick provider gets more"),
        pytest.param([0.2], 0.1, 250, id="as many as it would have taken in a second"),
        pytest.param([0.001], 0.1, 400, id="and never more than eight times as many"),
        pytest.param([0.1] * 9, 0.1, 500, id="never more than the setting"),
        pytest.param([9.0] * 9, 0.1, 1, id="a slow one fewer, at least one"),
        pytest.param([2.0, 2.0], 0.1, FIRST_BATCH, id="neither"),
        pytest.param([2.0, 2.0], 1.0, 200, id="a busy machine, whose claims take long, is no slow provider"),
        pytest.param([10.0] * 9, 9.0, 1, id="and yet whoever comes next does not wait for ever"),
    ],
)
def test_pace(took, claim, after):
    pace = Pace()
    for seconds in took:
        pace.claimed(pace.batch, seconds, most=500, claim=claim)

    assert pace.batch == after


class Slow(Scripted):
    """A provider that takes its time for each message; `meanwhile` is called before the next one."""

    def __init__(self, channel, meanwhile):
        super().__init__(channel)
        self.meanwhile = meanwhile

    def send(self, parcels):
        for attempt, outcome in super().send(parcels):
            self.meanwhile(len(self.handed))
            yield attempt, outcome


def test_a_batch_that_takes_longer_than_its_lease_keeps_it(town, engine):
    """The lease is renewed while the batch goes on, so nobody names it in doubt and it ends."""
    settle(engine, 30)
    lease = timedelta(seconds=1.2)
    town.installation.settings.__dict__["lease"] = lease
    pause_of = threading.Event()
    town.choice[Channel.EMAIL] = (Slow(Channel.EMAIL, lambda _: pause_of.wait(0.08)),)

    started = time.monotonic()
    assert sum(town.plan().send().values()) == 30
    assert time.monotonic() - started > lease.total_seconds()
    assert town.report()["sent"] == {"email": 30}
    assert town.sql("SELECT count(*) FROM attempts") == [(30,)]


def test_no_call_begins_after_the_lease(town, engine):
    """A process that was frozen wakes up: what it had not begun is ready again, and goes out once."""
    settle(engine, 15)
    town.plan()
    with town.sender() as frozen:
        [batch] = town.claim(frozen)
        steps = frozen.finish(batch.provider, batch.claimed, batch.rest, claimed_at=ticks() - 1000)

    assert town.email.handed == []
    assert {step.code for step in steps} == {"lease_over"}
    assert sum(town.send().values()) == 15


def test_what_somebody_named_in_doubt_is_not_sent_any_more(town, engine):
    """The database restarted, another worker saw our lock gone: a renewal tells us, before the next slice."""
    settle(engine, 30)
    town.installation.settings.__dict__["lease"] = timedelta(seconds=2)

    def doubt(handed):
        if handed == FIRST_SLICE:
            town.sql("UPDATE attempts SET state = 'unknown' WHERE id <> ALL(:ids)", ids=began())
            assert threading.Event().wait(0.8) is False

    def began():
        return [parcel.attempt for parcel in slow.handed]

    town.choice[Channel.EMAIL] = (slow := Slow(Channel.EMAIL, doubt),)

    town.plan()
    with town.sender() as sender:
        sender.stopping = lambda: bool(slow.handed)
        sender.send_due()

    assert len(slow.handed) == FIRST_SLICE
    assert town.sql("SELECT state, count(*) FROM messages GROUP BY 1 ORDER BY 1") == [
        ("done", FIRST_SLICE),
        ("ready", 20),
    ]


def test_what_goes_out_again_under_a_key_goes_to_no_provider_that_never_knew_it(town, engine):
    """The settings name another one meanwhile: it would print the letter a second time."""
    settle(engine, 3)
    first = Second(Channel.EMAIL, "first", default=Unknown(code="cut"))
    first.capability = Capability.KEY
    town.choice[Channel.EMAIL] = (first,)
    town.plan()
    with town.sender() as sender:
        sender.send_due()
    town.now = NOON + timedelta(minutes=2)
    with town.sender() as sender:
        sender.settle()
    town.choice[Channel.EMAIL] = (town.email,)
    town.send()

    assert (len(first.handed), len(town.email.handed)) == (3, 0)
    assert town.report()["unknown"] == 3
