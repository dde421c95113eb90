"""E-invoices: what others published goes in and comes out equal, and what we write is read back equal."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates.einvoice.cii import ROOT, from_cii, to_cii
from templates.einvoice.gate import schema_of, unlike
from templates.einvoice.schematron import worker
from templates.einvoice.syntax import parse
from templates.einvoice.ubl import PEPPOL, XRECHNUNG, from_ubl, to_ubl
from templates.einvoice.view import Read, differences, model_of
from tests.templates.bills import GERMAN, bill, credit, legal, simple
from tidings.invoice import Invoice, Line
from tidings.invoice_parts import Address, Allowance, Delivery, Identifier, Note, Party, Payment
from tidings.problem import Problem

EXAMPLES = sorted((Path(__file__).parent / "einvoices").glob("*/*.xml"))
GOOD = [path for path in EXAMPLES if path.name != "ubl-tc434-example3.xml"]
Reading = Callable[[Any], Read]
SYNTAXES = [
    pytest.param(to_cii, from_cii, id="as CII"),
    pytest.param(to_ubl, from_ubl, id="as UBL"),
]


def read(path: Path) -> tuple[Invoice, Read, bool]:
    root = parse(path.read_bytes())
    cii = root.tag == ROOT
    found = (from_cii if cii else from_ubl)(root)
    return model_of(found), found, cii


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_published_invoice_goes_in_and_comes_out_equal(path: Path) -> None:
    invoice, found, cii = read(path)
    assert differences(invoice, found) == []

    written = to_cii(invoice) if cii else to_ubl(invoice)
    again = (from_cii if cii else from_ubl)(parse(written))

    assert model_of(again) == invoice
    assert schema_of("cii" if cii else "ubl-credit" if invoice.is_credit else "ubl").validate(parse(written))


@pytest.mark.parametrize(
    "path", [path for path in GOOD if "xrechnung" in str(path)], ids=lambda path: path.stem
)
def test_a_published_invoice_is_the_same_in_the_other_syntax(path: Path) -> None:
    invoice, _, cii = read(path)
    other = from_ubl(parse(to_ubl(invoice))) if cii else from_cii(parse(to_cii(invoice)))
    back = model_of(other)
    assert back.model_copy(update={"customer": invoice.customer}) == invoice


def test_what_we_write_of_published_invoices_keeps_the_rules_of_cen() -> None:
    for path in [path for path in GOOD if "01.0" in path.name]:
        invoice, _, cii = read(path)
        xml = to_cii(invoice) if cii else to_ubl(invoice)
        assert worker().broken(xml, "cii" if cii else "ubl") == [], path.name


def test_a_published_invoice_that_does_not_add_up_is_refused() -> None:
    invoice, found, _ = read(EXAMPLES[[path.stem for path in EXAMPLES].index("ubl-tc434-example3")])
    assert "lines.0.amount: 800.00 is not the 1600.00 DKK that the lines come to" in differences(
        invoice, found
    )


@pytest.mark.parametrize(("write", "reader"), SYNTAXES)
@pytest.mark.parametrize(
    "invoice",
    [
        pytest.param(bill(), id="two rates with allowances"),
        pytest.param(credit(), id="a credit note"),
        pytest.param(simple(category="AE", buyer=GERMAN), id="reverse charge"),
        pytest.param(simple(category="G"), id="an export"),
        pytest.param(simple("0.99"), id="nothing taxed"),
        pytest.param(simple(quantity=-2, rate=25), id="a negative quantity"),
        pytest.param(
            simple(rate=25, tax_currency="NOK", tax_in_tax_currency=Decimal("29.10")),
            id="tax in another currency",
        ),
        pytest.param(simple(rate=25, rounding=Decimal("0.50")), id="a rounded amount"),
        pytest.param(
            simple(rate=25, note="First\nsecond", notes=(Note(text="of law", subject="REG"),)),
            id="notes of several lines",
        ),
        pytest.param(
            simple(
                rate=25,
                creditor_id="DE98ZZZ09999999999",
                mandate="M-1",
                payment=(Payment(means="59", debited="DE02120300000000202051"),),
            ),
            id="a direct debit",
        ),
        pytest.param(
            simple(
                rate=25,
                delivery=Delivery(
                    name="Hut",
                    id=Identifier(id="7300010000001", scheme="0088"),
                    on=date(2026, 11, 1),
                    address=Address(city="Lom", country="NO"),
                ),
                payee=Party(name="Factoring AS", legal_id=Identifier(id="974760673", scheme="0192")),
                buyer_reference="04011000-12345-03",
                contract="K-9",
                project="P-1",
                tender="T-3",
                sales_order="SO-4",
                order="",
            ),
            id="references of every kind",
        ),
    ],
)
def test_what_is_written_is_read_back_equal(invoice: Invoice, write: Any, reader: Reading) -> None:
    sent = legal(invoice)
    found = reader(parse(write(sent)))
    back = model_of(found)
    assert differences(back, found) == []
    assert unlike(sent, back) == []


amounts = st.decimals(min_value=-9999, max_value=9999, places=2)
rates = st.sampled_from([Decimal(0), Decimal(7), Decimal("5.5"), Decimal(25)])
texts = st.text(min_size=1, max_size=40).filter(lambda text: text.strip() and "\0" not in text)
lines = st.builds(
    Line,
    description=texts.filter(lambda text: text.isprintable()),
    quantity=amounts,
    unit_price=st.decimals(min_value=0, max_value=9999, places=4),
    tax_rate=rates,
    price_quantity=st.sampled_from([Decimal(1), Decimal(12), Decimal(1000)]),
    allowances=st.lists(
        st.builds(Allowance, amount=st.decimals(min_value=0, max_value=99, places=2), charge=st.booleans()),
        max_size=2,
    ).map(tuple),
)


@given(st.lists(lines, min_size=1, max_size=6).map(tuple), amounts, st.booleans())
def test_any_invoice_adds_up_and_is_read_back_equal_from_both(
    items: tuple[Line, ...], prepaid: Decimal, is_credit: bool
) -> None:
    sent = legal(bill(lines=items, prepaid=prepaid, type_code="381" if is_credit else "380"))
    assert sum((group.base for group in sent.groups), Decimal(0)) == sent.net
    assert sent.due == sent.gross - sent.prepaid
    for xml, reader in ((to_cii(sent), from_cii), (to_ubl(sent), from_ubl)):
        assert unlike(sent, model_of(reader(parse(xml)))) == []


BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(BOMB, "document type", id="entities that grow"),
        pytest.param(
            b"""<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><x>&f;</x>""",
            "document type",
            id="a file",
        ),
        pytest.param(
            b"""<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><x/>""", "document type", id="an address"
        ),
        pytest.param(b"<x>", "well-formed", id="a tag that is never closed"),
        pytest.param(b"<a>" * 100_000, "well-formed", id="no end of depth"),
        pytest.param(b"\xff\xfe\x00", "well-formed", id="noise"),
    ],
)
def test_hostile_xml_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(Problem, match=says):
        parse(content)


def test_a_value_that_cannot_be_read_is_named_with_its_field() -> None:
    xml = to_ubl(legal(bill())).replace(b">3.4567<", b">much<")
    with pytest.raises(ValueError, match=r"lines\.1\.unit_price: 'much' is not a number"):
        from_ubl(parse(xml))


def test_the_separate_file_says_the_strictest_rules_that_it_keeps() -> None:
    """Peppol delivers to no mailbox (`EM`), an authority reads XRechnung in one."""
    mailbox = Identifier(id="a@b.example", scheme="EM")
    registered = Identifier(id="987654325", scheme="0192")
    parties = (legal(bill()).seller, legal(bill()).buyer)
    both = [party and party.model_copy(update={"endpoint": registered}) for party in parties]
    german = GERMAN.model_copy(update={"endpoint": mailbox})
    assert PEPPOL.encode() in to_ubl(legal(bill(seller=both[0], buyer=both[1])))
    assert XRECHNUNG.encode() in to_ubl(legal(bill(buyer=german, buyer_reference="04011000-12345-03")))
    assert b"compliant" not in to_ubl(legal(bill()))
    assert b"compliant" not in to_ubl(legal(bill(seller=both[0])))
