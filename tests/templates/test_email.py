"""Python's own parser reads what we write: each header and part comes back as it was meant, whatever the data."""

import base64
import time
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, compat32

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from templates.catalog import Template
from templates.facts import html_text
from templates.headers import encoded_words, mailbox, unstructured, wire_address
from templates.preview import SAMPLE_BRAND
from templates.render import Subject, render
from templates.safe import clean
from tests.templates.conftest import Make
from tidings.channel import Channel
from tidings.message import Email
from tidings.problem import Problem

EXPECTED = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Reply-To",
    "List-ID",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Feedback-ID",
    "X-Tidings-Message",
    "MIME-Version",
    "Content-Type",
]
HOSTILE = [
    pytest.param("=?utf-8?q?x=0D=0ABcc=3Aevil@example.com?=", id="an encoded word with a line end in it"),
    pytest.param("Ada\r\nBcc: evil@example.com", id="a line end"),
    pytest.param("Ada\nBcc: evil@example.com\n\nbody", id="a bare line feed"),
    pytest.param("Ada\u2028Bcc: x", id="a line separator"),
    pytest.param('"Ada" <evil@example.com>', id="an address in the name"),
    pytest.param("Ada (comment), Bob <b@example.com>", id="two mailboxes"),
    pytest.param("{{7*7}} {% for x in y %}", id="Jinja"),
    pytest.param("<script>alert(1)</script>", id="HTML"),
    pytest.param("[x](javascript:alert(1)) **b** | c", id="Markdown"),
    pytest.param("Łukasz 李 Øyvind 😀" * 12, id="many bytes"),
    pytest.param("A" * 400, id="one long word"),
    pytest.param("jnjqe0z <!--jnjqs1z-->", id="our own marks"),
]


def parsed(content: object) -> EmailMessage:
    assert isinstance(content, Email)
    message = message_from_bytes(content.raw, policy=SMTP)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_a_name(make: Make, offer: Template, name: str) -> None:
    subject = make(offer, data={"customer": {"first_name": name, "last_name": ""}})
    content = render(offer, Channel.EMAIL, subject)
    message = parsed(content)
    assert isinstance(content, Email)
    assert message.keys() == EXPECTED
    assert not message.defects
    assert all(not defects.defects for defects in message.walk())
    [to] = message["To"].addresses
    assert to.addr_spec == subject.to
    assert max(map(len, content.raw.split(b"\r\n"))) <= 998
    assert content.raw.count(b"\n") == content.raw.count(b"\r\n")
    shown = " ".join(name.replace("\r\n", " ").replace("\u2028", " ").split())
    assert shown in " ".join(html_text(part(message, "html")).split())
    assert shown in " ".join(part(message, "plain").split())
    assert "<script>" not in part(message, "html")


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=120),
    st.sampled_from(["a@example.org", "long.address.of.a.person@subdomain.example.org"]),
)
@example("=?utf-8?b?Qg==?=", "a@example.org")
@example("  a  b  ", "a@example.org")
def test_a_display_name_comes_back_as_it_was(name: str, address: str) -> None:
    field = mailbox(name, address)
    message = message_from_bytes(f"To: {field}\r\n\r\n".encode(), policy=SMTP)
    [found] = message["To"].addresses
    assert found.addr_spec == address
    # Python 3.11 keeps the space between two encoded words of a name, which RFC 2047 drops.
    assert "".join(str(found.display_name).split()) == "".join(clean(name).split())
    assert message.keys() == ["To"]
    assert all(len(line) <= 78 for line in f"To: {field}".split("\r\n"))


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp", "Cf"]), max_size=300))
@example("=?utf-8?q?x?= and more")
@example("a" * 100)
def test_a_subject_comes_back_as_it_was(text: str) -> None:
    field = unstructured(text)
    message = message_from_bytes(f"Subject: {field}\r\n\r\n".encode(), policy=SMTP)
    assert " ".join(str(message["Subject"]).split()) == " ".join(text.split())
    assert all(len(line) <= 78 for line in f"Subject: {field}".split("\r\n"))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_no_character_is_split_between_encoded_words(text: str) -> None:
    for word in encoded_words(text).split("\r\n "):
        base64.b64decode(word.removeprefix("=?utf-8?b?").removesuffix("?=")).decode("utf-8")
        assert len(word) <= 75


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        pytest.param("ada@example.org", "ada@example.org", id="plain"),
        pytest.param(
            "ada@bücher.example", "ada@xn--bcher-kva.example", id="a domain beyond ASCII is put in ASCII"
        ),
        pytest.param(
            "józef@poczta.example", "józef@poczta.example", id="a local part beyond ASCII stays (SMTPUTF8)"
        ),
    ],
)
def test_addresses_go_over_the_wire(make: Make, offer: Template, address: str, wire: str) -> None:
    content = render(offer, Channel.EMAIL, make(offer, to=address))
    assert isinstance(content, Email)
    assert content.to == wire
    [to] = parsed(content)["To"].addresses
    # Python's parser keeps bytes beyond ASCII as escapes; RFC 6532 says that they are UTF-8.
    assert to.addr_spec.encode("utf-8", "surrogateescape").decode() == wire


