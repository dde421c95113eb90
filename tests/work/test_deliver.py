"""`work.deliver`: what the customer says up to the last moment binds, and a crash loses and doubles nothing."""

import json
from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from channels.contract import Capability
from flows.desk import Desk
from store.owner import owner
from store.runs import set_run
from store.silence import fall_back
from templates.catalog import find
from tests.town import NOON, agree, install, settle, state, suppress
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.state import AttemptState
from work import run as stages
from work.build import parcels, read_context
from work.campaign import open_campaign, parse_campaign
from work.claim import Claimer
from work.copy import ask_for_copy
from work.deliver import Sender
from work.installation import opened, public_urls, remember_public_url
from work.lanes import FIRST_SLICE
from work.report import report
from work.trial import send_trial

SAMPLE = {key: value for key, value in find("offer/autumn").sample.items() if key != "customer"}


def offer(**changes):
    raw = {
        "name": "autumn",
        "edition": "1",
        "topic": "offer",
        "template": "offer/autumn",
        "audience": {"everybody": True},
        "channels": ["email", "sms"],
        "data": SAMPLE,
    }
    return parse_campaign(raw | changes, where="test")


class Scripted:
    """A provider that answers each address as told, and remembers what it was handed."""

    capability = Capability.NONE
    platforms = frozenset()
    rate = 0.0
    call_timeout = timedelta(seconds=1)

    def __init__(self, channel, answers=None, *, default=None, dies_after=None):
        self.name = f"scripted-{channel}"
        self.channel = channel
        self.answers = answers or {}
        self.default = default or Accepted(reference="ok")
        self.dies_after = dies_after
        self.handed = []

    def send(self, parcels):
        for parcel in parcels:
            if self.dies_after is not None and len(self.handed) >= self.dies_after:
                raise SystemExit("the process is killed here")
            self.handed.append(parcel)
            yield parcel.attempt, self.answers.get(parcel.content.to, self.default)

    def close(self):
        pass


def moved(installation, url):
    """Return an installation whose page moved, as the next start finds it."""
    with installation.engine.begin() as connection:
        remember_public_url(connection, installation.settings.public_url)
        remember_public_url(connection, url)
    return replace(installation, settings=installation.settings.model_copy(update={"public_url": url}))


class House:
    """An installation, one planned offer, and providers that do as they are told."""

    def __init__(self, settings, engine):
        self.engine = engine
        self.installation = install(settings, engine)
        self.email = Scripted(Channel.EMAIL)
        self.sms = Scripted(Channel.SMS)
        self.now = NOON

    def plan(self, **changes):
        opened = open_campaign(
            self.installation, offer(**changes), self.installation.policy, actor="staff:test", now=NOON
        )
        shards = stages.begin(self.installation, opened.run, now=NOON)
        for shard in range(shards.count):
            stages.plan(self.installation, opened.run, shard, self.installation.policy, now=NOON)
        with self.engine.begin() as connection:
            set_run(connection, opened.run, state="sending")
        self.run = opened.run
        return self

    @contextmanager
    def sender(self):
        with owner(self.engine) as number:
            yield Sender(
                installation=self.installation,
                providers={Channel.EMAIL: (self.email,), Channel.SMS: (self.sms,)},
                policy=self.installation.policy,
                owner=number,
                clock=lambda: self.now,
            )

    def claim(self, sender):
        """Do what a sender does before it is killed; returns what it committed."""
        [turn] = sender._waiting(sender.providers, self.run, None)
        with self.engine.begin() as connection:
            context = read_context(connection, self.installation, self.run)
        claimer = Claimer(
            installation=self.installation, policy=sender.policy, owner=sender.owner, lanes=sender.lanes
        )
        return claimer.claim(turn, context, sender.providers[Channel(turn.channel)], now=self.now)

    def parcels(self, batch):
        with self.engine.begin() as connection:
            context = read_context(connection, self.installation, self.run)
        made = parcels(batch.claimed, {self.run: context}, self.installation, {})
        return [ready.parcel for _, ready in made]

    def send(self):
        with self.sender() as sender:
            sender.settle()
            return sender.send_due()

    def report(self):
        with self.engine.begin() as connection:
            found = report(connection, self.run)
        assert found["audience"] == sum(found["planned"].values()) + sum(found["held"].values())
        assert sum(found["planned"].values()) == (
            sum(found["sent"].values())
            + sum(found["failed"].values())
            + found["unknown"]
            + sum(found["waiting"].values())
        )
        return found

    def sql(self, query, **parameters):
        with self.engine.begin() as connection:
            result = connection.execute(text(query), parameters)
            return result.all() if result.returns_rows else None


