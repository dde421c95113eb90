"""What comes back, on a real database: states, addresses, consent and history, in any order and any number of times."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text

from store.outcomes import Step, record
from tests.shelf import add_attempt, add_delivery, add_message, add_run, states
from tests.town import NOON, agree, install, settle
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.receipt import Receipt, ReceiptKind
from work.receive import fold_waiting, receive

LATER = NOON + timedelta(hours=1)
_events = itertools.count(1)


def news(kind, *, attempt=None, event=None, **given):
    values = {"provider": "peer", "channel": Channel.EMAIL, "at": LATER, **given}
    return Receipt(
        kind=ReceiptKind(kind), event_id=event or f"event {next(_events)}", attempt=attempt, **values
    )


class Desk:
    """A customer with one message by e-mail, and whatever comes back about it."""

    def __init__(
        self, settings, engine, *, channels=("email", "sms"), required=False, customers=1, mode="live"
    ):
        self.engine = engine
        self.installation = install(settings, engine)
        self.customers = settle(engine, customers, channels=channels)
        self.customer = self.customers[0]
        with engine.begin() as connection:
            self.run = add_run(connection, required=required, mode=mode)

    def message(self, delivery="accepted", attempt="accepted", *, state="done", **given):
        with self.engine.begin() as connection:
            self.id = add_message(connection, self.run, given.pop("customer", self.customer), state=state)
            self.delivery = add_delivery(connection, self.id, state=delivery)
            self.attempt = add_attempt(connection, self.delivery, state=attempt, **given)
        return self

    def hear(self, *receipts, now=LATER):
        return receive(self.installation, receipts, now=now)

    def states(self):
        with self.engine.begin() as connection:
            return states(connection, self.id)

    def sql(self, statement, **values):
        with self.engine.begin() as connection:
            found = connection.execute(text(statement), values)
            return found.all() if found.returns_rows else []

    def suppressed(self):
        return self.sql(
            "SELECT channel, value, reason FROM suppressions WHERE lifted_at IS NULL ORDER BY 1, 2, 3"
        )


@pytest.fixture
def desk(settings, engine):
    return Desk(settings, engine)


KNOWN = ("done", [("accepted", ["accepted"])])
CASES = {
    "acceptance is no news of what was accepted": ("accepted", {}, KNOWN),
    "an acceptance after all is no absence": ("absent", {}, KNOWN),
    "a delivery is written down": ("delivered", {}, ("done", [("delivered", ["accepted"])])),
    "a delay changes nothing": ("delayed", {}, KNOWN),
    "an open changes no state": ("opened", {}, KNOWN),
    "a read message has arrived": ("read", {}, ("done", [("delivered", ["accepted"])])),
    "a dead address moves the message to its next channel": (
        "bounced", {"error": ErrorClass.ADDRESS}, ("ready", [("bounced", ["accepted"])]),
    ),
    "so does a full mailbox": ("bounced", {"error": ErrorClass.TRANSIENT}, ("ready", [("bounced", ["accepted"])])),
    "so does a provider that gave up": ("expired", {}, ("ready", [("expired", ["accepted"])])),
    "and one that would not send it": ("rejected", {"error": ErrorClass.DATA}, ("ready", [("bounced", ["accepted"])])),
    "and a letter that came back": ("returned", {}, ("ready", [("bounced", ["accepted"])])),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "expected"), CASES.values(), ids=CASES)
def test_states_follow_what_comes_back(desk, kind, given, expected):
    desk.message().hear(news(kind, attempt=desk.attempt, **given))
    assert desk.states() == expected


DOUBTS = {
    "accepted": ("done", [("accepted", ["accepted"])]),
    "absent": ("ready", [("ready", ["absent"])]),
    "delivered": ("done", [("delivered", ["accepted"])]),
    "opened": ("done", [("accepted", ["accepted"])]),
    "bounced": ("ready", [("bounced", ["accepted"])]),
}


@pytest.mark.parametrize(("kind", "expected"), DOUBTS.items(), ids=DOUBTS)
def test_evidence_ends_a_doubt(desk, kind, expected):
    desk.message("in_doubt", "unknown", state="in_delivery").hear(news(kind, attempt=desk.attempt))
    assert desk.states() == expected
    [(by,)] = desk.sql("SELECT settled_by FROM attempts")
    assert by.startswith(f"peer: {kind} event")


@pytest.mark.parametrize(
    "clue", ["attempt", "provider_reference", "reference"], ids=lambda clue: clue.replace("_", " ")
)
def test_a_receipt_finds_its_attempt_by_whatever_it_quotes(desk, clue):
    desk.message(reference="SM1")
    [(reference,)] = desk.sql("SELECT reference FROM deliveries")
    quoted = {"attempt": desk.attempt, "provider_reference": "SM1", "reference": reference.lower()}
    desk.hear(news("delivered", **{clue: quoted[clue]}))
    assert desk.states() == ("done", [("delivered", ["accepted"])])
    assert desk.sql("SELECT attempt_id::text FROM receipts") == [(desk.attempt,)]


def test_news_of_what_is_being_sent_waits_for_the_sender_and_is_not_lost(desk):
    desk.message("sending", "sending", state="in_delivery")
    assert desk.hear(news("delivered", attempt=desk.attempt)) == Counter(waiting=1)
    assert desk.states() == ("in_delivery", [("sending", ["sending"])])
    desk.sql("UPDATE attempts SET state = 'unknown'")
    desk.sql("UPDATE deliveries SET state = 'in_doubt'")
    assert fold_waiting(desk.installation, now=LATER) == Counter(delivered=1)
    assert desk.states() == ("done", [("delivered", ["accepted"])])


def test_news_by_the_providers_name_waits_until_the_sender_has_told_us_that_name(desk):
    desk.message("sending", "sending", state="in_delivery")
    assert desk.hear(news("delivered", provider_reference="SM7")) == Counter(unmatched=1)
    desk.sql("UPDATE attempts SET state = 'accepted', provider_reference = 'SM7'")
    desk.sql("UPDATE deliveries SET state = 'accepted'")
    desk.sql("UPDATE messages SET state = 'done'")
    assert fold_waiting(desk.installation, now=LATER) == Counter(delivered=1)
    assert desk.states() == ("done", [("delivered", ["accepted"])])


FORGED = {
    "an attempt that does not exist": {"attempt": "0197c1f2-0000-7000-8000-000000000000"},
    "an attempt that cannot exist": {"attempt": "'; DROP TABLE messages; --\0"},
    "a reference that does not exist": {"reference": "NOSUCHREF"},
    "a provider's name that does not exist": {"provider_reference": "SM\udc80" * 400},
    "an address that nobody has": {"address": "nobody@example.org"},
}


@pytest.mark.parametrize("kind", ["bounced", "complained", "delivered", "stopped"])
@pytest.mark.parametrize("quoted", FORGED.values(), ids=FORGED)
def test_what_speaks_of_nothing_of_ours_changes_nothing_and_is_kept(desk, kind, quoted):
    desk.message()
    known = {"address": "c1@example.org"} if kind != "stopped" else {}
    receipt = news(kind, error=ErrorClass.ADDRESS, **known | quoted)
    assert desk.hear(receipt) == Counter(unmatched=1)
    assert desk.hear(receipt) == Counter(known=1)
    assert desk.states() == KNOWN
    assert desk.suppressed() == desk.sql("SELECT 1 FROM consents WHERE action <> 'given'") == []
    assert desk.sql("SELECT count(*), count(folded_at) FROM receipts") == [(1, 0)]


CLOSING = {
    "a dead address": ("bounced", {"error": ErrorClass.ADDRESS}, "hard_bounce"),
    "a full mailbox, once": ("bounced", {"error": ErrorClass.TRANSIENT}, None),
    "an error of our own configuration": ("bounced", {"error": ErrorClass.CONFIG}, None),
    "a message that was wrong": ("bounced", {"error": ErrorClass.DATA}, None),
    "a bounce that nobody understood": ("bounced", {}, None),
    "a provider that gave up": ("expired", {}, None),
    "an auto-reply": ("auto_replied", {}, None),
    "a complaint": ("complained", {}, "complaint"),
    "a STOP": ("stopped", {}, "stop"),
    "a provider that knows of a STOP": ("bounced", {"error": ErrorClass.OPT_OUT}, "opt_out"),
}


@pytest.mark.parametrize(("kind", "given", "reason"), CLOSING.values(), ids=CLOSING)
def test_only_what_must_be_closed_is_closed(desk, kind, given, reason):
    desk.message().hear(news(kind, attempt=desk.attempt, **given))
    assert desk.suppressed() == ([("email", "c1@example.org", reason)] if reason else [])
    withdrawn = desk.sql("SELECT channel, brand, topic, proof <> '' FROM consents WHERE action = 'withdrawn'")
    assert withdrawn == (
        [("email", "nordlys", "all", True)] if reason in {"complaint", "stop", "opt_out"} else []
    )


def test_a_returned_letter_closes_the_postal_address(settings, engine):
    desk = Desk(settings, engine, channels=("letter", "email"))
    with engine.begin() as connection:
        desk.id = add_message(
            connection, desk.run, desk.customer, channel="letter", ranked=("letter", "email")
        )
        delivery = add_delivery(connection, desk.id, channel="letter")
        attempt = add_attempt(connection, delivery)
    desk.hear(news("returned", attempt=attempt, channel=Channel.LETTER, provider="print_house"))
    assert [row.reason for row in desk.suppressed()] == ["returned_letter"]
    assert desk.sql("SELECT state, channel, reason, tried FROM messages") == [
        ("ready", "email", "fallback", ["letter"])
    ]


def test_a_message_without_another_channel_has_failed(settings, engine):
    desk = Desk(settings, engine, required=True)
    with engine.begin() as connection:
        desk.id = add_message(connection, desk.run, desk.customer, ranked=("email",))
        attempt = add_attempt(connection, add_delivery(connection, desk.id))
    desk.hear(news("bounced", attempt=attempt, error=ErrorClass.ADDRESS))
    assert desk.sql("SELECT state, reason FROM messages") == [("undeliverable", "bounced")]


def test_a_late_bounce_leaves_the_channel_alone_that_a_message_has_moved_to(desk):
    desk.message("silent")
    with desk.engine.begin() as connection:
        add_attempt(connection, add_delivery(connection, desk.id, channel="sms"))
    desk.hear(news("bounced", attempt=desk.attempt, error=ErrorClass.ADDRESS))
    assert desk.states() == ("done", [("bounced", ["accepted"]), ("accepted", ["accepted"])])
    assert len(desk.suppressed()) == 1


def second(desk, delivery, attempt, *, state):
    """Give the message a second delivery, by SMS."""
    desk.sql(
        "UPDATE messages SET state = :state, channel = 'sms', tried = '{email}', reason = :reason",
        state=state,
        reason="bounced" if state == "undeliverable" else "",
    )
    with desk.engine.begin() as connection:
        other = add_delivery(connection, desk.id, state=delivery, channel="sms")
        return add_attempt(connection, other, state=attempt, provider="twilio")


THERE = ("delivered", ["accepted"])
ARRIVED_LATE = {
    "the next channel waits to be tried again: it is recalled": (
        "ready", "refused", "ready", ("done", [THERE, ("recalled", ["refused"])]),
    ),
    "the next channel is being tried: it is left alone": (
        "sending", "sending", "in_delivery", ("in_delivery", [THERE, ("sending", ["sending"])]),
    ),
    "the next channel is in doubt: so it stays": (
        "in_doubt", "unknown", "in_delivery", ("in_delivery", [THERE, ("in_doubt", ["unknown"])]),
    ),
    "the next channel has failed as well": (
        "bounced", "accepted", "undeliverable", ("done", [THERE, ("bounced", ["accepted"])]),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("delivery", "attempt", "state", "expected"), ARRIVED_LATE.values(), ids=ARRIVED_LATE
)
def test_an_earlier_channel_that_arrived_after_all(desk, delivery, attempt, state, expected):
    desk.message("rejected", "rejected", state="ready")
    second(desk, delivery, attempt, state=state)

    desk.hear(news("accepted", attempt=desk.attempt), news("delivered", attempt=desk.attempt))

    assert desk.states() == expected
    assert ("delivered",) in desk.sql("SELECT kind FROM touchpoints")


@pytest.mark.parametrize("first", ["delivered", "bounced"])
def test_what_arrived_late_and_came_back_goes_on_in_whatever_order_that_is_heard(desk, first):
    desk.message("rejected", "rejected", state="ready")
    second(desk, "ready", "refused", state="ready")
    both = [news(kind, attempt=desk.attempt, error=ErrorClass.TRANSIENT) for kind in ("delivered", "bounced")]

    for one in both if first == "delivered" else reversed(both):
        desk.hear(one)

    assert desk.states()[0] == "ready"
    assert desk.sql("SELECT channel, tried FROM messages") == [("sms", ["email"])]


ENDS = {"refused": ("ready", "ready"), "rejected": ("undeliverable", "rejected")}


@pytest.mark.parametrize(("attempt", "ends"), ENDS.items(), ids=ENDS)
def test_a_sender_that_fails_after_the_earlier_channel_arrived_ends_the_message(desk, attempt, ends):
    desk.message("rejected", "rejected", state="ready")
    other = second(desk, "sending", "sending", state="in_delivery")
    desk.hear(news("delivered", attempt=desk.attempt))
    message, delivery = ends
    [(of,)] = desk.sql("SELECT delivery_id::text FROM attempts WHERE id = CAST(:id AS uuid)", id=other)
    made = Step(
        attempt=other, delivery=of, message=desk.id, customer=desk.customer, channel="sms", attempt_state=attempt,
        delivery_state=delivery, message_state=message, reason="back_off",
    )  # fmt: skip

    with desk.engine.begin() as connection:
        record(connection, [made], now=LATER)

    last = "recalled" if attempt == "refused" else "rejected"
    assert desk.states() == ("done", [("delivered", ["accepted"]), (last, [attempt])])


STOPPED = {
    "an offer does not go on": (False, None, "undeliverable"),
    "an offer goes on where that channel was agreed to by name": (False, "sms", "ready"),
    "what must arrive goes on": (True, None, "ready"),
}


@pytest.mark.parametrize(("required", "agreed", "expected"), STOPPED.values(), ids=STOPPED)
def test_after_a_stop_that_a_provider_reports(settings, engine, required, agreed, expected):
    [customer] = settle(engine, 1, channels=("email", "sms"), consent=None)
    with engine.begin() as connection:
        agree(connection, customer)
        if agreed:
            agree(connection, customer, channel=agreed)
    desk = Desk(settings, engine, required=required).message(customer=customer)
    desk.hear(news("bounced", attempt=desk.attempt, error=ErrorClass.OPT_OUT))
    assert desk.states()[0] == expected


def test_the_answer_to_a_rehearsal_is_nobodys_history(settings, engine):
    desk = Desk(settings, engine, mode="rehearsal").message()
    desk.hear(news("complained", attempt=desk.attempt), news("clicked", attempt=desk.attempt))
    assert desk.suppressed() == desk.sql("SELECT 1 FROM touchpoints") == []


def test_a_stop_by_its_address_binds_everybody_who_has_it(settings, engine):
    desk = Desk(settings, engine, customers=2)
    desk.sql("UPDATE addresses SET value = '+4740600001' WHERE channel = 'sms'")
    desk.hear(news("stopped", address="+4740600001", channel=Channel.SMS))
    assert desk.suppressed() == [("sms", "+4740600001", "stop")]
    assert desk.sql("SELECT customer_id FROM consents WHERE action = 'withdrawn' ORDER BY 1") == [
        (who,) for who in desk.customers
    ]


def test_a_bounce_by_its_address_alone_moves_the_last_message_there(desk):
    desk.message().hear(
        news("bounced", address="C1@example.org", error=ErrorClass.ADDRESS, provider="mailbox")
    )
    assert desk.states() == ("ready", [("bounced", ["accepted"])])
    assert desk.suppressed() == [("email", "c1@example.org", "hard_bounce")]


def test_a_reply_by_its_address_alone_proves_nothing(desk):
    desk.message("in_doubt", "unknown", state="in_delivery")
    assert desk.hear(news("replied", address="c1@example.org", provider="mailbox")) == Counter(replied=1)
    assert desk.states() == ("in_delivery", [("in_doubt", ["unknown"])])
    assert desk.sql("SELECT kind, message_id::text FROM touchpoints") == [("replied", desk.id)]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_the_last_word_of_stop_and_start_counts_in_whatever_order_they_come(desk, order):
    desk.message()
    words = [
        news("stopped", address="c1@example.org", at=NOON + timedelta(minutes=1)),
        news("started", address="c1@example.org", at=NOON + timedelta(minutes=2)),
        news("stopped", address="c1@example.org", at=NOON + timedelta(minutes=3)),
    ]
    for place in order:
        desk.hear(words[place])
    assert desk.suppressed() == [("email", "c1@example.org", "stop")]
    desk.hear(news("started", address="c1@example.org", at=NOON + timedelta(minutes=4)))
    assert desk.suppressed() == []
    assert desk.sql("SELECT DISTINCT action FROM consents WHERE action <> 'given'") == [("withdrawn",)]


def test_a_start_lifts_no_bounce_and_no_complaint(desk):
    desk.message().hear(
        news("bounced", attempt=desk.attempt, error=ErrorClass.ADDRESS),
        news("complained", attempt=desk.attempt),
        news("stopped", attempt=desk.attempt),
        news("started", address="c1@example.org", at=LATER),
    )
    assert [row.reason for row in desk.suppressed()] == ["complaint", "hard_bounce"]


def test_a_mailbox_that_only_bounces_softly_is_given_up_after_five_in_two_weeks_and_not_before(desk):
    bounces = []
    for day in (0, 4, 8, 12, 16):
        desk.message()
        at = NOON + timedelta(days=day)
        bounces.append(news("bounced", attempt=desk.attempt, error=ErrorClass.TRANSIENT, at=at))
    last = NOON + timedelta(days=20)
    for bounce in bounces[:4]:
        desk.hear(bounce, now=last)
    assert desk.suppressed() == []
    desk.hear(bounces[4], now=last)
    assert desk.suppressed() == [("email", "c1@example.org", "soft_bounces")]
    desk.hear(news("delivered", attempt=desk.message().attempt, at=NOON + timedelta(days=9)), now=last)
    assert desk.suppressed() == []


def test_five_soft_bounces_within_a_fortnight_close_nothing(desk):
    for day in (0, 1, 2, 3, 4, 5):
        desk.message()
        at = NOON + timedelta(days=day)
        desk.hear(news("bounced", attempt=desk.attempt, error=ErrorClass.TRANSIENT, at=at), now=at)
    assert desk.suppressed() == []


@pytest.mark.parametrize("error", [ErrorClass.CONFIG, ErrorClass.DATA, ErrorClass.THROTTLE])
def test_what_came_back_because_of_us_closes_nothing_however_often_it_did(desk, error):
    for day in (0, 4, 8, 12, 16, 20):
        desk.message()
        at = NOON + timedelta(days=day)
        desk.hear(news("bounced", attempt=desk.attempt, error=error, at=at), now=at)
    assert desk.suppressed() == []


def test_nothing_is_dated_after_now(desk):
    desk.message().hear(news("stopped", attempt=desk.attempt, at=LATER + timedelta(days=900)))
    assert desk.sql("SELECT DISTINCT at FROM suppressions") == [(LATER,)]


def test_several_who_fold_the_same_news_at_once_agree(desk):
    told, kinds = [], ("delivered", "stopped", "bounced", "opened")
    for number in range(12):
        desk.message()
        told += [
            news(kinds[number % 4], attempt=desk.attempt, error=ErrorClass.TRANSIENT),
            news("opened", attempt=desk.attempt),
        ]
    parts = [told, told[::-1], told[5:] + told[:5], told[::3]]
    with ThreadPoolExecutor(4) as pool:
        tallies = list(pool.map(lambda part: desk.hear(*part), parts))
    last = fold_waiting(desk.installation, now=LATER)
    assert desk.sql("SELECT count(*), count(folded_at) FROM receipts") == [(len(told), len(told))]
    folded = sum((Counter(tally) for tally in [*tallies, last]), Counter())
    assert folded["opened"] == 12 + 3
    assert desk.sql("SELECT state, count(*) FROM deliveries GROUP BY 1 ORDER BY 1") == [
        ("accepted", 6), ("bounced", 3), ("delivered", 3),
    ]  # fmt: skip


EVIDENCE = (
    "accepted",
    "absent",
    "delivered",
    "bounced",
    "expired",
    "opened",
    "stopped",
    "rejected",
    "complained",
)
START = {
    "accepted": ("done", "accepted", "accepted"),
    "in doubt": ("in_delivery", "in_doubt", "unknown"),
    "refused, to be tried again": ("ready", "ready", "refused"),
    "rejected": ("undeliverable", "rejected", "rejected"),
}


@pytest.fixture(scope="module")
def shared(module_engine, tmp_path_factory):
    from tidings.settings import Settings

    home = tmp_path_factory.mktemp("home")
    database = module_engine.url.render_as_string(hide_password=False)
    return Desk(Settings(home=home, database=database), module_engine)


def _end(desk, start, heard):
    """Hear these kinds about a new message and return what it came to, with what it left behind."""
    state, delivery, attempt = START[start]
    [who] = settle(desk.engine, 1, channels=("email", "sms"))
    desk.sql("UPDATE messages SET reason = 'data' WHERE state = 'undeliverable'")
    with desk.engine.begin() as connection:
        reason = "data" if state == "undeliverable" else ""
        desk.id = add_message(connection, desk.run, who, state=state, reason=reason)
        desk.attempt = add_attempt(
            connection, add_delivery(connection, desk.id, state=delivery), state=attempt
        )
    errors = {"bounced": ErrorClass.ADDRESS}
    for batch in heard:
        desk.hear(*(
            news(kind, attempt=desk.attempt, event=f"{desk.id} {n}", error=errors.get(kind))
            for kind, n in batch
        ))  # fmt: skip
    return (
        desk.states(),
        desk.sql("SELECT state, reason, channel, tried FROM messages WHERE id = :id", id=desk.id),
        desk.sql("SELECT action, channel, count(*) FROM consents WHERE customer_id = :who GROUP BY 1, 2 ORDER BY 1, 2",
                 who=who),
        desk.sql("""SELECT s.reason FROM suppressions s JOIN addresses a ON a.value = s.value
                     WHERE a.customer_id = :who AND lifted_at IS NULL ORDER BY 1""", who=who),
        desk.sql("SELECT kind, count(*) FROM touchpoints WHERE customer_id = :who GROUP BY 1 ORDER BY 1", who=who),
    )  # fmt: skip


@hypothesis_settings(max_examples=40)
@given(data=st.data(), start=st.sampled_from(sorted(START)))
def test_receipts_commute_and_may_come_any_number_of_times(shared, data, start):
    told = [
        (kind, n)
        for n, kind in enumerate(data.draw(st.lists(st.sampled_from(EVIDENCE), min_size=2, max_size=5)))
    ]
    again = data.draw(st.lists(st.sampled_from(told), max_size=3))
    other = data.draw(st.permutations(told + again))
    cut = data.draw(st.integers(0, len(other)))
    assert _end(shared, start, [told]) == _end(shared, start, [other[:cut], other[cut:], told])
