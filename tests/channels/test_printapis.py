"""Letters by print APIs: `channels.letter.lob` and `channels.letter.pingen`, and what they call back."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from channels.contract import Call, Forged, Heard
from channels.letter.lob import Lob, LobHook, address
from channels.letter.pingen import Pingen, PingenHook
from tests.channels.conformance import BoundedConformance
from tests.channels.test_letters import letter
from tests.peers.fault import Fault
from tests.peers.folder import letter_pdf
from tests.peers.paper import LobPeer, PingenPeer
from tidings.message import Letter, Parcel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import LobSettings, PingenSettings

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
ATTEMPT = "01900000-0000-7000-8000-0000000000a1"


class PrintApiConformance(BoundedConformance):
    """A doubt ends by sending the letter again: the service has it once."""

    def content(self, number, text):
        return letter(number, pages=1, text="Dear", customer=text)

    @pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET, Fault.SILENT, Fault.SLOW])
    def test_a_doubt_ends_with_one_copy(self, provider, peer, fault):
        """The second attempt of a delivery carries the key of the first."""
        peer.will(fault)
        doubt = self.one(provider, self.parcel(1, "Dear"))
        peer.will(Fault.NONE)

        again = self.one(provider, self.parcel(1, "Dear", attempt="2"))

        assert isinstance(doubt, Unknown)
        assert isinstance(again, Accepted)
        assert len(peer.requests) == 2
        assert list(peer.letters) == [self.parcel().message]


class TestLob(PrintApiConformance):
    """Lob's shape keeps the contract."""

    @pytest.fixture
    def peer(self, lob_peer):
        return lob_peer

    @pytest.fixture
    def provider(self, peer, patience):
        return lob(peer, timeout=patience)

    def content(self, number, text):
        return Letter(
            pdf=letter_pdf("Dear"), pages=1, sheets=1, country="NO", postage="standard",
            address=(text, "Storgata 1", "0155 Oslo"), customer=f"C{number}",
        )  # fmt: skip

    def texts(self, peer):
        return [form["to[name]"].decode() for form in peer.forms()]


class TestPingen(PrintApiConformance):
    """Pingen's shape keeps the contract."""

    @pytest.fixture
    def peer(self, pingen_peer):
        return pingen_peer

    @pytest.fixture
    def provider(self, peer, patience):
        return pingen(peer, timeout=patience)

    def content(self, number, text):
        pdf = letter_pdf("Dear") + b"\n% " + text.encode().hex().encode()
        return Letter(
            pdf=pdf, pages=1, sheets=1, country="NO", postage="standard",
            address=("Ada", "Storgata 1", "0155 Oslo"), customer=f"C{number}",
        )  # fmt: skip

    def texts(self, peer):
        found = [peer.pdf_of(attributes).rpartition(b"% ")[2] for attributes in peer.created()]
        return [bytes.fromhex(text.decode()).decode() for text in found]


@pytest.fixture
def lob_peer():
    peer = LobPeer()
    yield peer
    for provider in peer.providers:
        provider.close()
    peer.close()


@pytest.fixture
def pingen_peer():
    peer = PingenPeer()
    yield peer
    for provider in peer.providers:
        provider.close()
    peer.close()


def lob(peer, **changes):
    given = {"key": "test_1", "sender": "adr_1", "endpoint": peer.url}
    peer.providers.append(Lob(LobSettings(**given | changes)))
    return peer.providers[-1]


def pingen(peer, **changes):
    given = {"client_id": "c", "client_secret": "s", "organisation": "o1"}
    given |= {"endpoint": peer.url, "identity": peer.url}
    peer.providers.append(Pingen(PingenSettings(**given | changes)))
    return peer.providers[-1]


def parcel(number=1, *, delivery=2, **changes):
    return Parcel(
        message=f"m{number}", attempt=ATTEMPT, content=letter(number, **changes), purpose="offer", brand="n",
        delivery=delivery,
    )  # fmt: skip


