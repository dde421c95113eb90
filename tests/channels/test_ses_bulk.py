"""SES bulk: 50 e-mails a call, and each says word for word what its frozen bytes say."""

from base64 import b64decode, b64encode
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.ses.template import parse_template

from channels.email.ses import Ses
from channels.email.ses_bulk import MAX_CALL, MAX_DATA, MOST, batches, template, words
from templates.catalog import find
from templates.preview import SAMPLE_BRAND, sample_subject
from templates.render import render
from tests.channels.conformance import NetworkConformance
from tests.peers.fault import Fault
from tests.peers.ses_bulk import SesBulkPeer
from tidings.channel import Channel
from tidings.message import Email, Parcel
from tidings.outcome import Accepted, ErrorClass, Refused, Rejected, Unknown
from tidings.settings import SesSettings

NAMES = [
    "Ada Lovelace",
    "{{7*7}} {{s}} {{h1}} {{#each x}}",
    "{{{t}}} }}{{ \\{{s}}",
    "<script>alert('x')</script> & \"q\"",
    "Zażółć gęślą 🎈 \u202eabc",
    "Ada\r\nBcc: eve@example.org",
    "a" * 300,
    "{",
    "}",
]


@pytest.fixture
def peer():
    peer = SesBulkPeer()
    yield peer
    peer.close()


@pytest.fixture
def provider(peer, keys, patience):
    settings = SesSettings(
        region="eu-west-1", endpoint=peer.url, configuration_set="events", bulk=True, timeout=patience
    )
    provider = Ses(settings)
    yield provider
    provider.close()


@pytest.fixture(scope="module")
def offer():
    return find("offer/autumn")


def mail(template_, number, name, language="en", **documents):
    subject = sample_subject(
        template_, SAMPLE_BRAND, language, country="NO", data={**template_.sample, "code": name}
    )
    subject = replace(
        subject,
        to=f"ada{number}@example.com",
        message=f"01900000-0000-7000-8000-{number:012d}",
        data={**subject.data, "customer": {**subject.data.get("customer", {}), "name": name}},
    )
    content = render(template_, Channel.EMAIL, subject, documents=documents)
    assert isinstance(content, Email)
    return content


def parcel(content, number):
    return Parcel(
        message=f"01900000-0000-7000-8000-{number:012d}",
        attempt=f"01900000-0000-7000-8000-a{number:011d}",
        content=content,
        purpose="offer",
        brand="nordlys",
    )


def plain(number, text="Hello", **changes):
    """Return an e-mail as simple as can be, in the form that ours have; base64 keeps any text as it is."""
    to = f"ada.lovelace{number}@example.com"
    lines = [
        "From: Nordlys <hello@nordlys.example>",
        f"To: {to}",
        f"Subject: Number {number}",
        f"X-Tidings-Message: m{number}",
        'Content-Type: multipart/alternative;\r\n boundary="=_b"',
    ]
    coded = b64encode(text.encode()).replace(b"=", b"=3D")
    parts = b"".join(
        b"--=_b\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%s\r\n"
        % (kind, coded)
        for kind in (b"plain", b"html")
    )
    raw = "\r\n".join(lines).encode() + b"\r\n\r\n" + parts + b"--=_b--\r\n"
    return Email(**{"envelope_from": "hello@nordlys.example", "to": to, "raw": raw} | changes)


class TestSesBulk(NetworkConformance):
    """The contract holds for what goes in bulk: a single e-mail goes by itself, so each test sends two."""

    expected = NetworkConformance.expected | {Fault.BAD_ADDRESS: (Refused, ErrorClass.TRANSIENT)}

    def content(self, number, text):
        return plain(number, text)

    def one(self, provider, parcel):
        if not isinstance(parcel.content, Email):
            return super().one(provider, parcel)
        beside = replace(parcel, attempt="beside", content=replace_to(parcel.content))
        outcomes = dict(provider.send([parcel, beside]))
        assert set(outcomes) == {parcel.attempt, "beside"}
        return outcomes[parcel.attempt]

    def texts(self, peer):
        said = [one["text"] for to, one in peer.composed().items() if not to.startswith("beside")]
        said += [
            message_from_bytes(raw, policy=SMTP).get_body(("plain",)).get_content() for raw in peer.raws()
        ]
        return [b64decode(text).decode() for text in said]

    def test_an_iteration_that_ends_early_sends_no_more(self, provider, peer):
        """Who stops reading leaves the calls that were not begun unsent."""
        outcomes = provider.send([self.parcel(number) for number in range(1, 2001)])
        next(outcomes)
        outcomes.close()

        assert isinstance(self.one(provider, self.parcel(2001)), Accepted)
        assert len(self.texts(peer)) < 2000


def replace_to(content):
    to = f"beside.{content.to}"
    return replace(
        content, to=to, raw=content.raw.replace(f"To: {content.to}".encode(), f"To: {to}".encode())
    )


