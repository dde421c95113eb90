"""Invoices as PDF: ours, and WeasyPrint called as its own page shows, on the same HTML and CSS."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from bench.figure import Figure, bound, cpu_seconds, rate
from bench.letters import check, plain
from templates.invoice import invoice_page, invoice_pdf
from templates.preview import SAMPLE_BRAND
from tidings.invoice import Invoice, Line

INVOICES = 30
POSTAL = {"street": ["Bygdøy allé 7"], "postal_code": "0265", "city": "Oslo", "country": "NO"}


def figures() -> Iterable[Figure]:
    """Measure invoices of ten items a second of CPU; number, name, amounts and codes are different on each."""
    pages = [
        invoice_page(
            _bill(n), brand=SAMPLE_BRAND, language="nb", links=_links(n), postal=POSTAL, name=f"Customer {n}"
        )
        for n in range(INVOICES)
    ]
    made = [_pdf(0)]
    theirs = [plain(pages[0], None)]
    ours = cpu_seconds(lambda: made.extend(_pdf(n) for n in range(1, INVOICES)))
    other = cpu_seconds(lambda: theirs.extend(plain(page, None) for page in pages[1:]))
    check(_bill(INVOICES - 1).number, made, theirs)
    count = INVOICES - 1
    yield rate(
        "invoices typeset per CPU-second, against plain WeasyPrint",
        ours=count / ours,
        other=count / other,
        unit="1/s",
        goal=1.2,
    )
    yield bound("CPU of an invoice of ten items", ours=ours / count * 1000, most=200, unit="ms")


def _pdf(number: int) -> bytes:
    return invoice_pdf(
        _bill(number),
        brand=SAMPLE_BRAND,
        language="nb",
        links=_links(number),
        postal=POSTAL,
        name=f"Customer {number}",
    )


def _links(number: int) -> dict[str, str]:
    return {name: f"https://t.example/{name[0]}/{number:022}" for name in ("document", "preferences")}


def _bill(number: int) -> Invoice:
    lines = tuple(
        Line(
            description=f"Lantern number {item}",
            quantity=Decimal(item),
            unit_price=Decimal(100 + number) / 4,
            tax_rate=Decimal(25 if item % 2 else 12),
        )
        for item in range(1, 11)
    )
    return Invoice(
        number=f"2026-{number:05}",
        customer=str(number),
        issued_on=date(2026, 11, 21),
        due_on=date(2026, 12, 5),
        currency="EUR",
        lines=lines,
        total=Decimal(0),
    )
