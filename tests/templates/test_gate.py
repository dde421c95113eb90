"""The legal gate: releases what is whole, names what is not, and never releases what could not be checked."""

import io
import sys
from collections.abc import Callable
from datetime import date

import pikepdf
import pypdfium2
import pytest
import zxingcpp

from templates.einvoice.gate import Finding, examine
from templates.einvoice.hybrid import embed, read_xml
from templates.einvoice.legal import whole
from templates.einvoice.schematron import GateDownError, Worker
from templates.einvoice.ubl import to_ubl
from templates.facts import pdf_text
from templates.invoice import invoice_pdf
from templates.preview import SAMPLE_BRAND
from templates.swissqr import slip_of
from tests.templates.bills import (
    GERMAN,
    LINKS,
    POSTAL,
    SWISS,
    UNTAXED,
    bill,
    credit,
    legal,
    simple,
)
from tidings.invoice import Invoice
from tidings.invoice_parts import Address, Party, TaxNote
from tidings.organisation import Brand


def made(invoice: Invoice, brand: Brand = SAMPLE_BRAND, language: str = "en") -> bytes:
    return invoice_pdf(
        invoice, brand=brand, language=language, links=LINKS, postal=POSTAL, name="Ada Lovelace"
    )


def found(invoice: Invoice, brand: Brand = SAMPLE_BRAND) -> list[Finding]:
    whole = legal(invoice, brand)
    return examine(whole, pdf=made(invoice, brand), ubl=to_ubl(whole))


@pytest.mark.parametrize(
    ("invoice", "brand"),
    [
        pytest.param(bill(), SAMPLE_BRAND, id="an invoice with allowances and two rates"),
        pytest.param(credit(), SAMPLE_BRAND, id="a credit note"),
        pytest.param(simple(category="AE", buyer=GERMAN), SAMPLE_BRAND, id="reverse charge"),
        pytest.param(simple("0.99"), UNTAXED, id="nothing taxed by a seller without a tax number"),
        pytest.param(
            simple(rate=25, currency="CHF", reference="210000000003139471430009017"),
            SWISS,
            id="a Swiss QR-bill",
        ),
        pytest.param(bill(issued_on=date(1, 1, 1)), SAMPLE_BRAND, id="an invoice of the year 1"),
    ],
)
def test_a_good_invoice_is_released(invoice: Invoice, brand: Brand) -> None:
    assert found(invoice, brand) == []


def test_a_seller_without_a_tax_number_sends_taxed_invoices_without_xml() -> None:
    whole = legal(bill(), UNTAXED)
    pdf = made(bill(), UNTAXED)
    assert read_xml(pdf) is None
    assert examine(whole, pdf=pdf, ubl=b"") == []


@pytest.mark.parametrize(
    ("invoice", "check", "rule"),
    [
        pytest.param(bill(total=1), "arithmetic", "BR-CO-15", id="a total that is not that of its lines"),
        pytest.param(simple(category="E"), "arithmetic", "BR-E-10", id="an exemption without a reason"),
        pytest.param(
            simple(category="K", buyer=GERMAN), "arithmetic", "BR-IC-11", id="a supply without a date"
        ),
        pytest.param(simple(category="AE"), "arithmetic", "BR-AE-02", id="reverse charge to nobody"),
        pytest.param(
            simple(rate=7, category="Z"), "arithmetic", "BR-Z-05", id="a rate of what is zero rated"
        ),
        pytest.param(simple(price="-1"), "arithmetic", "BR-27", id="a negative price"),
        pytest.param(
            bill(tax_currency="EUR", tax_in_tax_currency=1),
            "arithmetic",
            "R005",
            id="tax accounted in the same currency",
        ),
        pytest.param(
            simple(category="E", taxes=(TaxNote(category="E", reason_code="VATEX-NO-SUCH"),)),
            "rules",
            "BR-CL-22",
            id="a code that no list has",
        ),
    ],
)
def test_a_wrong_invoice_is_refused_by_the_rule_it_breaks(invoice: Invoice, check: str, rule: str) -> None:
    assert (check, rule) in {(one.check, one.rule) for one in found(invoice)}


def changed(change: Callable[[pikepdf.Pdf], None]) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made(bill()))) as document:
        change(document)
        document.save(out)
    return out.getvalue()


def untitled(document: pikepdf.Pdf) -> None:
    del document.Root.Metadata


def bare(document: pikepdf.Pdf) -> None:
    del document.Root.StructTreeRoot


def relabelled(document: pikepdf.Pdf) -> None:
    for name in document.attachments:
        raw = document.attachments[name].get_file().read_bytes()
        document.Root.AF[0].EF.F.write(raw.replace(b"<ram:Name>Lantern<", b"<ram:Name>Sofa<"))


