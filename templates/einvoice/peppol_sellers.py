"""What Peppol BIS Billing 3 demands of sellers in Denmark, Greece, Iceland, Italy and the Netherlands, in our words.

Under the names of OpenPEPPOL's PEPPOL-EN16931-UBL (DK-R, GR-R, IS-R, IT-R, NL-R); only what it refuses, not what it
merely advises. Left out is what no file of ours can break: GR-R-002 and GR-R-005 (names are always there).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date

from stdnum.gr import vat as greek

from templates.einvoice.german import Found
from tidings.invoice import Invoice
from tidings.invoice_parts import Attachment, Party, Payment

_DANISH_MEANS = frozenset(["1", "10", "31", "42", "48", "49", "50", "58", "59", "93", "97"])
_DUTCH_MEANS = frozenset(["30", "48", "49", "57", "58", "59"])
_DANISH_TRANSFERS = frozenset({"31", "42"})
_ICELANDIC_ACCOUNTS: Mapping[str, str] = {"9": "IS-R-006", "42": "IS-R-007"}
_GREEK_KINDS = frozenset(["1.1", "1.6", "2.1", "2.4", "5.1", "5.2"])
_GREEK_SEGMENTS = 6
_GREEKS = frozenset({"GR", "EL"})


def seller_demands(invoice: Invoice) -> Found:
    """Yield (rule, what to do) of each rule for sellers of one country that an invoice breaks."""
    check = _OF.get(_country(invoice.seller))
    if check is not None:
        yield from check(invoice)


def _country(party: Party | None) -> str:
    return party.address.country if party is not None and party.address else ""


def _lacks(party: Party | None, *fields: str) -> list[str]:
    address = party.address if party is not None else None
    return [field for field in fields if not getattr(address, field, "")]


def _scheme(party: Party | None) -> str:
    return party.legal_id.scheme if party is not None and party.legal_id is not None else ""


def _named(invoice: Invoice, description: str) -> list[Attachment]:
    return [one for one in invoice.attachments if one.description == description]


def _denmark(invoice: Invoice) -> Found:
    seller = invoice.seller
    if seller is None or seller.legal_id is None:
        yield "DK-R-002", "give the seller's CVR number: seller.legal_id"
    elif seller.legal_id.scheme != "0184":
        yield "DK-R-014", "the seller's register number is a CVR number, scheme 0184: seller.legal_id"
    if _country(invoice.buyer) != "DK":
        return
    if invoice.is_credit and invoice.due < 0:
        yield "DK-R-016", "a credit note's total is not negative"
    for one in invoice.payment:
        yield from _danish_payment(one, invoice)
    lines = (one for line in invoice.lines for one in line.allowances)
    for allowance in (*invoice.allowances, *lines):
        if allowance.reason_code == "ZZZ" and not re.fullmatch(r"[0-9]{4}", allowance.reason.strip()):
            yield "DK-R-004", "reason_code ZZZ (a tax that is not VAT) has its 4 digits in reason"


def _danish_payment(one: Payment, invoice: Invoice) -> Found:
    if one.means not in _DANISH_MEANS:
        yield (
            "DK-R-005",
            f"means {one.means} is none of Denmark's: {', '.join(sorted(_DANISH_MEANS, key=int))}",
        )
    if one.means in _DANISH_TRANSFERS and not (one.account and one.bic):
        yield "DK-R-006", "a transfer needs the account and the bank's registration number: account, bic"
    if one.means == "49" and not (invoice.mandate and one.debited):
        yield "DK-R-007", "a direct debit needs mandate and the debited account"
    if one.means == "50":
        yield from _danish_slip(
            one, invoice, ("DK-R-008", "DK-R-009"), "01# 04# 15#", 7, {"04#": 19, "15#": 19}
        )
    if one.means == "93":
        yield from _danish_slip(
            one, invoice, ("DK-R-010", "DK-R-011"), "71# 73# 75#", 8, {"71#": 18, "75#": 18}
        )


def _danish_slip(
    one: Payment,
    invoice: Invoice,
    rules: tuple[str, str],
    kinds: str,
    digits: int,
    lengths: Mapping[str, int],
) -> Found:
    """Judge a payment slip (girokort, FIK): its kind before the reference, its account, the reference's length."""
    reference = invoice.reference
    kind = reference[:3]
    if kind not in kinds.split() or len(one.account) != digits:
        yield (
            rules[0],
            f"means {one.means} has a reference beginning with {kinds} and an account of {digits} digits",
        )
    elif kind in lengths and not lengths[kind] <= len(reference) <= 19:  # noqa: PLR2004 -- 3 and 16 digits
        yield rules[1], f"after {kind} the reference has its digits, such as {kind}1234567890123456"


