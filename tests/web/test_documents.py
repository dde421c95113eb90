"""`/d/`: an invoice behind a signed link and a second factor."""

import io

import pikepdf
import pytest

from tests.town import settle
from tests.web.letters import MESSAGE, bill, send
from tests.web.post import code_in, post_office
from work.archive import archived_path, keep

ACCOUNTS = {
    "NOK": {"iban": "NO9386011117947"},
    "EUR": {"iban": "DE89370400440532013000", "holder": "Nordlys"},
}


def url(door, customer, when=None):
    return door.links.for_message(MESSAGE, customer, "invoice", (), issued_at=when or door.clock.now)[
        "document"
    ]


def enter(door, customer, answer="0155"):
    return door.client.post(url(door, customer), data={"answer": answer})


def test_the_page_shows_what_is_due_and_its_items_as_text(door, engine):
    [ada] = settle(engine, language="nb", channels=("email", "letter"))
    send(engine, ada, purpose="invoice", invoice=bill())

    page = enter(door, ada)

    assert page.status_code == 200
    for shown in (
        "Faktura 2026-1",
        "250,00",
        "31. mars 2026",
        "NO9386011117947",
        "1234567",
        "Rose &lt;b&gt;&amp; thorn",
    ):
        assert shown in page.text.replace("\xa0", " "), shown
    assert door.ask("SELECT kind, detail ->> 'link', purpose FROM touchpoints") == [
        ("clicked", "document", "invoice")
    ]