@pytest.fixture
def house(settings, engine):
    return House(settings, engine)


def test_everybody_gets_one_message(house, engine):
    settle(engine, 120)

    assert house.plan().send() == Counter({AttemptState.ACCEPTED: 120})
    assert len({parcel.content.to for parcel in house.email.handed}) == 120
    assert house.report()["sent"] == {"email": 120}
    assert house.send() == Counter()


@pytest.mark.parametrize(
    ("act", "held"),
    [
        pytest.param(
            lambda c, who: agree(c, who, topic="offer", action="objected", at=NOON),
            "no_consent",
            id="an objection",
        ),
        pytest.param(
            lambda c, who: agree(c, who, topic="offer", channel="email", action="withdrawn", at=NOON),
            "no_consent",
            id="a withdrawal on the only channel",
        ),
        pytest.param(
            lambda c, who: suppress(c, "email", "c1@example.org"),
            "no_channel",
            id="a bounce of the only address",
        ),
        pytest.param(
            lambda c, who: c.execute(
                text("UPDATE customers SET standing = 'deceased' WHERE id = :who"), {"who": who}
            ),
            "standing",
            id="a death",
        ),
        pytest.param(
            lambda c, who: c.execute(
                text("UPDATE customers SET holds = '{complaint}' WHERE id = :who"), {"who": who}
            ),
            "open_matter",
            id="a complaint",
        ),
    ],
)
def test_what_happens_between_planning_and_sending_binds(house, engine, act, held):
    """A change committed before the claim is never followed by a send, and the totals still agree."""
    first, _ = settle(engine, 2)
    house.plan()
    with engine.begin() as connection:
        act(connection, first)

    house.send()

    assert [parcel.content.to for parcel in house.email.handed] == ["c2@example.org"]
    assert house.report()["held"] == {held: 1}


def test_a_changed_wish_moves_the_message_to_the_other_channel(house, engine):
    [customer] = settle(engine, channels=("email", "sms"))
    house.plan()
    with engine.begin() as connection:
        state(connection, customer, topic="offer", channels=["sms"], at=NOON)

    house.send()

    assert house.email.handed == []
    found = house.report()
    assert (found["planned"], found["sent"]) == ({"email": 1}, {"sms": 1})


def test_a_pause_after_planning_makes_the_message_wait(house, engine):
    [customer] = settle(engine)
    house.plan()
    with engine.begin() as connection:
        state(connection, customer, kind="pause", topic="offer", until_at=NOON + timedelta(days=3), at=NOON)

    house.send()

    assert house.report()["waiting"] == {"pause": 1}
    house.now = NOON + timedelta(days=3, minutes=1)
    house.send()
    assert house.report()["sent"] == {"email": 1}


@pytest.mark.parametrize("stopped", ["paused", "stopped", "waiting_release"])
def test_a_run_that_may_not_send_sends_nothing(house, engine, stopped):
    settle(engine, 3)
    house.plan()
    house.sql("UPDATE runs SET state = :state", state=stopped)

    assert house.send() == Counter()


def test_what_was_tried_in_the_outbox_does_not_leave_later(house, engine):
    settle(engine, 3)
    house.plan()
    house.sql("UPDATE runs SET mode = 'live'")

    assert house.send() == Counter()


