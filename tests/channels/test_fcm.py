"""`channels.push.fcm` against loopback servers that answer like FCM and like Google's token service."""

import json

import pytest

from channels.push.fcm import Fcm
from tests.channels.conformance import BoundedConformance
from tests.peers.fault import Fault
from tests.peers.push import FcmPeer, TokenPeer
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import FcmSettings


@pytest.fixture
def peer():
    peer = FcmPeer()
    yield peer
    peer.close()


@pytest.fixture
def google():
    google = TokenPeer()
    yield google
    google.close()


@pytest.fixture
def provider(peer, google, tmp_path, patience):
    path = tmp_path / "account.json"
    path.write_text(json.dumps(google.account()))
    provider = Fcm(FcmSettings(credentials=path, endpoint=peer.url, timeout=patience))
    yield provider
    provider.close()


def push(number=1, text="Hello", **changes):
    payload = {
        "notification": {"title": "Nordlys", "body": text},
        "android": {"collapse_key": f"c{number}", "notification": {"tag": f"c{number}"}},
    }
    given = {
        "to": f"ada.lovelace:{number}",
        "platform": "fcm",
        "title": "Nordlys",
        "body": text,
        "link": "https://nordlys.example/l/x",
        "collapse_id": f"c{number}",
        "payload": json.dumps(payload),
    }
    return Push(**given | changes)


def parcel(**changes):
    return Parcel(message="m1", attempt="a1", content=push(**changes), purpose="offer", brand="nordlys")


class TestFcm(BoundedConformance):
    """FCM keeps the contract."""

    def content(self, number, text):
        return push(number, text)

    def texts(self, peer):
        return [message["notification"]["body"] for message in peer.bodies()]


def test_request(provider, peer, google):
    """The payload is ours, the device is named, a duplicate replaces the first, and our attempt id is the label."""
    list(provider.send([parcel()]))

    [(path, headers, _)] = peer.requests
    [message] = peer.bodies()
    assert path == "/v1/projects/nordlys/messages:send"
    assert headers["Authorization"] == "Bearer token-ref-0001"
    assert message["token"] == "ada.lovelace:1"
    assert message["fcm_options"] == {"analytics_label": "a1"}
    assert message["android"] == {"collapse_key": "c1", "notification": {"tag": "c1"}, "ttl": "259200s"}
    assert message["notification"] == {"title": "Nordlys", "body": "Hello"}


def test_the_access_token_is_fetched_once(provider, peer, google):
    """A thousand messages, one token; a token near its end is not used any more."""
    list(provider.send([parcel() for _ in range(20)]))
    assert len(google.requests) == 1

    google.lasts = 60
    provider._access.forget("token-ref-0001")
    list(provider.send([parcel()]))
    list(provider.send([parcel()]))
    assert len(google.requests) == 3


def test_a_token_that_is_not_believed_is_fetched_again(provider, peer, google):
    """401 without a word about Apple: the next call brings another token."""
    peer.errors = {Fault.FAILED: (401, "")}
    peer.will(Fault.FAILED)
    [(_, outcome)] = provider.send([parcel()])
    assert (type(outcome), outcome.error) == (Refused, ErrorClass.CONFIG)

    peer.will(Fault.NONE)
    [(_, outcome)] = provider.send([parcel()])
    assert isinstance(outcome, Accepted)
    assert [headers["Authorization"][-4:] for _, headers, _ in peer.requests] == ["0001", "0002"]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(400, ErrorClass.CONFIG, id="the account was deleted"),
        pytest.param(401, ErrorClass.CONFIG, id="the key was revoked"),
        pytest.param(429, ErrorClass.THROTTLE, id="too many"),
        pytest.param(503, ErrorClass.TRANSIENT, id="Google is away"),
    ],
)
def test_no_access_token(provider, peer, google, status, error):
    """Nothing was sent, and nobody is in doubt."""
    google.status = status

    [(_, outcome)] = provider.send([parcel()])

    assert (type(outcome), outcome.error) == (Refused, error)
    assert peer.requests == []


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.SLOW])
def test_google_does_not_answer(provider, peer, google, fault):
    """Whoever waits for the token that another thread fetches has sent nothing, and is in no doubt."""
    google.will(fault)

    outcomes = dict(provider.send([parcel_of(number) for number in range(6)]))

    doubtful = [outcome for outcome in outcomes.values() if isinstance(outcome, Unknown)]
    assert len(doubtful) <= 1
    assert {type(outcome) for outcome in outcomes.values()} - {Unknown} == {Refused}
    assert peer.requests == []


