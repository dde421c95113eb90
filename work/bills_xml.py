"""Invoices that come as UBL or CII: from hostile XML to checked documents, whose own sums are held against ours."""

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from templates.einvoice.cii import ROOT, from_cii
from templates.einvoice.hybrid import read_xml
from templates.einvoice.syntax import MOST_BYTES, parse
from templates.einvoice.ubl import CREDIT_NOTE, INVOICE, from_ubl
from templates.einvoice.view import Read, differences, model_of
from tidings.problem import Problem
from tidings.reason import Reason
from work.bill_document import Document, XmlRow, due_after

MOST_FILES = 10_000
_UNPACKED = 1 << 30
"""Bytes of all files of an archive."""
_SHOWN = 5


def holds_xml(path: Path, raw: bytes) -> bool:
    """Return whether a file is XML, a PDF that carries an invoice, or an archive or folder of XML files."""
    if path.is_dir() or raw.startswith(b"%PDF"):
        return True
    if raw.startswith(b"PK"):
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as archive:
                names = archive.namelist()
        except zipfile.BadZipFile:
            return False
        return not any(name.startswith("xl/") or name == "content.xml" for name in names) and any(
            name.lower().endswith(".xml") for name in names
        )
    if path.suffix.lower() == ".xml":
        return bool(raw)
    start = raw[:512].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"<") or raw[:4] in {b"\xff\xfe<\0", b"\xfe\xff\0<"}


def xml_rows(path: Path, raw: bytes) -> Iterator[tuple[int, XmlRow]]:
    """Yield (place, what a file says), the fields under our own names; `xml` is what was read, or a sentence why not.

    Raises:
        Problem: too many files, or more than can be read.
    """
    for place, (name, content) in enumerate(_files(path, raw), start=1):
        try:
            found = read_invoice(content)
        except Problem as problem:
            yield place, XmlRow(xml=" ".join(one for one in (f"{name}: {problem.what}", problem.todo) if one))
        else:
            yield place, XmlRow(found.fields, xml=found, file=name)


def read_invoice(content: bytes) -> Read:
    """Return what an XML invoice, or the one inside of a PDF, says.

    Raises:
        Problem: it is none, or a value cannot be read; names the field.
    """
    if content.startswith(b"%PDF"):
        inside = read_xml(content)
        if inside is None:
            raise Problem("The PDF carries no invoice.")
        content = inside
    root = parse(content)
    readers = {ROOT: from_cii, INVOICE: from_ubl, CREDIT_NOTE: from_ubl}
    reader = readers.get(root.tag)
    if reader is None:
        raise Problem(f"The XML is a {str(root.tag)[:80]}, not an invoice in UBL or CII.")
    try:
        return reader(root)
    except ValueError as error:
        raise Problem(str(error)) from error


def xml_document(
    row: int,
    number: str,
    raw: Mapping[str, Any],
    customer: Any,
    constants: Mapping[str, str],
    ignored: frozenset[str],
) -> Document:
    """Return the document of an XML file; one that says more than we can, or other sums, is wrong.

    Args:
        row: its place among the files.
        number: as the file calls it.
        raw: of `xml_rows`.
        customer: the customer's reference.
        constants: of the mapping: `source`, whose references those are, and `terms` where the file has no due date.
        ignored: of the mapping.
    """
    found = raw["xml"]
    if isinstance(found, str):
        return Document(row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail=found)
    fields = {**found.fields, "customer": str(customer or ""), "source": constants.get("source", "")}
    issued = fields.get("issued_on")
    try:
        if issued and not fields.get("due_on") and "terms" in constants:
            fields["due_on"] = due_after(issued, constants["terms"])
        invoice = model_of(replace(found, fields=fields))
    except (Problem, ValueError) as problem:
        detail = f"{str(problem).rstrip('.')} (in {raw['file']})"
        return Document(row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail=detail)
    left = [(path, text) for path, text in found.left_out if ignored.isdisjoint(path.split("/"))]
    if left:
        path, text = left[0]
        more = f", and {len(left) - 1} more" if len(left) > 1 else ""
        detail = (
            f"{path}: {text[:60]!r} has no place in an invoice of EN 16931{more}; take it out, or name it under"
            f" `ignored` in the mapping (in {raw['file']})"
        )
        return Document(row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail=detail)
    if wrong := differences(invoice, found):
        return Document(
            row=row,
            number=number,
            reason=Reason.WRONG_TOTAL,
            detail=f"{'; '.join(wrong[:_SHOWN])} (in {raw['file']})",
        )
    return Document(row=row, number=number, invoice=invoice)


def _files(path: Path, raw: bytes) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for one in sorted(path.glob("*.xml")):
            yield one.name, one.read_bytes()
    elif raw.startswith(b"PK"):
        yield from _archived(path, raw)
    else:
        yield path.name, raw


def _archived(path: Path, raw: bytes) -> Iterator[tuple[str, bytes]]:
    left = _UNPACKED
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        names = sorted(name for name in archive.namelist() if name.lower().endswith(".xml"))
        if len(names) > MOST_FILES:
            raise Problem(f"{path} holds {len(names)} files; {MOST_FILES} can be read.", todo="Split it.")
        for name in names:
            try:
                with archive.open(name) as file:
                    content = file.read(min(MOST_BYTES, left) + 1)
            except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
                raise Problem(f"{path} is damaged: {error}.", todo="Pack it again.") from error
            left -= len(content)
            if left < 0 or len(content) > MOST_BYTES:
                raise Problem(f"{path} unpacks to more than can be read at once.", todo="Split it.")
            yield name, content