def test_what_lob_gets(lob_peer):
    """Basic authentication, the key, the address in parts and the PDF as it is; our ids as metadata."""
    given = parcel()

    [(_, outcome)] = lob(lob_peer).send([given])

    [(path, headers, _)] = lob_peer.requests
    [form] = lob_peer.forms()
    assert (path, headers["Authorization"]) == ("/v1/letters", "Basic dGVzdF8xOg==")
    assert headers["Idempotency-Key"] == "m1.2"
    assert form.pop("file") == given.content.pdf
    assert {name: value.decode() for name, value in form.items()} == {
        "to[name]": "Ada Lovelace",
        "to[address_line1]": "Storgata 1",
        "to[address_line2]": "0155 Oslo",
        "to[address_country]": "NO",
        "from": "adr_1",
        "color": "false",
        "double_sided": "true",
        "address_placement": "top_first_page",
        "use_type": "operational",
        "metadata[message]": "m1",
        "metadata[attempt]": ATTEMPT,
    }
    assert outcome == Accepted(reference="ltr_0001")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            ("Ada", "210 King St", "San Francisco CA 94107", "USA"),
            {"address_line1": "210 King St", "address_city": "San Francisco", "address_state": "CA"},
            id="an address in the US",
        ),
        pytest.param(
            ("Ada", "Acme", "1 Main St", "Winston-Salem, NC 27101-1234"),
            {"address_line2": "1 Main St", "address_zip": "27101-1234"},
            id="with a company",
        ),
        pytest.param(("Ada", "Somewhere"), None, id="no town"),
        pytest.param(("Ada", "94107"), None, id="a bare postcode"),
        pytest.param((), None, id="no lines"),
    ],
)
def test_addresses_in_the_us(lines, expected):
    """The service wants town, state and ZIP apart."""
    found = address(
        Letter(pdf=b"", pages=1, sheets=1, country="US", postage="standard", address=lines, customer="C1")
    )

    assert found is None if expected is None else expected.items() <= found.items()


def test_what_pingen_gets(pingen_peer):
    """The file goes to the address that the service signed, and the letter names that; one token serves all."""
    given = [parcel(number) for number in (1, 2, 3)]

    outcomes = [outcome for _, outcome in pingen(pingen_peer, product="fast").send(given)]

    [first, *_] = pingen_peer.created()
    assert pingen_peer.pdf_of(first) in {one.content.pdf for one in given}
    assert first.pop("file_url").startswith(pingen_peer.url)
    assert first.pop("file_url_signature").startswith("signed-")
    assert first == {
        "file_original_name": f"{ATTEMPT}.pdf",
        "address_position": "left",
        "auto_send": True,
        "delivery_product": "fast",
        "print_mode": "duplex",
        "print_spectrum": "grayscale",
    }
    assert {headers["Authorization"] for _, headers, _ in pingen_peer.requests} == {"Bearer t1"}
    assert sorted(pingen_peer.letters) == ["m1.2", "m2.2", "m3.2"]
    assert sorted(outcome.reference for outcome in outcomes) == ["ltr_0001", "ltr_0002", "ltr_0003"]


@pytest.mark.parametrize(
    ("changes", "code", "error"),
    [
        pytest.param({"token_status": 401}, "401", ErrorClass.CONFIG, id="an unknown client"),
        pytest.param({"token_status": 400}, "invalid_client", ErrorClass.CONFIG, id="a wrong secret"),
        pytest.param({"token_status": 503}, "503", ErrorClass.TRANSIENT, id="no token for now"),
        pytest.param({"token_status": 429}, "429", ErrorClass.THROTTLE, id="too many tokens"),
        pytest.param({"upload_status": 500}, "upload_500", ErrorClass.TRANSIENT, id="the upload failed"),
        pytest.param(
            {"upload_status": 403}, "upload_403", ErrorClass.TRANSIENT, id="the upload came too late"
        ),
    ],
)
def test_before_the_letter_nothing_is_in_doubt(pingen_peer, changes, code, error):
    """Whatever fails before the third request made no letter."""
    for name, value in changes.items():
        setattr(pingen_peer, name, value)

    [(_, outcome)] = pingen(pingen_peer).send([parcel()])

    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.error) == (code, error)
    assert pingen_peer.letters == {}


