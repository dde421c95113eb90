"""`channels.push.sns` against a loopback server that answers like SNS."""

import json

import pytest

from channels.push.sns import Sns
from tests.channels.conformance import NetworkConformance
from tests.peers.fault import Fault
from tests.peers.services import SnsPeer
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import SnsSettings

ARN = "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/nordlys/ada.lovelace"


@pytest.fixture
def peer():
    peer = SnsPeer()
    yield peer
    peer.close()


@pytest.fixture
def provider(peer, keys, patience):
    settings = SnsSettings(region="eu-west-1", endpoint=peer.url, timeout=patience)
    provider = Sns(settings)
    yield provider
    provider.close()


def push(number=1, text="Hello", **changes):
    return Push(
        **{
            "to": f"{ARN}{number}",
            "platform": "apns",
            "title": "Nordlys",
            "body": text,
            "link": "https://nordlys.example/l/x",
            "collapse_id": f"c{number}",
            "payload": json.dumps({"aps": {"alert": {"body": text}}}),
            **changes,
        }
    )


def parcel(**changes):
    return Parcel(message="m1", attempt="a1", content=push(**changes), purpose="offer", brand="nordlys")


class TestSns(NetworkConformance):
    """SNS keeps the contract."""

    def content(self, number, text):
        return push(number, text)

    def texts(self, peer):
        return [json.loads(payload)["aps"]["alert"]["body"] for payload in peer.contents()]


def test_an_iphone(provider, peer):
    """Both APNs services get the payload; a duplicate replaces the first by its collapse id."""
    list(provider.send([parcel()]))

    [form] = peer.forms()
    message = json.loads(form["Message"])
    assert (form["TargetArn"], form["MessageStructure"]) == (f"{ARN}1", "json")
    assert set(message) == {"default", "APNS", "APNS_SANDBOX"}
    assert attributes(form)["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"] == "c1"
    assert int(attributes(form)["AWS.SNS.MOBILE.APNS.TTL"]) > 0


def test_an_android_phone(provider, peer):
    """FCM's version 1 message is wrapped as SNS wants it."""
    payload = {"notification": {"title": "T", "body": "B"}, "android": {"collapse_key": "c1"}}

    list(provider.send([parcel(platform="fcm", payload=json.dumps(payload))]))

    message = json.loads(peer.forms()[0]["Message"])
    assert json.loads(message["GCM"]) == {"fcmV1Message": {"message": payload}}


def attributes(form):
    names = {key: value for key, value in form.items() if key.startswith("MessageAttributes.entry")}
    numbers = {key.split(".")[2] for key in names}
    where = "MessageAttributes.entry"
    return {names[f"{where}.{n}.Name"]: names[f"{where}.{n}.Value.StringValue"] for n in numbers}


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        pytest.param(
            {"platform": "web"}, "data", "platform_not_supported", id="a platform that SNS does not serve"
        ),
        pytest.param({"to": "0f3a" * 16}, "config", "no_application", id="a bare token of no application"),
        pytest.param(
            {"to": ARN.replace("eu-west-1", "us-east-1")},
            "config",
            "endpoint_of_another_region",
            id="elsewhere",
        ),
    ],
)
def test_what_sns_cannot_reach(provider, peer, changes, error, code):
    """It is our set-up or data: the device stays usable."""
    [(_, outcome)] = provider.send([parcel(**changes)])

    assert isinstance(outcome, Rejected)
    assert (outcome.error, outcome.code) == (error, code)
    assert peer.requests == []


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "error"),
    [
        pytest.param(400, "EndpointDisabled", "", Rejected, ErrorClass.ADDRESS, id="the app was removed"),
        pytest.param(404, "NotFound", "", Rejected, ErrorClass.ADDRESS, id="no such endpoint"),
        pytest.param(
            400,
            "InvalidParameter",
            "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
            Rejected,
            ErrorClass.ADDRESS,
            id="an endpoint that was deleted",
        ),
        pytest.param(
            400, "InvalidParameter", "Message too long", Rejected, ErrorClass.DATA, id="this message"
        ),
        pytest.param(400, "ParameterValueInvalid", "", Rejected, ErrorClass.DATA, id="a wrong attribute"),
        pytest.param(
            400, "PlatformApplicationDisabled", "", Refused, ErrorClass.CONFIG, id="our app's certificate"
        ),
        pytest.param(403, "AuthorizationError", "", Refused, ErrorClass.CONFIG, id="rights"),
        pytest.param(403, "SignatureDoesNotMatch", "", Refused, ErrorClass.CONFIG, id="keys"),
        pytest.param(429, "Throttled", "", Refused, ErrorClass.THROTTLE, id="too fast"),
        pytest.param(500, "InternalError", "", Unknown, None, id="their fault"),
    ],
)
def test_errors(provider, peer, status, code, message, kind, error):
    """Each documented error means one thing for the device, the lane and the message."""
    peer.errors = {Fault.FAILED: (status, code)}
    peer.text = message
    peer.will(Fault.FAILED)

    [(_, outcome)] = provider.send([parcel()])

    assert isinstance(outcome, kind)
    assert getattr(outcome, "error", None) is error


