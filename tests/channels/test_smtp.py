"""`channels.email.smtp` against a loopback server, with and without pipelining."""

import ssl
from base64 import decodebytes, encodebytes
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email.replies import Reply, Stage, refusal
from channels.email.session import ANSWER, COMMANDS, CONTENT
from channels.email.smtp import Smtp, stuffed
from tests.channels.conformance import NetworkConformance
from tests.peers.fault import Fault
from tests.peers.smtp import EXTENSIONS, SmtpPeer
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import SmtpSettings

PLAIN = tuple(name for name in EXTENSIONS if name != "PIPELINING")


def settings(peer, **more):
    return SmtpSettings(host="127.0.0.1", port=peer.port, **{"timeout": timedelta(seconds=20), **more})


def email(number=1, text="Hello", **changes):
    to = f"ada.lovelace{number}@example.com"
    head = f"From: hello@nordlys.example\r\nTo: {to}\r\nMessage-ID: <{number}@nordlys.example>\r\n"
    body = encodebytes(text.encode()).replace(b"\n", b"\r\n")
    raw = head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\n" + body
    return Email(**{"envelope_from": "bounces@nordlys.example", "to": to, "raw": raw, **changes})


def parcel(number=1, **changes):
    content = email(number, **changes)
    return Parcel(message=f"m{number}", attempt=f"a{number}", content=content, purpose="offer", brand="n")


@pytest.fixture
def peer():
    peer = SmtpPeer()
    yield peer
    peer.close()


@pytest.fixture
def provider(peer, patience):
    provider = Smtp(settings(peer, timeout=patience))
    yield provider
    provider.close()


def outcomes(provider, *parcels):
    return [outcome for _, outcome in provider.send(parcels)]


class TestSmtp(NetworkConformance):
    """SMTP keeps the contract; what it says before the final dot is never a doubt."""

    expected = NetworkConformance.expected | {
        Fault.FAILED: (Refused, ErrorClass.TRANSIENT),
        Fault.UNAVAILABLE: (Refused, ErrorClass.TRANSIENT),
    }

    def content(self, number, text):
        return email(number, text)

    def texts(self, peer):
        return [decodebytes(raw.partition(b"\r\n\r\n")[2]).decode() for raw in peer.contents()]


class TestSmtpWithoutPipelining(TestSmtp):
    """The same, one command at a time."""

    @pytest.fixture
    def peer(self):
        peer = SmtpPeer(extensions=PLAIN)
        yield peer
        peer.close()


@pytest.mark.parametrize("extensions", [EXTENSIONS, PLAIN], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b".\r\n..\r\n.x\r\n", id="dots at line starts"),
        pytest.param(b"MAIL FROM:<eve@example.org>\r\nQUIT\r\n", id="commands"),
        pytest.param(b"Z\xc5\xbc\r\n", id="eight bits"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"x" * 900 + b"\r\n", id="a long line"),
    ],
)
def test_bytes_pass_unharmed(extensions, body):
    """The server has the bytes that were frozen, whatever is in them."""
    peer = SmtpPeer(extensions=extensions)
    provider = Smtp(settings(peer))
    raw = b".leading: dot\r\nSubject: x\r\n\r\n" + body

    try:
        result = outcomes(provider, parcel(1, raw=raw), parcel(2, raw=raw))
    finally:
        provider.close()
        peer.close()

    assert [type(outcome) for outcome in result] == [Accepted, Accepted]
    assert peer.contents() == [raw, raw]


