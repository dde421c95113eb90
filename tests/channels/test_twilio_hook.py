"""`channels.sms.twilio_hook`, signed by the library's own validator as the oracle."""

import hashlib
import json
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from channels.contract import Call, Forged, Heard
from channels.receivers import hooks
from channels.sms.twilio_hook import TwilioHook
from channels.twilio import ERRORS, STATUS
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import Settings, TwilioSettings

TOKEN = "secret"
PUBLIC = "https://nordlys.example"
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ATTEMPT = "01900000-0000-4000-8000-00000000000a"
FORM = "application/x-www-form-urlencoded"


def hook(public_url=PUBLIC, token=TOKEN):
    return TwilioHook(TwilioSettings.model_validate({"auth_token": token}), public_url=public_url)


def call(
    fields, *, query=f"attempt={ATTEMPT}", public_url=PUBLIC, token=TOKEN, signed=None, url=None, **more
):
    url = url or f"{public_url}/hooks/twilio" + (f"?{query}" if query else "")
    signature = RequestValidator(token).compute_signature(url, fields if signed is None else signed)
    known = {
        "path": "/hooks/twilio",
        "query": query,
        "headers": {"content-type": FORM, "x-twilio-signature": signature},
        "body": urlencode(fields).encode(),
    }
    return Call(**known | more)


def status(name, code="", **more):
    return {"MessageSid": "SM1", "MessageStatus": name, "To": "+4790000001", "From": "Nordlys",
            "AccountSid": "AC1", "ApiVersion": "2010-04-01"} | ({"ErrorCode": code} if code else {}) | more  # fmt: skip


def inbound(text, **more):
    return {"MessageSid": "SM2", "SmsStatus": "received", "From": "+4790000001", "To": "+4759440001",
            "Body": text, "NumMedia": "0"} | more  # fmt: skip


def heard(fields, **more):
    answer = hook().hear(call(fields, **more), now=NOW)
    assert isinstance(answer, Heard), answer
    return answer


@pytest.mark.parametrize(
    ("name", "code", "kind", "error"),
    [
        pytest.param("queued", "", ReceiptKind.ACCEPTED, None, id="queued"),
        pytest.param("sent", "", ReceiptKind.ACCEPTED, None, id="the carrier has it"),
        pytest.param("delivered", "", ReceiptKind.DELIVERED, None, id="delivered"),
        pytest.param("read", "", ReceiptKind.READ, None, id="read"),
        pytest.param("undelivered", "30005", ReceiptKind.BOUNCED, ErrorClass.ADDRESS, id="30005 unknown number"),
        pytest.param("undelivered", "30003", ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="30003 switched off"),
        pytest.param("undelivered", "30007", ReceiptKind.BOUNCED, ErrorClass.DATA, id="30007 filtered"),
        pytest.param("undelivered", "30034", ReceiptKind.REJECTED, ErrorClass.CONFIG, id="30034 our sender"),
        pytest.param("failed", "21610", ReceiptKind.REJECTED, ErrorClass.OPT_OUT, id="21610 replied STOP"),
        pytest.param("failed", "63016", ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="63016 the window was closed"),
        pytest.param("undelivered", "99999", ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="a new code"),
        pytest.param("undelivered", "", ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="no code"),
        pytest.param("canceled", "", ReceiptKind.EXPIRED, ErrorClass.TRANSIENT, id="canceled"),
    ],
)  # fmt: skip
def test_status(name, code, kind, error):
    """Each status names our attempt and Twilio's SID."""
    [receipt] = heard(status(name, code)).receipts

    assert (receipt.kind, receipt.error, receipt.attempt) == (kind, error, ATTEMPT)
    assert (receipt.provider, receipt.provider_reference, receipt.channel) == ("twilio", "SM1", Channel.SMS)
    assert receipt.code == (code if error else "")


def test_replays_collapse():
    """The same status has the same event id; another status another one."""
    ids = [heard(status(name)).receipts[0].event_id for name in ("sent", "sent", "delivered")]

    assert len(set(ids)) == 2


