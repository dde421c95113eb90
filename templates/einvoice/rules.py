"""Our own reading of EN 16931's rules: the arithmetic, and what a seller can put right, in plain words.

They are asked before the Schematron of CEN, which says the same in its own words and many things more.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from templates.einvoice.schematron import Broken
from tidings.invoice import CENT, SLACK, Invoice, Line, cents, smallest
from tidings.invoice_parts import UNTAXED, Allowance, Party

_SIGNS = 2


def broken_rules(invoice: Invoice) -> list[Broken]:
    """Return what is wrong with a whole invoice (`templates.einvoice.legal.whole`); empty: nothing that we know of."""
    return [Broken(rule=rule, text=text) for check in _CHECKS for rule, text in check(invoice)]


Found = Iterator[tuple[str, str]]


def _sums(invoice: Invoice) -> Found:
    taxed = sum((group.base for group in invoice.groups), Decimal(0))
    if taxed != invoice.net:
        yield "BR-S-08", f"the bases of tax come to {taxed}, the total without tax is {invoice.net}"
    if invoice.net + sum((group.tax for group in invoice.groups), Decimal(0)) != invoice.gross:
        yield "BR-CO-15", "the total is not the total without tax plus tax"
    if invoice.gross - invoice.prepaid + invoice.rounding != invoice.due:
        yield "BR-CO-16", "what is due is not the total less what is prepaid plus rounding"
    if invoice.total != invoice.gross:
        yield "BR-CO-15", f"total {invoice.total} is not the {invoice.gross} {invoice.currency} of its lines"


def _lines(invoice: Invoice) -> Found:
    for place, line in enumerate(invoice.lines, start=1):
        yield from ((rule, f"item {place}: {text}") for rule, text in _line(line))


def _line(line: Line) -> Found:
    if line.rounded is not None and abs(line.rounded - line.computed) > SLACK:
        yield "R120", f"the amount {line.rounded} is not the {line.computed} that it comes to"
    if line.unit_price < 0:
        yield "BR-27", "a price is not negative; make the quantity negative"
    if line.price_quantity <= 0:
        yield "BR-27", "a price is for more than 0 units"
    if not line.description:
        yield "BR-25", "it has no description"
    if line.discount is not None and line.gross_price is None:
        yield "BR-28", "a discount needs the price before it"
    for one in line.allowances:
        yield from _allowance(one)


def _allowances(invoice: Invoice) -> Found:
    for one in invoice.allowances:
        yield from _allowance(one)
    for name in ("prepaid", "rounding"):
        if _longer(getattr(invoice, name)):
            yield "BR-DEC-16", f"{name} has more than two decimals"


def _allowance(one: Allowance) -> Found:
    what = "charge" if one.charge else "allowance"
    if one.amount < 0:
        yield "BR-31", f"the amount of an {what} is not negative"
    if _longer(one.amount) or (one.base is not None and _longer(one.base)):
        yield "BR-DEC-01", f"the amount of an {what} has more than two decimals"
    if one.percent is not None and one.base is not None:
        expected = cents(one.base * one.percent / 100)
        if abs(expected - one.amount) > SLACK:
            yield "R040", f"{one.percent} % of {one.base} is {expected}, not {one.amount}"


def _longer(amount: Decimal) -> bool:
    return amount != amount.quantize(CENT)


def _taxes(invoice: Invoice) -> Found:
    for group in invoice.groups:
        untaxed = group.category in UNTAXED
        if untaxed and group.rate:
            yield f"BR-{group.category}-05", f"category {group.category} has rate 0, not {group.rate}"
        if group.category == "S" and not group.rate:
            yield "BR-S-05", "category S has a rate above 0"
        expected = invoice.tax_on(group.base, group.rate)
        slack = smallest(invoice.currency) * (1 + Decimal(len(invoice.lines)) / 2)
        if abs(expected - group.tax) > slack:
            yield "BR-CO-17", f"{group.rate} % of {group.base} is {expected}, not {group.tax}"
    if any(group.category == "O" for group in invoice.groups) and len(invoice.groups) > 1:
        yield "BR-O-11", "what is outside of the scope of tax stands on an invoice of its own"
    if invoice.tax_currency == invoice.currency:
        yield "R005", "tax_currency is the invoice's own currency: leave it out, and tax_in_tax_currency too"
    elif invoice.tax_currency and invoice.tax_in_tax_currency is None:
        yield "BR-53", f"tax is accounted in {invoice.tax_currency}, and its amount there is missing"


def _identities(invoice: Invoice) -> Found:
    seller, buyer = invoice.seller or Party(), invoice.buyer or Party()
    categories = {group.category for group in invoice.groups}
    if categories & {"AE", "K"} and not buyer.vat_id and not (buyer.legal_id and "AE" in categories):
        yield "BR-AE-02", "the buyer's VAT number is missing: buyer.vat_id"
    if "K" in categories and not (invoice.delivery and invoice.delivery.on) and invoice.period is None:
        yield "BR-IC-11", "a supply inside the Community says when: delivery.on or period"
    if "K" in categories and not (invoice.delivery and invoice.delivery.address):
        yield "BR-IC-12", "a supply inside the Community says where to: delivery.address.country"
    if "E" in categories and not all(g.reason or g.reason_code for g in invoice.groups if g.category == "E"):
        yield "BR-E-10", "an exemption says why: taxes.reason"
    for name, party in (("seller", seller), ("buyer", buyer)):
        number = party.vat_id
        if number and not number[:_SIGNS].isalpha():
            yield "BR-CO-09", f"the {name}'s VAT number {number!r} does not begin with a country"


_CHECKS: tuple[Callable[[Invoice], Found], ...] = (_sums, _lines, _allowances, _taxes, _identities)