@pytest.mark.parametrize(
    ("change", "check"),
    [
        pytest.param(untitled, "pdf/a-3", id="a PDF that does not say what it is"),
        pytest.param(bare, "pdf/ua", id="a PDF without a structure"),
        pytest.param(relabelled, "read-back", id="an XML that says something else"),
    ],
)
def test_a_document_that_was_changed_is_refused(change: Callable[[pikepdf.Pdf], None], check: str) -> None:
    whole = legal(bill())
    assert check in {one.check for one in examine(whole, pdf=changed(change), ubl=to_ubl(whole))}


def test_an_invoice_without_its_xml_is_refused() -> None:
    whole = legal(bill())
    pdf = embed(made(bill(), UNTAXED), None, whole, title="Invoice", language="en")
    [finding] = examine(whole, pdf=pdf, ubl=to_ubl(whole))
    assert str(finding) == "read-back: the PDF carries no invoice"


@pytest.mark.parametrize(
    "command",
    [
        pytest.param((sys.executable, "-c", "pass"), id="ends at once"),
        pytest.param(("/nowhere/at-all",), id="cannot be started"),
        pytest.param((sys.executable, "-c", "input(); input()"), id="does not answer"),
        pytest.param((sys.executable, "-c", "print('all good')"), id="answers something else"),
    ],
)
def test_nothing_is_released_while_the_rules_cannot_be_asked(command: tuple[str, ...]) -> None:
    dead = Worker(command=command, seconds=0.5)
    whole = legal(bill())
    with pytest.raises(GateDownError):
        examine(whole, pdf=made(bill()), ubl=to_ubl(whole), rules=dead)
    dead.end()


def test_a_worker_that_was_killed_is_started_again() -> None:
    rules = Worker()
    whole = legal(bill())
    assert rules.broken(to_ubl(whole), "ubl") == []
    rules.end()
    assert rules.broken(to_ubl(whole), "ubl") == []
    rules.end()


def test_the_same_invoice_has_the_same_bytes_and_says_how_it_belongs_to_its_xml() -> None:
    pdf = made(bill())
    assert pdf == made(bill())
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert str(document.Root.AF[0].AFRelationship) == "/Alternative"
        assert str(document.Root.AF[0].UF) == "factur-x.xml"
        xmp = bytes(document.Root.Metadata.read_bytes()).decode()
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in xmp
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in xmp


def test_no_stream_of_a_document_ends_like_a_line() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(made(bill()))) as document:
        document.Root.Kept = document.make_stream(b"carried\r")
        document.save(out, compress_streams=False)
    again = embed(out.getvalue(), None, legal(bill()), title="Invoice", language="en")
    assert b"\r\nendstream" not in again
    with pikepdf.open(io.BytesIO(again)) as document:
        assert document.Root.Kept.read_bytes() == b"carried\r"


def test_the_swiss_slip_is_paid_by_its_code_and_by_hand() -> None:
    pdf = made(simple(rate=25, currency="CHF", reference="210000000003139471430009017"), SWISS)
    document = pypdfium2.PdfDocument(pdf)
    last = document[len(document) - 1]
    [code] = zxingcpp.read_barcodes(last.render(scale=300 / 72).to_pil().convert("L"))
    document.close()
    fields = code.bytes.decode().split("\n")
    assert fields[:4] == ["SPC", "0200", "1", "CH4431999123000889012"]
    assert fields[4:11] == ["S", "Max Muster & Söhne", "Musterstrasse", "123", "8000", "Seldwyla", "CH"]
    assert fields[18:20] == ["12.50", "CHF"]
    assert fields[27:] == ["QRR", "210000000003139471430009017", "", "EPD"]
    assert "21 00000 00003 13947 14300 09017" in pdf_text(pdf)


def test_an_address_has_its_place_in_the_swiss_code_whatever_stands_in_it() -> None:
    there = Address(street="Weg 1", city="Bern\nX", postcode="3000\nX", country="CH")
    invoice = simple(
        currency="CHF", reference="210000000003139471430009017", buyer=Party(name="A\nB", address=there)
    )
    slip = slip_of(legal(invoice, SWISS))
    assert slip is not None
    assert len(slip.code.split("\n")) == 31


def test_an_address_without_a_postcode_is_none_that_swiss_banks_take() -> None:
    owed = simple(rate=25, currency="CHF", reference="210000000003139471430009017")
    nowhere = SWISS.address.model_copy(update={"lines": ("Musterstrasse 123", "Seldwyla")})

    slip = slip_of(whole(owed, brand=SWISS, postal={"city": "Dublin", "country": "IE"}, name="Ada"))

    assert slip is not None
    assert slip.debtor == ()
    assert slip_of(whole(owed, brand=SWISS.model_copy(update={"address": nowhere}), postal=None)) is None


@pytest.mark.parametrize("language", ["en", "nb", "sv", "pl", "pt_BR"])
def test_a_credit_note_asks_for_nothing_in_every_language(language: str) -> None:
    text = " ".join(pdf_text(made(credit(), language=language)).split())
    assert "900" in text
    assert "NO93" not in text
