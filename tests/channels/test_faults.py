"""Named faults: what each transport can do wrong in each phase, its class, and what becomes of message and lane."""

import errno
import gzip
import json
import socket
import ssl
import struct
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.circuit import Circuit
from channels.email.replies import Reply, Stage, refusal
from channels.email.ses import Ses
from channels.email.smtp import Smtp
from channels.letter.handover import refused_by_disk
from channels.sms.twilio import Twilio
from store.claims import Claimed
from tidings.message import Email, Parcel, Sms
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.settings import SesSettings, SmtpSettings, TwilioSettings
from tidings.state import AttemptState, DeliveryState, MessageState
from work.outcome import step

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
SHORT, LONG = 0.4, 20.0
OTHER = "SSH-2.0-OpenSSH\r\n"
HANG_UP, RESET, SILENCE, DRIP = object(), object(), object(), object()

CONSEQUENCE = {
    # what the outcome is: message, delivery, attempt, and whether the lane is closed by this one alone
    "accepted": (MessageState.DONE, DeliveryState.ACCEPTED, AttemptState.ACCEPTED, False),
    "unknown": (MessageState.IN_DELIVERY, DeliveryState.IN_DOUBT, AttemptState.UNKNOWN, False),
    "transient": (MessageState.READY, DeliveryState.READY, AttemptState.REFUSED, False),
    "throttle": (MessageState.READY, DeliveryState.READY, AttemptState.REFUSED, False),
    "config": (MessageState.READY, DeliveryState.READY, AttemptState.REFUSED, True),
    "address": (MessageState.READY, DeliveryState.REJECTED, AttemptState.REJECTED, False),
    "opt_out": (MessageState.READY, DeliveryState.REJECTED, AttemptState.REJECTED, False),
    "data": (MessageState.UNDELIVERABLE, DeliveryState.REJECTED, AttemptState.REJECTED, False),
}
"""With another channel left: an address that is wrong makes the message ready on that one."""


def name_of(outcome):
    """Return what an outcome is called in the tables here."""
    assert isinstance(outcome, Accepted | Rejected | Refused | Unknown)
    if isinstance(outcome, Rejected):
        assert outcome.error in {ErrorClass.ADDRESS, ErrorClass.OPT_OUT, ErrorClass.DATA}
    if isinstance(outcome, Refused):
        assert outcome.error in {ErrorClass.TRANSIENT, ErrorClass.THROTTLE, ErrorClass.CONFIG}
        assert outcome.wait > timedelta(0)
    return str(getattr(outcome, "error", type(outcome).__name__.lower()))


def claimed():
    nothing = dict.fromkeys(Claimed._fields)
    return Claimed(
        **{**nothing, "number": 1, "message": "0" * 32, "channel": "email", "customer": 1, "refused": 0}
    )


def judged(outcome, expected):
    """The outcome has its class, and message, delivery, attempt and lane fare as the design's table says."""
    assert name_of(outcome) == expected, outcome
    made = step(claimed(), outcome, None, next_channels=["letter"], now=NOON)
    circuit = Circuit()
    circuit.record(outcome, now=NOON)
    closed = circuit.open_until is not None
    assert (made.message_state, made.delivery_state, made.attempt_state, closed) == CONSEQUENCE[expected]


