"""`channels.push.webpush` against a loopback push service that decrypts what it takes."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from channels.push.subscription import LONGEST, BadSubscription, read
from channels.push.web_session import Forbidden, public, session
from channels.push.webpush import Webpush, topic
from tests.channels.conformance import BoundedConformance
from tests.peers.fault import Fault
from tests.peers.push import WebpushPeer, pem
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import WebpushSettings


@pytest.fixture
def peer():
    peer = WebpushPeer()
    yield peer
    peer.close()


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "vapid.pem"
    path.write_text(pem(ec.generate_private_key(ec.SECP256R1())))
    return path


@pytest.fixture
def provider(peer, key, patience):
    settings = WebpushSettings(key=key, subject="mailto:it@nordlys.example", loopback=True, timeout=patience)
    provider = Webpush(settings)
    yield provider
    provider.close()


def push(to, text="Hello", **changes):
    given = {
        "to": to,
        "platform": "web",
        "title": "Nordlys",
        "body": text,
        "link": "",
        "collapse_id": "01900000-0000-7000-8000-000000000001",
        "payload": json.dumps({"title": "Nordlys", "body": text}),
    }
    return Push(**given | changes)


def parcel(to, **changes):
    return Parcel(message="m1", attempt="a1", content=push(to, **changes), purpose="offer", brand="nordlys")


class TestWebpush(BoundedConformance):
    """A push service keeps the contract."""

    @pytest.fixture(autouse=True)
    def _browser(self, peer):
        self.subscription = peer.subscription

    def content(self, number, text):
        return push(self.subscription(number), text)

    def texts(self, peer):
        return [json.loads(body)["body"] for body in peer.contents()]


def test_request(provider, peer):
    """Encrypted for one browser, signed by us, with a topic that makes a duplicate replace the first."""
    list(provider.send([parcel(peer.subscription())]))

    [(path, headers, _)] = peer.requests
    assert path == "/wpush/ada.lovelace1"
    assert peer.signed() == [True]
    assert headers["topic"] == "01900000000070008000000000000001"
    assert (headers["ttl"], headers["urgency"]) == ("259200", "normal")
    assert headers["content-encoding"] == "aes128gcm"


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (400, Rejected, ErrorClass.DATA),
        (401, Refused, ErrorClass.CONFIG),
        (403, Refused, ErrorClass.CONFIG),
        (404, Rejected, ErrorClass.ADDRESS),
        (410, Rejected, ErrorClass.ADDRESS),
        (413, Rejected, ErrorClass.DATA),
        (418, Refused, ErrorClass.CONFIG),
        (429, Refused, ErrorClass.THROTTLE),
        (204, Accepted, None),
        (203, Accepted, None),
        (500, Unknown, None),
        (502, Unknown, None),
    ],
)
def test_errors(provider, peer, status, kind, error):
    """RFC 8030 5 and 8: each answer means one thing for the browser, the lane and the message."""
    peer.statuses = {Fault.FAILED: status}
    peer.headers = {"Retry-After": "17"}
    peer.will(Fault.FAILED)

    [(_, outcome)] = provider.send([parcel(peer.subscription())])

    assert isinstance(outcome, kind)
    assert getattr(outcome, "error", None) is error
    if isinstance(outcome, Refused):
        assert outcome.wait.total_seconds() == 17


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (403, "the VAPID credentials in the authorization header do not correspond to the credentials used"),
        (403, "the key in the authorization header does not correspond to the sender ID used to subscribe"),
        (403, "MismatchSenderId"),
        (401, '{"code":401,"errno":109,"error":"Unauthorized","message":"VAPID public key mismatch"}'),
        (400, '{"reason":"VapidPkHashMismatch"}'),
    ],
)
def test_a_browser_that_subscribed_with_another_key_stops_nobody_else(provider, peer, status, said):
    """Neither the lane nor the address is at fault: this one is out of reach, the others go out."""
    peer.statuses, peer.text = {Fault.FAILED: status}, said
    peer.will(Fault.FAILED)

    [(_, outcome)] = provider.send([parcel(peer.subscription())])

    assert (type(outcome), outcome.error) == (Rejected, ErrorClass.CONFIG)


def test_no_redirect_is_followed(provider, peer):
    """A push service that sends us elsewhere, sends us nowhere."""
    peer.statuses = {Fault.FAILED: 307}
    peer.headers = {"Location": "http://127.0.0.1:9/secret"}
    peer.will(Fault.FAILED)

    [(_, outcome)] = provider.send([parcel(peer.subscription())])

    assert not isinstance(outcome, Rejected)
    assert len(peer.requests) == 1


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("https://evil.example/x", "not_a_push_service"),
        ("https://fcm.googleapis.com.evil.example/x", "not_a_push_service"),
        ("https://evilpush.apple.com/x", "not_a_push_service"),
        ("http://fcm.googleapis.com/fcm/send/x", "not_a_push_service"),
        ("https://fcm.googleapis.com:8443/x", "not_a_push_service"),
        ("https://169.254.169.254/latest/meta-data", "not_a_push_service"),
        ("https://localhost/x", "not_a_push_service"),
        ("http://127.0.0.1/x", "not_a_push_service"),
        ("https://fcm.googleapis.com@evil.example/x", "not_an_endpoint"),
        ("https://evil.example\\@fcm.googleapis.com/x", "not_an_endpoint"),
        ("https://fcm.googleapis.com\\.evil.example/x", "not_an_endpoint"),
        ("https://[::1]/x", "not_an_endpoint"),
        ("https://fcm.googleapis.com/x\r\nHost: evil", "not_an_endpoint"),
        ("https://fcm.googleapis.com", "not_an_endpoint"),
        ("file:///etc/passwd", "not_an_endpoint"),
        ("gopher://fcm.googleapis.com/x", "not_an_endpoint"),
        ("", "not_an_endpoint"),
        (None, "not_an_endpoint"),
        (7, "not_an_endpoint"),
    ],
)
def test_hostile_endpoints(peer, key, endpoint, code):
    """Whoever fills in our page can name any address; only the browsers' own services are called."""
    provider = Webpush(WebpushSettings(key=key, subject="mailto:it@nordlys.example"))

    [(_, outcome)] = provider.send([parcel(peer.subscription(endpoint=endpoint))])

    assert (outcome.error, outcome.code) == (ErrorClass.ADDRESS, code)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:def",
        "https://jmt17.google.com/x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://web.push.apple.com/QABC",
        "https://wns2-am3p.notify.windows.com/w/?token=BQYA%2b",
    ],
)
def test_real_endpoints(peer, endpoint):
    """The services of Chrome, Firefox, Safari and Edge, and one that a setting adds."""
    found = read(peer.subscription(endpoint=endpoint), services="jmt17.google.com", loopback=False)

    assert found.endpoint == endpoint


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "[]",
        "null",
        '"x"',
        "{}",
        '{"endpoint": "https://fcm.googleapis.com/x"}',
        '{"endpoint": "https://fcm.googleapis.com/x", "keys": []}',
        '{"endpoint": "https://fcm.googleapis.com/x", "keys": {}}',
        '{"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": 1, "auth": 2}}',
        '{"endpoint": "https://fcm.googleapis.com/x", "keys": {"p256dh": "BAAA", "auth": "AAAA"}}',
        "[" * LONGEST,
        " " * (LONGEST + 1),
        "https://fcm.googleapis.com/x",
    ],
)
def test_what_is_no_subscription(value):
    """No browser made it, so it is no address."""
    with pytest.raises(BadSubscription):
        read(value, services="", loopback=False)


