from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
import zxingcpp

from templates.facts import pdf_text
from templates.invoice import invoice_pdf
from templates.paymentcode import is_iban, payment_code
from templates.preview import SAMPLE_BRAND
from templates.values import add_account, invoice_values
from tidings.invoice import Invoice, Line
from tidings.invoice_parts import Payment
from tidings.organisation import Account, Brand

LINKS = {"document": "https://t.example/d/abc", "preferences": "https://t.example/p/abc"}
SWISS_LIKE = SAMPLE_BRAND.model_copy(
    update={"accounts": {"USD": Account(iban="021000021 / 12345678", holder="Nordlys Inc.")}}
)


def bill(**changed: object) -> Invoice:
    values = {
        "number": "1001",
        "customer": "7",
        "issued_on": date(2026, 11, 21),
        "due_on": date(2026, 12, 5),
        "currency": "EUR",
        "lines": (
            Line(
                description="Lantern", quantity=Decimal(2), unit_price=Decimal("10.00"), tax_rate=Decimal(25)
            ),
        ),
        "total": Decimal("25.00"),
        **changed,
    }
    return Invoice(**values)  # type: ignore[arg-type]


def pdf(invoice: Invoice, language: str = "en", brand: Brand = SAMPLE_BRAND) -> bytes:
    return invoice_pdf(invoice, brand=brand, language=language, links=LINKS, postal=None, name="Ada Lovelace")


def codes(content: bytes) -> set[str]:
    document = pypdfium2.PdfDocument(content)
    found = zxingcpp.read_barcodes(document[0].render(scale=300 / 72).to_pil().convert("L"))
    document.close()
    return {code.text for code in found}


def test_the_code_of_a_sepa_invoice_pays_it() -> None:
    expected = (
        "BCD\n002\n1\nSCT\nDNBANOKK\nNordlys Belysning AS\nNO9386011117947\nEUR25.00\n\nRF18539007547034\n"
    )
    assert codes(pdf(bill(reference="RF18 5390 0754 7034"))) == {expected, LINKS["preferences"]}


@pytest.mark.parametrize(
    ("currency", "brand"),
    [
        pytest.param("NOK", SAMPLE_BRAND, id="another currency"),
        pytest.param("USD", SWISS_LIKE, id="an account that is no IBAN"),
    ],
)
def test_where_no_standard_fits_the_code_is_the_document(currency: str, brand: Brand) -> None:
    assert LINKS["document"] in codes(pdf(bill(currency=currency), brand=brand))


@pytest.mark.parametrize("reference", ["KID 1001", "RF00 1001"], ids=["another kind", "a wrong check digit"])
def test_a_reference_that_is_no_creditor_reference_is_free_text(reference: str) -> None:
    invoice = add_account(invoice_values(bill(reference=reference)), SAMPLE_BRAND)
    code = payment_code(invoice, "")
    assert code is not None
    assert code.text.split("\n")[-2:] == ["", reference]


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"holder": " "}, id="nobody to pay to"),
        pytest.param({"holder": "Ł" * 70, "reference": "Ż" * 140}, id="more bytes than a bank's app reads"),
        pytest.param({"due": Decimal("1000000000.00")}, id="a billion"),
        pytest.param(
            {"account": "CH9300762011623852957", "bic": ""},
            id="an account outside of the EEA, without its bank",
        ),
        pytest.param(
            {"account": "GB29NWBK60161331926819", "bic": "NatWest"}, id="one whose bank is only named"
        ),
    ],
)
def test_what_no_bank_would_pay_by_code_opens_the_document(changed: dict[str, object]) -> None:
    invoice = add_account(invoice_values(bill()), SAMPLE_BRAND) | changed
    code = payment_code(invoice, "https://t.example/d/abc")
    assert code is not None
    assert code.kind == "link"


def test_a_code_says_a_bank_by_its_bic_or_not_at_all() -> None:
    invoice = add_account(invoice_values(bill()), SAMPLE_BRAND)
    codes = [payment_code(invoice | {"bic": said}, "") for said in ("DNBA NO KK", "DNB Bank")]
    assert [code.text.split("\n")[4] for code in codes if code] == ["DNBANOKK", ""]


ELSEWHERE = Payment(means="58", account="DE89370400440532013000", holder="Factor AG")
DEBIT = Payment(means="59", debited="DE02120300000000202051")