@contextmanager
def listening(serve):
    """A server that gives each connection to `serve(connection, closing)`; yields its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    closing = threading.Event()
    threads = []

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=one, args=(connection,))
            threads.append(thread)
            thread.start()

    def one(connection):
        with connection, suppress(OSError):
            serve(connection, closing)

    acceptor = threading.Thread(target=accept)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        closing.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join()
        for thread in threads:
            thread.join()


def say(connection, answer, closing):
    """Answer, or do what stands in its place; False when that ends the conversation."""
    if answer is SILENCE:
        closing.wait(30)
    elif answer is RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif answer is DRIP:
        for _ in range(200):
            connection.sendall(b"2")
            if closing.wait(0.05):
                break
    elif answer is not HANG_UP:
        connection.sendall(answer.encode() if isinstance(answer, str) else answer)
        return True
    return False


GOOD = {
    "banner": "220 relay.example\r\n",
    "EHLO": "250-relay.example\r\n250 8BITMIME\r\n",
    "MAIL": "250 2.1.0 ok\r\n",
    "RCPT": "250 2.1.5 ok\r\n",
    "DATA": "354 go on\r\n",
    "dot": "250 2.0.0 Ok: queued as Q1\r\n",
    "QUIT": "221 bye\r\n",
}


def relay(answers):
    """An SMTP server that says yes but where `answers` says otherwise, by phase."""
    told = {**GOOD, **answers}

    def serve(connection, closing):
        file = connection.makefile("rb")
        goes_on = say(connection, told["banner"], closing)
        while goes_on and (line := file.readline()):
            verb = line[:4].decode().upper().strip()
            goes_on = say(connection, told.get(verb, "250 ok\r\n"), closing)
            if goes_on and verb == "DATA" and told["DATA"] == GOOD["DATA"]:
                while file.readline() not in {b".\r\n", b""}:
                    pass
                goes_on = say(connection, told["dot"], closing)

    return serve


MAIL = Email(envelope_from="a@nordlys.example", to="b@example.org", raw=b"Subject: x\r\n\r\n" + b"x\r\n" * 9)
TEXT = Sms(sender="Nordlys", to="+4790000001", text="x", parts=1, encoding="gsm7")


def sent(provider, content):
    """Hand over one message; whatever the answer, it has an outcome and nothing is raised."""
    parcel = Parcel(message="m1", attempt="a1", content=content, purpose="offer", brand="nordlys")
    [(_, outcome)] = list(provider.send([parcel]))
    provider.close()
    return outcome


def waits(answers):
    return any(answer in (SILENCE, DRIP, OTHER) for answer in answers.values())


def case(name, expected, **answers):
    return pytest.param(answers, expected, id=name)


SMTP = [
    case("the banner says go away", "config", banner="554 5.3.2 no\r\n"),
    case("the banner says later", "transient", banner="421 4.3.2 closing\r\n"),
    case("the banner never comes", "transient", banner=SILENCE),
    case("the banner drips", "transient", banner=DRIP),
    case("the banner is another protocol", "transient", banner=OTHER),
    case("hangs up instead of a banner", "transient", banner=HANG_UP),
    case("EHLO is never answered", "transient", EHLO=SILENCE),
    case("hangs up at EHLO", "transient", EHLO=HANG_UP),
    case("MAIL: too busy", "throttle", MAIL="450 4.7.28 too fast\r\n"),
    case("MAIL: the sender is not ours", "config", MAIL="553 5.7.1 not yours\r\n"),
    case("MAIL: who are you", "config", MAIL="530 5.7.0 log in\r\n"),
    case("MAIL: too big", "data", MAIL="552 5.3.4 too big\r\n"),
    case("MAIL is never answered", "transient", MAIL=SILENCE),
    case("MAIL: connection reset", "transient", MAIL=RESET),
    case("RCPT: unknown user", "address", RCPT="550 5.1.1 no such user\r\n"),
    case("RCPT: bad syntax", "address", RCPT="501 5.1.3 syntax\r\n"),
    case("RCPT: mailbox full", "transient", RCPT="552 5.2.2 full\r\n"),
    case("RCPT: greylisted", "transient", RCPT="451 4.7.1 come back\r\n"),
    case("RCPT: no relaying", "config", RCPT="554 5.7.1 relay access denied\r\n"),
    case("RCPT is never answered", "transient", RCPT=SILENCE),
    case("hangs up at RCPT", "transient", RCPT=HANG_UP),
    case("DATA: no", "data", DATA="554 5.6.0 no\r\n"),
    case("DATA: later", "transient", DATA="451 4.3.0 later\r\n"),
    case("DATA is never answered", "transient", DATA=SILENCE),
    case("hangs up at DATA", "transient", DATA=HANG_UP),
    case("the dot: content refused", "data", dot="554 5.7.1 spam\r\n"),
    case("the dot: DMARC", "config", dot="550 5.7.26 unauthenticated\r\n"),
    case("the dot: disk full", "transient", dot="452 4.3.1 no space\r\n"),
    case("the dot: unknown user", "address", dot="550 5.1.1 nobody\r\n"),
    case("the dot is never answered", "unknown", dot=SILENCE),
    case("hangs up at the dot", "unknown", dot=HANG_UP),
    case("the dot: connection reset", "unknown", dot=RESET),
    case("the dot's answer drips", "unknown", dot=DRIP),
    case("the dot: no SMTP any more", "unknown", dot="HTTP/1.1 400\r\n"),
    case("the dot: go on", "unknown", dot="354 go on\r\n"),
    case("the dot: a code that SMTP has not", "unknown", dot="999 5.1.1 what\r\n"),
    case("the dot: yes before the content", "transient", DATA="354 go on\r\n250 2.0.0 Ok: queued as Q0\r\n"),
    case("a yes too many", "transient", MAIL="250 2.1.0 ok\r\n250 2.1.0 ok\r\n"),
    case("DATA: yes instead of go on", "transient", DATA="250 ok\r\n"),
    case("RCPT: go on instead of yes", "transient", RCPT="354 go on\r\n"),
    case("RCPT: too much, by an old server", "transient", RCPT="552 too much mail data\r\n"),
    case("the banner speaks of content", "config", banner="554 5.6.0 no\r\n"),
    case("EHLO speaks of size", "config", EHLO="552 5.3.4 too big\r\n"),
    case("answers with bare line feeds", "accepted", MAIL="250-2.1.0 a\n250 2.1.0 b\n", dot="250 2.0.0 Ok\n"),
    case("takes it, then resets", "accepted", dot="250 2.0.0 Ok\r\n", QUIT=RESET),
]


@pytest.mark.parametrize(("answers", "expected"), SMTP)
def test_smtp(answers, expected):
    """Before the final dot nothing was taken; after it only an answer tells."""
    seconds = SHORT if waits(answers) else LONG
    with listening(relay(answers)) as port:
        settings = SmtpSettings(host="127.0.0.1", port=port, timeout=timedelta(seconds=seconds))
        judged(sent(Smtp(settings), MAIL), expected)


def test_smtp_name_that_does_not_resolve():
    settings = SmtpSettings(host="nowhere.invalid", port=25, timeout=timedelta(seconds=SHORT))
    judged(sent(Smtp(settings), MAIL), "transient")


def test_smtp_refused_connection():
    judged(
        sent(Smtp(SmtpSettings(host="127.0.0.1", port=closed_port(), timeout=timedelta(seconds=5))), MAIL),
        "transient",
    )


def test_smtp_offers_tls_and_breaks_it():
    """A handshake that fails is nobody's address; the message waits."""
    answers = {"EHLO": "250-relay.example\r\n250 STARTTLS\r\n", "STAR": b"220 go\r\nthis is not TLS\r\n"}
    with listening(relay(answers)) as port:
        settings = SmtpSettings(host="127.0.0.1", port=port, timeout=timedelta(seconds=5))
        assert name_of(sent(Smtp(settings), MAIL)) == "transient"