def test_a_token_that_was_taken_back(pingen_peer):
    """The next letter asks for another one."""
    provider = pingen(pingen_peer)
    pingen_peer.refusal = (401, "access_denied")
    list(provider.send([parcel(1)]))
    pingen_peer.refusal = None

    [(_, outcome)] = provider.send([parcel(2)])

    assert isinstance(outcome, Accepted)
    assert pingen_peer.tokens == 2


ERRORS = [
    pytest.param(
        "lob", 422, "failed_deliverability_strictness", Rejected, ErrorClass.ADDRESS, id="no such place"
    ),
    pytest.param("lob", 422, "file_pages_exceed_max", Rejected, ErrorClass.DATA, id="too many pages"),
    pytest.param("lob", 422, "foreign_return_address", Refused, ErrorClass.CONFIG, id="our return address"),
    pytest.param("lob", 422, "unsupported_lob_version", Refused, ErrorClass.CONFIG, id="our version"),
    pytest.param("lob", 401, "invalid_api_key", Refused, ErrorClass.CONFIG, id="no key of theirs"),
    pytest.param("lob", 408, "request_timeout", Unknown, None, id="the service took too long"),
    pytest.param("lob", 401, "unauthorized", Refused, ErrorClass.CONFIG, id="a wrong key"),
    pytest.param("lob", 403, "billing_address_required", Refused, ErrorClass.CONFIG, id="our account"),
    pytest.param(
        "lob", 404, "not_found", Refused, ErrorClass.CONFIG, id="a return address that is not there"
    ),
    pytest.param("lob", 409, "idempotency_conflict", Unknown, None, id="the same key is being worked on"),
    pytest.param(
        "lob", 422, "idempotency_key_reused", Unknown, None, id="the key is of a letter that was made"
    ),
    pytest.param("lob", 413, "file_size_exceeds_limit", Rejected, ErrorClass.DATA, id="too large"),
    pytest.param("lob", 429, "rate_limit_exceeded", Refused, ErrorClass.THROTTLE, id="too fast"),
    pytest.param("lob", 502, "", Unknown, None, id="a gateway"),
    pytest.param("lob", 307, "", Unknown, None, id="a redirect that we do not follow"),
    pytest.param(
        "lob", 422, "ask ada.lovelace@example.com \u00e6", Rejected, ErrorClass.DATA, id="a code that is none"
    ),
    pytest.param("pingen", 422, "address_invalid", Rejected, ErrorClass.ADDRESS, id="an address"),
    pytest.param("pingen", 422, "file_too_many_pages", Rejected, ErrorClass.DATA, id="pages"),
    pytest.param("pingen", 402, "missing_credits", Refused, ErrorClass.CONFIG, id="no money"),
    pytest.param("pingen", 409, "conflict", Unknown, None, id="the same key at work"),
    pytest.param("pingen", 429, "too_many_requests", Refused, ErrorClass.THROTTLE, id="fast"),
    pytest.param("pingen", 504, "", Unknown, None, id="gateway"),
]


@pytest.mark.parametrize(("name", "status", "code", "kind", "error"), ERRORS)
def test_errors(lob_peer, pingen_peer, name, status, code, kind, error):
    """Each documented error means one thing for the address, the lane and the letter."""
    peer = {"lob": lob_peer, "pingen": pingen_peer}[name]
    peer.refusal = (status, code)

    [(_, outcome)] = {"lob": lob, "pingen": pingen}[name](peer).send([parcel()])

    assert isinstance(outcome, kind)
    assert getattr(outcome, "error", None) is error
    assert "\u00e6" not in outcome.code


