"""What every provider must do, whoever runs it: one suite, subclassed once per provider.

A subclass has fixtures `peer` and `provider`, `content(number, text)` that makes content for customer `number`
with `text` in it, and `texts(peer)` that reads those texts back from what the peer was given.
"""

import logging
import threading
from datetime import timedelta
from types import MappingProxyType

import pytest

from channels.calls import LARGEST
from channels.contract import Capability
from tests.patience import until
from tests.peers.fault import Fault
from tidings.channel import Channel
from tidings.message import CHANNEL_OF, Parcel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown

HOSTILE = [
    pytest.param("Bcc: eve@example.org\r\n\r\nHi", id="a header in the text"),
    pytest.param("a\r\n.\r\nMAIL FROM:<eve@example.org>", id="the end of data and a command"),
    pytest.param(".\r\n..\r\n...x", id="dots at line starts"),
    pytest.param("{{ 7 * 7 }} ${PATH} %s %(x)s", id="template and format marks"),
    pytest.param("=cmd|'/C calc'!A0", id="a spreadsheet formula"),
    pytest.param("../../etc/passwd", id="a path"),
    pytest.param("<script>&amp;</script>\"'\\", id="markup and quotes"),
    pytest.param("Zażółć gęślą jaźń 🎈 \u202eabc\u200b", id="signs of other scripts"),
]
PRIVATE = ("ada.lovelace", "4790000001", "Ada Lovelace")


class ProviderConformance:
    """Providers with or without a network."""

    def parcel(self, number=1, text="Hello", *, attempt="1"):
        message = f"01900000-0000-7000-8000-{number:012d}"
        return Parcel(
            message=message,
            attempt=f"{message[:-12]}a{attempt}{number:010d}",
            content=self.content(number, text),
            purpose="offer",
            brand="nordlys",
        )

    def one(self, provider, parcel):
        """Send one parcel and return its outcome."""
        [(attempt, outcome)] = list(provider.send([parcel]))
        assert attempt == parcel.attempt
        return outcome

    def test_says_what_it_is(self, provider):
        """Name, channel, capability and the longest call are there before the first message."""
        assert provider.name
        assert provider.channel is CHANNEL_OF[type(self.content(1, ""))]
        assert isinstance(provider.capability, Capability)
        assert timedelta(0) < provider.call_timeout < timedelta(minutes=10)

    def test_accepts(self, provider, peer):
        """An accepted message carries the reference that the provider gave to it."""
        outcome = self.one(provider, self.parcel(text="Hello"))

        assert isinstance(outcome, Accepted)
        assert self.texts(peer) == ["Hello"]
        assert outcome.reference in peer.references

    def test_every_parcel_has_one_outcome(self, provider, peer):
        """Outcomes name their attempt; each parcel is handed over once, with its own content."""
        parcels = [self.parcel(number, f"Text {number}") for number in range(1, 21)]

        outcomes = list(provider.send(parcels))

        assert sorted(attempt for attempt, _ in outcomes) == [parcel.attempt for parcel in parcels]
        assert all(isinstance(outcome, Accepted) for _, outcome in outcomes)
        assert sorted(self.texts(peer)) == sorted(f"Text {number}" for number in range(1, 21))

    def test_nothing_is_sent_before_it_is_asked_for(self, provider, peer):
        """A batch whose outcomes nobody reads is a batch that nobody sent."""
        provider.send([self.parcel()])

        assert self.texts(peer) == []

    def test_an_empty_batch(self, provider, peer):
        """Nothing in, nothing out."""
        assert list(provider.send([])) == []

    def test_goes_on_after_close(self, provider, peer):
        """`close` gives back connections; the next message opens a new one."""
        self.one(provider, self.parcel(1))
        provider.close()

        assert isinstance(self.one(provider, self.parcel(2)), Accepted)

    def test_wrong_channel(self, provider, peer):
        """Content of another channel is an error of that message, and nothing is sent."""
        other = _other_content(provider.channel)
        parcel = Parcel(message="m", attempt="a", content=other, purpose="offer", brand="nordlys")

        outcome = self.one(provider, parcel)

        assert isinstance(outcome, Rejected)
        assert outcome.error is ErrorClass.DATA
        assert self.texts(peer) == []

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_content_passes_unharmed(self, provider, peer, text):
        """What a customer's name can hold arrives as it is, in one message."""
        assert isinstance(self.one(provider, self.parcel(text=text)), Accepted)
        assert self.texts(peer) == [text]


