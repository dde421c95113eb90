"""Doubts: named, ended by what each provider's capability can prove, or by a person; calls; who is missing."""

import json
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from channels.contract import Capability
from store.outcomes import Step, record
from tests.shelf import add_attempt, add_delivery, add_message, add_run, states
from tests.town import NOON, install, settle
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from work.calls import called, calls
from work.doubts import doubts, settle_by_hand
from work.missing import missing
from work.receive import receive
from work.report import report
from work.settle import CANARIES, MARGIN, PATIENCE
from work.settle import settle as end_doubts

LATER = NOON + timedelta(minutes=10)


NOBODY = "0197c1f2-0000-7000-8000-000000000000"


class Peer:
    """A provider of a capability, and what its list says."""

    channel = Channel.EMAIL
    call_timeout = timedelta(seconds=1)
    platforms = frozenset()
    rate = 0.0
    settle_after = timedelta(minutes=5)

    def __init__(self, capability, *, name="peer", engine=None, took=(), decides=True):
        self.name = name
        self.capability = Capability(capability)
        self._engine = engine
        self.took = took
        self.decides = decides
        self.asked = []

    def send(self, parcels):
        raise NotImplementedError

    def close(self):
        pass

    def find(self, doubts, *, now):
        with self._engine.begin() as connection:  # nobody holds a lock on what is asked about
            connection.execute(text("SELECT 1 FROM attempts FOR UPDATE NOWAIT"))
        for doubt in doubts:
            self.asked.append(doubt)
            if self.decides:
                kind = ReceiptKind.ACCEPTED if doubt.attempt in self.took else ReceiptKind.ABSENT
                yield Receipt(provider=self.name, event_id=f"list {doubt.attempt}", kind=kind, channel=self.channel,
                              at=now, attempt=doubt.attempt)  # fmt: skip


class Desk:
    def __init__(self, settings, engine, *, required=False, channels=("email", "sms"), state="sending"):
        self.engine = engine
        self.installation = install(settings, engine)
        [self.customer] = settle(engine, channels=channels)
        with engine.begin() as connection:
            self.run = add_run(connection, required=required, state=state)

    def message(
        self, delivery="in_doubt", attempt="unknown", *, state="in_delivery", started_at=NOON, **given
    ):
        with self.engine.begin() as connection:
            self.id = add_message(connection, self.run, self.customer, state=state)
            self.delivery = add_delivery(connection, self.id, state=delivery)
            connection.execute(text("UPDATE deliveries SET content_hash = 'x'"))
            self.attempt = add_attempt(
                connection, self.delivery, state=attempt, started_at=started_at, **given
            )
        return self

    def settle(self, *providers, now=LATER):
        return end_doubts(self.installation, providers, now=now)

    def states(self):
        with self.engine.begin() as connection:
            return states(connection, self.id)

    def sql(self, statement, **values):
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return found.all() if found.returns_rows else []


@pytest.fixture
def desk(settings, engine):
    return Desk(settings, engine)


@pytest.fixture
def bill(settings, engine):
    return Desk(settings, engine, required=True)


DOUBT = ("in_delivery", [("in_doubt", ["unknown"])])
AGAIN = ("ready", [("ready", ["abandoned"])])
ABSENT = ("ready", [("ready", ["absent"])])
DONE = ("done", [("accepted", ["accepted"])])


def test_what_a_dead_sender_left_is_named_once(desk):
    desk.message("sending", "sending")
    assert desk.settle(Peer("none"))["named"] == 1
    assert desk.settle(Peer("none"))["named"] == 0
    assert desk.states() == DOUBT
    assert desk.sql("SELECT code, error_class, ended_at FROM attempts") == [("sender_died", "unknown", LATER)]