@pytest.mark.parametrize(
    "address",
    ["", "ada", "@example.org", "a b@example.org", "a@b\r\nBcc: c@d", "a,b@c.example", "<a@b.example>"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Problem):
        wire_address(address)


def test_headers_of_marketing(make: Make, offer: Template) -> None:
    content = render(offer, Channel.EMAIL, make(offer))
    assert isinstance(content, Email)
    message = parsed(content)
    assert message["List-Unsubscribe"] == "<https://t.nordlys.example/u/AbCdEfGhIjKlMnOpQr>"
    assert b"\r\nList-Unsubscribe: <https://t.nordlys.example/u/AbCdEfGhIjKlMnOpQr>\r\n" in content.raw
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["Feedback-ID"] == "offer-autumn:offer:nordlys:tidings"
    assert message["Message-ID"] == "<019aa5e0-7c00-7000-8000-00000000a001.K7Q4MT@nordlys.example>"
    assert message["Date"] == "Sat, 21 Nov 2026 09:00:00 +0000"
    assert message["Reply-To"] == "hei@nordlys.example"
    assert message["From"].addresses == (Address("Nordlys", "hei", "nordlys.example"),)
    assert message["Auto-Submitted"] is None


def test_headers_of_an_invoice(make: Make, invoice: Template) -> None:
    message = parsed(
        render(invoice, Channel.EMAIL, make(invoice, "nb"), documents={"invoice": b"%PDF-1.7 x"})
    )
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] is None
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "Faktura-2026-10417.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content() == b"%PDF-1.7 x"


def test_the_name_of_an_attachment_cannot_leave_its_folder(make: Make, invoice: Template) -> None:
    data = {"invoice": {**invoice.sample["invoice"], "number": '../../etc/"x\r\ny'}}
    message = parsed(render(invoice, Channel.EMAIL, make(invoice, data=data), documents={"invoice": b"%PDF"}))
    [attached] = message.iter_attachments()
    assert attached.get_filename() == "Invoice-..-..-etc-x-y.pdf"


def test_pictures_travel_with_the_mail_and_are_all_there(make: Make, offer: Template) -> None:
    message = parsed(render(offer, Channel.EMAIL, make(offer)))
    ids = [str(found["Content-ID"]).strip("<>") for found in message.walk() if found["Content-ID"]]
    assert ids == ["lanterns.png@nordlys"]
    assert "cid:lanterns.png@nordlys" in part(message, "html")
    [picture] = [found for found in message.walk() if found.get_content_type() == "image/png"]
    assert picture.get_content() == (offer.assets / "lanterns.png").read_bytes()


def test_the_page_has_its_css_inline_its_language_and_a_dark_mode(make: Make, offer: Template) -> None:
    page = part(parsed(render(offer, Channel.EMAIL, make(offer, "pt_BR"))), "html")
    assert '<html lang="pt-BR" dir="ltr"' in page
    assert "prefers-color-scheme: dark" in page
    assert page.count("<style>") == 1
    assert 'style="' in page
    assert 'class="quiet"' in page


def test_the_same_message_has_the_same_bytes(make: Make, offer: Template) -> None:
    first, second = (render(offer, Channel.EMAIL, make(offer)) for _ in range(2))
    assert first == second


def test_a_link_that_is_no_web_address_is_refused(make: Make, offer: Template) -> None:
    with pytest.raises(Problem, match="link action"):
        render(offer, Channel.EMAIL, make(offer, links={"action": "javascript:alert(1)"}))


def test_without_measured_links_the_mail_goes_straight_to_the_target(make: Make, offer: Template) -> None:
    page = part(parsed(render(offer, Channel.EMAIL, make(offer, links={}, data={"code": "A&B/ø"}))), "html")
    assert 'href="https://nordlys.example/autumn?code=A%26B%2F%C3%B8"' in page


def test_a_few_hundred_mails_take_a_second_of_cpu_at_most(make: Make, offer: Template) -> None:
    render(offer, Channel.EMAIL, make(offer))
    started = time.process_time()
    for number in range(200):
        render(offer, Channel.EMAIL, make(offer, to=f"customer{number}@example.org"))
    assert time.process_time() - started < 1


def test_another_brand_has_its_own_look_and_sender(make: Make, offer: Template) -> None:
    brand = SAMPLE_BRAND.model_copy(update={"id": "lumen", "name": "Lumen & Co <b>", "accent": "#ffd400"})
    page = part(parsed(render(offer, Channel.EMAIL, make(offer, brand=brand))), "html")
    assert "Lumen &amp; Co &lt;b&gt;" in page
    assert "#ffd400" in page
    assert isinstance(make(offer, brand=brand), Subject)


def test_reading_with_the_old_policy_finds_the_same_fields(make: Make, offer: Template) -> None:
    content = render(offer, Channel.EMAIL, make(offer))
    assert isinstance(content, Email)
    assert message_from_bytes(content.raw, policy=compat32).keys() == EXPECTED
