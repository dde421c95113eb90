"""`channels.email.ses` against a loopback server that answers like SES."""

import json
from base64 import decodebytes, encodebytes

import pytest

from channels.email.ses import Ses
from tests.channels.conformance import NetworkConformance
from tests.peers.fault import Fault
from tests.peers.services import SesPeer
from tidings.message import Email
from tidings.outcome import ErrorClass, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import SesSettings


@pytest.fixture
def peer():
    peer = SesPeer()
    yield peer
    peer.close()


@pytest.fixture
def provider(peer, keys, patience):
    provider = Ses(
        SesSettings(
            region="eu-west-1",
            endpoint=peer.url,
            configuration_set="events",
            timeout=patience,
        )
    )
    yield provider
    provider.close()


class TestSes(NetworkConformance):
    """SES keeps the contract. It judges addresses later, by a bounce event, so a rejection is of the message."""

    expected = NetworkConformance.expected | {Fault.BAD_ADDRESS: (Rejected, ErrorClass.DATA)}

    def content(self, number, text):
        to = f"ada.lovelace{number}@example.com"
        body = encodebytes(text.encode()).replace(b"\n", b"\r\n")
        raw = f"To: {to}, eve@example.org\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + body
        return Email(envelope_from="bounces@nordlys.example", to=to, raw=raw)

    def texts(self, peer):
        return [decodebytes(raw.partition(b"\r\n\r\n")[2]).decode() for raw in peer.contents()]

    def test_request(self, provider, peer):
        """The envelope is named, the bytes are ours, and the tags bring our ids back with every event."""
        parcel = self.parcel(7)

        self.one(provider, parcel)

        [(path, _, body)] = peer.requests
        request = json.loads(body)
        assert path == "/v2/email/outbound-emails"
        assert request["FromEmailAddress"] == "bounces@nordlys.example"
        assert request["Destination"] == {"ToAddresses": ["ada.lovelace7@example.com"]}
        assert request["ConfigurationSetName"] == "events"
        assert {tag["Name"]: tag["Value"] for tag in request["EmailTags"]} == {
            "message": parcel.message,
            "attempt": parcel.attempt,
            "brand": "nordlys",
            "purpose": "offer",
        }
        assert peer.contents() == [parcel.content.raw]


@pytest.mark.parametrize(
    ("status", "code", "message", "kind", "error"),
    [
        pytest.param(400, "TooManyRequestsException", "", Refused, ErrorClass.THROTTLE, id="too many"),
        pytest.param(400, "LimitExceededException", "", Refused, ErrorClass.THROTTLE, id="the day's quota"),
        pytest.param(400, "AccountSuspendedException", "", Refused, ErrorClass.CONFIG, id="suspended"),
        pytest.param(400, "SendingPausedException", "", Refused, ErrorClass.CONFIG, id="paused"),
        pytest.param(
            400, "MailFromDomainNotVerifiedException", "", Refused, ErrorClass.CONFIG, id="our domain"
        ),
        pytest.param(404, "NotFoundException", "", Refused, ErrorClass.CONFIG, id="configuration set"),
        pytest.param(403, "AccessDeniedException", "", Refused, ErrorClass.CONFIG, id="rights"),
        pytest.param(
            400,
            "MessageRejected",
            "Email address is not verified. The following identities failed: hello@nordlys.example",
            Refused,
            ErrorClass.CONFIG,
            id="our sender is not verified",
        ),
        pytest.param(
            400, "MessageRejected", "Contains a virus", Rejected, ErrorClass.DATA, id="this message"
        ),
        pytest.param(400, "BadRequestException", "", Rejected, ErrorClass.DATA, id="malformed"),
        pytest.param(
            413, "SomethingNew", "", Refused, ErrorClass.CONFIG, id="a new code never harms a customer"
        ),
        pytest.param(504, "", "", Unknown, None, id="a gateway gave up"),
    ],
)
def test_errors(provider, peer, status, code, message, kind, error):
    """Each documented error means one thing for the address, the lane and the message."""
    peer.errors = {Fault.FAILED: (status, code)}
    peer.text = message
    peer.will(Fault.FAILED)

    outcome = TestSes().one(provider, TestSes().parcel())

    assert isinstance(outcome, kind)
    assert getattr(outcome, "error", None) is error


def test_no_region(keys):
    """A missing setting is named."""
    with pytest.raises(Problem, match="TIDINGS_SES__REGION"):
        Ses(SesSettings())


def test_no_credentials():
    """Missing keys are a problem at start, not a thousand refused messages."""
    with pytest.raises(Problem, match="credentials"):
        Ses(SesSettings(region="eu-west-1"))