def parcel_of(number):
    return Parcel(message="m", attempt=f"a{number}", content=push(), purpose="offer", brand="nordlys")


TOKEN_FIELD = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    "fieldViolations": [{"field": "message.token"}],
}
OTHER_FIELD = {
    "@type": "type.googleapis.com/google.rpc.BadRequest",
    "fieldViolations": [{"field": "message.data"}],
}


@pytest.mark.parametrize(
    ("status", "code", "text", "details", "kind", "error"),
    [
        pytest.param(404, "UNREGISTERED", "", (), Rejected, ErrorClass.ADDRESS, id="the app was removed"),
        pytest.param(
            400,
            "INVALID_ARGUMENT",
            "The registration token is not a valid FCM registration token",
            (),
            Rejected,
            ErrorClass.ADDRESS,
            id="no token at all",
        ),
        pytest.param(
            400,
            "INVALID_ARGUMENT",
            "",
            (TOKEN_FIELD,),
            Rejected,
            ErrorClass.ADDRESS,
            id="a field names the token",
        ),
        pytest.param(
            400,
            "INVALID_ARGUMENT",
            "",
            (OTHER_FIELD,),
            Rejected,
            ErrorClass.DATA,
            id="a field of this message",
        ),
        pytest.param(400, "", "Message is too big", (), Rejected, ErrorClass.DATA, id="too big"),
        pytest.param(
            403, "SENDER_ID_MISMATCH", "", (), Rejected, ErrorClass.CONFIG, id="a token of another project"
        ),
        pytest.param(
            401, "THIRD_PARTY_AUTH_ERROR", "", (), Refused, ErrorClass.CONFIG, id="Apple's certificate"
        ),
        pytest.param(404, "", "no such project", (), Refused, ErrorClass.CONFIG, id="no such project"),
        pytest.param(429, "QUOTA_EXCEEDED", "", (), Refused, ErrorClass.THROTTLE, id="too fast"),
        pytest.param(418, "NEW", "", (), Refused, ErrorClass.CONFIG, id="a new code never harms a device"),
        pytest.param(500, "INTERNAL", "", (), Unknown, None, id="their fault"),
        pytest.param(503, "UNAVAILABLE", "", (), Unknown, None, id="overloaded"),
    ],
)
def test_errors(provider, peer, status, code, text, details, kind, error):
    """Each documented error means one thing for the device, the lane and the message."""
    peer.errors, peer.text, peer.details = {Fault.FAILED: (status, code)}, text, details
    peer.will(Fault.FAILED)

    [(_, outcome)] = provider.send([parcel()])

    assert isinstance(outcome, kind)
    assert getattr(outcome, "error", None) is error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 60),
        ("", 60),
        ("soon", 60),
        ("99999999", 60),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 60),
    ],
)
def test_retry_after(provider, peer, header, seconds):
    """What the service asks for is heeded; nonsense is not."""
    peer.headers = {"Retry-After": header}
    peer.will(Fault.THROTTLE)

    [(_, outcome)] = provider.send([parcel()])

    assert outcome.wait.total_seconds() == seconds


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'{"error": "x"}', b'{"error": {"details": [1, null]}}']
)
def test_answers_that_are_none(provider, peer, body):
    """An answer without a name is a doubt, whatever else it holds."""
    peer.answer = lambda fault, reference: (200, {}, body)

    [(_, outcome)] = provider.send([parcel()])

    assert isinstance(outcome, Unknown)


def test_another_platform(provider, peer):
    """Only Android devices are FCM's here."""
    [(_, outcome)] = provider.send([parcel(platform="apns")])

    assert (outcome.error, outcome.code) == (ErrorClass.DATA, "platform_not_supported")
    assert peer.requests == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(None, id="no file"),
        pytest.param("{}", id="no service account"),
        pytest.param("nonsense", id="no JSON"),
        pytest.param("[]", id="a list"),
        pytest.param(
            '{"private_key": "x", "project_id": "p", "client_email": "c", "token_uri": "u"}', id="no key"
        ),
    ],
)
def test_credentials_are_read_at_start(tmp_path, content):
    """A wrong file is a problem at start, not a thousand refused messages."""
    path = tmp_path / "account.json"
    if content is not None:
        path.write_text(content)

    with pytest.raises(Problem, match="TIDINGS_FCM__CREDENTIALS"):
        Fcm(FcmSettings(credentials=path))


def test_no_credentials():
    """A missing setting is named."""
    with pytest.raises(Problem, match="TIDINGS_FCM__CREDENTIALS is not set"):
        Fcm(FcmSettings())
