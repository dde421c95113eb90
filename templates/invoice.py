"""The invoice as one PDF: attached to the e-mail, printed as the letter, behind the link of SMS and push."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from templates.codes import code_image
from templates.compare import difference, sampled
from templates.einvoice.cii import to_cii
from templates.einvoice.hybrid import embed
from templates.einvoice.legal import is_electronic, whole
from templates.invoice_forms import InvoiceSheet, fill_invoice, layout_version
from templates.invoice_table import is_taxed, particulars, remarks, rows_of, sums_of
from templates.language import direction, words
from templates.paper import Page, to_pages, undisturbed
from templates.paymentcode import payment_code
from templates.pictures import SCHEME
from templates.postal_lines import Window, address_lines, country_of, window_for
from templates.safe import day, iban, money
from templates.swissqr import SLIP_WORDS, slip_language, slip_of
from templates.typeset import Cause, Engine, Typeset, UnfitError, typeset
from templates.values import add_account, brand_values, invoice_values
from tidings.invoice import Invoice
from tidings.organisation import Brand


@dataclass(frozen=True, kw_only=True, slots=True)
class MadeInvoice:
    """A finished invoice."""

    pdf: bytes
    cause: str
    """Why it was laid out in full although others are filled (`templates.typeset.Cause`); ''."""


def make_invoice(
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
    spoken: str = "",
) -> MadeInvoice:
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
        spoken: what the customer speaks, for what there is in other languages than our texts; '' = `language`.

    Raises:
        Problem: an address that does not fit the window.
    """
    sheet = invoice_sheet(
        invoice,
        brand=brand,
        language=language,
        links=links,
        postal=postal,
        name=name,
        company=company,
        customer=customer,
        large=large,
        spoken=spoken,
    )
    typeset = typeset_invoice(sheet)
    legal = whole(invoice, brand=brand, postal=postal, name=name, company=company)
    return MadeInvoice(pdf=finished(typeset.pdf, legal, language=language), cause=typeset.cause or "")


def invoice_pdf(invoice: Invoice, **given: Any) -> bytes:
    """Return the PDF of `make_invoice` alone."""
    return make_invoice(invoice, **given).pdf


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


def invoice_sheet(
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
    spoken: str = "",
) -> InvoiceSheet:
    """Return the invoice of `invoice_pdf`, not yet typeset."""
    look = brand_values(brand)
    home = brand.address.country
    window = window_for(country_of(postal) or home, brand.windows)
    there = postal or {"country": home}
    lines = address_lines(there, home, name=name, company=company, windows=brand.windows)
    legal = whole(invoice, brand=brand, postal=postal, name=name, company=company)
    values = _values(
        add_account(invoice_values(invoice), brand), legal, look, language, links, window, spoken or language
    )
    return InvoiceSheet(
        known=values | {"lines": lines, "customer": customer or invoice.customer},
        window=window,
        large=large,
        codes=values["codes"],
        identity=f"{brand.id}/{invoice.number}",
    )


def invoice_page(invoice: Invoice, **given: Any) -> Page:
    """Return the page of an invoice, see `invoice_sheet`."""
    return invoice_sheet(invoice, **given).page()


def typeset_invoice(sheet: InvoiceSheet) -> Typeset:
    """Return an invoice by the fastest engine that can set it.

    Raises:
        Problem: an address that does not fit the window.
    """
    try:
        with undisturbed():
            pdf, pages = fill_invoice(sheet)
    except UnfitError as unfit:
        return invoice_in_full(sheet, unfit)
    filled = typeset(pdf, pages=pages, engine=Engine.FILL, version=layout_version())
    if not sampled(sheet.identity):
        return filled
    full = invoice_in_full(sheet)
    found = difference(filled.pdf, full.pdf)
    return replace(full, cause=Cause.DIFFERENCE, why=found) if found else filled


def invoice_in_full(sheet: InvoiceSheet, unfit: UnfitError | None = None) -> Typeset:
    """Return an invoice laid out on its own."""
    pdf, pages = to_pages(sheet.page(), identity=sheet.identity, where=f"invoice {sheet.identity}")
    return typeset(
        pdf,
        pages=pages,
        engine=Engine.FULL,
        version=layout_version(),
        cause=unfit.cause if unfit else None,
        why=unfit.why if unfit else "",
    )


def _values(
    invoice: dict[str, Any],
    legal: Invoice,
    look: dict[str, Any],
    language: str,
    links: Mapping[str, str],
    window: Window,
    spoken: str,
) -> dict[str, Any]:
    known = words(language)
    slip = slip_of(legal)
    code = None if slip else payment_code(invoice, links.get("document", ""))
    by_bank = code is not None and code.kind == "epc"
    collected = invoice["collected"] if legal.due > 0 else ""
    asks = not legal.is_credit and legal.due > 0 and not collected
    settled = f"by_{collected}" if collected else "credited" if legal.is_credit else "nothing_due"
    return {
        "language": language.replace("_", "-"),
        "dir": direction(language),
        "brand": look,
        "words": known,
        "title": known["credit_note" if legal.is_credit else "invoice"],
        "invoice": invoice,
        "account": iban(invoice["account"]),
        "return_line": " · ".join(look["sender"]) if window.return_line else "",
        "code": f"{SCHEME}payment" if code else "",
        "codes": {"payment": code.text if code else "", "preferences": links.get("preferences", "")},
        "code_words": known["pay_by_code" if by_bank else "open_by_code"],
        "preferences_code": f"{SCHEME}preferences" if links.get("preferences") else "",
        "amount": lambda value: money(value, invoice["currency"], language),
        "date": lambda value: day(value, language),
        "taxed": is_taxed(legal),
        "rows": list(rows_of(legal, language)),
        "sums": list(sums_of(legal, language)),
        "particulars": list(particulars(legal, language)),
        "remarks": list(remarks(legal, language)),
        "to_pay": known["to_pay"].format(date=day(invoice["due_on"], language)) if asks else "",
        "settled": known[settled],
        "slip": slip,
        "slip_language": slip_language(spoken),
        "slip_words": SLIP_WORDS[slip_language(spoken)],
        "slip_code": code_image(slip.code) if slip else "",
    }