@given(body=st.binary(max_size=80))
def test_stuffing_is_undone_by_the_server(body):
    """No content can end the message early."""
    lines = body.replace(b"\r", b"").replace(b"\n", b"\r\n")
    sent = stuffed(lines)

    assert b"\r\n.\r\n" not in b"\r\n" + sent
    received = b"".join(
        line[1:] if line.startswith(b".") else line for line in sent.splitlines(keepends=True)
    )
    if b"\x0b" not in lines and b"\x0c" not in lines:
        assert received.removesuffix(b"\r\n") == lines.removesuffix(b"\r\n")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param(
            {"to": "ada@example.com>\r\nRCPT TO:<eve@example.org"}, "address_syntax", id="a command"
        ),
        pytest.param({"to": "ada lovelace@example.com"}, "address_syntax", id="a blank"),
        pytest.param({"to": "ada"}, "address_syntax", id="no domain"),
        pytest.param({"envelope_from": "x@y> SIZE=1"}, "address_syntax", id="a parameter in the sender"),
        pytest.param({"raw": b"Subject: x\n\nx\r\n"}, "bare_line_end", id="a bare line feed"),
        pytest.param({"raw": b"Subject: x\r\n\r\nx\n.\r\ny\r\n"}, "bare_line_end", id="a smuggled end"),
        pytest.param({"raw": b"Subject: x\r\n\r\n\r.\r\r\n"}, "bare_line_end", id="a bare carriage return"),
        pytest.param({"raw": b"x" * 10_000_001 + b"\r\n"}, "5.3.4", id="larger than the server takes"),
    ],
)
def test_what_cannot_be_said_is_not_sent(provider, peer, changes, code):
    """Data that would change the dialogue fails its own message only."""
    bad, good = outcomes(provider, parcel(1, **changes), parcel(2))

    assert (type(bad), bad.error, bad.code) == (Rejected, ErrorClass.DATA, code)
    assert isinstance(good, Accepted)
    assert [taken.to for taken in peer.taken] == ["ada.lovelace2@example.com"]


@pytest.mark.parametrize(
    ("to", "offered", "expected"),
    [
        pytest.param("åse@example.com", EXTENSIONS, "åse@example.com", id="a local part needs SMTPUTF8"),
        pytest.param(
            "ada@blåbær.example", PLAIN[:1], "ada@xn--blbr-roah.example", id="a domain needs nothing"
        ),
        pytest.param(
            "ada@straße.example",
            PLAIN[:1],
            "ada@xn--strae-oqa.example",
            id="a domain that 2003 took for another",
        ),
        pytest.param("åse@example.com", ("PIPELINING",), None, id="not offered"),
    ],
)
def test_addresses_of_all_scripts(to, offered, expected):
    """International addresses go where they can, and are named where they cannot."""
    peer = SmtpPeer(extensions=offered)
    provider = Smtp(settings(peer))
    try:
        [outcome] = outcomes(provider, parcel(to=to))
    finally:
        provider.close()
        peer.close()

    assert [taken.to for taken in peer.taken] == ([expected] if expected else [])
    if expected is None:
        assert (outcome.error, outcome.code) == (ErrorClass.CONFIG, "smtputf8_not_offered")


@pytest.mark.parametrize("extensions", [EXTENSIONS, PLAIN], ids=["pipelined", "one by one"])
def test_one_refused_recipient_harms_nobody_else(extensions):
    """A refusal in the middle of a batch is that recipient's, on the same connection."""
    peer = SmtpPeer(extensions=extensions)
    peer.answer_to = {
        "ada.lovelace2@example.com": b"550 5.1.1 unknown\r\n",
        "ada.lovelace3@example.com": b"452 4.2.2 full\r\n",
        "ada.lovelace5@example.com": b"550 no\r\n",
    }
    provider = Smtp(settings(peer))
    try:
        result = outcomes(provider, *[parcel(number) for number in range(1, 7)])
    finally:
        provider.close()
        peer.close()

    kinds = [Accepted, Rejected, Refused, Accepted, Rejected, Accepted]
    assert [type(outcome) for outcome in result] == kinds
    assert [outcome.error for outcome in result if not isinstance(outcome, Accepted)] == [
        ErrorClass.ADDRESS,
        ErrorClass.TRANSIENT,
        ErrorClass.ADDRESS,
    ]
    assert [taken.to[12] for taken in peer.taken] == ["1", "4", "6"]
    assert peer.sessions == 1