def _italy(invoice: Invoice) -> Found:
    seller = invoice.seller
    if seller is not None and seller.tax_id and not re.fullmatch(r"[A-Z0-9]{11,16}", seller.tax_id.strip()):
        yield "IT-R-001", "the seller's tax number has 11 to 16 capitals and digits: seller.tax_id"
    rules = {"street": "IT-R-002", "city": "IT-R-003", "postcode": "IT-R-004"}
    for field in _lacks(seller, *rules):
        yield rules[field], f"give the seller's address its {field}"


def _iceland(invoice: Invoice) -> Found:
    yield from _icelander(invoice.seller, "seller", ("IS-R-002", "IS-R-003"))
    if _country(invoice.buyer) == "IS":
        yield from _icelander(invoice.buyer, "buyer", ("IS-R-004", "IS-R-005"))
    for one in invoice.payment:
        rule = _ICELANDIC_ACCOUNTS.get(one.means)
        if rule and len(one.account) != 12:  # noqa: PLR2004 -- bank, ledger and number
            yield rule, f"means {one.means} has an account of 12 digits"
    for final in _named(invoice, "EINDAGI"):
        try:
            day = date.fromisoformat(final.id)
        except ValueError:
            yield "IS-R-008", "EINDAGI is a day: the attachment's id is YYYY-MM-DD"
            continue
        if day < invoice.due_on:
            yield "IS-R-010", "EINDAGI is not before the due date"


def _icelander(party: Party | None, who: str, rules: tuple[str, str]) -> Found:
    if _scheme(party) != "0196":
        yield rules[0], f"give the {who}'s kennitala, scheme 0196: {who}.legal_id"
    if lacking := _lacks(party, "street", "postcode"):
        yield rules[1], f"give the {who}'s address its {' and '.join(lacking)}"


def _netherlands(invoice: Invoice) -> Found:
    if invoice.is_credit and not invoice.preceding:
        yield "NL-R-001", "a credit note names the invoice that it credits: preceding"
    yield from _dutch_parties(invoice)
    yield from _dutch_payment(invoice)


def _dutch_parties(invoice: Invoice) -> Found:
    parties = [(invoice.seller, "seller", "NL-R-002", "NL-R-003")]
    if _country(invoice.buyer) == "NL":
        parties.append((invoice.buyer, "buyer", "NL-R-004", "NL-R-005"))
    if _country(invoice.tax_representative) == "NL":
        parties.append((invoice.tax_representative, "tax_representative", "NL-R-006", ""))
    for party, who, address, number in parties:
        if lacking := _lacks(party, "street", "city", "postcode"):
            yield address, f"give the address of {who} its {', '.join(lacking)}"
        if number and party is not None and party.legal_id and _scheme(party) not in {"0106", "0190"}:
            yield number, f"the register number is of KvK (0106) or an OIN (0190): {who}.legal_id"


