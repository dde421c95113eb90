"""Invoices of 1 to 200 rows by filling and in full, drawn at random, beside plain WeasyPrint, Typst and others.

What the law asks for beside the page (XML, validation) is measured apart: it is the same for any engine.
"""

import gc
from collections.abc import Iterable
from functools import partial

from bench.drawn import LANGUAGES, Draw, seed
from bench.figure import Figure
from bench.paper import PLAIN, Turn, compare, fell_back
from templates.facts import pdf_text
from templates.invoice import invoice_in_full, invoice_sheet, typeset_invoice
from templates.invoice_forms import InvoiceSheet
from templates.preview import SAMPLE_BRAND
from tidings.problem import Exit, Problem

INVOICES = 120
POSTAL = {"street": ["Bygdøy allé 7"], "postal_code": "0265", "city": "Oslo", "country": "NO"}


def figures() -> Iterable[Figure]:
    """Measure invoices a second of CPU, from finished texts to the tagged PDF, the payment code included."""
    number = seed()
    draw = Draw(number)
    sheets = [_sheet(draw, at) for at in range(INVOICES)]
    first, new = sheets[: -PLAIN - 1], sheets[-PLAIN - 1 :]
    made = [typeset_invoice(sheet) for sheet in first]  # among others the forms, which are made once
    fell_back("invoices", made, number)
    if first[-1].known["invoice"]["number"] not in pdf_text(made[-1].pdf):
        raise Problem("An invoice of the bench does not say its number.", code=Exit.FAILED)
    gc.freeze()  # as the press does before it forks: what is kept is not looked through again
    yield from compare("invoice", [_turn(sheet) for sheet in new], goals=(40, 1.5, 2.5))


def _turn(sheet: InvoiceSheet) -> Turn:
    return Turn(
        page=sheet.page(), full=partial(invoice_in_full, sheet), fills=[partial(typeset_invoice, sheet)]
    )


def _sheet(draw: Draw, number: int) -> InvoiceSheet:
    return invoice_sheet(
        draw.invoice(number),
        brand=SAMPLE_BRAND,
        language=LANGUAGES[number % len(LANGUAGES)],
        links={name: f"https://t.example/{name[0]}/{number:022}" for name in ("document", "preferences")},
        postal=POSTAL,
        name=draw.customer(),
    )
