"""`channels.several`: more connections where one would only wait, and the same promises."""

import threading
from datetime import timedelta

import pytest

from channels.contract import Capability
from channels.email.smtp import Smtp
from channels.several import SLOW, Several
from tests.peers.smtp import SmtpPeer
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.outcome import Accepted
from tidings.settings import SmtpSettings

FAR = 4 * SLOW
MOST = 4


class Far:
    """A provider that is some milliseconds away; it knows what was begun, and by how many at once."""

    name, channel, capability, platforms, rate = "far", Channel.EMAIL, Capability.NONE, frozenset(), 0.0
    call_timeout = timedelta(seconds=1)

    def __init__(self, seconds=FAR, *, fails_at=None):
        self.begun = []
        self.at_once = self.most = 0
        self._seconds, self._fails_at = seconds, fails_at
        self._lock, self._never = threading.Lock(), threading.Event()

    def send(self, parcels):
        for one in parcels:
            with self._lock:
                self.begun.append(one)
                self.at_once += 1
                self.most = max(self.most, self.at_once)
                if len(self.begun) == self._fails_at:
                    raise ConnectionError
            self._never.wait(self._seconds)
            with self._lock:
                self.at_once -= 1
            yield one, Accepted(reference=one)

    def close(self):
        pass


def warm(provider):
    """Let it find out how far away the provider is."""
    several = Several(provider, most=MOST)
    list(several.send(["first"]))
    provider.begun.clear()
    return several


@pytest.mark.parametrize(
    ("seconds", "at_once"),
    [
        pytest.param(FAR, MOST, id="far away: all connections"),
        pytest.param(0, 1, id="near: one, which costs less"),
    ],
)
def test_each_parcel_is_handed_over_once(seconds, at_once):
    far = Far(seconds)
    several = warm(far)
    parcels = [str(number) for number in range(21)]

    answers = list(several.send(parcels))

    assert sorted(attempt for attempt, _ in answers) == sorted(far.begun) == sorted(parcels)
    assert far.most == at_once


def test_who_breaks_off_lets_begin_no_more_than_is_under_way():
    """A sender that was frozen past its lease stops at the first answer; others may have its messages by then."""
    far = Far()
    sent = warm(far).send([str(number) for number in range(40)])
    taken = [next(sent) for _ in range(3)]
    under_way = len(taken) + MOST - 1

    sent.close()

    assert len(far.begun) <= under_way


def test_a_connection_that_fails_is_told_to_whoever_called():
    far = Far(fails_at=7)
    several = Several(far, most=MOST)
    list(several.send(["first"]))

    with pytest.raises(ConnectionError):
        list(several.send([str(number) for number in range(20)]))

    assert len(far.begun) < 7 + 2 * MOST


def parcel(number):
    raw = f"Message-ID: <{number}@nordlys.example>\r\nSubject: An offer\r\n\r\nHello\r\n".encode()
    content = Email(envelope_from="hei@nordlys.example", to=f"c{number}@example.org", raw=raw)
    return Parcel(message=str(number), attempt=str(number), content=content, purpose="offer", brand="nordlys")


def test_a_relay_that_is_far_away_is_given_mails_on_several_connections():
    """Measured through a proxy of 20 ms each way: 23 mails a second on one connection, 88 on four."""
    never = threading.Event()
    peer = SmtpPeer(on_taken=lambda _: never.wait(FAR))
    provider = Several(Smtp(SmtpSettings(host="127.0.0.1", port=peer.port, starttls="never")), most=MOST)
    try:
        answers = [answer for size in (2, 12) for answer in provider.send([parcel(n) for n in range(size)])]
    finally:
        provider.close()
        peer.close()

    assert [type(outcome) for _, outcome in answers] == [Accepted] * 14
    assert len(peer.taken) == 14
    assert peer.sessions == MOST
