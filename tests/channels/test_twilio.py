"""`channels.sms.twilio` against a loopback server that answers like Twilio."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Doubt, Lists
from channels.sms.twilio import Twilio
from channels.twilio import TRIAL
from tests.channels.conformance import BoundedConformance
from tests.peers.fault import Fault
from tests.peers.twilio import TwilioPeer
from tidings.message import Parcel, Sms
from tidings.outcome import ErrorClass, Refused, Rejected
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
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


def parcel(to="+4790000001", text="Hello", sender="Nordlys"):
    content = Sms(sender=sender, to=to, text=text, parts=1, encoding="gsm7")
    return Parcel(message="m1", attempt="a1", content=content, purpose="offer", brand="nordlys")


class TestTwilio(BoundedConformance):
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
        pytest.param(21730, Refused, ErrorClass.TRANSIENT, id="21730 under maintenance"),
        pytest.param(30047, Refused, ErrorClass.TRANSIENT, id="30047 could not be put off"),
        pytest.param(30003, Refused, ErrorClass.TRANSIENT, id="30003 switched off"),
        pytest.param(30007, Rejected, ErrorClass.DATA, id="30007 filtered"),
        pytest.param(20429, Refused, ErrorClass.THROTTLE, id="20429 too many"),
        pytest.param(30001, Refused, ErrorClass.THROTTLE, id="30001 queue full"),
        pytest.param(20003, Refused, ErrorClass.CONFIG, id="20003 who are you"),
        pytest.param(21606, Refused, ErrorClass.CONFIG, id="21606 not our sender"),
        pytest.param(30034, Refused, ErrorClass.CONFIG, id="30034 sender not registered"),
        pytest.param(21408, Rejected, ErrorClass.CONFIG, id="21408 one country never stops the lane"),
        pytest.param(21612, Rejected, ErrorClass.CONFIG, id="21612 no way to this number"),
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


@pytest.mark.parametrize(
    ("sender", "to", "number", "sent"),
    [
        pytest.param("Nordlys", "+4790000001", "", "Nordlys", id="a name where names are taken"),
        pytest.param("Nordlys", "+12025550123", "+12025550199", "+12025550199", id="our number where they are not"),
        pytest.param("Nordlys", "+4790000001", "+12025550199", "Nordlys", id="the name stays where it can"),
        pytest.param("+4759440001", "+12025550123", "", "+4759440001", id="a number goes everywhere"),
        pytest.param("2442", "+4790000001", "", "2442", id="a short code"),
        pytest.param("Nordlys", "+12025550123", "", ("config", "country_takes_no_names"), id="no way to this country"),
        pytest.param("Nordlys Hage AS", "+4790000001", "", ("config", "sender"), id="a name that is too long"),
        pytest.param("Blåbær", "+4790000001", "", ("config", "sender"), id="a name with other letters"),
        pytest.param("", "+4790000001", "", ("config", "sender"), id="no sender"),
    ],
)  # fmt: skip
def test_senders(peer, sender, to, number, sent):
    """Names have rules and countries; what cannot be sent is not handed over, and suppresses nobody."""
    provider = made(peer, number=number)
    [(_, outcome)] = provider.send([parcel(to=to, sender=sender)])
    provider.close()

    told = [form["From"] for form in peer.forms()] or [(outcome.error, outcome.code)]
    assert told == [sent]


def test_rate(peer):
    """The account's pace comes from the settings."""
    assert made(peer, rate=12.5).rate == 12.5


NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=10)


def doubt(text="Hello", *, attempt="a1", to="+4790000001", **more):
    digest = hashlib.sha256(text.encode()).hexdigest() if text is not None else None
    known = {
        "attempt": attempt,
        "delivery": "d1",
        "reference": "K7Q4MTX2AB",
        "address": to,
        "started_at": NOON,
    }
    return Doubt(**known | {"content_hash": digest} | more)


def found(provider, *doubts, now=LATER):
    return [(one.attempt, one.kind, one.provider_reference) for one in provider.find(doubts, now=now)]