LOGINS = {
    "the password is wrong": ("PLAIN", "535 5.7.8 wrong", "config"),
    "the accounts are not to be reached": ("PLAIN", "454 4.7.0 later", "throttle"),
    "it goes on asking": ("PLAIN", "334 more", "transient"),
    "it asks for nothing": ("LOGIN", "235 2.7.0 ok", "transient"),
    "it never stops asking": ("LOGIN", "334 UGFzc3dvcmQ6", "transient"),
}


@pytest.mark.parametrize(("mechanism", "answer", "expected"), LOGINS.values(), ids=LOGINS)
def test_smtp_lets_us_not_in(mechanism, answer, expected):
    """Credentials that do not count stop the lane and suppress nobody."""
    answers = {"EHLO": f"250-relay.example\r\n250 AUTH {mechanism}\r\n", "AUTH": f"{answer}\r\n"}
    answers |= {"DQ==": f"{answer}\r\n", "CA==": f"{answer}\r\n"} if mechanism == "LOGIN" else {}
    with listening(relay(answers)) as port:
        settings = SmtpSettings(
            host="127.0.0.1", port=port, username="u", password="p", timeout=timedelta(seconds=5)
        )
        judged(sent(Smtp(settings), MAIL), expected)


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def service(answer):
    """An HTTP server that reads a request and answers with these bytes, or does what stands in their place."""

    def serve(connection, closing):
        file = connection.makefile("rb")
        size = 0
        while (line := file.readline()).strip():
            name, _, value = line.decode().partition(":")
            size = int(value) if name.lower() == "content-length" else size
        file.read(size)
        say(connection, answer, closing)

    return serve


def http(status, body=b"{}", *, length=None, **headers):
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body) if length is None else length}\r\n"
    head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"{head}Connection: close\r\n\r\n".encode() + body


