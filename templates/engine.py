"""Which engine sets a template's letters, and what stands in the way of filling it."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from templates.catalog import Template
from templates.edition import edition
from templates.invoice import invoice_sheet, typeset_invoice
from templates.letter import typeset_letter
from templates.postal_lines import address_lines
from templates.preview import sample_subject
from templates.render import language_of, values_of
from templates.typeset import Typeset
from tidings.channel import Channel
from tidings.invoice import Invoice, Line
from tidings.organisation import Brand


def paper_of(template: Template, brand: Brand, language: str) -> Typeset | None:
    """Return the sample's letter as a run would have it, or None for a template without letters.

    The values of the data model are taken for those of the run, the same for all its letters.

    Raises:
        Problem: the template cannot be rendered with its sample.
    """
    if Channel.LETTER not in template.channels:
        return None
    subject = sample_subject(template, brand, language_of(template, language, brand))
    if template.document == "invoice":
        given = template.sample.get("invoice")
        invoice = Invoice.model_validate(given) if given else _EXAMPLE
        links, postal = subject.links, subject.postal
        return typeset_invoice(
            invoice_sheet(invoice, brand=brand, language=subject.language, links=links, postal=postal)
        )
    shared = {name: value for name, value in subject.data.items() if name != "customer"}
    asked = replace(subject, shared=shared, data={"customer": subject.data.get("customer", {})})
    written = edition(template, asked.language, brand)
    lines = address_lines(asked.postal or {}, brand.address.country)
    return typeset_letter(written, asked, values_of(template, asked), lines)


_EXAMPLE = Invoice(
    number="1",
    customer="1",
    issued_on=date(2026, 1, 1),
    due_on=date(2026, 1, 15),
    currency="EUR",
    lines=(Line(description="Example", quantity=Decimal(1), unit_price=Decimal(1), tax_rate=Decimal(0)),),
    total=Decimal(1),
)
