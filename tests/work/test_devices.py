"""A dead token closes the device, not the customer: another device is next, then another channel."""

import pytest
from sqlalchemy import insert, text

from store.owner import owner
from store.tables import addresses
from tests.town import NOON, settle, state
from tests.work.test_deliver import House, Scripted
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Rejected
from tidings.receipt import Receipt, ReceiptKind
from work.deliver import Sender
from work.receive import receive

DEAD = Rejected(error=ErrorClass.ADDRESS, code="UNREGISTERED")


class Phones(House):
    """A house whose customers have our app."""

    def __init__(self, settings, engine):
        super().__init__(settings, engine)
        self.push = Scripted(Channel.PUSH)

    def send(self):
        providers = {Channel.PUSH: (self.push,), Channel.EMAIL: (self.email,)}
        with owner(self.engine) as number:
            sender = Sender(
                installation=self.installation,
                providers=providers,
                policy=self.installation.policy,
                owner=number,
                clock=lambda: self.now,
            )
            sender.settle()
            return sender.send_due()

    def handed(self):
        return [parcel.content.to for parcel in self.push.handed]


@pytest.fixture
def house(settings, engine):
    return Phones(settings, engine)


def customer_with(house, *, channels):
    """Add somebody who wants to be reached by the app first."""
    [customer] = settle(house.engine, channels=channels)
    with house.engine.begin() as connection:
        state(connection, customer, channels=["push"])
    return customer


def phone(house, customer, token, position):
    values = {"channel": "push", "value": token, "platform": "fcm", "device": token, "position": position}
    with house.engine.begin() as connection:
        connection.execute(insert(addresses).values(customer_id=customer, **values))


def state_of(house):
    with house.engine.connect() as connection:
        return connection.execute(text("SELECT state, channel, tried FROM messages")).one()


def test_the_other_device_is_next(house):
    """One phone was sold: the other one rings, at once, and by the same message."""
    customer = customer_with(house, channels=("push", "email"))
    phone(house, customer, "new-phone", 1)
    house.push.answers = {"token-1": DEAD}

    house.plan(channels=["push", "email"], template="offer/autumn").send()

    assert house.handed() == ["token-1", "new-phone"]
    assert house.email.handed == []
    assert state_of(house) == ("done", "push", [])


def test_the_next_message_knows(house):
    """The dead token is suppressed for every run, the customer is not."""
    customer = customer_with(house, channels=("push",))
    phone(house, customer, "new-phone", 1)
    house.push.answers = {"token-1": DEAD}
    house.plan(channels=["push"]).send()

    house.plan(channels=["push"], edition="2").send()

    assert house.handed() == ["token-1", "new-phone", "new-phone"]


def test_without_another_device_the_next_channel(house):
    """The last phone is gone: the e-mail goes out."""
    customer_with(house, channels=("push", "email"))
    house.push.default = DEAD

    house.plan(channels=["push", "email"]).send()

    assert (len(house.push.handed), len(house.email.handed)) == (1, 1)
    assert state_of(house)[:2] == ("done", "email")


def test_without_anything_left_it_has_failed(house):
    """Two dead phones and nothing else: failed, not held, and each was tried once."""
    customer = customer_with(house, channels=("push",))
    phone(house, customer, "new-phone", 1)
    house.push.default = DEAD

    house.plan(channels=["push"]).send()

    assert sorted(house.handed()) == ["new-phone", "token-1"]
    assert state_of(house)[0] == "undeliverable"


def test_another_refusal_ends_the_channel(house):
    """What is not about the device is not tried on the other one."""
    customer = customer_with(house, channels=("push", "email"))
    phone(house, customer, "new-phone", 1)
    house.push.default = Rejected(error=ErrorClass.OPT_OUT, code="stop")

    house.plan(channels=["push", "email"]).send()

    assert house.handed() == ["token-1"]
    assert isinstance(house.email.default, Accepted)
    assert len(house.email.handed) == 1


def gone(house, code="EndpointDisabled", error=ErrorClass.ADDRESS):
    """Return the news that what went to the first phone did not arrive."""
    with house.engine.connect() as connection:
        attempt = connection.scalar(
            text(
                "SELECT a.id::text FROM attempts a JOIN deliveries d ON d.id = a.delivery_id WHERE d.number = 1"
            )
        )
    return Receipt(
        provider="scripted-push",
        event_id="1",
        kind=ReceiptKind.BOUNCED,
        channel=Channel.PUSH,
        at=NOON,
        attempt=attempt,
        error=error,
        code=code,
    )


AFTERWARDS = {
    "a dead token: the other phone rings": (ErrorClass.ADDRESS, True, (["token-1", "new-phone"], 0)),
    "a dead token and no other phone: the e-mail goes out": (ErrorClass.ADDRESS, False, (["token-1"], 1)),
    "what is not about the device ends the channel": (ErrorClass.DATA, True, (["token-1"], 1)),
}


@pytest.mark.parametrize(("error", "two", "expected"), AFTERWARDS.values(), ids=AFTERWARDS)
def test_a_push_that_comes_back_after_it_was_accepted(house, error, two, expected):
    customer = customer_with(house, channels=("push", "email"))
    if two:
        phone(house, customer, "new-phone", 1)
    house.plan(channels=["push", "email"]).send()

    receive(house.installation, [gone(house, error=error)], now=NOON)
    house.send()

    assert (house.handed(), len(house.email.handed)) == expected
    assert state_of(house)[0] == "done"