def test_the_pdf_is_exactly_what_is_in_the_archive(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    digest = keep(door.installation.archive, b"%PDF-1.7 exactly this")
    send(engine, ada, purpose="invoice", invoice=bill("A/1 <x>", pdf_hash=digest))

    page = enter(door, ada)
    document = door.client.get(f"{url(door, ada)}/A-1-x.pdf")

    assert "/A-1-x.pdf" in page.text
    assert document.content == b"%PDF-1.7 exactly this"
    assert document.headers["content-type"] == "application/pdf"
    assert document.headers["cache-control"] == "no-store"


def test_a_pdf_that_the_archive_lost_is_a_friendly_404_and_the_page_still_tells_the_sum(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    digest = keep(door.installation.archive, b"%PDF")
    archived_path(door.installation.archive, digest).unlink()
    send(engine, ada, purpose="invoice", invoice=bill(pdf_hash=digest))

    assert enter(door, ada).status_code == 200
    assert ".pdf" not in door.client.get(url(door, ada)).text
    assert door.client.get(f"{url(door, ada)}/x.pdf").status_code == 404


def test_a_name_cannot_leave_the_header_or_the_archive(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    digest = keep(door.installation.archive, b"%PDF")
    send(engine, ada, purpose="invoice", invoice=bill(pdf_hash=digest))
    enter(door, ada)

    for name in ("%0d%0aX-Evil:1", "%22;x=%22", "..%2f..%2fkey", "a" * 300):
        assert door.client.get(f"{url(door, ada)}/{name}.pdf").status_code == 404


def test_a_message_without_a_document_has_no_page(door, engine):
    [ada] = settle(engine)
    send(engine, ada)

    assert door.client.get(url(door, ada)).status_code == 404


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param("0155", 200, id="the postcode"),
        pytest.param(" 01 55 ", 200, id="the postcode with blanks"),
        pytest.param("4821", 200, id="the last four digits of the customer number"),
        pytest.param("0156", 403, id="another postcode"),
        pytest.param("", 403, id="nothing"),
        pytest.param("204821", 403, id="the whole number, which a bill may show"),
        pytest.param("\u0660\u0661\u0665\u0665" + "x" * 4000, 403, id="digits of another script"),
    ],
)
def test_only_who_knows_the_customer_sees_the_invoice(door, engine, answer, status):
    [ada] = settle(engine, channels=("email", "letter"))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customer_references SET reference = 'K-204821'")
    send(engine, ada, purpose="invoice", invoice=bill(pdf_hash=keep(door.installation.archive, b"%PDF")))

    before = door.client.get(url(door, ada))
    assert "250" not in before.text
    assert "2026-1" not in before.text, "not even the number"
    assert b"%PDF" not in door.client.get(f"{url(door, ada)}/2026-1.pdf").content
    assert enter(door, ada, answer).status_code == status
    assert ("2026-1" in door.client.get(url(door, ada)).text) is (status == 200)


@pytest.mark.parametrize("part", ["", "/addresses", "/data", "/history"])
def test_no_page_behind_the_other_link_of_the_message_says_what_opens_the_invoice(door, engine, part):
    [ada] = settle(engine, channels=("email", "letter"))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE customer_references SET reference = 'K-204821'")
    other = door.links.for_message(MESSAGE, ada, "offer", (), issued_at=door.clock.now)["preferences"]

    page = door.client.get(f"{other}{part}")

    assert page.status_code == 200
    assert [word for word in ("4821", "0155") if word in page.text] == []


def test_a_postcode_that_was_written_on_the_page_of_a_link_opens_nothing(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    send(engine, ada, purpose="invoice", invoice=bill())
    door.client.post(
        f"{door.form(ada)}/addresses", data={"street": "Vei 1", "postal_code": "5003", "city": "Bergen"}
    )

    assert door.ask("SELECT count(*) FROM addresses WHERE channel = 'letter'") == [(2,)]
    assert enter(door, ada, "5003").status_code == 403
    assert enter(door, ada, "0155").status_code == 200


def test_five_wrong_answers_an_hour_are_enough_and_then_the_right_one_does_not_help_either(
    door, engine, clock
):
    [ada] = settle(engine, channels=("email", "letter"))
    send(engine, ada, purpose="invoice", invoice=bill())

    assert [enter(door, ada, "9999").status_code for _ in range(6)] == [403] * 5 + [429]
    assert enter(door, ada).status_code == 429
    clock.on(minutes=61)
    assert enter(door, ada).status_code == 200


def test_a_proof_is_for_one_invoice_one_browser_and_half_an_hour(door, engine, clock):
    [ada] = settle(engine, channels=("email", "letter"))
    send(engine, ada, purpose="invoice", invoice=bill())

    cookie = door.client.post(url(door, ada), data={"answer": "0155"}, follow_redirects=False).headers[
        "set-cookie"
    ]
    assert {"httponly", "samesite=strict"} <= {part.strip().lower() for part in cookie.split(";")}
    assert f"Path={url(door, ada).removeprefix(door.installation.settings.public_url)};" in cookie
    assert "2026-1" in door.client.get(url(door, ada)).text
    clock.on(minutes=31)
    assert "2026-1" not in door.client.get(url(door, ada)).text
    forged = {"Cookie": f"proof=9999999999:document:{MESSAGE}"}
    door.client.cookies.clear()
    assert "2026-1" not in door.client.get(url(door, ada), headers=forged).text


def test_a_code_that_is_sent_opens_it_too_and_only_once(door, engine):
    [ada] = settle(engine)
    send(engine, ada, purpose="invoice", invoice=bill())
    number = door.ask("SELECT id FROM addresses")[0][0]

    page = door.client.post(url(door, ada), data={"send": str(number)})
    assert "c•••@example.org" in page.text
    [mail] = post_office(door)
    code = code_in(mail)

    assert enter(door, ada, code).status_code == 200
    door.client.cookies.clear()
    assert enter(door, ada, code).status_code == 403


def test_a_link_that_is_over_sends_a_new_one(door, engine, clock):
    [ada] = settle(engine, channels=("email", "letter"))
    send(engine, ada, purpose="invoice", invoice=bill())
    old = url(door, ada)
    clock.on(days=15)

    assert door.client.get(old).status_code == 410
    assert door.client.post(old, data={"answer": "0155"}).status_code == 410
    number = door.ask("SELECT id FROM addresses WHERE channel = 'email'")[0][0]
    assert "on its way" in door.client.post(old, data={"send": str(number)}).text
    [mail] = post_office(door)
    assert url(door, ada) in mail["text"]


def test_the_xml_in_the_pdf_and_a_payment_code_where_there_is_a_standard(door, engine):
    organisation = door.installation.organisation
    brand = organisation.brands[0].model_copy(
        update={"accounts": type(organisation.brands[0]).model_validate(
            {**organisation.brands[0].model_dump(), "accounts": ACCOUNTS}).accounts}
    )  # fmt: skip
    object.__setattr__(
        door.installation, "organisation", organisation.model_copy(update={"brands": (brand,)})
    )
    [ada] = settle(engine, channels=("email", "letter"))
    pdf, out = pikepdf.new(), io.BytesIO()
    pdf.add_blank_page()
    pdf.attachments["factur-x.xml"] = b"<Invoice/>"
    pdf.save(out)
    invoice = bill(pdf_hash=keep(door.installation.archive, out.getvalue()))
    invoice = {**invoice, "currency": "EUR", "document": {**invoice["document"], "currency": "EUR"}}
    send(engine, ada, purpose="invoice", invoice=invoice)

    page = enter(door, ada)

    assert 'alt="Payment code"' in page.text
    assert "data:image/png" in page.text
    xml = door.client.get(f"{url(door, ada)}/2026-1.xml")
    assert (xml.content, xml.headers["content-type"]) == (b"<Invoice/>", "application/xml")
