"""Billing files beyond a simple list: XML of any kind, full documents, control sums, gapless numbers, references."""

import io
import json
import re
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from templates.einvoice.cii import to_cii
from templates.einvoice.ubl import to_ubl
from templates.preview import SAMPLE_BRAND
from tests.templates.bills import bill, credit, legal
from tests.work.test_bills import GOOD
from tidings.organisation import Account
from tidings.problem import Problem
from work.bills import BillMapping, check_bills, read_bills, read_mapping
from work.invoicing import with_reference
from work.numbers import gaps
from work.totals import check_control

EXAMPLES = Path(__file__).parents[1] / "templates" / "einvoices"


def files(tmp_path: Path, **contents: bytes) -> Path:
    for name, content in contents.items():
        (tmp_path / f"{name}.xml").write_bytes(content)
    return tmp_path


def test_a_folder_of_xml_is_read_one_invoice_a_file(tmp_path: Path) -> None:
    folder = files(
        tmp_path,
        a=to_ubl(legal(bill(number="1"))),
        b=to_cii(legal(credit(number="2"))),
        c=b"<x/>",
        d=to_ubl(legal(bill(number="4"))).replace(b">34.43<", b">34.44<").replace(b">36.43<", b">36.44<"),
    )
    documents, digest = read_bills(folder, BillMapping())
    assert [(one.number, one.reason) for one in documents] == [
        ("1", ""),
        ("2", ""),
        ("", "wrong_document"),
        ("4", "wrong_total"),
    ]
    assert documents[0].invoice is not None
    assert documents[0].invoice.customer == "7"
    assert "c.xml" in documents[2].detail
    assert "36.44" in documents[3].detail
    assert digest == read_bills(folder, BillMapping())[1]


def changed(xml: bytes, old: bytes, new: bytes) -> bytes:
    assert old in xml
    return xml.replace(old, new, 1)


LINE = (
    b"<cac:InvoiceLine><cac:Item><cbc:Name>x</cbc:Name></cac:Item>"
    b"<cac:Price><cbc:PriceAmount>1</cbc:PriceAmount></cac:Price></cac:InvoiceLine>"
)
UBL, CII = to_ubl(legal(bill())), to_cii(legal(bill()))


@pytest.mark.parametrize(
    ("xml", "says"),
    [
        pytest.param(
            changed(
                UBL,
                b"</cbc:DocumentCurrencyCode>",
                b"</cbc:DocumentCurrencyCode><cbc:CopyIndicator>true</cbc:CopyIndicator>",
            ),
            "cbc:CopyIndicator: 'true' has no place",
            id="a copy",
        ),
        pytest.param(
            changed(
                UBL,
                b"</cac:InvoiceLine>",
                b"<cac:SubInvoiceLine><cbc:ID>1.1</cbc:ID></cac:SubInvoiceLine></cac:InvoiceLine>",
            ),
            "cac:InvoiceLine/cac:SubInvoiceLine/cbc:ID: '1.1' has no place",
            id="a line inside of a line",
        ),
        pytest.param(
            changed(
                UBL,
                b"<cac:TaxTotal>",
                b"<cac:PaymentTerms><cbc:Note>30 days</cbc:Note></cac:PaymentTerms>"
                b"<cac:PaymentTerms><cbc:Note>2 % off</cbc:Note></cac:PaymentTerms><cac:TaxTotal>",
            ),
            "cac:PaymentTerms/cbc:Note: '2 % off' has no place",
            id="a second one of what there is once",
        ),
        pytest.param(
            changed(
                UBL,
                b'<cbc:LineExtensionAmount currencyID="EUR"',
                b'<cbc:LineExtensionAmount currencyID="SEK"',
            ),
            "cbc:LineExtensionAmount",
            id="an amount in another currency",
        ),
        pytest.param(changed(UBL, b">380<", b"><"), "", id="a type that is left out is that of an invoice"),
        pytest.param(
            changed(
                CII,
                b"<ram:TypeCode>380</ram:TypeCode>",
                b"<ram:Name>COPY</ram:Name><ram:TypeCode>380</ram:TypeCode>",
            ),
            "rsm:ExchangedDocument/ram:Name: 'COPY' has no place",
            id="a name of the document",
        ),
        pytest.param(
            changed(CII, b">20261121<", b">202611<"),
            "'202611' is not a day; write YYYYMMDD",
            id="a month for a day",
        ),
        pytest.param(
            changed(UBL, f">{bill().lines[0].description}<".encode(), b"> <"),
            "lines.0.description: it is missing (cac:InvoiceLine/cac:Item/cbc:Name)",
            id="an item without a name",
        ),
        pytest.param(
            changed(
                UBL,
                b"<cbc:ID>",
                b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="/etc/passwd"/><cbc:ID>',
            ),
            "?:include",
            id="a file that wants to be included",
        ),
        pytest.param(
            changed(UBL, b">3.4567<", b">3_4567<"), "is not a number", id="a number as programs write it"
        ),
        pytest.param(
            re.sub(rb"(<ram:LineTotalAmount>)[\d.]+", rb"\g<1>1e999999999", CII),
            "'1e999999999' is not a number",
            id="an amount beyond any number",
        ),
        pytest.param(
            changed(UBL, b"</cac:InvoiceLine>", b"</cac:InvoiceLine>" + LINE * 2000),
            "of them, 2000 go; split the document",
            id="more lines than a letter holds",
        ),
        pytest.param(
            changed(UBL, b">1001<", b">" + b"7" * 10_000_001 + b"<"),
            "more than 10,000,000 characters",
            id="an endless text",
        ),
        pytest.param(
            UBL.decode().replace("UTF-8", "UTF-16BE", 1).encode("utf-16-be"),
            "",
            id="two bytes a letter, unmarked",
        ),
        pytest.param(
            b"\x4c\x6f\xa7\x94" * 9, "is not well-formed XML", id="EBCDIC, which is no table either"
        ),
    ],
)
def test_what_an_invoice_of_ours_cannot_say_is_refused_by_element_and_value(
    xml: bytes, says: str, tmp_path: Path
) -> None:
    folder = files(tmp_path, a=xml)
    [document], _ = read_bills(folder, BillMapping())
    assert says in document.detail
    assert bool(document.reason) == bool(says)
    assert ("a.xml" in document.detail) == bool(says)