def test_whatsapp_has_its_own_channel():
    """The same callback, with a prefix before the numbers."""
    [read] = heard(status("read", To="whatsapp:+4790000001", From="whatsapp:+4759440001")).receipts
    [said] = heard(inbound("Stopp", From="whatsapp:+4790000001", OriginalRepliedMessageSid="SM9")).receipts

    assert (read.provider, read.channel, read.kind) == ("twilio-whatsapp", Channel.WHATSAPP, ReceiptKind.READ)
    assert (said.provider, said.channel, said.address) == ("twilio-whatsapp", Channel.WHATSAPP, "+4790000001")
    assert (said.kind, said.provider_reference) == (ReceiptKind.STOPPED, "SM9")


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        pytest.param(inbound("STOP"), ReceiptKind.STOPPED, id="stop"),
        pytest.param(inbound("Avsluta!"), ReceiptKind.STOPPED, id="stop in Swedish"),
        pytest.param(
            inbound("nok nå", OptOutType="STOP"), ReceiptKind.STOPPED, id="what Advanced Opt-Out understood"
        ),
        pytest.param(
            inbound("YES", OptOutType="START"), ReceiptKind.STARTED, id="a start of Advanced Opt-Out"
        ),
        pytest.param(inbound("START"), ReceiptKind.STARTED, id="start"),
        pytest.param(inbound("Help", OptOutType="HELP"), ReceiptKind.REPLIED, id="help is read by a person"),
        pytest.param(inbound("please don't stop"), ReceiptKind.REPLIED, id="a sentence"),
        pytest.param(inbound(""), ReceiptKind.REPLIED, id="a picture without words"),
    ],
)
def test_answers(fields, kind):
    """What a customer writes; the answer to Twilio sends nothing."""
    answer = heard(fields, query="")
    [receipt] = answer.receipts

    assert (receipt.kind, receipt.address, receipt.text) == (kind, "+4790000001", fields["Body"])
    assert (answer.content_type, answer.answer.endswith(b"<Response></Response>")) == ("text/xml", True)
    assert "don't" not in repr(receipt)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("", ReceiptKind.REPLIED, "[attached, and still at Twilio: image/jpeg, text/vcard]"),
        (
            "This one?",
            ReceiptKind.REPLIED,
            "This one?\n\n[attached, and still at Twilio: image/jpeg, text/vcard]",
        ),
        ("STOP", ReceiptKind.STOPPED, "STOP\n\n[attached, and still at Twilio: image/jpeg, text/vcard]"),
    ],
    ids=["alone", "with words", "with STOP"],
)
def test_a_picture_is_named(text, kind, told):
    """Who reads the answer knows that there is more than its words."""
    media = {"NumMedia": "2", "MediaContentType0": "image/jpeg", "MediaContentType1": "text/vcard"}
    [receipt] = heard(inbound(text, **media, MediaUrl0="https://api.twilio.com/x"), query="").receipts

    assert (receipt.kind, receipt.text) == (kind, told)


def test_a_quoted_reference():
    """The customer names the letter or message that is meant."""
    [receipt] = heard(inbound("About k7q4mtx2ab: is that paid?"), query="").receipts

    assert receipt.reference == "K7Q4MTX2AB"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"MessageSid": "SM1", "MessageStatus": "of tomorrow"}, id="a status of tomorrow"),
        pytest.param({"MessageStatus": "sent"}, id="of no message"),
        pytest.param(inbound("STOP", From=""), id="from nobody"),
    ],
)
def test_what_says_nothing(fields):
    """It is Twilio's, and answered; nothing follows from it."""
    assert list(heard(fields).receipts) == []


def test_an_attempt_that_is_none():
    """An id that cannot be one of ours is left out; the SID is enough."""
    [receipt] = heard(status("sent"), query="attempt=%27%3B--").receipts

    assert (receipt.attempt, receipt.provider_reference) == (None, "SM1")


FORGED = [
    pytest.param({"headers": {"content-type": FORM}}, "signature", id="no signature"),
    pytest.param(
        {"headers": {"content-type": FORM, "x-twilio-signature": "æøå"}}, "signature", id="no base64"
    ),
    pytest.param({"token": "another"}, "signature", id="another token"),
    pytest.param({"signed": {}}, "signature", id="fields that were not signed"),
    pytest.param({"url": "https://evil.example/hooks/twilio"}, "signature", id="signed for another address"),
    pytest.param({"path": "/hooks/twilio/x"}, "signature", id="another path"),
    pytest.param({"url": f"{PUBLIC}/hooks/twilio"}, "signature", id="a query that was not signed"),
    pytest.param({"body": b"Body=%ff"}, "syntax", id="no UTF-8"),
    pytest.param({"body": "Body=å".encode()}, "syntax", id="bytes that are not escaped"),
    pytest.param({"body": b"&".join(b"a=1" for _ in range(1000))}, "syntax", id="a thousand fields"),
]


