"""The national rules: what XRechnung and Peppol BIS Billing 3 demand beyond the norm, rule by rule."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from templates.einvoice.cii import ROOT, from_cii
from templates.einvoice.gate import examine, profile_demands
from templates.einvoice.legal import asked_for, is_electronic, whole
from templates.einvoice.peppol_sellers import seller_demands
from templates.einvoice.schematron import worker
from templates.einvoice.syntax import parse
from templates.einvoice.ubl import from_ubl, to_ubl
from templates.einvoice.view import model_of
from templates.invoice import invoice_pdf
from templates.preview import SAMPLE_BRAND
from tests.templates.bills import LINKS, UNTAXED, bill, legal, simple
from tidings.invoice import Invoice
from tidings.invoice_parts import (
    Address,
    Allowance,
    Attachment,
    Delivery,
    Identifier,
    Note,
    Party,
    Payment,
    Period,
    Profile,
    TaxNote,
)
from tidings.organisation import Brand

EXAMPLES = sorted((Path(__file__).parent / "einvoices" / "xrechnung").glob("*.xml"))
BERLIN = {"street": ["Weg 1"], "postal_code": "10115", "city": "Berlin", "country": "DE"}
HOUSE = Brand.model_validate(
    SAMPLE_BRAND.model_dump()
    | {
        "tax_id": "DE123456789",
        "endpoint": "9930:DE123456789",
        "accounts": {"EUR": {"iban": "DE02120300000000202051"}},
        "address": {"lines": ["Hauptstr. 1", "80331 München"], "country": "DE"},
    }
)
NORDIC = SAMPLE_BRAND.model_copy(update={"endpoint": "0192:974760673", "tax_id": "NO974760673MVA"})


def german(brand: Brand = HOUSE, **changed: Any) -> Invoice:
    given = {
        "profile": "xrechnung",
        "buyer_reference": "04011000-12345-03",
        "buyer_endpoint": "EM:a@b.example",
    }
    return whole(bill(**(given | changed)), brand=brand, postal=BERLIN, name="Beispiel GmbH")


def nordic(brand: Brand = NORDIC, **changed: Any) -> Invoice:
    given: dict[str, Any] = {"profile": "peppol", "buyer_endpoint": "0192:974760673"}
    return legal(bill(**(given | changed)), brand)


def house(**changed: Any) -> Brand:
    return HOUSE.model_copy(update=changed)


def seller(**changed: Any) -> Party:
    made = german().seller
    assert made is not None
    return made.model_copy(update=changed)


def buyer(**changed: Any) -> Party:
    made = german().buyer
    assert made is not None
    return made.model_copy(update=changed)


def rules(invoice: Invoice) -> set[str]:
    return {rule for rule, _ in profile_demands(invoice)}


def kosit(invoice: Invoice) -> set[str]:
    return {one.rule for one in worker().broken(to_ubl(invoice), "xrechnung")}


IN_DEBIT: dict[str, Any] = {
    "payment": (Payment(means="59", debited="DE02120300000000202051"),),
    "mandate": "M-1",
}
NOWHERE = Address(street="Weg 1", country="DE")


CREDITOR = {"creditor_id": "DE98ZZZ09999999999"}
BROKEN_IN_GERMANY = {
    "BR-DE-1": ("no account to pay to", {"brand": house(accounts={}), "reference": ""}),
    "BR-DE-3": ("a seller without a city", {"seller": seller(address=NOWHERE)}),
    "BR-DE-4": ("a seller without a postcode", {"seller": seller(address=NOWHERE)}),
    "BR-DE-5": ("a seller without a contact", {"seller": seller(contact="")}),
    "BR-DE-6": ("a seller without a telephone", {"brand": house(service_phone="")}),
    "BR-DE-7": ("a seller without a mailbox", {"seller": seller(email="")}),
    "BR-DE-8": ("a buyer without a city", {"buyer": buyer(address=NOWHERE)}),
    "BR-DE-9": ("a buyer without a postcode", {"buyer": buyer(address=NOWHERE)}),
    "BR-DE-10": ("a delivery to no city", {"delivery": Delivery(address=NOWHERE)}),
    "BR-DE-11": ("a delivery to no postcode", {"delivery": Delivery(address=NOWHERE)}),
    "BR-DE-15": ("no Leitweg-ID", {"buyer_reference": ""}),
    "BR-DE-18": ("a cash discount in other words", {"payment_terms": "#SKONTO#TAGE=7#PROZENT=2#\n"}),
    "BR-DE-22": (
        "two attachments of one name",
        {
            "attachments": tuple(
                Attachment(id=i, file_name="a.pdf", mime="application/pdf", content="QQ==") for i in "12"
            )
        },
    ),
    "BR-DE-23-a": ("a transfer to no account", {"payment": (Payment(means="30"),)}),
    "BR-DE-23-b": ("a transfer with a card", {"payment": (Payment(means="30", account="1", card="1234"),)}),
    "BR-DE-24-a": ("a card payment without a card", {"payment": (Payment(means="48", account="1"),)}),
    "BR-DE-24-b": (
        "a card payment to an account",
        {"payment": (Payment(means="48", card="1234", account="1"),)},
    ),
    "BR-DE-25-b": (
        "a direct debit to an account",
        IN_DEBIT
        | {
            "payment": (Payment(means="59", debited="DE02", account="1"),),
            "creditor_id": "DE98ZZZ09999999999",
        },
    ),
    "BR-DE-30": ("a direct debit by nobody", IN_DEBIT),
    "BR-DE-31": (
        "a direct debit from nowhere",
        {"payment": (Payment(means="59"),), "mandate": "M-1", **CREDITOR},
    ),
    "PEPPOL-EN16931-R010": ("a buyer without an electronic address", {"buyer_endpoint": ""}),
    "PEPPOL-EN16931-R020": ("a seller without an electronic address", {"seller": seller(endpoint=None)}),
}


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        pytest.param(rule, changed, id=f"{rule}: {what}")
        for rule, (what, changed) in BROKEN_IN_GERMANY.items()
    ],
)
def test_what_xrechnung_demands_is_named_and_kosit_says_the_same(rule: str, changed: dict[str, Any]) -> None:
    invoice = german(**changed)
    assert rule in rules(invoice)
    if rule != "BR-DE-1":  # our file always says a reference to pay with, which KoSIT takes for a way to pay
        assert rule in kosit(invoice)


@pytest.mark.parametrize(
    "invoice",
    [
        pytest.param(german(), id="an invoice of several rates"),
        pytest.param(german(type_code="381"), id="a credit note"),
        pytest.param(german(payment_terms="#SKONTO#TAGE=7#PROZENT=2.00#\n"), id="a cash discount"),
        pytest.param(german(**IN_DEBIT, creditor_id="DE98ZZZ09999999999"), id="a direct debit"),
        pytest.param(german(payment=(Payment(means="48", card="1234"),)), id="a card payment"),
        pytest.param(
            whole(
                simple("0.99", profile="xrechnung", buyer_reference="1", buyer_endpoint="EM:a@b.example"),
                brand=house(tax_id=""),
                postal=BERLIN,
            ),
            id="outside of the scope of tax",
        ),
    ],
)
def test_what_keeps_xrechnung_passes_our_rules_kosits_and_cens(invoice: Invoice) -> None:
    assert rules(invoice) == set()
    assert kosit(invoice) == set()
    assert worker().broken(to_ubl(invoice), "ubl") == []


def published(path: Path) -> Invoice:
    root = parse(path.read_bytes())
    return model_of((from_cii if root.tag == ROOT else from_ubl)(root))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_kosits_published_invoices_pass_as_we_write_them(path: Path) -> None:
    written = whole(published(path).model_copy(update={"profile": "xrechnung"}), brand=HOUSE)
    assert rules(written) == set()
    assert kosit(written) == set()


def test_what_only_kosits_own_rules_know_is_found_by_them() -> None:
    relative = german(attachments=(Attachment(id="1", uri="not-absolute"),))
    assert rules(relative) == set()
    assert "BR-TMP-2" in kosit(relative)


def line(**changed: Any) -> dict[str, Any]:
    whole_month = Period(start=date(2026, 11, 1), end=date(2026, 11, 30))
    return {"lines": (bill().lines[0].model_copy(update=changed),), "period": whole_month}


SWEDISH: Brand = Brand.model_validate(
    NORDIC.model_dump()
    | {
        "tax_id": "SE556012579001",
        "endpoint": "0007:5560125790",
        "address": {"lines": ["Storgatan 1", "111 22 Stockholm"], "country": "SE"},
    }
)


def taxed(number: str, brand: Brand = NORDIC) -> dict[str, Any]:
    return {"brand": brand.model_copy(update={"tax_id": number})}


A = "PEPPOL-EN16931-"
BROKEN_IN_PEPPOL = {
    f"{A}R002": ("two notes", {"note": "One", "notes": (Note(text="two"),)}),
    f"{A}R003": ("neither order nor reference", {"order": ""}),
    f"{A}R005": (
        "tax accounted in the invoice's own currency",
        {"tax_currency": "EUR", "tax_in_tax_currency": Decimal(1)},
    ),
    f"{A}R055": ("tax of another sign", {"tax_currency": "NOK", "tax_in_tax_currency": Decimal(-1)}),
    f"{A}R010": ("a buyer without an electronic address", {"buyer_endpoint": ""}),
    f"{A}R020": ("a seller without one", {"seller": nordic().seller.model_copy(update={"endpoint": None})}),  # type: ignore[union-attr]
    f"{A}CL008": ("a mailbox for an address", {"buyer_endpoint": "EM:a@b.example"}),
    f"{A}R041": ("a percent of nothing", {"allowances": (Allowance(amount=Decimal(1), percent=Decimal(1)),)}),
    f"{A}R042": (
        "a base without a percent",
        {"allowances": (Allowance(amount=Decimal(1), base=Decimal(9)),)},
    ),
    f"{A}R046": (
        "a price that is not gross less discount",
        line(gross_price=Decimal(11), discount=Decimal(2)),
    ),
    f"{A}R061": ("a direct debit without a mandate", {"payment": (Payment(means="59", debited="DE02"),)}),
    f"{A}R110": ("an item from before the period", line(period=Period(start=date(2026, 10, 1)))),
    f"{A}R111": ("an item from after the period", line(period=Period(end=date(2026, 12, 1)))),
    f"{A}R130": ("a price of another unit", line(price_unit="KGM")),
    f"{A}P0100": ("a kind of invoice that it does not take", {"type_code": "325"}),
    f"{A}P0101": ("a kind of credit note that it does not take", {"type_code": "261"}),
    f"{A}P0112": ("a corrected invoice outside of Germany", {"type_code": "384"}),
    f"{A}P0104": (
        "an export's reason for another category",
        {"taxes": (TaxNote(category="E", reason_code="VATEX-EU-G"),)},
    ),
    f"{A}CL001": (
        "an attached program",
        {"attachments": (Attachment(id="1", mime="text/html", content="QQ=="),)},
    ),
    "PEPPOL-COMMON-R040": ("a GLN with a wrong digit", {"buyer_endpoint": "0088:7300010000002"}),
    "PEPPOL-COMMON-R041": ("a Norwegian number with a wrong digit", {"buyer_endpoint": "0192:974760674"}),
    "PEPPOL-COMMON-R042": ("a Danish number that is short", {"buyer_endpoint": "0184:1234567"}),
    "PEPPOL-COMMON-R043": ("a Belgian number with a wrong digit", {"buyer_endpoint": "0208:0403170702"}),
    "PEPPOL-COMMON-R049": ("a Swedish number with a wrong digit", {"buyer_endpoint": "0007:5560125791"}),
    "PEPPOL-COMMON-R054": ("a Dutch number that is long", {"buyer_endpoint": "0106:123456789"}),
    "NO-R-001": (
        "a Norwegian VAT number with a wrong digit",
        taxed("NO974760674MVA"),
    ),
    "SE-R-001": (
        "a Swedish VAT number that is short",
        taxed("SE5560125790", SWEDISH),
    ),
    "SE-R-006": ("a rate that Sweden does not have", {"brand": SWEDISH, **line(tax_rate=Decimal(24))}),
    "SE-R-011": (
        "a giro of the old kind",
        {"brand": SWEDISH, "payment": (Payment(means="50", account="1"),)},
    ),
    "DE-R-015": (
        "no Leitweg-ID between Germans",
        {"brand": HOUSE, "buyer": buyer(endpoint=Identifier(id="DE123456789", scheme="9930"))},
    ),
}


@pytest.mark.parametrize(
    ("rule", "changed"),
    [pytest.param(rule, changed, id=f"{rule}: {what}") for rule, (what, changed) in BROKEN_IN_PEPPOL.items()],
)
def test_what_peppol_demands_is_named_with_its_rule(rule: str, changed: dict[str, Any]) -> None:
    assert rule in rules(nordic(**changed))


def there(country: str, **changed: Any) -> Party:
    """Return a party at home in a country, with the register number that it has there."""
    scheme = {"DK": "0184", "IS": "0196", "NL": "0106"}.get(country, "")
    given: dict[str, Any] = {
        "name": "House",
        "vat_id": {"GR": "EL094259216", "IT": "IT00743110157"}.get(country, f"{country}123456789"),
        "address": Address(street="Road 1", city="Town", postcode="1000", country=country),
        "endpoint": Identifier(id="094259216", scheme="9933"),
        "legal_id": Identifier(id="12345678", scheme=scheme) if scheme else None,
    }
    return Party(**(given | changed))


def at_home(country: str, **changed: Any) -> Invoice:
    """Return an invoice of a seller to a buyer in the same country that keeps the rules of their country."""
    given: dict[str, Any] = {
        "seller": there(country),
        "buyer": there(country),
        "payment": (Payment(means="58"),),
    }
    if country == "GR":
        mark = Attachment(id="400001", description="##M.AR.K##")
        given |= {"number": "094259216|21/11/2026|0|1.1|A|17", "attachments": (mark,)}
    return bill(**(given | changed))


def slip(means: str, reference: str, account: str) -> dict[str, Any]:
    return {"payment": (Payment(means=means, account=account),), "reference": reference}


def lacking(country: str, *fields: str) -> Party:
    whole_address = there(country).address
    assert whole_address is not None
    return there(country, address=whole_address.model_copy(update=dict.fromkeys(fields, "")))


EINDAGI = "EINDAGI"
PAGE = Attachment(id="1", description="##INVOICE|URL##", uri="https://aade.example/1")
BROKEN_AT_HOME = [
    ("DK-R-002", "DK", {"seller": there("DK", legal_id=None)}),
    ("DK-R-014", "DK", {"seller": there("DK", legal_id=Identifier(id="12345678"))}),
    ("DK-R-016", "DK", {"type_code": "381", "prepaid": Decimal(1000)}),
    ("DK-R-005", "DK", {"payment": (Payment(means="57"),)}),
    ("DK-R-006", "DK", {"payment": (Payment(means="42", account="1234567890"),)}),
    ("DK-R-007", "DK", {"payment": (Payment(means="49"),), "mandate": "M-1"}),
    ("DK-R-008", "DK", slip("50", "71#1", "1234567")),
    ("DK-R-009", "DK", slip("50", "04#123", "1234567")),
    ("DK-R-010", "DK", slip("93", "71#123456789012345", "1234567")),
    ("DK-R-011", "DK", slip("93", "71#123", "12345678")),
    (
        "DK-R-004",
        "DK",
        {"allowances": (Allowance(amount=Decimal(1), charge=True, reason="Tax", reason_code="ZZZ"),)},
    ),
    ("IT-R-001", "IT", {"seller": there("IT", tax_id="short")}),
    ("IT-R-002", "IT", {"seller": lacking("IT", "street")}),
    ("IT-R-003", "IT", {"seller": lacking("IT", "city")}),
    ("IT-R-004", "IT", {"seller": lacking("IT", "postcode")}),
    ("IS-R-002", "IS", {"seller": there("IS", legal_id=None)}),
    ("IS-R-003", "IS", {"seller": lacking("IS", "postcode")}),
    ("IS-R-004", "IS", {"buyer": there("IS", legal_id=None)}),
    ("IS-R-005", "IS", {"buyer": lacking("IS", "street")}),
    ("IS-R-006", "IS", {"payment": (Payment(means="9", account="1234"),)}),
    ("IS-R-007", "IS", {"payment": (Payment(means="42", account="1234"),)}),
    ("IS-R-008", "IS", {"attachments": (Attachment(id="soon", description=EINDAGI),)}),
    ("IS-R-010", "IS", {"attachments": (Attachment(id="2026-12-01", description=EINDAGI),)}),
    ("NL-R-001", "NL", {"type_code": "381"}),
    ("NL-R-002", "NL", {"seller": lacking("NL", "city")}),
    ("NL-R-003", "NL", {"seller": there("NL", legal_id=Identifier(id="12345678"))}),
    ("NL-R-004", "NL", {"buyer": lacking("NL", "street")}),
    ("NL-R-005", "NL", {"buyer": there("NL", legal_id=Identifier(id="1", scheme="0088"))}),
    ("NL-R-006", "NL", {"tax_representative": lacking("NL", "postcode")}),
    ("NL-R-007", "NL", {"payment": ()}),
    ("NL-R-008", "NL", {"payment": (Payment(means="42"),)}),
    ("NL-R-009", "NL", {"order": "", **line(order_line="1")}),
    ("GR-R-001-1", "GR", {"number": "17"}),
    ("GR-R-001-2", "GR", {"number": "094259217|21/11/2026|0|1.1|A|17"}),
    ("GR-R-001-3", "GR", {"number": "094259216|22/11/2026|0|1.1|A|17"}),
    ("GR-R-001-4", "GR", {"number": "094259216|21/11/2026|x|1.1|A|17"}),
    ("GR-R-001-5", "GR", {"number": "094259216|21/11/2026|0|9.9|A|17"}),
    ("GR-R-001-6", "GR", {"number": "094259216|21/11/2026|0|1.1||17"}),
    ("GR-R-001-7", "GR", {"number": "094259216|21/11/2026|0|1.1|A|"}),
    ("GR-R-003", "GR", {"seller": there("GR", vat_id="EL094259217")}),
    ("GR-R-004-1", "GR", {"attachments": ()}),
    ("GR-R-004-2", "GR", {"attachments": (Attachment(id="0", description="##M.AR.K##"),)}),
    ("GR-R-006", "GR", {"buyer": there("GR", vat_id="")}),
    ("GR-R-008-2", "GR", {"attachments": (PAGE, PAGE)}),
    ("GR-R-008-3", "GR", {"attachments": (PAGE.model_copy(update={"uri": ""}),)}),
    ("GR-R-009", "GR", {"seller": there("GR", endpoint=Identifier(id="094259216", scheme="0088"))}),
    ("GR-R-010", "GR", {"buyer": there("GR", endpoint=Identifier(id="094259217", scheme="9933"))}),
]


@pytest.mark.parametrize(
    ("rule", "country", "changed"), [pytest.param(*one, id=f"{one[0]} of {one[1]}") for one in BROKEN_AT_HOME]
)
def test_what_a_country_demands_of_its_sellers_is_named(
    rule: str, country: str, changed: dict[str, Any]
) -> None:
    assert rule in {found for found, _ in seller_demands(at_home(country, **changed))}


@pytest.mark.parametrize("country", ["DK", "GR", "IS", "IT", "NL"])
def test_who_keeps_the_rules_of_their_country_breaks_none(country: str) -> None:
    assert list(seller_demands(at_home(country))) == []
    abroad = at_home(country, buyer=there("DE"))
    assert list(seller_demands(abroad)) == []


@pytest.mark.parametrize(
    "invoice",
    [
        pytest.param(nordic(), id="an invoice from Norway"),
        pytest.param(nordic(type_code="381"), id="a credit note"),
        pytest.param(
            nordic(**line(gross_price=Decimal(12), discount=Decimal(2))), id="a price with a discount"
        ),
        pytest.param(nordic(**line(period=Period(start=date(2026, 11, 2)))), id="an item within the period"),
        pytest.param(nordic(SWEDISH, **line(tax_rate=Decimal(25))), id="an invoice from Sweden"),
        pytest.param(nordic(buyer_endpoint="0088:7300010000001"), id="a buyer with a GLN"),
        pytest.param(nordic(tax_currency="NOK", tax_in_tax_currency=Decimal(9)), id="tax in kroner"),
        pytest.param(
            nordic(
                HOUSE, buyer=buyer(endpoint=Identifier(id="DE123456789", scheme="9930")), buyer_reference="1"
            ),
            id="from German to German",
        ),
    ],
)
def test_what_keeps_peppol_passes_its_rules_and_cens(invoice: Invoice) -> None:
    assert rules(invoice) == set()
    assert worker().broken(to_ubl(invoice), "ubl") == []


@pytest.mark.parametrize(
    ("invoice", "brand", "profile"),
    [
        pytest.param(bill(), SAMPLE_BRAND, "en16931", id="no electronic address: the norm"),
        pytest.param(
            bill(buyer_endpoint="0192:974760673"), NORDIC, "peppol", id="both can be reached: Peppol"
        ),
        pytest.param(
            bill(buyer_endpoint="EM:a@b.example"), NORDIC, "en16931", id="a mailbox is no Peppol address"
        ),
        pytest.param(bill(), UNTAXED, "none", id="tax and no tax number: none"),
        pytest.param(bill(profile="none"), NORDIC, "none", id="the file wants none"),
        pytest.param(
            bill(), NORDIC.model_copy(update={"einvoice": "peppol"}), "peppol", id="the brand wants Peppol"
        ),
    ],
)
def test_who_asks_for_nothing_gets_the_strictest_kept(
    invoice: Invoice, brand: Brand, profile: Profile
) -> None:
    made = legal(invoice, brand)
    assert made.profile == profile
    assert is_electronic(made) is (profile != "none")


def test_a_german_buyer_with_a_leitweg_id_gets_an_xrechnung_by_itself() -> None:
    assert german(profile="auto").profile == "xrechnung"
    assert german(profile="auto", buyer_reference="").profile == "en16931"


def test_what_a_customer_asked_for_once_stands_unless_the_file_says_otherwise() -> None:
    said = {"einvoice": "xrechnung", "leitweg_id": "04011000-12345-03", "einvoice_address": "EM:a@b.example"}
    asked = asked_for(bill(), said)
    assert (asked.profile, asked.buyer_reference, asked.buyer_endpoint) == tuple(said.values())
    file = bill(profile="peppol", buyer_reference="B-1", buyer_endpoint="0192:974760673")
    assert asked_for(file, said) == file
    assert asked_for(bill(), {"einvoice": "nonsense", "leitweg_id": None}) == bill()


@pytest.mark.parametrize(
    ("invoice", "brand", "says"),
    [
        pytest.param(
            bill(profile="peppol"),
            NORDIC,
            "profile: PEPPOL-EN16931-R010: give the buyer's electronic address",
            id="Peppol",
        ),
        pytest.param(
            bill(profile="xrechnung"), SAMPLE_BRAND, "profile: BR-DE-15: give buyer", id="XRechnung"
        ),
        pytest.param(
            bill(profile="en16931"),
            UNTAXED,
            "profile: BR-S-02: tax is charged by a seller without",
            id="no number",
        ),
    ],
)
def test_the_gate_holds_what_its_profile_does_not_keep(invoice: Invoice, brand: Brand, says: str) -> None:
    made = legal(invoice, brand)
    pdf = invoice_pdf(invoice, brand=brand, language="en", links=LINKS, postal=BERLIN, name="Ada")
    found = [str(one) for one in examine(made, pdf=pdf, ubl=to_ubl(made))]
    assert any(one.startswith(says) for one in found), found


def test_a_whole_xrechnung_passes_the_gate() -> None:
    invoice = bill(profile="xrechnung", buyer_reference="04011000-12345-03", buyer_endpoint="EM:a@b.example")
    made = whole(invoice, brand=HOUSE, postal=BERLIN, name="Beispiel GmbH")
    pdf = invoice_pdf(invoice, brand=HOUSE, language="en", links=LINKS, postal=BERLIN, name="Beispiel GmbH")
    assert examine(made, pdf=pdf, ubl=to_ubl(made)) == []


def test_an_address_without_a_scheme_is_refused_in_the_settings() -> None:
    with pytest.raises(ValueError, match="write its scheme before it"):
        Brand.model_validate(SAMPLE_BRAND.model_dump() | {"endpoint": "987654325"})