def test_a_dead_address_is_suppressed_and_the_next_channel_taken(house, engine):
    settle(engine, channels=("email", "sms"))
    house.email.answers["c1@example.org"] = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")

    house.plan().send()

    assert [parcel.content.to for parcel in house.sms.handed] == ["+4740600001"]
    assert house.sql("SELECT channel, value, reason FROM suppressions") == [
        ("email", "c1@example.org", "5.1.1")
    ]
    assert house.report()["sent"] == {"sms": 1}


def test_a_message_without_a_channel_left_has_failed(house, engine):
    settle(engine, channels=("email", "sms"))
    dead = Rejected(error=ErrorClass.ADDRESS, code="gone")
    house.email.default = house.sms.default = dead

    house.plan().send()

    assert house.report()["failed"] == {"address": 1}


def test_our_own_fault_stops_the_lane_and_suppresses_nobody(house, engine):
    settle(engine, 30)
    house.email.default = Refused(error=ErrorClass.CONFIG, code="535", wait=timedelta(minutes=5))

    house.plan().send()

    assert len(house.email.handed) <= 10
    assert house.sql("SELECT * FROM suppressions") == []
    assert sum(house.report()["waiting"].values()) == 30
    house.email.default = Accepted(reference="ok")
    house.now = NOON + timedelta(hours=1)
    house.send()
    assert house.report()["sent"] == {"email": 30}


def test_a_busy_provider_is_asked_again_with_the_same_bytes(house, engine):
    settle(engine)
    house.email.default = Refused(error=ErrorClass.TRANSIENT, code="451", wait=timedelta(minutes=5))
    house.plan().send()
    house.email.default = Accepted(reference="ok")

    house.now = NOON + timedelta(hours=1)
    house.send()

    first, second = house.email.handed
    assert first.attempt != second.attempt
    assert first.content == second.content
    assert house.sql("SELECT count(*) FROM deliveries") == [(1,)]


def test_a_doubt_of_marketing_stays_and_is_named(house, engine):
    settle(engine, 3)
    house.email.answers["c2@example.org"] = Unknown(code="reset")

    house.plan().send()
    house.send()

    assert len(house.email.handed) == 3
    assert house.report()["unknown"] == 1


def test_a_killed_sender_leaves_named_doubts_and_sends_no_one_twice(house, engine):
    """What the dead process was handing over is in doubt, at most a slice; the rest goes out."""
    settle(engine, 120)
    house.plan()
    house.email.dies_after = 70
    with pytest.raises(SystemExit):
        house.send()
    house.email.dies_after = None

    house.send()

    handed = Counter(parcel.content.to for parcel in house.email.handed)
    assert set(handed.values()) == {1}
    found = house.report()
    assert 1 <= found["unknown"] <= 2 * FIRST_SLICE
    assert found["sent"]["email"] + found["unknown"] == 120


def test_a_killed_sender_of_something_owed_sends_it_once_more_and_says_so(house, engine):
    settle(engine, 20)
    house.plan()
    house.sql("UPDATE messages SET purpose_class = 'required'")
    house.email.dies_after = 7
    with pytest.raises(SystemExit):
        house.send()
    house.email.dies_after = None

    house.send()

    assert house.report()["sent"] == {"email": 20}
    by_message = {}
    for parcel in house.email.handed:
        by_message.setdefault(parcel.message, set()).add(parcel.content.raw)
    assert {len(bytes_) for bytes_ in by_message.values()} == {1}
    doubted = house.sql("SELECT settled_by FROM attempts WHERE state = 'abandoned'")
    assert len(doubted) == 3  # of a slice of ten seven had an answer; what had not begun was never in doubt
    assert "once more" in doubted[0][0]


def test_a_keyed_provider_is_simply_asked_again(house, engine):
    settle(engine, 20)
    house.plan()
    house.email.capability = Capability.KEY
    house.email.dies_after = 7
    with pytest.raises(SystemExit):
        house.send()
    house.email.dies_after = None

    house.send()

    assert house.report()["sent"] == {"email": 20}