def _dutch_payment(invoice: Invoice) -> Found:
    if invoice.due > 0 and not invoice.is_credit and not invoice.payment:
        yield "NL-R-007", "say how to pay: payment"
    if any(one.means not in _DUTCH_MEANS for one in invoice.payment):
        yield "NL-R-008", f"means of payment are {', '.join(sorted(_DUTCH_MEANS))} in the Netherlands"
    if any(line.order_line for line in invoice.lines) and not invoice.order:
        yield "NL-R-009", "an item that names its order line needs the order: order (BT-13)"


def _greece(invoice: Invoice) -> Found:
    yield from _greek_number(invoice)
    seller, buyer = invoice.seller, invoice.buyer
    if seller is not None and seller.vat_id and not _is_greek(seller.vat_id):
        yield "GR-R-003", "the seller's VAT number is EL and 9 digits: `tax_id`"
    if seller is not None and not _is_greek_address(seller):
        yield "GR-R-009", "the seller's electronic address is its AFM in scheme 9933: `endpoint`"
    yield from _greek_references(invoice)
    if _country(buyer) in _GREEKS and buyer is not None:
        if not _is_greek(buyer.vat_id):
            yield "GR-R-006", "the buyer's VAT number is EL and 9 digits: buyer.vat_id"
        if not _is_greek_address(buyer):
            yield "GR-R-010", "the buyer's electronic address is its AFM in scheme 9933: buyer_endpoint"


def _greek_references(invoice: Invoice) -> Found:
    marks = _named(invoice, "##M.AR.K##")
    if len(marks) != 1:
        yield "GR-R-004-1", "attach one reference with the description ##M.AR.K##, whose id is the MARK"
    elif not re.match(r"[1-9][0-9]*", marks[0].id):
        yield "GR-R-004-2", "the MARK is a number above 0"
    pages = _named(invoice, "##INVOICE|URL##")
    if len(pages) > 1:
        yield "GR-R-008-2", "attach one reference ##INVOICE|URL## at most"
    if any(not one.uri.strip() for one in pages):
        yield "GR-R-008-3", "##INVOICE|URL## needs its uri"


def _is_greek(number: str) -> bool:
    return number.startswith("EL") and greek.is_valid(number[2:])


def _is_greek_address(party: Party) -> bool:
    there = party.endpoint
    return there is None or (there.scheme == "9933" and greek.is_valid(there.id))


def _greek_number(invoice: Invoice) -> Found:
    """Judge the number: AFM|dd/mm/yyyy|branch|kind|series|number."""
    parts = invoice.number.split("|")
    if len(parts) != _GREEK_SEGMENTS:
        yield (
            "GR-R-001-1",
            "a Greek number has 6 parts: AFM|dd/mm/yyyy|branch|kind|series|number",
        )
        return
    owners = {party.vat_id[2:] for party in (invoice.seller, invoice.tax_representative) if party is not None}
    if not greek.is_valid(parts[0]) or parts[0] not in owners:
        yield "GR-R-001-2", "part 1 of the number is the AFM of the seller or its tax representative"
    if parts[1] != invoice.issued_on.strftime("%d/%m/%Y"):
        yield "GR-R-001-3", "part 2 of the number is the day of issue, dd/mm/yyyy"
    yield from _greek_rest(parts)


def _greek_rest(parts: list[str]) -> Iterator[tuple[str, str]]:
    if not re.fullmatch(r"[0-9]+", parts[2]):
        yield "GR-R-001-4", "part 3 of the number is the branch, 0 or more"
    if parts[3] not in _GREEK_KINDS:
        yield "GR-R-001-5", f"part 4 of the number is one of {', '.join(sorted(_GREEK_KINDS))}"
    if not parts[4]:
        yield "GR-R-001-6", "part 5 of the number is the series and not empty"
    if not parts[5]:
        yield "GR-R-001-7", "part 6 of the number is its own number and not empty"


_OF: Mapping[str, Callable[[Invoice], Found]] = {
    "DK": _denmark,
    "GR": _greece,
    "EL": _greece,
    "IS": _iceland,
    "IT": _italy,
    "NL": _netherlands,
}