def form(text="Hello", to="+4790000001"):
    return {"To": to, "Body": text}


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET])
def test_a_lost_answer_is_found(provider, peer, fault):
    """What was taken without an answer is in the list, and is accepted under the SID that callbacks will quote."""
    assert isinstance(provider, Lists)
    peer.will(fault)
    list(provider.send([parcel()]))
    peer.will(Fault.NONE)

    assert found(provider, doubt()) == [("a1", ReceiptKind.ACCEPTED, "ref-0001")]


@pytest.mark.parametrize(
    ("listed", "asked", "answer"),
    [
        pytest.param([], doubt(), ReceiptKind.ABSENT, id="nothing was taken"),
        pytest.param([], doubt(None), ReceiptKind.ABSENT, id="nothing was taken, whatever the text was"),
        pytest.param([(form("Another"), NOON)], doubt(), ReceiptKind.ABSENT, id="another message of the same minute"),
        pytest.param([(form("Another"), NOON)], doubt(None), None, id="a message, and nobody knows our text"),
        pytest.param(
            [(form("Another"), NOON)], doubt(own_words=False), None, id="after a restore it may have said otherwise"
        ),
        pytest.param([(form(), NOON)], doubt(own_words=False), ReceiptKind.ACCEPTED, id="after a restore, our message"),
        pytest.param([], doubt(own_words=False), ReceiptKind.ABSENT, id="after a restore, nothing was taken"),
        pytest.param([(form(""), NOON)], doubt(), None, id="a message whose text Twilio has blotted out"),
        pytest.param([(form(), NOON)], doubt(), ReceiptKind.ACCEPTED, id="our message"),
        pytest.param([(form(TRIAL + "Hello"), NOON)], doubt(), ReceiptKind.ACCEPTED, id="ours, from a trial account"),
        pytest.param([(form("See K7Q4MTX2AB"), NOON)], doubt(None), ReceiptKind.ACCEPTED, id="it quotes our reference"),
        pytest.param([(form(), NOON - timedelta(hours=1))], doubt(), ReceiptKind.ABSENT, id="the same text before"),
        pytest.param([(form(to="+4790000002"), NOON)], doubt(), ReceiptKind.ABSENT, id="the same text elsewhere"),
        pytest.param(
            [*[(form(f"Text {n}"), NOON) for n in range(7)], (form(), NOON)],
            doubt(), ReceiptKind.ACCEPTED, id="ours on the fourth page",
        ),
    ],
)  # fmt: skip
def test_find(provider, peer, listed, asked, answer):
    """A doubt is settled by what the list shows, and stays one where the list proves nothing."""
    peer.listed = [peer.message(number, form, at=at) for number, (form, at) in enumerate(listed, 1)]

    assert [kind for _, kind, _ in found(provider, asked)] == ([answer] if answer else [])


def test_absent_only_when_the_list_had_time(provider, peer):
    """Before the list must know, a message that is missing proves nothing; one that is there does."""
    soon = NOON + timedelta(seconds=30)

    assert found(provider, doubt(), now=soon) == []
    peer.listed = [peer.message(1, form())]
    assert found(provider, doubt(), now=soon) == [("a1", ReceiptKind.ACCEPTED, "ref-0001")]


@pytest.mark.parametrize("fault", [Fault.THROTTLE, Fault.FAILED, Fault.BAD_CREDENTIALS])
def test_a_list_that_does_not_answer_settles_nothing(provider, peer, fault):
    """No answer is no proof."""
    peer.will(fault)

    assert found(provider, doubt(), doubt(attempt="a2")) == []


def test_doubts_are_told_apart(provider, peer):
    """Two texts to one customer at once: one arrived, one did not."""
    list(provider.send([parcel(text="Invoice")]))

    settled = found(provider, doubt("Offer"), doubt("Invoice", attempt="a2"))

    assert settled == [("a1", ReceiptKind.ABSENT, None), ("a2", ReceiptKind.ACCEPTED, "ref-0001")]