POLICY = {
    "an offer with a key goes out again": ("key", False, LATER, AGAIN),
    "a bill with a key goes out again": ("key", True, LATER, AGAIN),
    "an offer that nobody can be asked about stays a named doubt": (
        "none",
        False,
        LATER + 9 * PATIENCE,
        DOUBT,
    ),
    "a bill that nobody can be asked about goes out once more": ("none", True, LATER, AGAIN),
    "an offer without an event stays a doubt": ("event", False, LATER + 9 * PATIENCE, DOUBT),
    "a bill waits for its event": ("event", True, NOON + PATIENCE - timedelta(seconds=1), DOUBT),
    "a bill without an event for a day goes out once more": ("event", True, NOON + PATIENCE, AGAIN),
}


@pytest.mark.parametrize(("capability", "required", "now", "expected"), POLICY.values(), ids=POLICY)
def test_the_policy_of_each_capability(settings, engine, capability, required, now, expected):
    desk = Desk(settings, engine, required=required).message()
    desk.settle(Peer(capability), now=now)
    assert desk.states() == expected


def test_a_second_doubt_of_a_bill_waits_for_a_person(bill):
    bill.message().settle(Peer("none"))
    bill.sql("UPDATE messages SET state = 'in_delivery'")
    bill.sql("UPDATE deliveries SET state = 'in_doubt'")
    with bill.engine.begin() as connection:
        add_attempt(connection, bill.delivery, state="unknown")
    bill.settle(Peer("none"), now=LATER + 9 * PATIENCE)
    assert bill.states() == ("in_delivery", [("in_doubt", ["abandoned", "unknown"])])
    [doubt] = doubts(bill.installation, [Peer("none")])
    assert "Only you" in doubt["settles"]


def test_a_stopped_run_sends_nothing_again(settings, engine):
    desk = Desk(settings, engine, required=True, state="stopped").message()
    desk.settle(Peer("key"), Peer("none"))
    assert desk.states() == DOUBT


LISTED = {
    "what the list has is done": (True, True, LATER, DONE),
    "what it lacks is ready again": (False, True, LATER, ABSENT),
    "what it does not decide stays": (False, False, LATER, DOUBT),
    "nobody is asked before the list has caught up": (False, True, NOON + timedelta(minutes=4), DOUBT),
}


@pytest.mark.parametrize(("took", "decides", "now", "expected"), LISTED.values(), ids=LISTED)
def test_a_provider_with_a_list_is_asked(desk, took, decides, now, expected):
    desk.message()
    peer = Peer("list", engine=desk.engine, took=[desk.attempt] if took else [], decides=decides)
    desk.settle(peer, now=now)
    assert desk.states() == expected
    assert [doubt.attempt for doubt in peer.asked] == ([desk.attempt] if now == LATER else [])


@pytest.mark.parametrize("took", [True, False], ids=["the list has it", "the list lacks it"])
@pytest.mark.parametrize("elsewhere", [True, False], ids=["another channel was left", "no other one"])
def test_a_restored_doubt_that_may_have_moved_on_is_not_ended_by_an_absence(desk, took, elsewhere):
    """The lost store may have been refused and have taken the next channel, which this provider's list cannot tell."""
    desk.message(code="restored")
    ranked = [{"channel": "email", "rank": 1}, *[{"channel": "sms", "rank": 2}] * elsewhere]
    desk.sql("UPDATE messages SET decision = CAST(:ranked AS jsonb)", ranked=json.dumps(ranked))

    desk.settle(Peer("list", engine=desk.engine, took=[desk.attempt] if took else []))

    assert desk.states() == (DONE if took else DOUBT if elsewhere else ABSENT)


@pytest.mark.parametrize(("over", "expected"), [("4 minutes", DOUBT), ("6 minutes", ABSENT)], ids=str)
def test_a_list_is_asked_only_when_whoever_was_cut_off_can_send_no_more(desk, over, expected):
    """A sender that lost its lock but not its life may send until its lease is over; then the list has its time."""
    desk.message()
    desk.sql("UPDATE attempts SET lease_until = clock_timestamp() - CAST(:over AS interval)", over=over)
    desk.settle(Peer("list", engine=desk.engine))
    assert desk.states() == expected