@pytest.mark.parametrize(
    ("make", "named"),
    [
        pytest.param(lambda: Lob(LobSettings(sender="adr_1")), "TIDINGS_LOB__KEY", id="Lob without key"),
        pytest.param(lambda: Lob(LobSettings(key="k")), "TIDINGS_LOB__SENDER", id="Lob without sender"),
        pytest.param(
            lambda: Pingen(PingenSettings()), "TIDINGS_PINGEN__CLIENT_ID", id="Pingen without client"
        ),
        pytest.param(
            lambda: Pingen(PingenSettings(client_id="c")), "PINGEN__CLIENT_SECRET", id="Pingen without secret"
        ),
        pytest.param(
            lambda: Pingen(PingenSettings(client_id="c", client_secret="s")),
            "TIDINGS_PINGEN__ORGANISATION",
            id="Pingen without organisation",
        ),
    ],
)
def test_missing_settings(make, named):
    """They are named at start."""
    with pytest.raises(Problem, match=named):
        make()


def lob_event(kind, **changes):
    body = {
        "id": "evt_1",
        "event_type": {"id": kind, "resource": "letters"},
        "date_created": "2026-03-03T11:59:00.000Z",
        "body": {"id": "ltr_1", "metadata": {"attempt": ATTEMPT}, "to": {"name": "Ada Lovelace"}},
    }
    return json.dumps(body | changes).encode()


def lob_call(body, *, at=NOW, secret=b"s3cret", **changes):
    stamp = str(int(at.timestamp() * 1000))
    signature = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    headers = {"lob-signature": signature, "lob-signature-timestamp": stamp} | changes
    return Call(path="/hooks/lob", query="", headers=headers, body=body)


def pingen_event(kind, code="x", emitted="2026-03-03T11:59:00+0000", name=f"{ATTEMPT}.pdf"):
    return json.dumps(
        {
            "data": {
                "type": kind,
                "id": "w1",
                "attributes": {"reason": "Ada Lovelace has moved", "created_at": "2026-03-03T11:59:30+0000"},
                "relationships": {
                    "letter": {"data": {"type": "letters", "id": "p1"}},
                    "event": {"data": {"type": "letters_events", "id": "e1"}},
                },
            },
            "included": [
                {"type": "letters", "id": "p1", "attributes": {"file_original_name": name}},
                {"type": "letters_events", "id": "e1", "attributes": {"code": code, "emitted_at": emitted}},
            ],
        }
    ).encode()


def pingen_call(body, secret=b"s3cret", **changes):
    headers = {"signature": hmac.new(secret, body, hashlib.sha256).hexdigest()} | changes
    return Call(path="/hooks/pingen", query="", headers=headers, body=body)


def hear(call, now=NOW):
    hooks = {
        "lob": LobHook(LobSettings(webhook_secret="s3cret")),
        "pingen": PingenHook(PingenSettings(webhook_secret="s3cret")),
    }
    return hooks[call.path.removeprefix("/hooks/")].hear(call, now=now)


