"""`channels.sms.twilio` against a loopback server that answers like Twilio."""

import pytest

from channels.sms.twilio import Twilio
from tests.channels.conformance import NetworkConformance
from tests.peers.services import TwilioPeer
from tidings.message import Parcel, Sms
from tidings.outcome import ErrorClass, Refused, Rejected
from tidings.problem import Problem
from tidings.settings import TwilioSettings


@pytest.fixture
def peer():
    peer = TwilioPeer()
    yield peer
    peer.close()


def made(peer, *, public_url="https://nordlys.example/", **more):
    settings = {"account_sid": "AC1", "auth_token": "secret", "endpoint": peer.url} | more
    return Twilio(TwilioSettings.model_validate(settings), public_url=public_url)


@pytest.fixture
def provider(peer, patience):
    provider = made(peer, timeout=patience)
    yield provider
    provider.close()


def parcel(to="+4790000001", text="Hello"):
    content = Sms(sender="Nordlys", to=to, text=text, parts=1, encoding="gsm7")
    return Parcel(message="m1", attempt="a1", content=content, purpose="offer", brand="nordlys")


class TestTwilio(NetworkConformance):
    """Twilio keeps the contract."""

    def content(self, number, text):
        return Sms(sender="Nordlys", to=f"+4790000001{number}", text=text, parts=1, encoding="gsm7")

    def texts(self, peer):
        return peer.contents()


def test_request(provider, peer):
    """The text is taken as it is; the callback brings our attempt id back."""
    list(provider.send([parcel()]))

    [(path, headers, _)] = peer.requests
    assert path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert headers["Authorization"].startswith("Basic ")
    assert peer.forms() == [
        {
            "To": "+4790000001",
            "From": "Nordlys",
            "Body": "Hello",
            "SmartEncoded": "false",
            "StatusCallback": "https://nordlys.example/hooks/twilio?attempt=a1",
        }
    ]


def test_a_messaging_service_chooses_the_sender(peer):
    """Then no From is named; and a loopback address of ours is not told to Twilio."""
    provider = made(peer, public_url="http://127.0.0.1:8765", messaging_service_sid="MG1")
    list(provider.send([parcel()]))
    provider.close()

    [form] = peer.forms()
    assert form["MessagingServiceSid"] == "MG1"
    assert not {"From", "StatusCallback"} & set(form)


@pytest.mark.parametrize(
    "to", ["whatsapp:+4790000001", "client:ada", "90000001", "+47 90 00 00 01", "", "+0123456789"]
)
def test_only_telephone_numbers(provider, peer, to):
    """Twilio would take other kinds of address in the same field."""
    [(_, outcome)] = provider.send([parcel(to=to)])

    assert (outcome.error, outcome.code) == (ErrorClass.ADDRESS, "not_e164")
    assert peer.requests == []


@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [
        pytest.param(21211, Rejected, ErrorClass.ADDRESS, id="21211 invalid number"),
        pytest.param(21614, Rejected, ErrorClass.ADDRESS, id="21614 not a mobile"),
        pytest.param(21610, Rejected, ErrorClass.OPT_OUT, id="21610 replied STOP"),
        pytest.param(30003, Refused, ErrorClass.TRANSIENT, id="30003 switched off"),
        pytest.param(30007, Rejected, ErrorClass.DATA, id="30007 filtered"),
        pytest.param(20429, Refused, ErrorClass.THROTTLE, id="20429 too many"),
        pytest.param(30001, Refused, ErrorClass.THROTTLE, id="30001 queue full"),
        pytest.param(20003, Refused, ErrorClass.CONFIG, id="20003 who are you"),
        pytest.param(21606, Refused, ErrorClass.CONFIG, id="21606 not our sender"),
        pytest.param(30034, Refused, ErrorClass.CONFIG, id="30034 sender not registered"),
        pytest.param(21408, Rejected, ErrorClass.DATA, id="21408 one country never stops the lane"),
        pytest.param(21617, Rejected, ErrorClass.DATA, id="21617 too long"),
        pytest.param(99999, Rejected, ErrorClass.DATA, id="a new code never suppresses anybody"),
    ],
)
def test_errors(provider, peer, code, kind, error):
    """Each documented error means one thing for the number, the lane and the message."""
    peer.code = code

    [(_, outcome)] = provider.send([parcel()])

    assert isinstance(outcome, kind)
    assert (outcome.error, outcome.code) == (error, str(code))


@pytest.mark.parametrize("missing", ["account_sid", "auth_token"])
def test_missing_settings(peer, missing):
    """A missing setting is named."""
    with pytest.raises(Problem, match=f"TIDINGS_TWILIO__{missing.upper()}"):
        made(peer, **{missing: ""})