def test_a_list_that_cannot_be_asked_leaves_the_doubt(desk):
    desk.message().settle(Peer("list", engine=None))
    assert desk.states() == DOUBT


def test_news_that_came_before_the_doubt_was_named_ends_it(desk):
    desk.message("sending", "sending")
    heard = Receipt(provider="peer", event_id="1", kind=ReceiptKind.DELIVERED, channel=Channel.EMAIL, at=NOON,
                    attempt=desk.attempt)  # fmt: skip
    assert receive(desk.installation, [heard], now=NOON) == Counter(waiting=1)
    desk.settle(Peer("none"))
    assert desk.states() == ("done", [("delivered", ["accepted"])])


def _canary(desk, number, *, after, heard=True, provider="peer"):
    doubt = desk.id, desk.delivery, desk.attempt
    desk.message("accepted", "accepted", state="done", started_at=NOON + after, provider=provider)
    if heard:
        told = Receipt(provider="peer", event_id=f"canary {number}", kind=ReceiptKind.ACCEPTED, channel=Channel.EMAIL,
                       at=NOON + after, attempt=desk.attempt)  # fmt: skip
        receive(desk.installation, [told], now=NOON + after)
    desk.id, desk.delivery, desk.attempt = doubt


MINUTE = timedelta(minutes=1)
SILENCES = {
    "three later messages were reported, and an hour went by": ((1, 2, 3), (), MARGIN + 9 * MINUTE, AGAIN),
    "the hour is not over": ((1, 2, 3), (), MARGIN - MINUTE, DOUBT),
    "only two later messages were reported": ((1, 2), (), MARGIN + 9 * MINUTE, DOUBT),
    "the path lost a message": ((1, 2, 3, 4), (5,), MARGIN + 9 * MINUTE, DOUBT),
    "only earlier messages were reported": ((-3, -2, -1), (), MARGIN + 9 * MINUTE, DOUBT),
    "no message followed": ((), (), 9 * MARGIN, DOUBT),
}


@pytest.mark.parametrize(("reported", "lost", "after", "expected"), SILENCES.values(), ids=SILENCES)
def test_a_bill_is_not_waited_for_longer_where_events_of_later_ones_came(
    bill, reported, lost, after, expected
):
    assert CANARIES == 3
    bill.message()
    for minute in reported + lost:
        _canary(bill, minute, after=minute * MINUTE, heard=minute in reported)
    bill.settle(Peer("event"), now=NOON + after)
    assert bill.states() == expected


def test_silence_of_events_sends_no_offer_twice(desk):
    """A path that loses one event in two hundred is heard of before and behind it."""
    desk.message()
    for minute in (1, 2, 3):
        _canary(desk, minute, after=minute * MINUTE)
    desk.settle(Peer("event"), now=NOON + 9 * MARGIN)
    assert desk.states() == DOUBT


def test_silence_about_a_restored_doubt_says_nothing(bill):
    """The events about it went to the database that is lost."""
    bill.message(code="restored")
    for minute in (1, 2, 3):
        _canary(bill, minute, after=minute * MINUTE)
    bill.settle(Peer("event"), now=NOON + MARGIN + 9 * MINUTE)
    assert bill.states() == DOUBT


def test_the_late_answer_of_a_sender_that_was_given_up_is_evidence(bill):
    bill.message().settle(Peer("none"))
    assert bill.states() == AGAIN
    late = Step(
        attempt=bill.attempt, delivery=bill.delivery, message=bill.id, customer=bill.customer, channel="email",
        attempt_state="accepted", delivery_state="accepted", message_state="done", provider_reference="x",
    )  # fmt: skip
    with bill.engine.begin() as connection:
        record(connection, [late], now=LATER)
    assert bill.states() == AGAIN
    bill.settle(Peer("none"))
    assert bill.states() == DONE


