"""`channels.whatsapp.twilio`: free text while the customer's window is open, else an approved template."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Doubt
from channels.whatsapp.twilio import TwilioWhatsApp
from tests.channels.conformance import NetworkConformance
from tests.peers.twilio import TwilioPeer
from tidings.message import Parcel, WhatsApp
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import TwilioSettings

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
TEMPLATE = "HX" + "a" * 32


@pytest.fixture
def peer():
    peer = TwilioPeer()
    yield peer
    peer.close()


def made(peer, **more):
    settings = {"account_sid": "AC1", "auth_token": "secret", "endpoint": peer.url} | more
    settings = TwilioSettings.model_validate(settings)
    return TwilioWhatsApp(settings, public_url="https://nordlys.example", clock=lambda: NOON)


@pytest.fixture
def provider(peer, patience):
    provider = made(peer, timeout=patience)
    yield provider
    provider.close()


def content(text="Hello", to="+4790000001", sender="+4759440001", **more):
    return WhatsApp(sender=sender, to=to, text=text, **more)


def parcel(**more):
    return Parcel(message="m1", attempt="a1", content=content(**more), purpose="offer", brand="nordlys")


class TestTwilioWhatsapp(NetworkConformance):
    """It keeps the contract that the other four channels keep."""

    def content(self, number, text):
        return content(text, f"+4790000001{number}", heard_at=NOON)

    def texts(self, peer):
        return peer.contents()


WAYS = [
    pytest.param(timedelta(minutes=1), TEMPLATE, "text", id="the customer wrote a minute ago"),
    pytest.param(timedelta(hours=23), "", "text", id="23 hours ago, and no template is needed"),
    pytest.param(timedelta(hours=23, minutes=58), TEMPLATE, "template", id="too close to the end"),
    pytest.param(timedelta(hours=25), TEMPLATE, "template", id="25 hours ago"),
    pytest.param(None, TEMPLATE, "template", id="the customer never wrote"),
    pytest.param(None, "", "nothing", id="no template and no window"),
]


@pytest.mark.parametrize(("ago", "template", "way"), WAYS)
def test_the_window(provider, peer, ago, template, way):
    """Within 24 hours of the customer's last message anything may be said, later only what is approved."""
    heard = NOON - ago if ago is not None else None
    [(_, outcome)] = provider.send(
        [parcel(template=template, variables=("Hello", "https://t.example/l/x", ""), heard_at=heard)]
    )

    if way == "nothing":
        assert isinstance(outcome, Rejected)
        assert (outcome.error, outcome.code) == (ErrorClass.CONFIG, "no_content_template")
        assert peer.requests == []
        return
    assert isinstance(outcome, Accepted)
    [form] = peer.forms()
    assert (form["To"], form["From"]) == ("whatsapp:+4790000001", "whatsapp:+4759440001")
    assert form["StatusCallback"] == "https://nordlys.example/hooks/twilio?attempt=a1"
    if way == "text":
        assert (form["Body"], "ContentSid" in form) == ("Hello", False)
    else:
        assert (form["ContentSid"], "Body" in form) == (TEMPLATE, False)
        assert json.loads(form["ContentVariables"]) == {"1": "Hello", "2": "https://t.example/l/x"}


@pytest.mark.parametrize(
    ("change", "kind", "error"),
    [
        pytest.param(
            {"to": "whatsapp:+4790000001"}, Rejected, ErrorClass.ADDRESS, id="a prefix in the address"
        ),
        pytest.param({"sender": ""}, Refused, ErrorClass.CONFIG, id="a brand without a number"),
        pytest.param({"sender": "Nordlys"}, Refused, ErrorClass.CONFIG, id="a name sends no WhatsApp"),
    ],
)
def test_only_numbers(provider, peer, change, kind, error):
    """Both ends are numbers."""
    [(_, outcome)] = provider.send([parcel(heard_at=NOON, **change)])

    assert (type(outcome), outcome.error) == (kind, error)
    assert peer.requests == []


@pytest.mark.parametrize(
    ("code", "kind", "error"),
    [
        pytest.param(63016, Refused, ErrorClass.TRANSIENT, id="63016 the window was closed"),
        pytest.param(63024, Rejected, ErrorClass.ADDRESS, id="63024 not on WhatsApp"),
        pytest.param(63033, Rejected, ErrorClass.OPT_OUT, id="63033 blocked by the customer"),
        pytest.param(63018, Refused, ErrorClass.THROTTLE, id="63018 too fast"),
        pytest.param(63007, Refused, ErrorClass.CONFIG, id="63007 our number is not on WhatsApp"),
        pytest.param(63027, Rejected, ErrorClass.DATA, id="63027 no such language"),
        pytest.param(63049, Refused, ErrorClass.TRANSIENT, id="63049 not today, says Meta"),
    ],
)
def test_errors(provider, peer, code, kind, error):
    """WhatsApp's own codes."""
    peer.code = code

    [(_, outcome)] = provider.send([parcel(heard_at=NOON)])

    assert (type(outcome), outcome.error, outcome.code) == (kind, error, str(code))


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        pytest.param({}, ReceiptKind.ABSENT, id="nothing to this number"),
        pytest.param({"heard_at": NOON}, ReceiptKind.ACCEPTED, id="our own words"),
        pytest.param(
            {"template": TEMPLATE}, None, id="a template's words prove nothing: wait for the callback"
        ),
    ],
)
def test_find(provider, peer, sent, answer):
    """A template is listed in its own words: then neither yes nor no can be read from the list."""
    if sent:
        list(provider.send([parcel(**sent)]))
    asked = Doubt(
        attempt="a1",
        delivery="d1",
        reference="K7Q4MTX2AB",
        address="+4790000001",
        started_at=NOON,
        content_hash=hashlib.sha256(b"Hello").hexdigest(),
    )

    told = list(provider.find([asked], now=NOON + timedelta(minutes=10)))

    assert [receipt.kind for receipt in told] == ([answer] if answer else [])
    assert {receipt.provider for receipt in told} <= {"twilio-whatsapp"}


def test_missing_settings(peer):
    """A missing setting is named, with the channel that wants it."""
    with pytest.raises(Problem, match=r"TIDINGS_WHATSAPP is twilio, but TIDINGS_TWILIO__AUTH_TOKEN"):
        made(peer, auth_token="")