@pytest.mark.parametrize(("change", "code"), FORGED)
def test_forged(change, code):
    """Who is not Twilio is told nothing and changes nothing."""
    assert hook().hear(call(status("delivered"), **change), now=NOW) == Forged(code=code)


@pytest.mark.parametrize(
    ("public_url", "signed_as"),
    [
        pytest.param("https://nordlys.example", "https://nordlys.example:443", id="the port of https"),
        pytest.param("https://nordlys.example:8443", "https://nordlys.example", id="our port left out"),
        pytest.param("https://nordlys.example:8443", "https://nordlys.example:8443", id="our port"),
        pytest.param(
            "https://nordlys.example/tidings/", "https://nordlys.example/tidings", id="a path before it"
        ),
    ],
)
def test_addresses(public_url, signed_as):
    """Twilio signs the address with or without its port."""
    given = call(status("sent"), url=f"{signed_as}/hooks/twilio?attempt={ATTEMPT}")

    assert isinstance(hook(public_url).hear(given, now=NOW), Heard)


def as_json(fields, *, digest=None, body=None):
    body = json.dumps(fields).encode() if body is None else body
    query = f"bodySHA256={digest or hashlib.sha256(body).hexdigest()}"
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/hooks/twilio?{query}", {})
    headers = {"content-type": "application/json", "x-twilio-signature": signature}
    return Call(path="/hooks/twilio", query=query, headers=headers, body=body)


def test_json():
    """A JSON body is covered by its digest, which is in the signed address."""
    answer = hook().hear(as_json(status("delivered")), now=NOW)

    assert [receipt.kind for receipt in answer.receipts] == [ReceiptKind.DELIVERED]
    assert hook().hear(as_json({}, digest="0" * 64), now=NOW) == Forged(code="signature")
    assert list(hook().hear(as_json({}, body=b"[1"), now=NOW).receipts) == []


def test_json_without_a_digest():
    """A signed address says nothing about a body that it does not name."""
    signature = RequestValidator(TOKEN).compute_signature(f"{PUBLIC}/hooks/twilio", {})
    headers = {"content-type": "application/json", "x-twilio-signature": signature}
    given = Call(
        path="/hooks/twilio", query="", headers=headers, body=json.dumps(status("delivered")).encode()
    )

    assert hook().hear(given, now=NOW) == Forged(code="signature")


@given(
    fields=st.dictionaries(st.text(min_size=1, max_size=12), st.text(max_size=30), max_size=8),
    query=st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=9), max_size=2).map(urlencode),
)
def test_it_agrees_with_the_library(fields, query):
    """Whatever Twilio posts, its library and ours say the same of the signature."""
    assert isinstance(hook().hear(call(fields, query=query), now=NOW), Heard)
    wrong = hook().hear(call(fields, query=query, token="another"), now=NOW)
    assert wrong == Forged(code="signature")


@given(
    body=st.binary(max_size=60),
    query=st.text(alphabet=st.characters(max_codepoint=127), max_size=30),
    signature=st.text(max_size=30),
    kind=st.sampled_from([FORM, "application/json", "", "text/xml"]),
)
def test_nothing_breaks_it(body, query, signature, kind):
    """Anybody may call; nothing raises, nothing is believed."""
    headers = {"content-type": kind, "x-twilio-signature": signature}
    answer = hook().hear(
        Call(path="/hooks/twilio", query=quote(query, safe="=&%"), headers=headers, body=body), now=NOW
    )

    assert isinstance(answer, Forged)


def test_every_status_of_the_library_is_known():
    """Outbound statuses have a meaning; inbound ones are no status."""
    from twilio.rest.api.v2010.account.message import MessageInstance

    named = {value for name, value in vars(MessageInstance.Status).items() if name.isupper()}
    assert named == set(STATUS) | {"receiving", "received"}
    assert all(isinstance(kind, ErrorClass) for kind in ERRORS.values())


@pytest.mark.parametrize(
    "named", [{"sms": "twilio"}, {"whatsapp": "twilio"}], ids=["for SMS", "for WhatsApp"]
)
def test_it_is_there_while_there_is_a_token(named):
    """Who moved to another provider still hears of a STOP; without a token it does not start."""
    token = {"twilio": {"auth_token": TOKEN}}

    assert "twilio" in hooks(Settings(**named, **token))
    assert "twilio" in hooks(Settings(**token))
    assert "twilio" not in hooks(Settings())
    with pytest.raises(Problem, match="TIDINGS_TWILIO__AUTH_TOKEN"):
        hooks(Settings(**named))