def test_doubts_are_listed_with_what_will_end_them(desk, bill):
    desk.message()
    [first] = doubts(desk.installation, [Peer("list", engine=desk.engine)])
    assert first.keys() == {
        "message", "customer", "run", "document", "channel", "provider", "capability", "since", "settles",
    }  # fmt: skip
    assert (first["message"], first["customer"], first["capability"]) == (desk.id, "C1", "list")
    assert first["settles"].startswith("peer is asked")


@pytest.mark.parametrize(("kind", "expected"), [("accepted", DONE), ("absent", ABSENT)], ids=str)
def test_a_person_ends_a_doubt_and_is_written_down(desk, kind, expected):
    desk.message("sending", "sending")
    kind = ReceiptKind(kind)
    settle_by_hand(desk.installation, [desk.id], kind, because="they told me", by="Ingrid", now=LATER)
    assert desk.states() == expected
    [(actor, action, subject, detail)] = desk.sql("SELECT actor, action, subject, detail FROM audit")
    assert (actor, action, subject) == ("staff:Ingrid", "settle", desk.id)
    assert detail == {"as": kind.value, "because": "they told me", "attempt": desk.attempt}
    with pytest.raises(Problem, match="Nothing of message"):
        settle_by_hand(desk.installation, [desk.id], kind, because="again", by="Ingrid", now=LATER)


def test_a_person_ends_all_doubts_of_an_outage_at_once_or_none(desk):
    ids = [desk.message().id for _ in range(3)]
    given = {"because": "it was down", "by": "Ingrid", "now": LATER}
    with pytest.raises(Problem, match="nothing was settled"):
        settle_by_hand(desk.installation, [*ids, NOBODY], ReceiptKind.ABSENT, **given)
    assert desk.states() == DOUBT

    settled = settle_by_hand(desk.installation, [*ids, ids[0]], ReceiptKind.ABSENT, **given)

    assert set(settled) == set(ids)
    assert desk.sql("SELECT DISTINCT state FROM attempts") == [("absent",)]
    assert desk.sql("SELECT count(*) FROM audit WHERE action = 'settle'") == [(3,)]


SAID = {
    "an offer by events": ("event", False, {}, "An event of peer about it. Else only you"),
    "a bill by events": ("event", True, {}, "it is sent once more"),
    "a bill that a restored backup has": ("none", True, {"code": "restored"}, "Only you"),
    "one by events": ("event", True, {"code": "restored"}, "about it. Else only you"),
}


@pytest.mark.parametrize(("capability", "required", "given", "said"), SAID.values(), ids=SAID)
def test_what_ends_a_doubt_is_said_as_it_is(settings, engine, capability, required, given, said):
    desk = Desk(settings, engine, required=required).message(**given)
    [doubt] = doubts(desk.installation, [Peer(capability)])
    assert said in doubt["settles"]


@pytest.mark.parametrize("message", ["no id", NOBODY])
def test_what_is_not_in_doubt_cannot_be_settled(desk, message):
    with pytest.raises(Problem):
        settle_by_hand(desk.installation, [message], ReceiptKind.ABSENT, because="x", by="y", now=LATER)


