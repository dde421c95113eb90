"""Invoices of 1 to 200 rows by filling and in full, drawn at random, beside plain WeasyPrint, Typst and others.

What the law asks for beside the page (XML, validation) is measured apart: it is the same for any engine.
"""

import gc
from collections.abc import Iterable

from bench.drawn import LANGUAGES, Draw, seed
from bench.figure import Figure, cpu_seconds
from bench.paper import PLAIN, compare, fell_back, timed_cpu
from templates.facts import pdf_text
from templates.invoice import invoice_in_full, invoice_sheet, typeset_invoice
from templates.invoice_forms import InvoiceSheet
from templates.preview import SAMPLE_BRAND
from templates.typeset import Engine
from tidings.problem import Exit, Problem

INVOICES = 120
POSTAL = {"street": ["Bygdøy allé 7"], "postal_code": "0265", "city": "Oslo", "country": "NO"}


def figures() -> Iterable[Figure]:
    """Measure invoices a second of CPU, from finished texts to the tagged PDF, the payment code included."""
    number = seed()
    draw = Draw(number)
    sheets = [_sheet(draw, at) for at in range(INVOICES)]
    first, new = sheets[: -3 * PLAIN], sheets[-3 * PLAIN :]
    made = [typeset_invoice(sheet) for sheet in first]  # among others the forms, which are made once
    gc.freeze()  # as the press does before it forks: what is kept is not looked through again
    timed = [timed_cpu(lambda sheet=sheet: typeset_invoice(sheet)) for sheet in new]  # type: ignore[misc]
    fell_back("invoices", [*made, *(one for one, _ in timed)], number)
    few = [at for at, (one, _) in enumerate(timed) if one.engine is Engine.FILL][: PLAIN + 1]
    fill = sum(timed[at][1] for at in few[1:]) / PLAIN
    few_sheets = [new[at] for at in few]
    full = cpu_seconds(lambda: [invoice_in_full(sheet) for sheet in few_sheets[1:]]) / PLAIN
    if few_sheets[-1].known["invoice"]["number"] not in pdf_text(timed[few[-1]][0].pdf):
        raise Problem("An invoice of the bench does not say its number.", code=Exit.FAILED)
    pages = [sheet.page() for sheet in few_sheets]
    yield from compare("invoice", fill=fill, full=full, pages=pages, goals=(40, 1.5, 2.5))


def _sheet(draw: Draw, number: int) -> InvoiceSheet:
    return invoice_sheet(
        draw.invoice(number),
        brand=SAMPLE_BRAND,
        language=LANGUAGES[number % len(LANGUAGES)],
        links={name: f"https://t.example/{name[0]}/{number:022}" for name in ("document", "preferences")},
        postal=POSTAL,
        name=draw.customer(),
    )