def test_a_server_that_wants_content_for_nobody_gets_none(peer, provider):
    """Pipelined: RCPT was refused and DATA was not; no dot is sent, so no empty message goes out."""
    peer.answers = {"RCPT": b"550 5.1.1 unknown\r\n", "DATA": b"354 go on\r\n"}

    first, second = outcomes(provider, parcel(1), parcel(2))

    assert (first.error, second.error) == (ErrorClass.ADDRESS, ErrorClass.ADDRESS)
    assert peer.taken == []
    assert peer.sessions == 2


def test_a_connection_is_kept_between_calls(peer, provider):
    """One greeting serves many batches."""
    for number in range(3):
        outcomes(provider, parcel(number))

    assert (peer.sessions, len(peer.taken)) == (1, 3)


def test_a_connection_that_the_server_closed_is_replaced(peer, provider):
    """So many messages per connection and then 421: nobody's message is the worse for it, or sent twice."""
    peer.close_after = 3

    result = outcomes(provider, *[parcel(number) for number in range(10)])

    assert {type(outcome) for outcome in result} == {Accepted}
    assert sorted(taken.to for taken in peer.taken) == [f"ada.lovelace{n}@example.com" for n in range(10)]
    assert peer.sessions == 4


def test_a_doubt_in_the_middle(peer, provider):
    """The final dot went out and the connection broke: that message is in doubt, its announced follower is not."""
    taken = []

    def drop_third(_):
        taken.append(1)
        peer.fault = Fault.DROP if len(taken) == 3 else Fault.NONE

    peer._on_taken = drop_third

    result = outcomes(provider, *[parcel(number) for number in range(1, 6)])

    assert [type(outcome) for outcome in result] == [Accepted, Accepted, Unknown, Accepted, Accepted]
    assert [entry.to[12] for entry in peer.taken] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("stop", range(1, 9))
def test_a_crash_leaves_one_doubt_at_most(stop):
    """Whenever we die, what the server has and nobody told us of is the one message whose content was on the way."""
    peer = SmtpPeer()
    provider = Smtp(settings(peer))
    told, seen = [], []
    peer._on_taken = lambda taken: seen.append((taken.to[12], list(told)))

    for attempt, outcome in provider.send([parcel(number) for number in range(1, 9)]):
        assert isinstance(outcome, Accepted)
        told.append(attempt[1:])
        if len(told) == stop:
            break  # what is not told now, nobody will ever be told
    commands = [command for command in peer.commands if command.startswith("DATA")]
    provider.close()
    peer.close()

    for number, known in seen:  # whenever the server took one, everything before it was known to us
        assert set(known) >= {str(earlier) for earlier in range(1, int(number))}
    assert len(peer.taken) - stop <= 1
    assert len(commands) <= stop + 1


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param(
            {"MAIL": b"452 4.3.1 full\r\n", "RCPT": b"503 5.5.1 MAIL first\r\n", "DATA": b"503 5.5.1 no\r\n"},
            (Refused, ErrorClass.TRANSIENT, "4.3.1"),
            id="the sender is refused: the first answer counts, not what follows from it",
        ),
        pytest.param(
            {"DATA": b"451 4.3.0 no content now\r\n"},
            (Refused, ErrorClass.TRANSIENT, "4.3.0"),
            id="the content is refused before it came",
        ),
        pytest.param(
            {".": b"554 5.6.0 not this\r\n"},
            (Rejected, ErrorClass.DATA, "5.6.0"),
            id="the content is refused",
        ),
    ],
)
@pytest.mark.parametrize("extensions", [EXTENSIONS, PLAIN], ids=["pipelined", "one by one"])
def test_every_answer_belongs_to_its_message(extensions, answers, expected):
    """Refusals in the middle of a pipeline: the message before keeps its yes, the one after it gets its own answer."""
    peer = SmtpPeer(extensions=extensions)
    provider = Smtp(settings(peer))

    def after_the_first(taken):
        peer.answers = answers if taken.to[12] == "1" else {}

    peer._on_taken = after_the_first
    try:
        first, second = outcomes(provider, parcel(1), parcel(2))
        peer.answers = {}
        [third] = outcomes(provider, parcel(3))
    finally:
        provider.close()
        peer.close()

    assert (type(first), type(third)) == (Accepted, Accepted)
    assert (type(second), second.error, second.code) == expected
    assert [taken.to[12] for taken in peer.taken] == ["1", "3"]
    assert peer.sessions == 1