class NetworkConformance(ProviderConformance):
    """Providers behind a network: every fault once."""

    expected = MappingProxyType(
        {
            Fault.DROP: (Unknown, None),
            Fault.RESET: (Unknown, None),
            Fault.SILENT: (Unknown, None),
            Fault.SLOW: (Unknown, None),
            Fault.THROTTLE: (Refused, ErrorClass.THROTTLE),
            Fault.FAILED: (Unknown, None),
            Fault.UNAVAILABLE: (Unknown, None),
            Fault.BAD_ADDRESS: (Rejected, ErrorClass.ADDRESS),
            Fault.BAD_CREDENTIALS: (Refused, ErrorClass.CONFIG),
        }
    )
    """A subclass overrides what its service means differently."""

    @pytest.mark.parametrize("fault", [pytest.param(f, id=f"it {f}") for f in Fault if f is not Fault.NONE])
    def test_fault(self, provider, peer, fault, caplog):
        """One request, the right outcome, nothing about the customer in it or in the log."""
        peer.will(fault)

        with caplog.at_level(logging.DEBUG):
            outcome = self.one(provider, self.parcel(text="Dear Ada Lovelace"))

        kind, error = self.expected[fault]
        assert isinstance(outcome, kind), outcome
        assert getattr(outcome, "error", None) is error
        assert len(peer.requests) <= 1
        assert len(self.texts(peer)) <= 1
        if isinstance(outcome, Refused):
            assert timedelta(0) < outcome.wait
        said = repr(outcome) + caplog.text
        assert [word for word in PRIVATE if word in said] == []

    @pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET, Fault.SILENT])
    def test_a_lost_answer_is_the_only_doubt(self, provider, peer, fault):
        """The peer took the message and said nothing: the message before it and the one after it are certain."""
        assert isinstance(self.one(provider, self.parcel(1)), Accepted)
        peer.will(fault)
        assert isinstance(self.one(provider, self.parcel(2)), Unknown)
        peer.will(Fault.NONE)
        assert isinstance(self.one(provider, self.parcel(3)), Accepted)

        assert len(self.texts(peer)) == 3

    def test_nobody_there(self, provider, peer):
        """A refused connection sends nothing, and may be tried again."""
        peer.close()

        outcomes = dict(provider.send([self.parcel(1), self.parcel(2)]))

        assert all(isinstance(outcome, Refused) for outcome in outcomes.values())
        assert {outcome.error for outcome in outcomes.values()} == {ErrorClass.TRANSIENT}
        assert self.texts(peer) == []

    @pytest.mark.parametrize("fault", [Fault.THROTTLE, Fault.BAD_CREDENTIALS])
    def test_stops_the_batch(self, provider, peer, fault):
        """Who is told to go away does not ask forty more times; the rest of the batch is refused unsent."""
        peer.will(fault)

        outcomes = dict(provider.send([self.parcel(number) for number in range(1, 61)]))

        assert len(outcomes) == 60
        assert {type(outcome) for outcome in outcomes.values()} == {Refused}
        assert len(peer.requests) <= 30

    def test_an_iteration_that_ends_early_sends_no_more(self, provider, peer):
        """Who stops reading leaves the rest unsent, and the provider goes on with the next batch."""
        outcomes = provider.send([self.parcel(number) for number in range(1, 61)])
        next(outcomes)
        outcomes.close()

        assert isinstance(self.one(provider, self.parcel(61)), Accepted)
        assert len(self.texts(peer)) < 60
        until(lambda: not any(thread.name == "provider-call" for thread in threading.enumerate()))


class BoundedConformance(NetworkConformance):
    """Providers whose answers are read by a client that we bound."""

    largest = LARGEST

    def test_an_answer_is_taken_in_up_to_a_bound(self, provider, peer):
        """A yes that goes on for longer than any answer does is none, and its bytes do not stay with us."""
        said = peer.answer

        def endless(fault, reference):
            status, headers, body = said(fault, reference)
            return status, headers, body + b" " * (self.largest + 1)

        peer.answer = endless

        assert isinstance(self.one(provider, self.parcel()), Unknown | Refused)


def _other_content(channel):
    from tidings.message import Email, Sms

    if channel is Channel.SMS:
        return Email(envelope_from="a@example.com", to="b@example.com", raw=b"Subject: x\r\n\r\nx\r\n")
    return Sms(sender="Nordlys", to="+4790000001", text="x", parts=1, encoding="gsm7")