def test_what_the_mapping_ignores_is_left_out(tmp_path: Path) -> None:
    copy = b"</cbc:DocumentCurrencyCode><cbc:CopyIndicator>true</cbc:CopyIndicator>"
    folder = files(tmp_path, a=changed(UBL, b"</cbc:DocumentCurrencyCode>", copy))
    plain, known = BillMapping(), BillMapping(ignored=("cbc:CopyIndicator",))
    [document], digest = read_bills(folder, known)
    assert document.reason == "", document.detail
    assert digest != read_bills(folder, plain)[1]


def test_a_file_without_a_due_date_is_due_as_the_mapping_says(tmp_path: Path) -> None:
    """Terms in words are all that it says: no day is made up for machines."""
    path = EXAMPLES / "xrechnung" / "01.01a-INVOICE_ubl.xml"
    [document], _ = read_bills(path, BillMapping())
    [told], _ = read_bills(path, BillMapping(constants={"terms": "P30D"}))
    assert document.invoice is not None
    assert told.invoice is not None
    assert b"DueDate" not in to_ubl(document.invoice)
    assert (told.invoice.due_on - told.invoice.issued_on).days == 30


def test_an_archive_is_read_as_a_folder(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("in/one.xml", to_ubl(legal(bill())))
    (tmp_path / "bills.zip").write_bytes(held.getvalue())
    [document], _ = read_bills(tmp_path / "bills.zip", BillMapping())
    assert document.reason == ""


def test_the_customer_of_an_xml_invoice_is_the_field_that_the_mapping_names(tmp_path: Path) -> None:
    path = EXAMPLES / "xrechnung" / "01.01a-INVOICE_ubl.xml"
    [document], _ = read_bills(
        path, BillMapping(columns={"customer": "buyer_reference"}, constants={"source": "erp"})
    )
    assert document.invoice is not None
    assert (document.invoice.customer, document.invoice.source) == ("04011000-12345-03", "erp")


def test_a_json_document_may_say_everything(tmp_path: Path) -> None:
    full = bill().model_dump(mode="json")
    [document] = check_bills([(1, full)], BillMapping())
    assert document.invoice == bill()


def test_what_others_put_into_a_document_stays_theirs() -> None:
    line = {**GOOD["lines"][0], "unit": "bunch", "id": 7, "period": "March"}
    [document] = check_bills(
        [(1, {**GOOD, "payment": "card", "colour": "red", "lines": [line]})], BillMapping()
    )
    assert document.invoice is not None
    assert (document.invoice.payment, document.invoice.lines[0].unit) == ((), "C62")


def test_a_wrong_cell_is_named_with_its_column(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text(
        "Nr,Kunde,Dato,Forfall,Valuta,Sum,Tekst,Pris\n1,C1,2026-03-01,2026-03-31,NOK,10,Spade,ten\n",
        encoding="utf-8",
    )
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        '[columns]\nnumber="Nr"\ncustomer="Kunde"\nissued_on="Dato"\ndue_on="Forfall"\ncurrency="Valuta"\ntotal="Sum"\n'
        '"line.description"="Tekst"\n"line.unit_price"="Pris"\n',
        encoding="utf-8",
    )
    [document], _ = read_bills(path, read_mapping(mapping))
    assert document.detail == "line.unit_price: 'ten' is not a number (column 'Pris')"


@pytest.mark.parametrize(
    ("head", "says"),
    [
        pytest.param(
            "number,customer,total", "issued_on: there is no 'issued_on'; say in --mapping", id="a day"
        ),
        pytest.param("number,issued_on,due_on", "total: there is no 'total'; say in --mapping", id="a total"),
    ],
)
def test_a_column_that_is_not_there_is_said_to_be_missing(head: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text(f"{head}\n1,2026-03-01,2026-03-02\n", encoding="utf-8")
    [document], _ = read_bills(path, BillMapping())
    assert document.detail.startswith(says)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        pytest.param({"lines": []}, "lines: there are none", id="no items"),
        pytest.param({"number": "9" * 61}, "number: ", id="a number that cannot be kept whole"),
        pytest.param({"due_on": "", "terms": "30"}, "terms: '30' is not a length of time", id="terms"),
        pytest.param(
            {"lines": [GOOD["lines"][0] | {"price_quantity": 0}]},
            "lines.0.price_quantity: ",
            id="a price of nothing",
        ),
    ],
)
def test_a_document_that_cannot_be_is_held_alone(changed: dict[str, object], says: str) -> None:
    wrong, good = check_bills([(1, GOOD | changed), (2, GOOD | {"number": "other"})], BillMapping())
    assert wrong.detail.startswith(says)
    assert good.reason == ""