def test_time_outs_are_those_of_the_rfc():
    """RFC 5321 4.5.3.2, in minutes: a command 5, a block of content 3, the answer to the final dot 10."""
    minutes = SmtpSettings().timeout / timedelta(minutes=1)

    assert (COMMANDS * minutes, CONTENT * minutes, ANSWER * minutes) == (5, 3, 10)
    assert Smtp(SmtpSettings(timeout=timedelta(seconds=10))).call_timeout == timedelta(seconds=46)


@pytest.mark.parametrize("extensions", [EXTENSIONS, PLAIN], ids=["pipelined", "one by one"])
@pytest.mark.parametrize("where", ["EHLO", "MAIL", "RCPT", "DATA", "content"])
def test_before_the_final_dot_there_is_no_doubt(extensions, where):
    """Whatever breaks off before the message was complete was certainly not sent."""
    peer = SmtpPeer(extensions=extensions)
    peer.hang_up_at = where
    provider = Smtp(settings(peer))
    large = b"Subject: x\r\n\r\n" + b"All work and no play.\r\n" * 200_000
    try:
        result = outcomes(provider, parcel(1, raw=large), parcel(2, raw=large))
    finally:
        provider.close()
        peer.close()

    assert {(type(outcome), outcome.error) for outcome in result} == {(Refused, ErrorClass.TRANSIENT)}
    assert peer.taken == []


def test_the_attempt_goes_out_of_band(peer, provider):
    """The attempt id is the envelope id that a delivery report quotes (RFC 3461); the bytes stay the same."""
    outcomes(provider, parcel(7))

    assert "ENVID=a7" in peer.taken[0].options
    assert "RET=HDRS" in peer.taken[0].options


