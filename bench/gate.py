"""The legal gate of an invoice, measured apart: arithmetic, schemas, Schematron, PDF/A-3, PDF/UA and the read-back."""

import os
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from time import process_time

from bench.figure import Figure, bound
from templates.einvoice.gate import examine
from templates.einvoice.legal import whole
from templates.einvoice.schematron import Worker
from templates.einvoice.ubl import to_ubl
from templates.invoice import invoice_pdf
from templates.preview import SAMPLE_BRAND
from tidings.invoice import Invoice, Line
from tidings.problem import Problem

INVOICES = 20
MOST = 250.0
"""Milliseconds: 50 are usual for CII and UBL together on an idle machine."""
POSTAL = {"street": ["Bygdøy allé 7"], "postal_code": "0265", "city": "Oslo", "country": "NO"}


LINKS = {name: f"https://t.example/{name[0]}/{0:022}" for name in ("document", "preferences")}


def figures() -> Iterable[Figure]:
    """Measure the CPU of the gate for an invoice of ten items, of this process and of the one with the rules."""
    cases = []
    for number in range(INVOICES + 1):
        bill = _bill(number)
        pdf = invoice_pdf(
            bill, brand=SAMPLE_BRAND, language="nb", links=LINKS, postal=POSTAL, name=f"Customer {number}"
        )
        legal = whole(bill, brand=SAMPLE_BRAND, postal=POSTAL, name=f"Customer {number}")
        cases.append((legal, pdf, to_ubl(legal)))
    rules = Worker()
    try:
        _examined(cases[:1], rules)  # compiles the rules once
        before = process_time() + _cpu(rules.pid)
        _examined(cases[1:], rules)
        spent = process_time() + _cpu(rules.pid) - before
    finally:
        rules.end()
    yield bound("invoice gate", ours=spent / INVOICES * 1000, most=MOST, unit="ms CPU")


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
    draft = Invoice(
        number=f"2026-{number:05}",
        customer=str(number),
        issued_on=date(2026, 11, 21),
        due_on=date(2026, 12, 5),
        currency="EUR",
        lines=lines,
        total=Decimal(0),
    )
    return draft.model_copy(update={"total": draft.gross})


def _examined(cases: Iterable[tuple[object, bytes, bytes]], rules: Worker) -> None:
    for legal, pdf, ubl in cases:
        if found := examine(legal, pdf=pdf, ubl=ubl, rules=rules):  # type: ignore[arg-type]
            raise Problem(f"The bench's own invoice is not released: {found[0]}.")


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process, user and system (proc(5), fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
