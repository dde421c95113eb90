"""The SQL does what the table of states says: for every state and event, on a real database."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from store.doubts import doubt_again, name_doubts, resend
from store.outcomes import Step, record
from store.runs import cancel_stopped
from store.silence import fall_back
from store.stories import lock_stories, write_stories
from tests.shelf import add_attempt, add_delivery, add_message, add_run, states
from tests.town import NOON, settle
from tidings.receipt import ReceiptKind
from tidings.state import AttemptState, DeliveryState, Event, MessageState, Nothing, after, target
from work.evidence import EVENTS, fold

ANSWERS = (Event.ACCEPTED, Event.REJECTED, Event.REFUSED, Event.CANCELLED, Event.UNKNOWN)
KIND = {
    Event.PROVEN: ReceiptKind.ACCEPTED,
    Event.DELIVERED: ReceiptKind.DELIVERED,
    Event.EXPIRED: ReceiptKind.EXPIRED,
    Event.BOUNCED: ReceiptKind.BOUNCED,
    Event.ABSENT: ReceiptKind.ABSENT,
}


@pytest.fixture(scope="module")
def customer(module_engine):
    [one] = settle(module_engine, 1, channels=("email", "sms"))
    return one


@pytest.fixture
def shelf(module_engine, customer):
    """A connection whose changes are rolled back."""
    with module_engine.connect() as connection:
        yield Shelf(connection, customer)
        connection.rollback()


class Shelf:
    def __init__(self, connection, customer):
        self.connection = connection
        self.customer = customer

    def put(
        self, message, delivery, attempt, *, ranked=("email", "sms"), run_state="sending", required=False
    ):
        run = add_run(self.connection, required=required, state=run_state)
        reason = "x" if message not in {"planned", "ready", "in_delivery", "done"} else ""
        self.message = add_message(
            self.connection, run, self.customer, state=message, reason=reason, ranked=ranked
        )
        self.delivery = add_delivery(self.connection, self.message, state=delivery)
        self.attempt = add_attempt(self.connection, self.delivery, state=attempt)
        self.run = run
        return self

    def answer(self, event, *, message=None):
        told = {
            Event.REJECTED: message or Event.FALLBACK,
        }
        record(
            self.connection,
            [
                Step(
                    attempt=self.attempt, delivery=self.delivery, message=self.message, customer=self.customer,
                    attempt_state=target(AttemptState, event), delivery_state=target(DeliveryState, event),
                    message_state=target(MessageState, told.get(event, event)), channel="email", reason="x",
                )
            ],
            now=NOON,
        )  # fmt: skip

    def hear(self, event):
        [story] = lock_stories(self.connection, [self.message]).values()
        delivery = story.deliveries[self.delivery]
        fold(story, delivery, delivery.attempts[self.attempt], KIND[event], proof="test", now=NOON)
        write_stories(self.connection, [story], now=NOON)

    def became(self):
        message, [(delivery, [attempt])] = states(self.connection, self.message)
        return MessageState(message), DeliveryState(delivery), AttemptState(attempt)


def expected(state, event):
    new = after(state, event)
    return state if isinstance(new, Nothing) else new


def pairs(machine, events):
    return [pytest.param(state, event, id=f"{event} in {state}") for state in machine for event in events]


@pytest.mark.parametrize(("state", "event"), pairs(AttemptState, ANSWERS))
def test_an_outcome_moves_an_attempt_as_the_table_says(shelf, state, event):
    shelf.put("in_delivery", "sending", state).answer(event)
    assert shelf.became()[2] is expected(state, event)


@pytest.mark.parametrize(("state", "event"), pairs(DeliveryState, ANSWERS))
def test_an_outcome_moves_a_delivery_as_the_table_says(shelf, state, event):
    shelf.put("in_delivery", state, "sending").answer(event)
    assert shelf.became()[1] is expected(state, event)


@pytest.mark.parametrize(
    ("state", "event"), pairs([s for s in MessageState if s is not MessageState.PLANNED], ANSWERS)
)
def test_an_outcome_moves_a_message_as_the_table_says(shelf, state, event):
    shelf.put(state, "sending", "sending").answer(event)
    heard = Event.FALLBACK if event is Event.REJECTED else event
    moves = state is MessageState.IN_DELIVERY  # what goes on by evidence is folded, not recorded
    assert shelf.became()[0] is (expected(state, heard) if moves else state)


@pytest.mark.parametrize(
    ("state", "event"), pairs([s for s in AttemptState if s is not AttemptState.SENDING], (Event.PROVEN, Event.ABSENT))
)  # fmt: skip
def test_evidence_moves_an_attempt_as_the_table_says(shelf, state, event):
    shelf.put("in_delivery", "in_doubt", state).hear(event)
    assert shelf.became()[2] is expected(state, event)


@pytest.mark.parametrize(
    ("state", "event"), pairs([s for s in DeliveryState if s is not DeliveryState.SENDING], list(KIND))
)
def test_evidence_moves_a_delivery_as_the_table_says(shelf, state, event):
    shelf.put("in_delivery", state, "unknown").hear(event)
    assert shelf.became()[1] is expected(state, event)


MESSAGE_HEARS = {
    Event.DELIVERED: (Event.PROVEN, ("email", "sms")),
    Event.BOUNCED: (Event.FALLBACK, ("email", "sms")),
    Event.EXPIRED: (Event.EXHAUSTED, ("email",)),
    Event.ABSENT: (Event.ABSENT, ("email",)),
}


@pytest.mark.parametrize(
    ("state", "event"), pairs([s for s in MessageState if s is not MessageState.PLANNED], list(MESSAGE_HEARS))
)
def test_evidence_moves_a_message_as_the_table_says(shelf, state, event):
    heard, ranked = MESSAGE_HEARS[event]
    shelf.put(state, "in_doubt", "unknown", ranked=ranked).hear(event)
    assert shelf.became()[0] is expected(state, heard)


@pytest.mark.parametrize(
    "kind", [kind for kind in ReceiptKind if kind not in EVENTS], ids=lambda kind: kind.value
)
def test_what_is_no_evidence_moves_nothing(shelf, kind):
    shelf.put("in_delivery", "in_doubt", "unknown")
    [story] = lock_stories(shelf.connection, [shelf.message]).values()
    delivery = story.deliveries[shelf.delivery]
    assert not fold(story, delivery, delivery.attempts[shelf.attempt], kind, proof="test", now=NOON)
    assert not story.changed


@pytest.mark.parametrize("state", list(AttemptState), ids=str)
def test_naming_moves_only_what_is_being_sent(shelf, state):
    shelf.put("in_delivery", "sending", state)
    name_doubts(shelf.connection, now=NOON)
    named = expected(state, Event.UNKNOWN) if state is AttemptState.SENDING else state
    assert shelf.became()[2] is named


DOUBT = (MessageState.IN_DELIVERY, DeliveryState.IN_DOUBT, AttemptState.UNKNOWN)
ONE_OFF = [
    (*DOUBT[:place], state, *DOUBT[place + 1 :])
    for place, machine in enumerate((MessageState, DeliveryState, AttemptState))
    for state in machine
]


@pytest.mark.parametrize("three", ONE_OFF, ids=" ".join)
def test_only_a_doubt_is_sent_again(shelf, three):
    shelf.put(*three)
    resend(shelf.connection, keyed={"peer": None}, slow=[], silent=[], patience=timedelta(0), now=NOON)
    events = (Event.RESEND, Event.RESEND, Event.ABANDONED)
    heard = tuple(after(state, event) for state, event in zip(three, events, strict=True))
    stays = any(isinstance(new, Nothing) for new in heard)
    assert stays == (three != DOUBT)
    assert shelf.became() == (three if stays else heard)


@pytest.mark.parametrize("state", [one for one in MessageState if one is not MessageState.PLANNED], ids=str)
def test_a_message_hears_of_a_second_try_in_vain_as_the_table_says(shelf, state):
    shelf.put(state, DeliveryState.READY, AttemptState.ABANDONED)
    doubt_again(shelf.connection, [shelf.attempt], because="test")
    assert shelf.became() == (expected(state, Event.DOUBTED), DeliveryState.IN_DOUBT, AttemptState.UNKNOWN)


@pytest.mark.parametrize(("state", "attempt"), [
    *((state, AttemptState.ABANDONED) for state in DeliveryState),
    *((DeliveryState.READY, attempt) for attempt in AttemptState),
], ids=str)  # fmt: skip
def test_only_what_went_out_again_is_in_doubt_again(shelf, state, attempt):
    shelf.put(MessageState.IN_DELIVERY, state, attempt)
    doubt_again(shelf.connection, [shelf.attempt], because="test")
    heard = after(state, Event.DOUBTED), after(attempt, Event.DOUBTED)
    stays = any(isinstance(new, Nothing) for new in heard)
    assert shelf.became()[1:] == ((state, attempt) if stays else heard)


@pytest.mark.parametrize("state", list(DeliveryState), ids=str)
def test_only_what_was_taken_can_be_silent(shelf, state):
    shelf.put("done", state, "accepted")
    shelf.connection.execute(
        text("UPDATE runs SET options = '{\"fallback_after\": {\"email\": 60}}' WHERE id = :run"), {"run": shelf.run}
    )  # fmt: skip
    fall_back(shelf.connection, now=NOON + timedelta(hours=1))
    message, delivery, _ = shelf.became()
    assert delivery is expected(state, Event.SILENCE)
    fell = delivery is not state
    assert message is (expected(MessageState.DONE, Event.FALLBACK) if fell else MessageState.DONE)


@pytest.mark.parametrize(
    ("message", "delivery"),
    [(state, DeliveryState.READY) for state in MessageState]
    + [(MessageState.READY, state) for state in DeliveryState],
    ids=str,
)
def test_a_stop_cancels_what_has_not_left(shelf, message, delivery):
    shelf.put(message, delivery, "refused", run_state="stopped")
    cancel_stopped(shelf.connection, [shelf.run])
    became = shelf.became()
    assert became[0] is expected(message, Event.STOP)
    if became[0] is not message:
        assert became[1] is expected(delivery, Event.STOP)