@pytest.fixture
def ses(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return lambda port, seconds, scheme="http": Ses(
        SesSettings(
            region="eu-north-1", endpoint=f"{scheme}://127.0.0.1:{port}", timeout=timedelta(seconds=seconds)
        )
    )


@pytest.fixture
def twilio():
    return lambda port, seconds, scheme="http": Twilio(
        TwilioSettings(
            account_sid="AC1",
            auth_token="t",
            endpoint=f"{scheme}://127.0.0.1:{port}",
            timeout=timedelta(seconds=seconds),
        ),
        public_url="https://nordlys.example",
    )


FLOOD = gzip.compress(bytes(64 << 20))
CONTENT = {"ses": MAIL, "twilio": TEXT}


def row(name, answer, ses, twilio):
    return pytest.param(answer, {"ses": ses, "twilio": twilio}, id=name)


HTTP = [
    row("400 without a code", http(400), "config", "config"),
    row("400 from somebody on the way", http(400, b"<html>"), "config", "config"),
    row("400 with a code that is a word", http(400, b'{"code": "no", "message": "no"}'), "config", "config"),
    row("402", http(402), "config", "config"),
    row("401", http(401), "config", "config"),
    row("403", http(403), "config", "config"),
    row("404", http(404), "config", "config"),
    row("407 from a proxy", http(407), "config", "config"),
    row("408 from a gateway", http(408), "unknown", "unknown"),
    row("409", http(409), "config", "config"),
    row("413 too large", http(413), "config", "data"),
    row("422", http(422), "config", "config"),
    row("425 too early", http(425), "config", "transient"),
    row("429", http(429), "throttle", "throttle"),
    row("429 with Retry-After", http(429, Retry_After=7), "throttle", "throttle"),
    row("429 for longer than a number can say", http(429, Retry_After="9" * 5000), "throttle", "throttle"),
    row("500", http(500), "unknown", "unknown"),
    row("502 from a gateway", http(502, b"<html>"), "unknown", "unknown"),
    row("503", http(503), "unknown", "unknown"),
    row("504 from a gateway", http(504, b""), "unknown", "unknown"),
    row("301 elsewhere", http(301, Location="http://127.0.0.1:1/"), "unknown", "unknown"),
    row("202 with an id", http(202, b'{"MessageId": "M1", "sid": "SM1"}'), "accepted", "accepted"),
    row(
        "201 with the id twice",
        http(201, b'{"MessageId": "M1", "sid": "SM1", "MessageId": "", "sid": ""}'),
        "unknown",
        "unknown",
    ),
    row("200 that unpacks to a flood", http(200, FLOOD, Content_Encoding="gzip"), "unknown", "unknown"),
    row("200 without a body", http(200, b""), "unknown", "unknown"),
    row("200 with JSON of another shape", http(200, b'{"hello": 1}'), "unknown", "unknown"),
    row("200 with rubbish", http(200, b"<nope"), "unknown", "unknown"),
    row("200 with null", http(200, b"null"), "unknown", "unknown"),
    row("200 with an empty list", http(200, b"[]"), "unknown", "unknown"),
    row("200 with bytes that are no text", http(200, b"\xff\xfe{"), "unknown", "unknown"),
    row("200 with half of a body", http(200, b'{"Mess', length=100), "unknown", "unknown"),
    row("takes it and hangs up", HANG_UP, "unknown", "unknown"),
    row("takes it and resets", RESET, "unknown", "unknown"),
    row("takes it and says nothing", SILENCE, "unknown", "unknown"),
    row("answers in another protocol", b"220 smtp.example\r\n", "unknown", "unknown"),
]


@pytest.mark.parametrize("provider", ["ses", "twilio"])
@pytest.mark.parametrize(("answer", "expected"), HTTP)
def test_http(request, provider, answer, expected):
    """Only a clear no in the 4xx says that nothing was taken."""
    with listening(service(answer)) as port:
        made = request.getfixturevalue(provider)(port, SHORT if answer is SILENCE else LONG)
        judged(sent(made, CONTENT[provider]), expected[provider])


WAITS = {
    "seconds": ({"Retry-After": "90"}, 90),
    "a date": (
        {"Retry-After": "Tue, 03 Mar 2026 12:02:00 GMT", "Date": "Tue, 03 Mar 2026 12:00:00 GMT"},
        120,
    ),
    "a date that is over": (
        {"Retry-After": "Tue, 03 Mar 2026 11:00:00 GMT", "Date": "Tue, 03 Mar 2026 12:00:00 GMT"},
        0,
    ),
    "before now": ({"Retry-After": "-7"}, 0),
    "thirty years": ({"Retry-After": "1000000000"}, 0),
}


@pytest.mark.parametrize("provider", ["ses", "twilio"])
@pytest.mark.parametrize(("said", "seconds"), WAITS.values(), ids=WAITS)
def test_how_long_to_wait(request, provider, said, seconds):
    """What the service asks for is heeded; nonsense is not, and what is usual is waited for."""
    with listening(service(http(429, **said))) as port:
        outcome = sent(request.getfixturevalue(provider)(port, LONG), CONTENT[provider])

    assert (outcome.wait.total_seconds() == seconds) is bool(seconds)
    assert timedelta(0) < outcome.wait <= timedelta(minutes=2)


def broken_tls(certificate, *, after):
    """A server of TLS that talks nonsense after so many bytes of a request."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(connection, closing):
        if after:
            with context.wrap_socket(connection.dup(), server_side=True) as secure:
                secure.recv(after)
        connection.sendall(b"this is no TLS")
        closing.wait(0.2)

    return serve


TLS = {
    "breaks before the request": (0, True, "unknown", "transient"),
    "breaks behind the request": (10, True, "unknown", "unknown"),
    "shows a certificate that nobody signed": (10, False, "config", "transient"),
}


@pytest.mark.parametrize(("after", "trusted", "ses_says", "twilio_says"), TLS.values(), ids=TLS)
def test_tls(certificate, monkeypatch, ses, twilio, after, trusted, ses_says, twilio_says):
    """Only where nothing of the request had left there is no doubt; boto3 tells that of a certificate alone."""
    if trusted:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    for made, content, expected in ((ses, MAIL, ses_says), (twilio, TEXT, twilio_says)):
        with listening(broken_tls(certificate, after=after)) as port:
            judged(sent(made(port, LONG, scheme="https"), content), expected)


@pytest.mark.parametrize("provider", ["ses", "twilio"])
def test_http_refused_connection(request, provider):
    """A connection that never came about carried nothing."""
    made = request.getfixturevalue(provider)(closed_port(), LONG)
    judged(sent(made, CONTENT[provider]), "transient")


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(errno.ENOSPC, "transient", id="the disk is full"),
        pytest.param(errno.EDQUOT, "transient", id="the quota is used up"),
        pytest.param(errno.EIO, "transient", id="the disk fails"),
        pytest.param(errno.EMFILE, "transient", id="too many open files"),
        pytest.param(errno.EACCES, "config", id="no permission"),
        pytest.param(errno.EROFS, "config", id="mounted read-only"),
        pytest.param(errno.ENOENT, "config", id="the folder is gone"),
        pytest.param(errno.ENOTDIR, "config", id="a file lies where the folder was"),
    ],
)
def test_disk(number, expected):
    """A full disk passes, a folder that is not there is a wrong set-up."""
    judged(refused_by_disk(OSError(number, "x")), expected)


@given(
    code=st.integers(400, 599),
    text=st.one_of(
        st.text(max_size=60),
        st.builds("{}.{}.{} said".format, st.sampled_from([4, 5]), st.integers(0, 9), st.integers(0, 99)),
    ),
    stage=st.sampled_from(list(Stage)),
)
def test_no_smtp_answer_is_unclassified(code, text, stage):
    assert name_of(refusal(Reply(code=code, text=text), stage)) in CONSEQUENCE


BODIES = st.one_of(
    st.sampled_from(
        [
            b"",
            b"{}",
            b"null",
            b"[]",
            b"\xff{",
            b"<html>",
            b'"x"',
            b"{",
            b'{"code": null}',
            b'{"MessageId": ""}',
        ]
    ),
    st.builds(
        lambda code: json.dumps({"code": code, "message": "no", "__type": str(code)}).encode(),
        st.integers(0, 99999),
    ),
)


@pytest.mark.parametrize("provider", ["ses", "twilio"])
def test_no_http_answer_is_unclassified(request, provider):
    """Whatever the status and the body, the outcome has a class, and a 5xx never says that nothing was taken."""
    told = {}
    with listening(lambda connection, closing: service(told["answer"])(connection, closing)) as port:
        made = request.getfixturevalue(provider)(port, LONG)

        @given(status=st.integers(200, 599), body=BODIES)
        def holds(status, body):
            told["answer"] = http(status, b"" if status in {204, 304} else body)
            name = name_of(sent(made, CONTENT[provider]))
            assert name in CONSEQUENCE
            assert status < 500 or name == "unknown" or b"code" in body
            assert status < 300 or name != "accepted"

        holds()
