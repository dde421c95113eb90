"""`channels.sms.aws` and its events, against a loopback server that answers like AWS End User Messaging."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.aws import LARGEST
from channels.sms.aws import ERRORS, REASONS, Aws
from channels.sms.aws_events import EVENTS, is_sms, receipts
from tests.channels.conformance import BoundedConformance
from tests.peers.services import AwsSmsPeer
from tidings.channel import Channel
from tidings.message import Parcel, Sms
from tidings.outcome import ErrorClass, Refused, Rejected
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import AwsSmsSettings

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ATTEMPT = "01900000-0000-4000-8000-00000000000a"


@pytest.fixture
def peer():
    peer = AwsSmsPeer()
    yield peer
    peer.close()


def made(peer, **more):
    settings = {"region": "eu-west-1", "endpoint": peer.url} | more
    return Aws(AwsSmsSettings.model_validate(settings))


@pytest.fixture
def provider(peer, keys, patience):
    provider = made(peer, timeout=patience)
    yield provider
    provider.close()


def parcel(to="+4790000001", text="Hello", purpose="offer", sender="Nordlys"):
    content = Sms(sender=sender, to=to, text=text, parts=1, encoding="gsm7")
    return Parcel(message="m1", attempt=ATTEMPT, content=content, purpose=purpose, brand="nordlys")


class TestAws(BoundedConformance):
    """The service keeps the contract."""

    largest = LARGEST

    def content(self, number, text):
        return Sms(sender="Nordlys", to=f"+4790000001{number}", text=text or "-", parts=1, encoding="gsm7")

    def texts(self, peer):
        return peer.contents()


def test_request(peer, keys):
    """Everything that is set goes along; our attempt id comes back in the context of every event."""
    provider = made(
        peer,
        identity="pool-1",
        configuration_set="tidings",
        protect="protect-1",
        max_price="0.07",
        lifetime="PT1H",
    )
    list(provider.send([parcel(purpose="invoice"), parcel()]))
    provider.close()

    assert {headers["X-Amz-Target"] for _, headers, _ in peer.requests} == {
        "PinpointSMSVoiceV2.SendTextMessage"
    }
    [required, marketing] = sorted(peer.calls(), key=lambda call: call["MessageType"], reverse=True)
    assert required == {
        "DestinationPhoneNumber": "+4790000001",
        "OriginationIdentity": "pool-1",
        "MessageBody": "Hello",
        "MessageType": "TRANSACTIONAL",
        "ConfigurationSetName": "tidings",
        "ProtectConfigurationId": "protect-1",
        "MaxPrice": "0.07000",
        "TimeToLive": 3600,
        "Context": {"attempt": ATTEMPT},
    }
    assert marketing["MessageType"] == "PROMOTIONAL"


def test_the_brand_sends_where_no_identity_is_set(provider, peer):
    """A name goes where networks take names; to the others nothing is sent, and the lane goes on."""
    outcomes = [dict(provider.send([one]))[ATTEMPT] for one in (parcel(), parcel(to="+12025550123"))]

    assert [call["OriginationIdentity"] for call in peer.calls()] == ["Nordlys"]
    assert (outcomes[1].error, outcomes[1].code) == (ErrorClass.CONFIG, "country_takes_no_names")


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "length"), ("  \n", "length"), ("x" * 1601, "length")],
    ids=["empty", "blank", "long"],
)
def test_texts_that_cannot_be_sent(provider, peer, text, code):
    """What the service would not take is not handed over."""
    [(_, outcome)] = provider.send([parcel(text=text)])

    assert (outcome.error, outcome.code) == (ErrorClass.DATA, code)
    assert peer.requests == []


@pytest.mark.parametrize(
    ("code", "reason", "kind", "error"),
    [
        pytest.param(
            "ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", Rejected, ErrorClass.OPT_OUT, id="STOP",
        ),
        pytest.param("ConflictException", "RESOURCE_NOT_ACTIVE", Refused, ErrorClass.CONFIG, id="our number is off"),
        pytest.param(
            "ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", Refused, ErrorClass.CONFIG, id="a sandbox",
        ),
        pytest.param(
            "ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION",
            Rejected, ErrorClass.CONFIG, id="a country that we block",
        ),
        pytest.param("ValidationException", "PRICE_OVER_THRESHOLD", Rejected, ErrorClass.CONFIG, id="too dear"),
        pytest.param(
            "ValidationException", "COUNTRY_NOT_ENABLED", Rejected, ErrorClass.CONFIG, id="a country that is off",
        ),
        pytest.param(
            "ValidationException", "SENDER_ID_NOT_REGISTERED", Refused, ErrorClass.CONFIG, id="our name is unknown",
        ),
        pytest.param(
            "ValidationException", "A_NEW_REASON", Rejected, ErrorClass.DATA, id="a new reason",
        ),
        pytest.param(
            "ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT",
            Refused, ErrorClass.CONFIG, id="the month's money is spent",
        ),
        pytest.param(
            "AccessDeniedException", "ACCOUNT_DISABLED", Refused, ErrorClass.CONFIG, id="the account is closed",
        ),
        pytest.param("ResourceNotFoundException", "", Refused, ErrorClass.CONFIG, id="no such pool"),
        pytest.param("ThrottlingException", "", Refused, ErrorClass.THROTTLE, id="too fast"),
    ],
)  # fmt: skip
def test_errors(provider, peer, code, reason, kind, error):
    """Each documented error means one thing for the number, the lane and the message."""
    peer.refusal = (400, code, {"Reason": reason} if reason else {})

    [(_, outcome)] = provider.send([parcel()])

    assert isinstance(outcome, kind)
    assert (outcome.error, outcome.code) == (error, reason or code)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        (["DestinationPhoneNumber"], ErrorClass.ADDRESS),
        (["OriginationIdentity"], ErrorClass.CONFIG),
        (["ConfigurationSetName"], ErrorClass.CONFIG),
        (["MessageBody"], ErrorClass.DATA),
        (["DestinationPhoneNumber", "OriginationIdentity"], ErrorClass.DATA),
    ],
)
def test_a_field_that_is_wrong_is_the_customers_ours_or_this_messages(provider, peer, fields, error):
    more = {
        "Reason": "FIELD_VALIDATION_FAILED",
        "Fields": [{"Name": name, "Message": "no"} for name in fields],
    }
    peer.refusal = (400, "ValidationException", more)

    [(_, outcome)] = provider.send([parcel()])

    assert outcome.error is error


def test_the_tables_name_what_the_service_describes(provider):
    """Every exception and reason of ours is one of the service's own description."""
    model = provider._client.meta.service_model
    described = {
        name: set(model.shape_for(name).enum)
        for name in ("ConflictExceptionReason", "ValidationExceptionReason")
    }

    assert {error.name for error in model.operation_model("SendTextMessage").error_shapes} >= set(ERRORS)
    assert set(REASONS) <= set.union(*described.values())
    texts = {name for name in model.shape_for("EventType").enum if name.startswith("TEXT_")}
    assert set(EVENTS) == texts - {"TEXT_ALL"}


