"""The invoice as one PDF: attached to the e-mail, printed as the letter, behind the link of SMS and push."""

from collections.abc import Mapping
from typing import Any

from templates.codes import code_image
from templates.edition import layouts
from templates.einvoice.cii import to_cii
from templates.einvoice.hybrid import embed
from templates.einvoice.legal import is_electronic, whole
from templates.invoice_table import is_taxed, particulars, remarks, rows_of, sums_of
from templates.language import direction, words
from templates.paper import Page, page_css, to_pdf
from templates.paymentcode import payment_code
from templates.postal_lines import Window, address_lines, country_of, window_for
from templates.safe import day, iban, money
from templates.swissqr import slip_of
from templates.values import add_account, brand_values, invoice_values
from tidings.invoice import Invoice
from tidings.organisation import Brand


def invoice_pdf(
    invoice: Invoice,
    *,
    brand: Brand,
    language: str,
    links: Mapping[str, str],
    postal: Mapping[str, Any] | None,
    name: str = "",
    company: str = "",
    customer: str = "",
    large: bool = False,
) -> bytes:
    """Return the invoice as PDF, laid out as a letter, with its XML inside. The same arguments give the same bytes.

    Args:
        invoice: amounts are taken from its lines.
        brand: who sends it; its account for the currency is where to pay.
        language: one that the layouts have words for, else English.
        links: `document` and `preferences`, printed as codes where they are given.
        postal: decides paper and window; without it the brand's own country does, and `name` stands in the window.
        name: the customer, where the address does not name one.
        company: where the customer is reached, where the address does not say.
        customer: the customer's reference.
        large: in large print.

    Raises:
        Problem: an address that does not fit the window.
    """
    page = invoice_page(
        invoice,
        brand=brand,
        language=language,
        links=links,
        postal=postal,
        name=name,
        company=company,
        customer=customer,
        large=large,
    )
    typeset = to_pdf(page, identity=f"{brand.id}/{invoice.number}", where=f"invoice {invoice.number}")
    legal = whole(invoice, brand=brand, postal=postal, name=name, company=company)
    return finished(typeset, legal, language=language)


def finished(pdf: bytes, legal: Invoice, *, language: str) -> bytes:
    """Return a typeset invoice, from either engine, as PDF/A-3b and PDF/UA, with its XML inside where it can have one.

    Args:
        pdf: tagged; see `templates.einvoice.hybrid.embed`.
        legal: the whole invoice.
        language: one that the layouts have words for, else English.
    """
    title = words(language)["credit_note" if legal.is_credit else "invoice"]
    xml = to_cii(legal) if is_electronic(legal) else None
    return embed(pdf, xml, legal, title=f"{title} {legal.number}", language=language.replace("_", "-"))


def invoice_page(
    invoice: Invoice,
    *,
    brand: Brand,
    language: str,
    links: Mapping[str, str],
    postal: Mapping[str, Any] | None,
    name: str = "",
    company: str = "",
    customer: str = "",
    large: bool = False,
) -> Page:
    """Return the invoice of `invoice_pdf`, not yet typeset."""
    look = brand_values(brand)
    window = window_for(country_of(postal) or brand.address.country)
    there = postal or {"country": brand.address.country}
    lines = address_lines(there, brand.address.country, name=name, company=company)
    legal = whole(invoice, brand=brand, postal=postal, name=name, company=company)
    values = _values(add_account(invoice_values(invoice), brand), legal, look, language, links, window)
    known = values | {"lines": lines, "customer": customer or invoice.customer}
    return Page(
        html=layouts().get_template("invoice.html.j2").render(known),
        css=page_css(window, look["colours"], lines),
        layout="invoice.css",
        large=large,
        tagged=True,
    )


def _values(
    invoice: dict[str, Any],
    legal: Invoice,
    look: dict[str, Any],
    language: str,
    links: Mapping[str, str],
    window: Window,
) -> dict[str, Any]:
    known = words(language)
    slip = slip_of(legal)
    code = None if slip else payment_code(invoice, links.get("document", ""))
    by_bank = code is not None and code.kind == "epc"
    asks = not legal.is_credit and legal.due > 0
    return {
        "language": language.replace("_", "-"),
        "dir": direction(language),
        "brand": look,
        "words": known,
        "title": known["credit_note" if legal.is_credit else "invoice"],
        "invoice": invoice,
        "account": iban(invoice["account"]),
        "return_line": " · ".join(look["sender"]) if window.return_line else "",
        "code": code_image(code.text) if code else "",
        "code_words": known["pay_by_code" if by_bank else "open_by_code"],
        "preferences_code": code_image(links["preferences"]) if links.get("preferences") else "",
        "amount": lambda value: money(value, invoice["currency"], language),
        "date": lambda value: day(value, language),
        "taxed": is_taxed(legal),
        "rows": list(rows_of(legal, language)),
        "sums": list(sums_of(legal, language)),
        "particulars": list(particulars(legal, language)),
        "remarks": list(remarks(legal, language)),
        "to_pay": known["to_pay"].format(date=day(invoice["due_on"], language)) if asks else "",
        "settled": known["credited" if legal.is_credit else "nothing_due"],
        "slip": slip,
        "slip_code": code_image(slip.code) if slip else "",
    }