def test_a_living_sender_keeps_what_it_claimed(house, engine):
    """While the owner's lock is held and the lease runs, nobody names its attempts."""
    settle(engine, 5)
    house.plan()
    with house.sender() as busy:
        house.claim(busy)

        assert house.send() == Counter()
        assert house.sql("SELECT DISTINCT state FROM attempts") == [("sending",)]


def restart(engine):
    """End every session of the database, as a restart of its server does, or its failing over: locks go with them."""
    everybody = create_engine(engine.url.set(database="template1"), isolation_level="AUTOCOMMIT")
    with everybody.connect() as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"),
            {"name": engine.url.database},
        )
    everybody.dispose()
    engine.dispose()


def test_a_living_sender_keeps_what_it_claimed_although_the_database_restarted(house, engine):
    """Its lock went with its session; other processes, which cannot know whether it lives, leave it its lease."""
    settle(engine, 5)
    house.plan()
    with house.sender() as busy:
        house.claim(busy)
        restart(engine)

        assert house.send() == Counter()
        assert house.sql("SELECT DISTINCT state FROM attempts") == [("sending",)]
        house.sql("UPDATE attempts SET lease_until = now()")
        house.send()
        assert house.sql("SELECT DISTINCT state FROM attempts") == [("unknown",)]


def test_a_sender_that_goes_on_after_a_restart_has_a_lock_again(house, engine):
    settle(engine, 5)
    house.plan()
    with house.sender() as busy:
        before = busy.owner.number()
        restart(engine)
        house.claim(busy)

        assert busy.owner.number() != before
        assert house.send() == Counter()
        assert house.sql("SELECT DISTINCT state FROM attempts") == [("sending",)]


def test_a_process_that_died_with_the_database_is_not_waited_for(house, engine):
    """The journal on its own machine says that it is dead."""
    settle(engine, 20)
    house.plan()
    house.email.dies_after = 7
    with pytest.raises(SystemExit):
        house.send()
    house.email.dies_after = None
    restart(engine)

    house.send()

    assert house.report()["sent"] == {"email": 17}
    assert house.report()["unknown"] == 3


def test_an_ended_lease_names_the_doubt_although_the_process_lives(house, engine):
    settle(engine, 5)
    house.plan()
    with house.sender() as frozen:
        house.claim(frozen)
        house.sql("UPDATE attempts SET lease_until = now()")
        house.send()

        assert house.report()["unknown"] == 5


def test_a_customer_without_data_fails_alone(house, engine):
    settle(engine, 3)
    house.plan()
    house.sql("UPDATE messages SET data = '{\"code\": null}' WHERE customer_id = 2")

    house.send()

    found = house.report()
    assert (found["sent"], found["failed"]) == ({"email": 2}, {"data": 1})


def test_two_senders_share_a_run_without_overlap(house, engine):
    settle(engine, 100)
    house.plan()
    with house.sender() as one, house.sender() as other:
        [batch] = house.claim(one)
        other.send_due()

    assert len({parcel.message for parcel in house.email.handed} & {c.message for c in batch.claimed}) == 0
    assert len(house.email.handed) == 50


def test_a_second_run_of_an_edition_has_the_same_audience_and_sends_nothing(house, engine):
    settle(engine, 4)
    settle(engine, 1, consent=None)
    house.plan().send()
    with house.engine.begin() as connection:
        set_run(connection, house.run, state="finished")
    settle(engine, 2)

    house.plan().send()

    assert house.report()["held"] == {"already_sent": 5}
    assert len(house.email.handed) == 4


def test_a_copy_goes_out_on_the_asked_channel_and_leaves_the_totals_alone(house, engine):
    settle(engine, channels=("email", "sms"))
    house.plan().send()
    [(message,)] = house.sql("SELECT id::text FROM messages")
    with engine.begin() as connection:
        ask_for_copy(connection, message, by="staff:Ingrid", because="lost it", channel=Channel.SMS, now=NOON)

    house.send()

    assert [parcel.content.to for parcel in house.sms.handed] == ["+4740600001"]
    assert house.report()["sent"] == {"email": 1}
    [(action, detail)] = house.sql("SELECT action, detail FROM audit")
    assert (action, detail["because"]) == ("copy", "lost it")