def test_missing_region(keys):
    """A missing setting is named."""
    with pytest.raises(Problem, match="TIDINGS_AWS_SMS__REGION"):
        Aws(AwsSmsSettings())


def event(name, **more):
    """An event as the user guide shows it."""
    return {
        "eventType": name,
        "eventVersion": "1.0",
        "eventTimestamp": 1772539200000,
        "isFinal": True,
        "originationPhoneNumber": "+4759440001",
        "destinationPhoneNumber": "+4790000001",
        "isoCountryCode": "NO",
        "messageId": "862a8790-60c0-4430-9b2b-658bdexample",
        "messageStatus": name.removeprefix("TEXT_"),
        "messageStatusDescription": "said to +4790000001",
        "context": {"attempt": ATTEMPT},
    } | more


@pytest.mark.parametrize(
    ("given", "kind", "error"),
    [
        pytest.param(event("TEXT_QUEUED", isFinal=False), ReceiptKind.ACCEPTED, None, id="queued"),
        pytest.param(event("TEXT_SUCCESSFUL", isFinal=False), ReceiptKind.ACCEPTED, None, id="the carrier has it"),
        pytest.param(event("TEXT_SUCCESSFUL"), ReceiptKind.DELIVERED, None, id="nothing better will come"),
        pytest.param(event("TEXT_DELIVERED"), ReceiptKind.DELIVERED, None, id="delivered"),
        pytest.param(event("TEXT_INVALID"), ReceiptKind.BOUNCED, ErrorClass.ADDRESS, id="no such number"),
        pytest.param(event("TEXT_SPAM"), ReceiptKind.BOUNCED, ErrorClass.DATA, id="filtered"),
        pytest.param(event("TEXT_UNREACHABLE"), ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="switched off"),
        pytest.param(event("TEXT_TTL_EXPIRED"), ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="too late"),
        pytest.param(
            {"detail": event("TEXT_DELIVERED")}, ReceiptKind.DELIVERED, None, id="EventBridge",
        ),
    ],
)  # fmt: skip
def test_events(given, kind, error):
    """Each event names our attempt, and never the service's own words."""
    assert is_sms(given)
    [receipt] = receipts(given, now=NOW)

    assert (receipt.kind, receipt.error, receipt.attempt) == (kind, error, ATTEMPT)
    assert receipt.at == datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert "said to" not in repr(receipt)