@pytest.mark.parametrize(
    ("offered", "trusted", "login", "more", "expected"),
    [
        pytest.param(True, False, None, {}, None, id="any TLS beats none"),
        pytest.param(True, True, None, {"starttls": "always"}, None, id="TLS demanded and trusted"),
        pytest.param(True, False, None, {"starttls": "always"}, "5.7.5", id="not trusted"),
        pytest.param(False, False, None, {"starttls": "always"}, "5.7.0", id="TLS demanded, not offered"),
        pytest.param(True, True, ("u", "p"), {"username": "u", "password": "p"}, None, id="a login in TLS"),
        pytest.param(
            True, False, ("u", "p"), {"username": "u", "password": "p"}, "5.7.5", id="no login untrusted"
        ),
        pytest.param(
            True, True, ("u", "p"), {"username": "u", "password": "q"}, "5.7.8", id="a wrong password"
        ),
        pytest.param(
            False, False, ("u", "p"), {"username": "u", "password": "p"}, None, id="a login on loopback"
        ),
    ],
)
def test_tls_and_login(certificate, monkeypatch, offered, trusted, login, more, expected):
    """What cannot be trusted is a wrong set-up: it stops the lane and harms no customer."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    peer = SmtpPeer(certificate=certificate if offered else None, login=login)
    provider = Smtp(SmtpSettings.model_validate(settings(peer).model_dump() | more))
    try:
        first, second = outcomes(provider, parcel(1), parcel(2))
    finally:
        provider.close()
        peer.close()

    if expected is None:
        assert (type(first), type(second)) == (Accepted, Accepted)
        assert len(peer.taken) == 2
    else:
        assert (first.error, first.code) == (ErrorClass.CONFIG, expected)
        assert second == replace(first, called=False)
        assert (peer.sessions, peer.taken) == (1, [])


@pytest.mark.parametrize(
    ("text", "stage", "error"),
    [
        pytest.param("550 5.1.1 unknown", Stage.RECIPIENT, ErrorClass.ADDRESS, id="unknown mailbox"),
        pytest.param("550 unknown", Stage.RECIPIENT, ErrorClass.ADDRESS, id="unknown mailbox, old server"),
        pytest.param("550 5.2.1 disabled", Stage.RECIPIENT, ErrorClass.ADDRESS, id="mailbox disabled"),
        pytest.param(
            "552 5.2.2 full", Stage.RECIPIENT, ErrorClass.TRANSIENT, id="a full mailbox is no address fault"
        ),
        pytest.param("450 4.2.1 busy", Stage.RECIPIENT, ErrorClass.TRANSIENT, id="greylisted"),
        pytest.param("421 4.7.28 rate", Stage.RECIPIENT, ErrorClass.THROTTLE, id="too fast"),
        pytest.param("421 4.3.2 closing", Stage.RECIPIENT, ErrorClass.TRANSIENT, id="closing"),
        pytest.param("451 4.7.0 slow down", Stage.DATA, ErrorClass.THROTTLE, id="too fast at the end"),
        pytest.param("554 5.7.1 relay denied", Stage.RECIPIENT, ErrorClass.CONFIG, id="relaying denied"),
        pytest.param("550 5.7.1 looks like spam", Stage.DATA, ErrorClass.DATA, id="this content"),
        pytest.param("550 5.7.26 DMARC", Stage.DATA, ErrorClass.CONFIG, id="our proof of sender"),
        pytest.param("550 5.7.23 SPF", Stage.SENDER, ErrorClass.CONFIG, id="our SPF"),
        pytest.param("553 5.1.8 sender domain", Stage.SENDER, ErrorClass.CONFIG, id="our sender address"),
        pytest.param("550 5.1.1 who", Stage.SENDER, ErrorClass.CONFIG, id="our sender is unknown there"),
        pytest.param("550 5.2.1 off", Stage.SENDER, ErrorClass.CONFIG, id="our sender's mailbox is disabled"),
        pytest.param("554 5.1.1 what", Stage.SESSION, ErrorClass.CONFIG, id="before anybody is named"),
        pytest.param("250 what", Stage.DATA, ErrorClass.TRANSIENT, id="a yes where none belongs"),
        pytest.param("530 5.7.0 log in", Stage.SENDER, ErrorClass.CONFIG, id="login needed"),
        pytest.param("535 5.7.8 wrong", Stage.SESSION, ErrorClass.CONFIG, id="login wrong"),
        pytest.param("554 no", Stage.SESSION, ErrorClass.CONFIG, id="not welcome at all"),
        pytest.param("552 5.3.4 big", Stage.SENDER, ErrorClass.DATA, id="too big at MAIL"),
        pytest.param("552 big", Stage.DATA, ErrorClass.DATA, id="too big at the end"),
        pytest.param("554 5.6.0 content", Stage.DATA, ErrorClass.DATA, id="content not taken"),
        pytest.param(
            "550 relay not permitted", Stage.RECIPIENT, ErrorClass.CONFIG, id="relaying, without a code"
        ),
        pytest.param(
            "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
            Stage.RECIPIENT,
            ErrorClass.CONFIG,
            id="relaying, its code behind",
        ),
        pytest.param(
            "550 Sender verify failed", Stage.RECIPIENT, ErrorClass.CONFIG, id="our sender, told late"
        ),
        pytest.param(
            "550 authentication required", Stage.RECIPIENT, ErrorClass.CONFIG, id="login, told late"
        ),
        pytest.param(
            "550 5.1.1 ada rejected: blocked using dbl.spamhaus.org",
            Stage.RECIPIENT,
            ErrorClass.CONFIG,
            id="a block list that says 5.1.1",
        ),
        pytest.param(
            "550 No such user, see our policy",
            Stage.RECIPIENT,
            ErrorClass.DATA,
            id="two readings stop no lane",
        ),
        pytest.param(
            "550 spam is not wanted here", Stage.RECIPIENT, ErrorClass.DATA, id="a filter of theirs"
        ),
        pytest.param("550 Mailbox is full", Stage.RECIPIENT, ErrorClass.TRANSIENT, id="full, without a code"),
        pytest.param("550 5.1.1 mailbox full", Stage.DATA, ErrorClass.TRANSIENT, id="full, told at the end"),
        pytest.param(
            "550 5.2.0 Mail rejete", Stage.RECIPIENT, ErrorClass.DATA, id="a mail that is not wanted"
        ),
        pytest.param("550 5.4.4 no way", Stage.RECIPIENT, ErrorClass.DATA, id="the way there"),
        pytest.param(
            "550 5.4.1 Recipient address rejected: Access denied",
            Stage.RECIPIENT,
            ErrorClass.ADDRESS,
            id="how Exchange Online says that there is nobody",
        ),
        pytest.param(
            "554 dd This mailbox is disabled", Stage.RECIPIENT, ErrorClass.ADDRESS, id="said as 554"
        ),
        pytest.param("552 mailbox not found", Stage.RECIPIENT, ErrorClass.ADDRESS, id="said as 552"),
        pytest.param(
            "550 Mail is rejected by recipients", Stage.RECIPIENT, ErrorClass.DATA, id="a list of theirs"
        ),
        pytest.param("503 5.5.1 sequence", Stage.RECIPIENT, ErrorClass.CONFIG, id="we speak wrongly"),
        pytest.param(
            "599 what", Stage.RECIPIENT, ErrorClass.CONFIG, id="a code nobody knows never suppresses"
        ),
    ],
)
def test_replies(text, stage, error):
    """Every class of answer once; only what is about the address is held against the address."""
    outcome = refusal(Reply(code=int(text[:3]), text=text[4:]), stage)

    assert outcome.error is error
    assert text[10:] not in (outcome.code, outcome.detail)


def test_a_server_that_is_no_mail_server(provider, peer):
    """Whatever else answers on the port is refused."""
    peer.answers = {"EHLO": b"HTTP/1.1 400 Bad Request\r\n"}

    [outcome] = outcomes(provider, parcel())

    assert (type(outcome), outcome.code) == (Refused, "not_smtp")


def test_an_old_server(provider, peer):
    """HELO is enough."""
    peer.answers = {"EHLO": b"502 5.5.1 what\r\n"}

    assert isinstance(outcomes(provider, parcel())[0], Accepted)


def test_no_host():
    """A missing setting is named."""
    with pytest.raises(Problem, match="TIDINGS_SMTP__HOST"):
        Smtp(SmtpSettings(host=""))


def test_the_library_has_certificates():
    """TLS without a trust store would refuse everybody."""
    assert ssl.create_default_context().cert_store_stats()["x509_ca"] >= 0


def test_many_threads_share_one_provider(peer, provider):
    """Each call has a connection of its own; nobody's message is lost or doubled."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(4) as pool:
        groups = [[parcel(n) for n in range(first, first + 5)] for first in range(0, 100, 5)]
        results = list(pool.map(lambda group: outcomes(provider, *group), groups))

    assert {type(outcome) for result in results for outcome in result} == {Accepted}
    assert sorted(taken.to for taken in peer.taken) == sorted(
        f"ada.lovelace{n}@example.com" for n in range(100)
    )
    assert peer.sessions <= 4
