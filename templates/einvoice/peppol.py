"""What Peppol BIS Billing 3, as of 2025, demands of an invoice beyond the norm (OpenPEPPOL, PEPPOL-EN16931-UBL).

Peppol's own Schematron may not be passed on, so its rules stand here in our words and under its names. Left out is what
holds of every file by how it is written (R001, R004, R007, R008, R043, R044, R051, R053, R054, R080, R100, R101, F001)
and what CEN's Schematron says as well (R040, R120, CL002, CL003, CL006, CL007). Of the rules for sellers of one country
those of Germany, Norway and Sweden are here, the others in `templates.einvoice.peppol_sellers`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from stdnum import ean
from stdnum.be import vat as belgian
from stdnum.no import orgnr as norwegian
from stdnum.se import orgnr as swedish

from templates.einvoice.german import Found, german_demands
from templates.einvoice.peppol_sellers import seller_demands
from tidings.invoice import Invoice, Line
from tidings.invoice_parts import Allowance, Identifier, Party, TaxCategory

_EAS = (
    "0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0158 0183 0184 0188 0190 0191 0192 0195 "
    "0196 0198 0199 0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 0242 0244 0245 "
    "0246 0248 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 "
    "9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 "
    "9953 9957 9959"
)
SCHEMES = frozenset(_EAS.split())
"""Of electronic addresses (EAS as Peppol has it, 2025); a mailbox (`EM`) is none of them."""
_INVOICES = (
    "71 80 82 84 102 218 219 326 331 380 382 383 384 386 388 393 395 553 575 623 780 817 870 875 876 877"
)
_CREDITS = "381 396 81 83 532"
_GERMAN_ONLY = frozenset({"326", "384"})
_MIMES = frozenset(
    {
        "application/pdf",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "image/jpeg",
        "image/png",
        "text/csv",
    }
)
_DEBITS = frozenset({"49", "59"})
_EXEMPT: Mapping[str, tuple[str, TaxCategory]] = {
    "VATEX-EU-G": ("P0104", "G"),
    "VATEX-EU-O": ("P0105", "O"),
    "VATEX-EU-IC": ("P0106", "K"),
    "VATEX-EU-AE": ("P0107", "AE"),
    "VATEX-EU-D": ("P0108", "E"),
    "VATEX-EU-F": ("P0109", "E"),
    "VATEX-EU-I": ("P0110", "E"),
    "VATEX-EU-J": ("P0111", "E"),
}
_NUMBERS: Mapping[str, tuple[str, str, str, Callable[[str], bool]]] = {
    "0088": ("R040", "a GLN", r"[0-9]{8,14}", ean.is_valid),
    "0192": ("R041", "a Norwegian organisation number", r"[0-9]{9}", norwegian.is_valid),
    "0184": ("R042", "a Danish CVR number", r"(DK)?[0-9]{8}", bool),
    "0208": ("R043", "a Belgian enterprise number", r"[0-9]{10}", belgian.is_valid),
    "0007": ("R049", "a Swedish organisation number", r"[0-9]{10}", swedish.is_valid),
    "0096": ("R052", "a Danish P number", r"[0-9]{10}", bool),
    "0198": ("R053", "a Danish SE number", r"DK[0-9]{8}", bool),
    "0106": ("R054", "a Dutch KvK number", r"[0-9]{8}", bool),
    "0190": ("R055", "a Dutch OIN", r"[0-9]{20}", bool),
    "9944": ("R056-1", "a Dutch VAT number", r"NL[0-9]{9}B[0-9]{2}", bool),
}
"""What an identifier of a scheme looks like (PEPPOL-COMMON): form and check digit."""
_SWEDISH_RATES = frozenset({Decimal(6), Decimal(12), Decimal(25)})
_NORWEGIAN_VAT = re.compile(r"NO([0-9]{9})MVA")
_SWEDISH_VAT = re.compile(r"SE[0-9]{12}")
_OLD_GIROS = frozenset({"50", "56"})
_P = "PEPPOL-EN16931-"


def peppol_demands(invoice: Invoice) -> Found:
    """Yield (rule, what to do) of each rule of Peppol BIS Billing 3 that a whole invoice breaks."""
    for check in _CHECKS:
        yield from check(invoice)


def _country(party: Party | None) -> str:
    return party.address.country if party is not None and party.address else ""


def _both(invoice: Invoice, country: str) -> bool:
    return _country(invoice.seller) == country == _country(invoice.buyer)


def _head(invoice: Invoice) -> Found:
    if len(invoice.notes) + bool(invoice.note) > 1 and not _both(invoice, "DE"):
        yield f"{_P}R002", "join the notes: an invoice has one note"
    if not (invoice.buyer_reference or invoice.order or invoice.sales_order):
        yield f"{_P}R003", "give buyer_reference (BT-10) or order (BT-13)"
    if invoice.tax_currency == invoice.currency:
        yield f"{_P}R005", "leave tax_currency out where it is the invoice's own"
    other, tax = invoice.tax_in_tax_currency, invoice.tax
    if other is not None and other * tax < 0:
        yield f"{_P}R055", "tax in both currencies has the same sign: tax_in_tax_currency"


def _kind(invoice: Invoice) -> Found:
    rule, allowed = ("P0101", _CREDITS) if invoice.is_credit else ("P0100", _INVOICES)
    if invoice.type_code not in allowed.split():
        yield (
            f"{_P}{rule}",
            f"type_code {invoice.type_code} is none of Peppol's; 380 is an invoice, 381 a credit note",
        )
    elif invoice.type_code in _GERMAN_ONLY and not _both(invoice, "DE"):
        yield f"{_P}P0112", f"type_code {invoice.type_code} is for seller and buyer in Germany; write 380"


def _beside(invoice: Invoice) -> Found:
    if any(one.means in _DEBITS for one in invoice.payment) and not invoice.mandate:
        yield f"{_P}R061", "a direct debit needs the mandate's reference (BT-89): mandate"
    for one in invoice.attachments:
        if one.content and one.mime not in _MIMES:
            yield f"{_P}CL001", f"attachment {one.id}: {one.mime!r} is no kind of file that Peppol takes"


def _reach(invoice: Invoice) -> Found:
    for who, party, rule, field in (
        ("buyer", invoice.buyer, "R010", "buyer_endpoint (BT-49)"),
        ("seller", invoice.seller, "R020", "`endpoint` of the brand (BT-34)"),
    ):
        there = party.endpoint if party is not None else None
        if there is None:
            yield f"{_P}{rule}", f"give the {who}'s electronic address: {field}, like 0192:987654325"
        elif there.scheme not in SCHEMES:
            yield (
                f"{_P}CL008",
                f"scheme {there.scheme} of the {who}'s electronic address is none of Peppol's: {field}",
            )


def _allowances(invoice: Invoice) -> Found:
    lines = [
        (f"item {place}: ", one) for place, line in enumerate(invoice.lines, 1) for one in line.allowances
    ]
    for where, one in [("", one) for one in invoice.allowances] + lines:
        yield from ((rule, where + text) for rule, text in _allowance(one))


def _allowance(one: Allowance) -> Found:
    if one.percent is not None and one.base is None:
        yield f"{_P}R041", "an allowance or charge with a percent says of what: base"
    if one.base is not None and one.percent is None:
        yield f"{_P}R042", "an allowance or charge with a base says how much of it: percent"


def _lines(invoice: Invoice) -> Found:
    for place, line in enumerate(invoice.lines, start=1):
        yield from ((f"{_P}{rule}", f"item {place}: {text}") for rule, text in _line(line, invoice))


def _line(line: Line, invoice: Invoice) -> Found:
    if line.gross_price is not None and line.gross_price - (line.discount or 0) != line.unit_price:
        yield "R046", "unit_price is gross_price less discount"
    if line.price_unit and line.price_unit != line.unit:
        yield "R130", f"price_unit {line.price_unit} is not the item's unit {line.unit}"
    whole, part = invoice.period, line.period
    if whole is not None and part is not None:
        if whole.start and part.start and part.start < whole.start:
            yield "R110", "its period begins before the invoice's: period.start"
        if whole.end and part.end and part.end > whole.end:
            yield "R111", "its period ends after the invoice's: period.end"


def _exemptions(invoice: Invoice) -> Found:
    for note in invoice.taxes:
        rule, category = _EXEMPT.get(note.reason_code.upper(), ("", note.category))
        if note.category != category:
            yield f"{_P}{rule}", f"reason_code {note.reason_code} belongs to tax category {category}"


def _identifiers(invoice: Invoice) -> Found:
    for party in (invoice.seller, invoice.buyer, invoice.payee):
        for one in _named(party) if party is not None else ():
            rule, what, form, holds = _NUMBERS.get(one.scheme, ("", "", "", bool))
            if rule and not (re.fullmatch(form, one.id) and holds(one.id)):
                yield f"PEPPOL-COMMON-{rule}", f"{one.id!r} (scheme {one.scheme}) is not {what}"


def _named(party: Party) -> Iterator[Identifier]:
    yield from party.ids
    yield from (one for one in (party.endpoint, party.legal_id) if one is not None)


def _germany(invoice: Invoice) -> Found:
    if _both(invoice, "DE"):
        for rule, text in german_demands(invoice):
            if rule.startswith("BR-DE-"):
                number, dash, part = rule.removeprefix("BR-DE-").partition("-")
                yield f"DE-R-{int(number):03}{dash}{part}", text


def _norway(invoice: Invoice) -> Found:
    number = invoice.seller.vat_id if invoice.seller is not None else ""
    if _country(invoice.seller) == "NO" and number.startswith("NO"):
        found = _NORWEGIAN_VAT.fullmatch(number)
        if not found or not norwegian.is_valid(found[1]):
            yield (
                "NO-R-001",
                f"the seller's VAT number {number!r} is not NO, an organisation number and MVA: `tax_id`",
            )


def _sweden(invoice: Invoice) -> Found:
    seller = invoice.seller
    if seller is None or _country(seller) != "SE":
        return
    if seller.vat_id.startswith("SE"):
        if not _SWEDISH_VAT.fullmatch(seller.vat_id):
            yield "SE-R-001", f"the seller's VAT number {seller.vat_id!r} is not SE and 12 digits: `tax_id`"
        if wrong := [g.rate for g in invoice.groups if g.category == "S" and g.rate not in _SWEDISH_RATES]:
            yield "SE-R-006", f"Sweden's rates of tax are 6, 12 and 25, not {wrong[0]}: lines.tax_rate"
    if seller.legal_id is not None and not swedish.is_valid(seller.legal_id.id):
        yield "SE-R-013", f"the seller's organisation number {seller.legal_id.id!r} is wrong: seller.legal_id"
    if any(one.means in _OLD_GIROS for one in invoice.payment):
        yield "SE-R-011", "pay to a bankgiro or plusgiro with means 30 and bic SE:BANKGIRO or SE:PLUSGIRO"
    if _both(invoice, "SE") and any(one.means == "31" for one in invoice.payment):
        yield "SE-R-012", "a transfer inside Sweden is means 30"


_CHECKS: tuple[Callable[[Invoice], Found], ...] = (
    _head,
    _kind,
    _beside,
    _reach,
    _allowances,
    _lines,
    _exemptions,
    _identifiers,
    _germany,
    _norway,
    _sweden,
    seller_demands,
)