def test_a_bill_without_a_channel_becomes_one_call(bill):
    with bill.engine.begin() as connection:
        failed = add_message(connection, bill.run, bill.customer, state="undeliverable", reason="bounced")
        held = add_message(
            connection, bill.run, bill.customer, state="held", reason="no_channel", channel=None
        )
        add_message(connection, bill.run, bill.customer, state="held", reason="no_consent")
        add_message(connection, add_run(connection), bill.customer, state="undeliverable", reason="bounced")
        rehearsal = add_run(connection, required=True, mode="rehearsal")
        add_message(connection, rehearsal, bill.customer, state="undeliverable", reason="data")
    for _ in range(2):
        bill.settle(Peer("none"))
        found = calls(bill.installation, now=LATER)
    assert sorted(call["message"] for call in found) == sorted([failed, held])
    assert {(call["customer"], call["phone"], call["name"]) for call in found} == {
        ("C1", "+4740600001", "Ada Berg")
    }
    done = next(call["call"] for call in found if call["message"] == failed)
    called(bill.installation, done, by="Ingrid", note="moved house", now=LATER)
    assert [call["message"] for call in calls(bill.installation, now=LATER)] == [held]
    assert bill.sql("SELECT channel, kind, direction, message_id::text, detail FROM touchpoints") == [
        ("call", "called", "out", failed, {"note": "moved house", "by": "Ingrid"})
    ]
    with pytest.raises(Problem, match="no call"):
        called(bill.installation, done, by="Ingrid", note="again", now=LATER)


def test_a_call_is_off_when_the_document_goes_out_after_all_and_on_again_when_that_fails(bill):
    with bill.engine.begin() as connection:
        held = add_message(
            connection, bill.run, bill.customer, state="held", reason="no_channel", document="F-1"
        )
    assert len(calls(bill.installation, now=LATER)) == 1
    with bill.engine.begin() as connection:
        sent = add_message(connection, bill.run, bill.customer, document="F-1")
    assert calls(bill.installation, now=LATER) == []
    bill.sql("UPDATE messages SET state = 'undeliverable', reason = 'bounced' WHERE id = :id", id=sent)
    assert {call["message"] for call in calls(bill.installation, now=LATER)} == {held, sent}


STATES = st.lists(
    st.sampled_from(
        [
            ("planned", ""), ("ready", ""), ("ready", "quiet_hours"), ("ready", "fallback"), ("in_delivery", ""),
            ("done", ""), ("undeliverable", "bounced"), ("undeliverable", "data"), ("cancelled", "stopped"),
            ("suppressed", "suppressed"), ("held", "no_consent"), ("held", "no_channel"), ("held", "already_sent"),
        ]
    ),
    max_size=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def shared(module_engine, tmp_path_factory):
    from tidings.settings import Settings

    home = tmp_path_factory.mktemp("home")
    database = module_engine.url.render_as_string(hide_password=False)
    return Desk(Settings(home=home, database=database), module_engine)


@hypothesis_settings(max_examples=40)
@given(
    found=STATES,
    before=st.integers(0, 3),
    wrong=st.integers(0, 3),
    run_state=st.sampled_from(["sending", "paused", "finished"]),
)
def test_who_got_it_and_who_is_missing_are_the_whole_audience(shared, found, before, wrong, run_state):
    with shared.engine.begin() as connection:
        run = add_run(connection, required=True, state=run_state)
        for state, reason in found:
            add_message(connection, run, shared.customer, state=state, reason=reason)
        items = [{"row": n, "number": f"F{n}", "detail": "x"} for n in range(wrong)]
        connection.execute(
            text("""UPDATE runs SET audience = audience + :more, already_sent = :before,
                        rejected = jsonb_build_object('wrong_total', CAST(:items AS jsonb)) WHERE id = :run"""),
            {"more": before + wrong, "before": before, "items": json.dumps(items), "run": run},
        )
        told, whole = missing(connection, run), report(connection, run)
    assert told["audience"] == told["got"] + len(told["missing"]) == whole["audience"]
    assert told["got"] == sum(whole["sent"].values()) + before
    assert sum(told["by_reason"].values()) == len(told["missing"])
    assert all(row["reason"] for row in told["missing"])
    waiting = [row for row in told["missing"] if row["state"] in {"planned", "ready"}]
    assert len(waiting) == sum(whole["waiting"].values())
    assert sum(row["state"] == "undeliverable" for row in told["missing"]) == sum(whole["failed"].values())
    assert sum(row["state"] == "in_delivery" for row in told["missing"]) == whole["unknown"]