def test_a_point_off_the_curve(peer):
    """A key that is none is found before anything is encrypted for it."""
    keys = {"p256dh": "B" + "A" * 86, "auth": json.loads(peer.subscription())["keys"]["auth"]}

    with pytest.raises(BadSubscription, match="not_a_key"):
        read(
            peer.subscription(endpoint="https://fcm.googleapis.com/x", keys=keys), services="", loopback=False
        )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("10.0.0.1", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("192.168.1.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
    ],
)
def test_public(address, expected):
    """Private, local and link-local addresses are nobody's push service."""
    assert public(address) is expected


def test_a_name_that_leads_home_is_not_called():
    """Even a host that is on the list is judged by where it leads."""
    with pytest.raises(Forbidden):
        session(connections=1, loopback=False).post("https://localhost:9/x", timeout=2)


def test_a_service_that_our_resolver_leads_home_closes_nobodys_address(peer, key):
    """A name of the list that leads into our network: it is not called, and it is no fault of the browser."""
    settings = WebpushSettings(key=key, subject="mailto:it@nordlys.example", services="localhost")
    subscription = peer.subscription(endpoint="https://localhost/x")

    [(_, outcome)] = Webpush(settings).send([parcel(subscription)])

    assert (outcome.error, outcome.code) == (ErrorClass.CONFIG, "not_a_public_address")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        pytest.param({"key": None}, "TIDINGS_WEBPUSH__KEY is not set", id="no key"),
        pytest.param({"subject": ""}, "TIDINGS_WEBPUSH__SUBJECT", id="no subject"),
        pytest.param({"subject": "it@nordlys.example"}, "TIDINGS_WEBPUSH__SUBJECT", id="a bare address"),
    ],
)
def test_settings(key, changes, named):
    """A missing setting is named at start."""
    given = {"key": key, "subject": "mailto:it@nordlys.example"}

    with pytest.raises(Problem, match=named):
        Webpush(WebpushSettings(**given | changes))


@pytest.mark.parametrize("content", [None, "", "nonsense", pem(ec.generate_private_key(ec.SECP384R1()))])
def test_a_key_that_is_none(tmp_path, content):
    """A file that is not there is not made, and another curve is refused."""
    path = tmp_path / "vapid.pem"
    if content is not None:
        path.write_text(content)

    with pytest.raises(Problem, match="TIDINGS_WEBPUSH__KEY"):
        Webpush(WebpushSettings(key=path, subject="mailto:it@nordlys.example"))
    assert path.exists() is (content is not None)


def test_topic():
    """At most 32 characters of the alphabet (RFC 8030 5.4)."""
    assert topic("01900000-0000-7000-8000-000000000001") == "01900000000070008000000000000001"
    assert topic("a b\r\nc" * 20) == ("abc" * 20)[:32]