def test_one_invoice_may_be_json_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "bill.json"
    path.write_text(json.dumps(GOOD, indent=1), encoding="utf-8")
    [document], _ = read_bills(path, BillMapping())
    assert document.reason == "", document.detail


def test_rows_of_one_number_that_contradict_each_other_are_held(tmp_path: Path) -> None:
    path = tmp_path / "bills.csv"
    path.write_text(
        "number,customer,issued_on,due_on,currency,total,description,unit_price\n"
        "1,7,2026-03-01,2026-03-31,NOK,20,a,10\n1,8,2026-03-01,2026-03-31,NOK,20,b,10\n"
        "2,7,2026-03-01,2026-03-31,NOK,20,a,10\n2,,,,,,b,10\n",
        encoding="utf-8",
    )
    one, two = read_bills(path, BillMapping())[0]
    assert "row 3 says" in one.detail
    assert one.detail.startswith("customer: ")
    assert two.reason == "", two.detail


@pytest.mark.parametrize(
    ("control", "says"),
    [
        pytest.param(["NOK=249.00"], "NOK 250.00 instead of 249.00", id="another sum"),
        pytest.param(["EUR=250"], "EUR 0 instead of 250", id="another currency"),
        pytest.param(["250"], "no control sum", id="no currency"),
        pytest.param(["NOK=1e999999999"], "is not an amount", id="a sum beyond any number"),
    ],
)
def test_a_file_is_held_against_its_control_sums(control: list[str], says: str) -> None:
    documents = check_bills([(1, GOOD)], BillMapping())
    check_control(documents, ["NOK=250,00"])
    with pytest.raises(Problem, match=says):
        check_control(documents, control)


@pytest.mark.parametrize(
    ("numbers", "earlier", "missing"),
    [
        pytest.param(["7", "8", "9"], [], [], id="none"),
        pytest.param(["F007", "F010"], [], ["F008", "F009"], id="with the zeros before them"),
        pytest.param(["12"], ["9"], ["10", "11"], id="after what was sent before"),
        pytest.param(["A-1", "B-9"], ["C-3"], [], id="series that do not touch"),
        pytest.param(["1", "5000"], [], ["2 to 4999"], id="a large hole"),
        pytest.param(["draft"], [], [], id="no digits"),
        pytest.param(
            ["20260001", "20260003"], ["20250999"], ["20260002"], id="a new year that is part of it"
        ),
        pytest.param(["F2026012"], ["F2026010"], ["F2026011"], id="within such a year"),
    ],
)
def test_missing_numbers_are_found_and_never_made_up(
    numbers: list[str], earlier: list[str], missing: list[str]
) -> None:
    assert gaps(numbers, earlier) == missing


def test_a_reference_is_made_and_checked_as_the_account_takes_it() -> None:
    brand = SAMPLE_BRAND.model_copy(
        update={
            "accounts": {"NOK": Account.model_validate({"iban": "NO9386011117947", "reference": "kid-mod10"})}
        }
    )
    good, wrong = (
        with_reference(check_bills([(1, GOOD | changed)], BillMapping())[0], brand)
        for changed in ({"number": "2026-1"}, {"reference": "12345"})
    )
    assert good.invoice is not None
    assert good.invoice.reference == "202614"
    assert wrong.reason == "wrong_document"
    assert "kid-mod10" in wrong.detail


def test_an_amount_that_billing_rounded_another_way_is_kept(tmp_path: Path) -> None:
    xml = to_ubl(legal(bill(allowances=(), prepaid=Decimal(0))))
    other = xml.replace(b">8.64<", b">8.65<").replace(b">27.14<", b">27.15<").replace(b">32.81<", b">32.82<")
    [document], _ = read_bills(files(tmp_path, a=other), BillMapping())
    assert document.reason == "", document.detail
    assert document.invoice is not None
    assert document.invoice.lines[1].amount == Decimal("8.65")