def whole(content):
    """Return what a reader sees of an e-mail: Python's own parser is the oracle."""
    message = message_from_bytes(content.raw, policy=SMTP)
    return {
        "subject": str(message["Subject"]),
        "text": message.get_body(("plain",)).get_content().replace("\r\n", "\n").rstrip("\n"),
        "html": message.get_body(("html",)).get_content().replace("\r\n", "\n").rstrip("\n"),
        "pictures": {
            part["Content-ID"].strip("<>"): part.get_content()
            for part in message.walk()
            if part.get_content_maintype() == "image"
        },
    }


def test_each_says_what_its_bytes_say(provider, peer, offer):
    """Real mails, hostile names: subject, text, HTML and pictures are the same, letter for letter."""
    mails = {number: mail(offer, number, name) for number, name in enumerate(NAMES * 5)}

    outcomes = dict(provider.send([parcel(content, number) for number, content in mails.items()]))

    assert all(isinstance(outcome, Accepted) for outcome in outcomes.values())
    assert len(peer.requests) == 1
    sent = {to.rpartition("<")[2].strip(">"): one for to, one in peer.composed().items()}
    for content in mails.values():
        said = sent[content.to]
        for name, expected in whole(content).items():
            given = said[name].rstrip("\n") if isinstance(said[name], str) else said[name]
            assert given == expected
        assert said["pictures"]
    assert any("{{7*7}}" in said["html"] for said in sent.values())


def test_headers_and_tags(provider, peer, offer):
    """List-Unsubscribe, our references and our attempt id go with each e-mail by itself."""
    mails = [mail(offer, number, "Ada") for number in range(2)]

    list(provider.send([parcel(content, number) for number, content in enumerate(mails)]))

    [call] = peer.calls()
    assert call["ConfigurationSetName"] == "events"
    for number, said in enumerate(peer.composed().values()):
        message = message_from_bytes(mails[number].raw, policy=SMTP)
        assert said["from"] == str(message["From"])
        assert said["reply_to"] == [str(message["Reply-To"])]
        for name in (
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
            "List-ID",
            "Feedback-ID",
            "X-Tidings-Message",
        ):
            assert said["headers"][name] == str(message[name])
        assert {"Message-ID", "Date", "From", "To", "Subject", "MIME-Version"}.isdisjoint(said["headers"])
        assert said["tags"]["attempt"] == f"01900000-0000-7000-8000-a{number:011d}"
        assert said["tags"]["message"].endswith(str(number))


def test_what_has_a_document_goes_as_it_is(provider, peer, offer):
    """A personal attachment fits into no template: its bytes go unchanged, the others in bulk."""
    bill = mail(find("invoice/standard"), 7, "Ada", invoice=b"%PDF-1.7 x")
    others = [mail(offer, number, "Bob") for number in range(3)]

    outcomes = dict(provider.send([parcel(one, number) for number, one in enumerate([bill, *others])]))

    assert {type(outcome) for outcome in outcomes.values()} == {Accepted}
    assert peer.raws() == [bill.raw]
    assert [len(call["BulkEmailEntries"]) for call in peer.calls()] == [3]


def test_a_single_email_goes_as_it_is(provider, peer):
    """Its bytes are better than words, and it costs the same."""
    list(provider.send([parcel(plain(1), 1)]))

    assert peer.raws() == [plain(1).raw]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"envelope_from": "bounces@nordlys.example"}, id="another envelope"),
        pytest.param({"to": "eve@example.com"}, id="another recipient than the header says"),
        pytest.param(
            {"raw": plain(1).raw.replace(b"text/html", b"text/calendar")}, id="a part that is neither"
        ),
        pytest.param({"raw": plain(1).raw.replace(b"quoted-printable", b"8bit")}, id="another coding"),
        pytest.param(
            {"raw": plain(1).raw.replace(b"Subject: ", b"Subject: \xc3\xa5")}, id="bytes in a header"
        ),
        pytest.param({"raw": plain(1).raw.replace(b"Subject:", b"To: x\r\nSubject:")}, id="a header twice"),
        pytest.param(
            {"raw": plain(1).raw.replace(b"X-Tidings", b"X-" + b"x" * 1 + b": \r\nX-Tidings")}, id="empty"
        ),
        pytest.param({"raw": plain(1).raw.replace(b"mixed", b"x").replace(b"=_b", b"=_c", 1)}, id="no parts"),
        pytest.param({"raw": b"Subject: x\r\n\r\nHello\r\n"}, id="plain text"),
        pytest.param({"raw": b""}, id="nothing"),
    ],
)
def test_what_is_unusual_goes_as_it_is(change):
    """What SES could not compose to say the same is not tried."""
    assert words(plain(1)) is not None
    assert words(plain(1, **change)) is None


def test_calls_keep_the_limits(offer):
    """50 destinations, and less than a megabyte of words, whatever they have in common."""
    many = [parcel(plain(number), number) for number in range(120)]
    jobs, _ = batches(many)
    assert [len(job) for job in jobs] == [MOST, MOST, 20]

    large = [parcel(plain(number, "x" * 60_000), number) for number in range(20)]
    jobs, said = batches(large)
    assert sum(map(len, jobs)) == 20
    assert all(sum(len(said[one.attempt].text) * 2 for one in job) < MAX_CALL for job in jobs)

    jobs, said = batches([parcel(plain(n, "x" * MAX_DATA), n) for n in (1, 2)])
    assert ([len(job) for job in jobs], said) == ([1, 1], {})