def test_an_event_twice_is_one_and_two_statuses_are_two():
    """A replay has the same id."""
    came = (("TEXT_SENT", NOW), ("TEXT_SENT", NOW + timedelta(days=1)), ("TEXT_DELIVERED", NOW))
    ids = [receipts(event(name), now=now)[0].event_id for name, now in came]

    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({}, id="nothing"),
        pytest.param(event("TEXT_OF_TOMORROW"), id="an event of tomorrow"),
        pytest.param(event("TEXT_SENT", messageId=None), id="of no message"),
        pytest.param({"eventType": "VOICE_ANSWERED", "messageId": "m"}, id="a call"),
        pytest.param({"inboundMessageId": "i"}, id="from nobody"),
        pytest.param({"detail": "text"}, id="a wrapping of nothing"),
    ],
)
def test_events_that_say_nothing(given):
    """What is not known says nothing and breaks nothing."""
    assert list(receipts(given, now=NOW)) == []


@pytest.mark.parametrize(
    "odd",
    [
        {"context": None},
        {"context": {"attempt": "'; --"}},
        {"eventTimestamp": "x"},
        {"eventTimestamp": 1e300},
        {"eventTimestamp": 10**400},
    ],
)
def test_odd_members(odd):
    """A member of another kind is left out."""
    [receipt] = receipts(event("TEXT_DELIVERED", **odd), now=NOW)

    assert receipt.attempt in {None, ATTEMPT}
    assert receipt.at in {NOW, datetime(2026, 3, 3, 12, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("text", "kind", "reference"),
    [
        pytest.param("STOP", ReceiptKind.STOPPED, None, id="stop"),
        pytest.param("Start", ReceiptKind.STARTED, None, id="start"),
        pytest.param(
            "What is K7Q4MTX2AB?", ReceiptKind.REPLIED, "K7Q4MTX2AB", id="a question with a reference"
        ),
    ],
)
def test_answers(text, kind, reference):
    """Two-way SMS: what a customer writes."""
    given = {
        "originationNumber": "+4790000001",
        "destinationNumber": "+4759440001",
        "messageKeyword": "KEYWORD_1",
        "messageBody": text,
        "inboundMessageId": "i1",
        "previousPublishedMessageId": "m1",
    }
    assert is_sms(given)
    [receipt] = receipts(given, now=NOW)

    assert (receipt.kind, receipt.reference, receipt.address) == (kind, reference, "+4790000001")
    assert (receipt.provider_reference, receipt.text, receipt.channel) == ("m1", text, Channel.SMS)
