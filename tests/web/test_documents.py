"""`/d/`: an invoice behind a signed link."""

from tests.town import settle
from tests.web.letters import MESSAGE, bill, send
from work.archive import archived_path, keep


def url(door, customer):
    return door.links.for_message(MESSAGE, customer, "invoice", ())["document"]


def test_the_page_shows_what_is_due_and_its_items_as_text(door, engine):
    [ada] = settle(engine, language="nb")
    send(engine, ada, purpose="invoice", invoice=bill())

    page = door.client.get(url(door, ada))

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
    [ada] = settle(engine)
    digest = keep(door.installation.archive, b"%PDF-1.7 exactly this")
    send(engine, ada, purpose="invoice", invoice=bill("A/1 <x>", pdf_hash=digest))

    page = door.client.get(url(door, ada))
    document = door.client.get(f"{url(door, ada)}/A-1-x.pdf")

    assert "/A-1-x.pdf" in page.text
    assert document.content == b"%PDF-1.7 exactly this"
    assert document.headers["content-type"] == "application/pdf"
    assert document.headers["cache-control"] == "no-store"


def test_a_pdf_that_the_archive_lost_is_a_friendly_404_and_the_page_still_tells_the_sum(door, engine):
    [ada] = settle(engine)
    digest = keep(door.installation.archive, b"%PDF")
    archived_path(door.installation.archive, digest).unlink()
    send(engine, ada, purpose="invoice", invoice=bill(pdf_hash=digest))

    assert door.client.get(url(door, ada)).status_code == 200
    assert ".pdf" not in door.client.get(url(door, ada)).text
    assert door.client.get(f"{url(door, ada)}/x.pdf").status_code == 404


def test_a_name_cannot_leave_the_header_or_the_archive(door, engine):
    [ada] = settle(engine)
    digest = keep(door.installation.archive, b"%PDF")
    send(engine, ada, purpose="invoice", invoice=bill(pdf_hash=digest))

    for name in ("%0d%0aX-Evil:1", "%22;x=%22", "..%2f..%2fkey", "a" * 300):
        assert door.client.get(f"{url(door, ada)}/{name}.pdf").status_code == 404


def test_a_message_without_a_document_has_no_page(door, engine):
    [ada] = settle(engine)
    send(engine, ada)

    assert door.client.get(url(door, ada)).status_code == 404