def test_senders_do_not_mix():
    """A call has one sender and one address for replies."""
    raw = plain(2).raw
    other = replace(plain(2), raw=raw.replace(b"hello@", b"hi@"), envelope_from="hi@nordlys.example")
    answered = replace(plain(3), raw=plain(3).raw.replace(b"Subject", b"Reply-To: a@b.example\r\nSubject"))

    jobs, _ = batches([parcel(one, n) for n, one in enumerate([plain(1), other, answered, plain(4)])])

    assert sorted(len(job) for job in jobs) == [1, 1, 2]


STATUSES = [
    ("SUCCESS", Accepted, None),
    ("MESSAGE_REJECTED", Rejected, ErrorClass.DATA),
    ("INVALID_PARAMETER", Rejected, ErrorClass.DATA),
    ("TRANSIENT_FAILURE", Refused, ErrorClass.TRANSIENT),
    ("ACCOUNT_THROTTLED", Refused, ErrorClass.THROTTLE),
    ("ACCOUNT_DAILY_QUOTA_EXCEEDED", Refused, ErrorClass.THROTTLE),
    ("MAIL_FROM_DOMAIN_NOT_VERIFIED", Refused, ErrorClass.CONFIG),
    ("CONFIGURATION_SET_NOT_FOUND", Refused, ErrorClass.CONFIG),
    ("TEMPLATE_NOT_FOUND", Refused, ErrorClass.CONFIG),
    ("INVALID_SENDING_POOL_NAME", Refused, ErrorClass.CONFIG),
    ("ACCOUNT_SUSPENDED", Refused, ErrorClass.CONFIG),
    ("ACCOUNT_SENDING_PAUSED", Refused, ErrorClass.CONFIG),
    ("CONFIGURATION_SET_SENDING_PAUSED", Refused, ErrorClass.CONFIG),
    ("FAILED", Unknown, None),
    ("SOMETHING_NEW", Unknown, None),
]


def test_each_destination_has_its_own_outcome(provider, peer):
    """What one gets is nobody else's: all the words of the reference in one answer."""
    peer.statuses = [status for status, _, _ in STATUSES]

    outcomes = dict(provider.send([parcel(plain(n), n) for n in range(len(STATUSES))]))

    got = [outcomes[parcel(plain(n), n).attempt] for n in range(len(STATUSES))]
    assert [(type(one), getattr(one, "error", None)) for one in got] == [(a, b) for _, a, b in STATUSES]


def test_our_own_address_is_not_theirs(provider, peer):
    """`MESSAGE_REJECTED` because SES does not know our sender stops the lane and harms no message."""
    peer.statuses, peer.text = ["MESSAGE_REJECTED"], "Email address is not verified: hello@nordlys.example"

    outcomes = dict(provider.send([parcel(plain(n), n) for n in range(2)]))

    assert outcomes[parcel(plain(0), 0).attempt].error is ErrorClass.CONFIG


def test_results_that_are_missing(provider, peer):
    """An answer that does not speak of everybody leaves all of them in doubt: nobody knows whose are missing."""
    peer.missing = 1

    outcomes = dict(provider.send([parcel(plain(n), n) for n in range(5)]))

    assert {type(outcome) for outcome in outcomes.values()} == {Unknown}


def test_a_lost_answer_leaves_the_whole_call_in_doubt(provider, peer):
    """At most 50: the price of a call for many."""
    peer.will(Fault.DROP)

    outcomes = dict(provider.send([parcel(plain(n), n) for n in range(MOST)]))

    assert {type(outcome) for outcome in outcomes.values()} == {Unknown}
    assert len(peer.requests) == 1


def test_a_call_that_is_refused_as_a_whole_is_not_held_against_its_emails(provider, peer):
    """One of them was wrong, nobody says which: next time they go one by one, as they are."""
    peer.errors = {Fault.FAILED: (400, "BadRequestException")}
    peer.will(Fault.FAILED)
    parcels = [parcel(plain(n), n) for n in range(3)]

    first = dict(provider.send(parcels))
    assert {(type(one), one.error) for one in first.values()} == {(Refused, ErrorClass.TRANSIENT)}

    peer.will(Fault.NONE)
    assert {type(one) for one in dict(provider.send(parcels)).values()} == {Accepted}
    assert len(peer.raws()) == 3


@given(
    texts=st.lists(st.text(alphabet="a{}>\\\n#/ th01", max_size=12), min_size=1, max_size=5),
    mark=st.sampled_from(["\n", ">"]),
)
def test_a_template_gives_back_what_was_put_in(texts, mark):
    """Whatever braces, marks and backslashes texts have: moto's renderer gives each back as it was."""
    made, values = template(texts, mark, "h")

    assert [parse_template(made, one) for one in values] == texts
    assert made.replace("{{h", "").count("{{") == 0