@pytest.mark.parametrize(
    ("changed", "said", "unsaid"),
    [
        pytest.param({"payment": (ELSEWHERE,)}, ["DE89 3704 0044 0532 0130 00", "Factor AG"], ["NO93"],
                     id="into the account that the file names"),
        pytest.param({"payment": (DEBIT,), "mandate": "M-1", "creditor_id": "DE98ZZZ09999999999"},
                     ["Your account is debited", "Mandate: M-1, DE98ZZZ09999999999", "…2051"], ["NO93", "To pay by"],
                     id="by direct debit"),
        pytest.param({"payment": (Payment(means="48", card="1234"),)}, ["Your card is charged"], ["NO93", "To pay by"],
                     id="by card"),
        pytest.param({"payment_terms": "#SKONTO#TAGE=14#PROZENT=2.00#\n#SKONTO#TAGE=7#PROZENT=3.50#BASISBETRAG=9.00#"},
                     ["2% discount if you pay within 14 days; 3.5% discount on €9.00 if you pay within 7 days"],
                     ["SKONTO"], id="with a discount in XRechnung's form"),
        pytest.param({"lines": (Line(description="Gas", quantity=Decimal("3.123456"), unit_price=Decimal("6.4031")),)},
                     ["3.123456", "€6.4031"], [], id="a quantity with all its decimals"),
    ],
)  # fmt: skip
def test_the_page_says_how_the_file_wants_it_paid(
    changed: dict[str, object], said: list[str], unsaid: list[str]
) -> None:
    text = " ".join(pdf_text(pdf(bill(**changed))).split())
    assert [one for one in said if one not in text] == []
    assert [one for one in unsaid if one in text] == []


def test_what_is_collected_has_no_code_to_pay() -> None:
    assert not any(code.startswith("BCD") for code in codes(pdf(bill(payment=(DEBIT,)))))
    assert any("Factor AG\nDE89" in code for code in codes(pdf(bill(payment=(ELSEWHERE,)))))


def test_without_account_and_link_there_is_no_code() -> None:
    assert payment_code(invoice_values(bill()), "") is None


@pytest.mark.parametrize(
    ("account", "good"),
    [
        pytest.param("NO93 8601 1117 947", True, id="the registry's example"),
        pytest.param("NO93 8601 1117 948", False, id="a wrong digit"),
        pytest.param("DE89370400440532013000", True, id="German"),
        pytest.param("8601.11.17947", False, id="a national number"),
        pytest.param("", False, id="nothing"),
    ],
)
def test_an_iban_is_checked(account: str, good: bool) -> None:
    assert is_iban(account) is good


def test_the_document_says_what_is_owed_by_rate() -> None:
    lines = (
        Line(description="A", unit_price=Decimal("100.00"), tax_rate=Decimal(25)),
        Line(description="B", quantity=Decimal("2.5"), unit_price=Decimal("10.01"), tax_rate=Decimal(12)),
        Line(description="C <b>&", unit_price=Decimal("1.00"), tax_rate=Decimal(0)),
    )
    text = " ".join(pdf_text(pdf(bill(lines=lines), "nb")).split())
    assert "Sum uten mva. 126,03 €" in text
    assert "Mva. 12 % av 25,03 € 3,00 €" in text
    assert "Mva. 25 % av 100,00 € 25,00 €" in text
    assert "Å betale 154,03 €" in text
    assert "2,5" in text
    assert "C <b>&" in text
    assert "5. desember 2026" in text


def test_without_tax_there_is_no_column_for_it() -> None:
    line = Line(description="Balls to the Wall", unit_price=Decimal("0.99"))
    text = pdf_text(pdf(bill(lines=(line, line), currency="USD")))
    assert "VAT" not in text.replace("VAT no.", "")
    assert "$1.98" in text


def test_the_same_invoice_has_the_same_bytes() -> None:
    assert pdf(bill()) == pdf(bill())


def test_another_currency_without_an_account_prints_none() -> None:
    assert "Account" not in pdf_text(pdf(bill(currency="SEK")))


def test_pages_are_numbered() -> None:
    line = Line(description="Beeswax candle", unit_price=Decimal("1.00"))
    content = pdf(bill(lines=(line,) * 60))
    document = pypdfium2.PdfDocument(content)
    pages = len(document)
    texts = [page.get_textpage().get_text_bounded() for page in document]
    document.close()
    assert pages > 1
    assert all(f"{number} / {pages}" in text for number, text in enumerate(texts, start=1))