@pytest.mark.parametrize(
    ("call", "kind", "error"),
    [
        pytest.param(lob_call(lob_event("letter.created")), ReceiptKind.ACCEPTED, None, id="Lob made it"),
        pytest.param(lob_call(lob_event("letter.mailed")), ReceiptKind.POSTED, None, id="Lob posted it"),
        pytest.param(
            lob_call(lob_event("letter.in_transit")), ReceiptKind.POSTED, None, id="Lob saw it on its way"
        ),
        pytest.param(
            lob_call(lob_event("letter.re-routed")), ReceiptKind.DELAYED, None, id="Lob saw it forwarded"
        ),
        pytest.param(
            lob_call(lob_event("letter.delivered")), ReceiptKind.DELIVERED, None, id="Lob: delivered"
        ),
        pytest.param(
            lob_call(lob_event("letter.certified.delivered")),
            ReceiptKind.DELIVERED,
            None,
            id="Lob: certified",
        ),
        pytest.param(
            lob_call(lob_event("letter.returned_to_sender")),
            ReceiptKind.RETURNED,
            ErrorClass.ADDRESS,
            id="Lob: it came back",
        ),
        pytest.param(
            lob_call(lob_event("letter.failed")), ReceiptKind.REJECTED, ErrorClass.DATA, id="Lob would not"
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_sent")), ReceiptKind.POSTED, None, id="Pingen posted it"
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_delivered")),
            ReceiptKind.DELIVERED,
            None,
            id="Pingen: delivered",
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_undeliverable", "recipient_unknown")),
            ReceiptKind.RETURNED,
            ErrorClass.ADDRESS,
            id="Pingen: it came back",
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_issues", "file_too_many_pages")),
            ReceiptKind.REJECTED,
            ErrorClass.DATA,
            id="Pingen would not print it",
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_issues", "address_invalid")),
            ReceiptKind.REJECTED,
            ErrorClass.ADDRESS,
            id="Pingen cannot read the address",
        ),
    ],
)
def test_what_comes_back(call, kind, error):
    """Each event is one receipt that names attempt and letter, and nothing of the customer."""
    heard = hear(call)

    assert isinstance(heard, Heard)
    [receipt] = heard.receipts
    assert (receipt.kind, receipt.error, receipt.attempt) == (kind, error, ATTEMPT)
    assert receipt.provider == call.path.removeprefix("/hooks/")
    assert receipt.provider_reference in {"ltr_1", "p1"}
    assert receipt.at == datetime(2026, 3, 3, 11, 59, tzinfo=UTC)
    assert "Lovelace" not in repr(receipt)


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lob_call(lob_event("letter.viewed")), id="an event of Lob that says nothing"),
        pytest.param(lob_call(lob_event("postcard.delivered")), id="another product"),
        pytest.param(pingen_call(pingen_event("webhook_test")), id="an event of Pingen that says nothing"),
    ],
)
def test_what_says_nothing(call):
    """It is answered, so that it does not come again, and changes nothing."""
    assert hear(call) == Heard(receipts=[])


@pytest.mark.parametrize(
    ("call", "code"),
    [
        pytest.param(
            lob_call(lob_event("letter.delivered"), secret=b"x"), "signature", id="Lob, another secret"
        ),
        pytest.param(
            lob_call(lob_event("letter.delivered"), **{"lob-signature": ""}), "signature", id="Lob, unsigned"
        ),
        pytest.param(
            lob_call(lob_event("letter.delivered"), **{"lob-signature": "\u00e6"}),
            "signature",
            id="Lob, no hex",
        ),
        pytest.param(
            lob_call(lob_event("letter.delivered"), at=NOW - timedelta(minutes=6)), "age", id="Lob, replayed"
        ),
        pytest.param(
            lob_call(lob_event("letter.delivered"), at=NOW + timedelta(minutes=6)),
            "age",
            id="Lob, of tomorrow",
        ),
        pytest.param(lob_call(b"[]"), "syntax", id="Lob, a list"),
        pytest.param(lob_call(b"\xff"), "syntax", id="Lob, no text"),
        pytest.param(lob_call(b"[" * 100_000), "syntax", id="Lob, a pit"),
        pytest.param(
            lob_call(lob_event("letter.delivered", body={"metadata": 3})), "syntax", id="Lob, another shape"
        ),
        pytest.param(
            lob_call(lob_event("letter.delivered", date_created="soon")), "syntax", id="Lob, no time"
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_sent"), b"x"), "signature", id="Pingen, another secret"
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_sent"), signature=""), "signature", id="Pingen, unsigned"
        ),
        pytest.param(
            pingen_call(pingen_event("webhook_sent", emitted="2026-02-01T12:00:00+0000")),
            "age",
            id="Pingen, old",
        ),
        pytest.param(pingen_call(b"{}"), "syntax", id="Pingen, nothing"),
        pytest.param(pingen_call(b'{"data": 3}'), "syntax", id="Pingen, a number"),
    ],
)
def test_what_is_not_theirs(call, code):
    """Nothing in a call is believed before its signature, and nothing in it can break us."""
    assert hear(call) == Forged(code=code)


@pytest.mark.parametrize("name", ["invoice 7.pdf", "", "../../x.pdf"])
def test_a_letter_of_somebody_else(name):
    """The organisation sends letters by hand as well: they name no attempt of ours."""
    [receipt] = hear(pingen_call(pingen_event("webhook_sent", name=name))).receipts

    assert (receipt.attempt, receipt.provider_reference) == (None, "p1")
