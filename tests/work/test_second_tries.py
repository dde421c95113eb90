"""What goes out again after a doubt, in vain, says nothing about the first try, which may have been taken."""

from datetime import timedelta

import pytest

from channels.contract import Capability
from tests.town import agree, settle
from tests.work.test_deliver import House
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from work.outcome import LONGEST_WAIT, TRIES

HOUR = timedelta(hours=1)
DOUBT = ("in_delivery", "in_doubt", "unknown")
DEAD = Rejected(error=ErrorClass.ADDRESS, code="5.1.1")
BUSY = Refused(error=ErrorClass.TRANSIENT, code="451", wait=timedelta(minutes=1))
HERE_NOT = Rejected(error=ErrorClass.CONFIG, code="21408")


class Again(House):
    """A house whose one required message was in doubt, and goes out again."""

    def begin(self, capability, *, required=True):
        settle(self.engine, 1, channels=("email", "sms"))
        self.plan()
        if required:
            self.sql("UPDATE messages SET purpose_class = 'required'")
        self.email.capability = capability
        self.email.default = Unknown(code="lost")
        self.send()
        return self

    def found(self):
        """Return the states of the message, of its e-mail and of the first try."""
        [row] = self.sql(
            "SELECT m.state, d.state, a.state FROM messages m JOIN deliveries d ON d.message_id = m.id AND d.number = 1"
            " JOIN attempts a ON a.delivery_id = d.id AND a.number = 1"
        )
        return tuple(row)

    def send_for(self, times):
        for _ in range(times):
            self.send()
            self.now += LONGEST_WAIT
        return self


@pytest.fixture
def house(settings, engine):
    return Again(settings, engine)


VAIN = {
    "rejected for its address": (Capability.NONE, DEAD, DOUBT, 0),
    "out of reach": (Capability.NONE, HERE_NOT, DOUBT, 0),
    "refused as often as one tries": (Capability.NONE, BUSY, DOUBT, 0),
    "refused as often as one tries, with a key": (Capability.KEY, BUSY, DOUBT, 0),
    "rejected by who looked for the key": (Capability.KEY, DEAD, ("done", "rejected", "abandoned"), 1),
}


@pytest.mark.parametrize(("capability", "answer", "expected", "texts"), VAIN.values(), ids=VAIN)
def test_a_second_try_in_vain(house, capability, answer, expected, texts):
    house.begin(capability)
    house.email.default = answer

    house.send_for(TRIES + 2)

    assert house.found() == expected
    assert len(house.sms.handed) == texts
    handed = len(house.email.handed)
    house.send_for(2)
    assert len(house.email.handed) == handed, "and it is not sent a third time"


def test_the_doubt_that_is_left_can_be_ended(house):
    """A person says that it never arrived: it is sent again, and rejected, and now the next channel is right."""
    from tidings.receipt import ReceiptKind
    from work.doubts import doubts, settle_by_hand

    house.begin(Capability.NONE)
    house.email.default = DEAD
    house.send()
    [doubt] = doubts(house.installation, [house.email])
    assert doubt["settles"].startswith("Only you")

    house.sql("UPDATE suppressions SET lifted_at = now()")
    absent = ReceiptKind.ABSENT
    settle_by_hand(house.installation, [doubt["message"]], absent, because="I asked", by="Ola", now=house.now)
    house.send()

    assert house.found() == ("done", "rejected", "absent")
    assert len(house.sms.handed) == 1


LIVES = {
    "a key that counts": (timedelta(hours=23), 0 * HOUR, True),
    "a key that is forgotten": (timedelta(hours=23), 24 * HOUR, False),
    "a key that is never forgotten": (None, 24 * HOUR, True),
}


@pytest.mark.parametrize(("life", "later", "sent"), LIVES.values(), ids=LIVES)
def test_a_doubt_goes_out_again_only_while_its_key_counts(house, life, later, sent):
    from work.doubts import doubts

    house.begin(Capability.KEY)
    if life is not None:
        house.email.key_life = life
    house.email.default = Accepted(reference="ok")
    house.now += later

    house.send()

    assert (len(house.email.handed) == 2, house.found()[0] == "done") == (sent, sent)
    if not sent:
        [doubt] = doubts(house.installation, [house.email], now=house.now)
        assert doubt["settles"].startswith("Only you")


def test_a_key_that_is_forgotten_while_its_letter_waits_to_be_tried_again(house):
    """It was refused a day long, and then its key is nobody's any more: in doubt, not made twice."""
    house.begin(Capability.KEY)
    house.email.key_life = timedelta(hours=23)
    house.email.default = BUSY
    house.send()
    assert house.found()[0] == "ready"
    house.email.default = Accepted(reference="ok")
    house.now += 24 * HOUR

    house.send_for(2)

    assert (len(house.email.handed), house.found()) == (2, DOUBT)


def test_a_wish_that_changed_meanwhile_does_not_send_it_elsewhere(house):
    """The customer withdrew e-mail before it went out again: nothing goes out, and the doubt keeps its name."""
    house.begin(Capability.KEY, required=False)
    house.email.default = BUSY
    house.send()
    house.now += HOUR
    with house.engine.begin() as connection:
        agree(connection, 1, channel="email", action="withdrawn", at=house.now)

    house.send_for(2)

    assert (len(house.email.handed), len(house.sms.handed), house.found()) == (2, 0, DOUBT)
