"""What the table, the sums and the remarks of an invoice say: finished texts in one language, for any engine."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, format_decimal

from templates.language import words
from templates.safe import clean, day, locale_of, money, percent
from templates.values import collected_by
from tidings.invoice import Invoice, Line, cents
from tidings.invoice_parts import SKONTO, Allowance, Period

SYMBOLS = {
    "HUR": "h",
    "MIN": "min",
    "SEC": "s",
    "KGM": "kg",
    "GRM": "g",
    "TNE": "t",
    "LTR": "l",
    "MTR": "m",
    "KMT": "km",
    "MTK": "m²",
    "MTQ": "m³",
    "KWH": "kWh",
}
"""Signs of units that every language writes alike (UN/ECE Recommendation 20); others are printed as their code."""
_SHOWN = 4
"""Last letters of the customer's account or card that a page shows."""
_ONE = frozenset({"C62", "H87", "EA", "NAR", "XPP", "PCE"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table; `sub` belongs to the row above: a detail, a discount."""

    text: str
    quantity: str = ""
    price: str = ""
    tax: str = ""
    amount: str = ""
    sub: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """One line below the table; `due` is the last."""

    label: str
    amount: str
    due: bool = False


def is_taxed(invoice: Invoice) -> bool:
    """Return whether tax has anything to say: a rate, or a reason why there is none."""
    return any(group.rate or group.category not in {"Z", "O"} for group in invoice.groups)


def rows_of(invoice: Invoice, language: str) -> Iterator[Row]:
    """Yield the rows of the table in the order of the lines."""
    taxed = is_taxed(invoice)
    for line in invoice.lines:
        yield Row(
            text=clean(line.description),
            quantity=_quantity(line, language),
            price=_price(line, invoice.currency, language),
            tax=percent(_plain(line.tax_rate), language) if taxed and line.category != "O" else "",
            amount=money(line.amount, invoice.currency, language),
        )
        if detail := clean(" ".join(filter(None, (line.detail, line.note)))):
            yield Row(text=detail, sub=True)
        for one in line.allowances:
            yield Row(
                text=_label(one, language), amount=money(_signed(one), invoice.currency, language), sub=True
            )


def sums_of(invoice: Invoice, language: str) -> Iterator[Sum]:
    """Yield what stands below the table, the amount to pay last."""
    known = words(language)

    def amount(value: Decimal) -> str:
        return money(value, invoice.currency, language)

    if invoice.allowances:
        yield Sum(label=known["line_total"], amount=amount(invoice.line_total))
        for one in invoice.allowances:
            yield Sum(label=_label(one, language), amount=amount(_signed(one)))
    if is_taxed(invoice):
        yield Sum(label=known["net"], amount=amount(invoice.net))
        yield from _taxes(invoice, known, amount, language)
    if invoice.due != invoice.gross:
        yield Sum(label=known["gross_total"], amount=amount(invoice.gross))
        for word, value in (("prepaid", -invoice.prepaid), ("rounding", invoice.rounding)):
            if value:
                yield Sum(label=known[word], amount=amount(value))
    yield Sum(label=known["to_credit" if invoice.is_credit else "due"], amount=amount(invoice.due), due=True)


def _taxes(
    invoice: Invoice, known: Mapping[str, str], amount: Callable[[Decimal], str], language: str
) -> Iterator[Sum]:
    for group in invoice.groups:
        base = amount(group.base)
        if group.rate:
            label = known["tax_of"].format(rate=percent(_plain(group.rate), language), base=base)
        else:
            label = known[f"tax_of_{_lower(group.category)}"].format(base=base)
        yield Sum(label=label, amount=amount(group.tax))
    if invoice.tax_currency and invoice.tax_in_tax_currency is not None:
        label = known["tax_in"].format(currency=invoice.tax_currency)
        yield Sum(label=label, amount=money(invoice.tax_in_tax_currency, invoice.tax_currency, language))


def _lower(category: str) -> str:
    return category.lower() if category in {"E", "Z", "AE", "K", "G", "O"} else "z"


def particulars(invoice: Invoice, language: str) -> Iterator[tuple[str, str]]:
    """Yield (label, value) of what the invoice refers to, as far as it says so."""
    known = words(language)
    for before in invoice.preceding:
        on = before.issued_on
        date = day(on, language) if on else ""
        text = known["credits_of" if on else "credits"].format(number=clean(before.number), date=date)
        yield "", text
    for word, value in (
        ("order", invoice.order),
        ("contract", invoice.contract),
        ("buyer_reference", invoice.buyer_reference),
    ):
        if value:
            yield known[word], clean(value)
    if invoice.delivery is not None and invoice.delivery.on:
        yield known["delivered_on"], day(invoice.delivery.on, language)
    if invoice.period is not None:
        yield known["period"], _period(invoice.period, language)
    if invoice.buyer is not None and invoice.buyer.vat_id:
        yield known["buyer_tax_id"], clean(invoice.buyer.vat_id)


def remarks(invoice: Invoice, language: str) -> Iterator[str]:
    """Yield what must be read below the sums: why there is no tax, the terms, the notes."""
    known = words(language)
    for group in invoice.groups:
        if group.category in {"AE", "K", "G"}:
            yield known[f"remark_{group.category.lower()}"]
        elif group.reason:
            yield clean(group.reason)
    if collected_by(invoice) and (taken := " · ".join(_taken_from(invoice, known))):
        yield taken
    terms = SKONTO.sub(lambda found: _discount(found, invoice, language), invoice.payment_terms)
    if terms := clean(terms).rstrip(";"):
        yield f"{known['payment_terms']}: {terms}"
    if invoice.note:
        yield clean(invoice.note)
    for note in invoice.notes:
        yield clean(note.text)


def _taken_from(invoice: Invoice, known: Mapping[str, str]) -> Iterator[str]:
    """Yield what tells people whose account or card it is, and by which right it is debited."""
    paid = invoice.payment[0]
    if ends := clean(paid.debited or paid.card).replace(" ", "")[-_SHOWN:]:
        yield f"{known['account']}: \N{HORIZONTAL ELLIPSIS}{ends}"
    if invoice.mandate:
        right = filter(None, (clean(invoice.mandate), clean(invoice.creditor_id)))
        yield f"{known['mandate']}: {', '.join(right)}"


def _discount(found: re.Match[str], invoice: Invoice, language: str) -> str:
    """Return a cash discount of XRechnung's form as people say it."""
    said = {"percent": percent(_plain(Decimal(found["percent"])), language), "days": found["days"]}
    if found["base"] is None:
        return words(language)["discount"].format(**said) + ";"
    base = money(Decimal(found["base"]), invoice.currency, language)
    return words(language)["discount_of"].format(**said, base=base) + ";"


def _label(one: Allowance, language: str) -> str:
    label = clean(one.reason) or words(language)["charge" if one.charge else "allowance"]
    return f"{label} ({percent(_plain(one.percent), language)})" if one.percent else label


def _signed(one: Allowance) -> Decimal:
    return one.amount if one.charge else -one.amount


def _quantity(line: Line, language: str) -> str:
    unit = "" if line.unit in _ONE else f" {SYMBOLS.get(line.unit, line.unit)}"
    return _figures(line.quantity, language) + unit


def _price(line: Line, currency: str, language: str) -> str:
    shown = _exact(line.unit_price, currency, language)
    if line.price_quantity == 1:
        return shown
    return f"{shown} / {_figures(line.price_quantity, language)}"


def _figures(value: Decimal, language: str) -> str:
    """Return a number with all its decimals."""
    return format_decimal(_plain(value), locale=locale_of(language), decimal_quantization=False)


def _exact(price: Decimal, currency: str, language: str) -> str:
    """Return a price with all its decimals, and two at least."""
    if price == cents(price):
        return money(price, currency, language)
    return format_currency(
        price.normalize(),
        currency,
        locale=locale_of(language),
        currency_digits=False,
        decimal_quantization=False,
    )


def _plain(value: Decimal) -> Decimal:
    """Return a number without the zeros at its end."""
    return value.normalize() if value else Decimal(0)


def _period(period: Period, language: str) -> str:
    ends = [day(end, language, "medium") if end else "" for end in (period.start, period.end)]
    return " \N{EN DASH} ".join(ends).strip()