def test_silence_moves_a_message_to_the_next_channel(house, engine):
    first, second = settle(engine, 2, channels=("email", "sms"))
    house.plan(fallback_after={"email": "P3D"}).send()
    house.sql(
        """INSERT INTO touchpoints (customer_id, source, external_id, direction, channel, kind, at)
           VALUES (:who, 'test', '1', 'in', 'email', 'clicked', :at)""",
        who=first,
        at=NOON + timedelta(hours=1),
    )

    house.now = NOON + timedelta(days=4)
    with engine.begin() as connection:
        moved = fall_back(connection, now=house.now)
    house.send()

    assert moved == 1
    assert [parcel.content.to for parcel in house.sms.handed] == [f"+47406{second:05d}"]


def test_the_letters_of_a_killed_run_are_in_one_batch_each(settings, engine):
    """The outbox is keyed by message: a repeat after a crash adds no second piece."""
    settle(engine, 6, channels=("letter",))
    house = House(settings, engine)
    house.plan(channels=["letter"])
    desk = Desk(installation=house.installation, fixed_now=NOON)
    with desk.sender() as first:
        [batch] = house.claim(first)
        list(batch.provider.send(house.parcels(batch)))
    with desk.sender() as second:
        second.settle()
        second.send_due()

    manifests = [json.loads(path.read_text()) for path in settings.root.glob("outbox/letter/*/manifest.json")]
    pieces = Counter(piece["message"] for manifest in manifests for piece in manifest["pieces"])
    assert len(pieces) == 6
    assert set(pieces.values()) == {1}
    assert house.report()["sent"] == {"letter": 6}


def test_a_test_send_reaches_a_colleague_and_no_customers_history(house, engine):
    settle(engine, 2)
    with house.sender() as sender:
        trial = send_trial(
            sender,
            offer(),
            to="ingrid@example.net",
            channel=Channel.EMAIL,
            customer="C2",
            actor="staff:x",
            now=NOON,
        )

    assert trial.state == "accepted"
    [parcel] = house.email.handed
    assert parcel.content.to == "ingrid@example.net"
    assert house.sql("SELECT count(*) FROM touchpoints") == [(0,)]
    assert house.plan().send() == Counter({AttemptState.ACCEPTED: 2})


def test_a_provider_that_is_too_busy_rests_as_a_whole(house, engine):
    settle(engine, 30)
    house.email.default = Refused(error=ErrorClass.THROTTLE, code="429", wait=timedelta(minutes=5))

    house.plan().send()

    assert len(house.email.handed) == 10
    assert house.report()["waiting"] == {"back_off": 30}
    house.email.default = Accepted(reference="ok")
    house.now = NOON + timedelta(hours=1)
    house.send()
    assert house.report()["sent"] == {"email": 30}


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_the_links_of_another_try_are_those_of_the_first_though_the_page_has_moved(house, engine, channel):
    """A customer gets the message, once, and never two that differ: a first try may have been taken after all."""
    settle(engine, 1, channels=(channel,))
    provider = {"email": house.email, "sms": house.sms}[channel]
    provider.default = Refused(error=ErrorClass.TRANSIENT, code="4.3.2", wait=timedelta(minutes=1))
    house.plan().send()
    for url in ("https://new.example.org", "https://newer.example.org"):
        house.installation = moved(house.installation, url)
    provider.default = Accepted(reference="ok")
    house.now = NOON + timedelta(hours=1)

    house.send()

    first, second = (parcel.content for parcel in provider.handed)
    assert first == second
    assert house.report()["sent"] == {channel: 1}


def test_every_start_remembers_what_links_begin_with(settings, engine):
    for url in ("https://a.example.org", "https://b.example.org", "https://b.example.org"):
        with opened(settings.model_copy(update={"public_url": url})):
            pass

    with engine.connect() as connection:
        assert public_urls(connection) == ["https://b.example.org", "https://a.example.org"]