APP = "arn:aws:sns:eu-west-1:123456789012:app/APNS/nordlys"
TOKEN = "0f3a" * 16


@pytest.fixture
def tokens(peer, keys):
    provider = Sns(SnsSettings(region="eu-west-1", endpoint=peer.url, applications=APP))
    yield provider
    provider.close()


def actions(peer):
    return [form["Action"] for form in peer.forms()]


def test_a_token_becomes_an_endpoint_once(tokens, peer):
    """The first message to a device makes its endpoint; the next ones only send."""
    list(tokens.send([parcel(to=TOKEN)]))
    list(tokens.send([parcel(to=TOKEN)]))

    assert actions(peer) == ["CreatePlatformEndpoint", "Publish", "Publish"]
    made, sent, again = peer.forms()
    assert (made["PlatformApplicationArn"], made["Token"]) == (APP, TOKEN)
    assert sent["TargetArn"] == again["TargetArn"] == peer.endpoint(TOKEN)


@pytest.mark.parametrize(
    ("status", "code", "again"),
    [
        pytest.param(404, "NotFound", True, id="somebody deleted the endpoint: the token gets another"),
        pytest.param(400, "EndpointDisabled", False, id="Apple says that the token is dead"),
    ],
)
def test_an_endpoint_that_is_gone_is_not_a_token_that_is_dead(tokens, peer, status, code, again):
    """What this process remembers of a device may be older than what somebody tidied up."""
    list(tokens.send([parcel(to=TOKEN)]))
    peer.errors = {Fault.FAILED: (status, code)}
    peer.will(Fault.FAILED)
    [(_, outcome)] = tokens.send([parcel(to=TOKEN)])
    peer.will(Fault.NONE)
    list(tokens.send([parcel(to=TOKEN)]))

    expected = (Refused, ErrorClass.TRANSIENT) if again else (Rejected, ErrorClass.ADDRESS)
    assert (type(outcome), outcome.error) == expected
    assert actions(peer)[-2:] == ["CreatePlatformEndpoint", "Publish"]


def test_an_endpoint_that_somebody_changed_is_used(tokens, peer):
    """SNS names the endpoint that a token has already."""
    peer.no_endpoint = (
        400,
        "InvalidParameter",
        f"Invalid parameter: Token Reason: Endpoint {ARN}9 already exists with the same Token, but other ones.",
    )

    [(_, outcome)] = tokens.send([parcel(to=TOKEN)])

    assert isinstance(outcome, Accepted)
    assert peer.forms()[-1]["TargetArn"] == f"{ARN}9"


@pytest.mark.parametrize(
    ("status", "code", "text", "kind", "error"),
    [
        pytest.param(
            400,
            "InvalidParameter",
            "Invalid parameter: Token Reason: iOS device tokens must be no more than 400 hexadecimal characters",
            Rejected,
            ErrorClass.ADDRESS,
            id="no token at all",
        ),
        pytest.param(
            400,
            "InvalidParameter",
            "Invalid parameter: PlatformApplicationArn Reason: wrong",
            Refused,
            ErrorClass.CONFIG,
            id="our application",
        ),
        pytest.param(
            404, "NotFound", "PlatformApplication does not exist", Refused, ErrorClass.CONFIG, id="gone"
        ),
        pytest.param(403, "AuthorizationError", "", Refused, ErrorClass.CONFIG, id="rights"),
        pytest.param(400, "Throttled", "", Refused, ErrorClass.THROTTLE, id="too fast"),
        pytest.param(
            500, "InternalError", "", Refused, ErrorClass.TRANSIENT, id="their fault, and nothing was sent"
        ),
    ],
)
def test_no_endpoint_no_message(tokens, peer, status, code, text, kind, error):
    """What goes wrong before the message is no doubt about the message."""
    peer.no_endpoint = (status, code, text)

    [(_, outcome)] = tokens.send([parcel(to=TOKEN)])

    assert (type(outcome), outcome.error) == (kind, error)
    assert actions(peer) == ["CreatePlatformEndpoint"]


@pytest.mark.parametrize(
    "applications",
    [
        pytest.param("nonsense", id="no ARN"),
        pytest.param(ARN, id="an endpoint"),
        pytest.param(APP.replace("APNS", "ADM"), id="a platform that nobody has"),
        pytest.param(APP.replace("eu-west-1", "us-east-1"), id="another region"),
        pytest.param(f"{APP},{APP}2", id="two of a platform"),
    ],
)
def test_applications_are_checked_at_start(keys, applications):
    """A wrong application is named at start."""
    with pytest.raises(Problem, match="TIDINGS_SNS__APPLICATIONS"):
        Sns(SnsSettings(region="eu-west-1", applications=applications))


def test_no_region(keys):
    """A missing setting is named."""
    with pytest.raises(Problem, match="TIDINGS_SNS__REGION"):
        Sns(SnsSettings())
