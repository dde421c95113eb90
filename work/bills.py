"""Invoices of a billing system: from rows to checked documents, each with its row and what is wrong with it."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from templates.einvoice.view import refused
from tidings.invoice import Invoice, Line
from tidings.invoice_parts import is_amount, unit_code
from tidings.problem import Problem
from tidings.reason import Reason
from work.bill_document import (
    FIELDS,
    LINE_FIELDS,
    MORE_FIELDS,
    MORE_LINE_FIELDS,
    Document,
    TableRow,
    XmlRow,
    due_after,
)
from work.bill_rows import content_of, rows_of
from work.bills_xml import xml_document
from work.reading_json import Repeated
from work.written import plain_day, plain_number

EXAMPLE = """\
# Which of the file's fields are ours. A text with {Field} in it is put together from several.
[columns]
number = "number"
customer = "customer"           # the reference of the customer, in the system `source`
issued_on = "issued_on"
due_on = "due_on"               # or `terms` below
total = "total"                 # gross; checked against the lines
lines = "lines"                 # the list of items; leave out when the file has one row for each item
# Of each line:
"line.description" = "description"
"line.quantity" = "quantity"
"line.unit_price" = "unit_price"
"line.tax_rate" = "tax_rate"

[constants]                     # where the file is silent
currency = "EUR"
terms = "P30D"                  # due so long after the issue date
"line.tax_rate" = "0"           # percent
# source = "billing"
"""


LONGEST_NUMBER = 60
"""Characters that are kept of a number of a document, and shown of a wrong value."""
NO_DUE = "due_on: missing, and no terms say how long after the issue date it is due"


class BillMapping(BaseModel):
    """`--mapping FILE.toml` of an invoice run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    ignored: tuple[str, ...] = ()
    """Elements of an XML file, as `cbc:CopyIndicator`, that may be left out."""


def read_mapping(path: Path | None) -> BillMapping:
    """Read a mapping file; None is a mapping that changes nothing.

    Raises:
        Problem: not readable, or a key we do not know.
    """
    if path is None:
        return BillMapping()
    try:
        mapping = BillMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path} is not valid TOML: {error}.", todo="Correct that line.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
    for name, column in mapping.columns.items():
        try:
            list(Formatter().parse(column))
        except ValueError as error:
            raise Problem(
                f"{path}: {name}: {column!r} is not a text with {{Field}} in it: {error}."
            ) from error
    known = {*FIELDS, "lines", *(f"line.{name}" for name in LINE_FIELDS)}
    more = {*MORE_FIELDS, *(f"line.{name}" for name in MORE_LINE_FIELDS)}
    if unknown := sorted({*mapping.columns, *mapping.constants} - known - more):
        raise Problem(
            f"{path}: {unknown[0]!r} is not a field of ours.",
            todo=f"Known: {', '.join(sorted(known))}; docs/invoices.md has more.",
        )
    return mapping


def read_bills(path: Path, mapping: BillMapping) -> tuple[list[Document], str]:
    """Return the documents of a file and the SHA-256 of file and mapping.

    JSON lines and JSON lists are read whole; tables (CSV, XLSX, ...) have one row for each item, grouped by number; UBL
    and CII are one invoice a file, and may lie in a folder or a ZIP archive.

    Raises:
        Problem: the file cannot be read at all; nothing of it was used.
    """
    rows = rows_of(path, mapping.columns)
    digest = hashlib.sha256(content_of(path) + _said(mapping)).hexdigest()
    return check_bills(rows, mapping), digest


def _said(mapping: BillMapping) -> bytes:
    """Return what a mapping says, in the same bytes as before it could ignore anything: a file is known by them."""
    return mapping.model_dump_json(exclude=None if mapping.ignored else {"ignored"}).encode()


def check_bills(rows: Sequence[tuple[int, Mapping[str, Any]]], mapping: BillMapping) -> list[Document]:
    """Turn (row, raw document) pairs into checked documents, in order."""
    documents: list[Document] = []
    seen: dict[str, Document] = {}
    for row, raw in rows:
        document = _document(row, raw, mapping)
        earlier = seen.setdefault(document.number, document)
        if document.invoice is not None and document.number and earlier is not document:
            document = Document(
                row=row,
                number=document.number,
                reason=Reason.DUPLICATE_NUMBER,
                detail=f"number {document.number!r} is in row {earlier.row} too",
            )
        documents.append(document)
    return documents


def _document(row: int, raw: Mapping[str, Any], mapping: BillMapping) -> Document:
    said = value_of(raw, "number", mapping)
    number = _storable("" if said is None else str(said).strip())
    if isinstance(raw, XmlRow):
        return xml_document(
            row,
            number,
            raw,
            value_of(raw, "customer", mapping),
            mapping.constants,
            frozenset(mapping.ignored),
        )
    if isinstance(raw, TableRow | Repeated) and raw.wrong:
        return Document(row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail=raw.wrong)
    try:
        invoice = Invoice.model_validate(_fields(raw, mapping))
        gross = invoice.gross
    except ValidationError as error:
        said = refused(error.errors()[0])
        detail = f"{said}{_column(said.partition(':')[0], mapping)}"
        return Document(row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail=detail)
    except InvalidOperation:
        return Document(
            row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail="lines: no amount can be that large"
        )
    except (ValueError, TypeError, OverflowError) as error:
        detail = f"{error}{_column(str(error).partition(':')[0], mapping)}"
        return Document(row=row, number=number, reason=Reason.WRONG_DOCUMENT, detail=detail)
    if invoice.total != gross:
        return Document(
            row=row,
            number=number,
            reason=Reason.WRONG_TOTAL,
            detail=f"total {invoice.total} is not the {gross} {invoice.currency} that its lines come to",
        )
    return Document(row=row, number=number, invoice=invoice)


def _column(field: str, mapping: BillMapping) -> str:
    """Return which column of the file a field was read from, where that is called something else."""
    name, _, inner = field.partition(".")
    if name in {"line", "lines"}:
        name = f"line.{inner.rpartition('.')[2]}"
    column = mapping.columns.get(name, "")
    return f" (column {column!r})" if column and column != name.removeprefix("line.") else ""


def _storable(text: str) -> str:
    """Return a number as it can be stored and shown, whatever a file calls a number."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")[:LONGEST_NUMBER]


def _fields(raw: Mapping[str, Any], mapping: BillMapping) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in FIELDS:
        value = value_of(raw, name, mapping)
        if value not in (None, ""):
            fields[name] = _text(value, name) if name in _TEXTS else value
    for name in ("issued_on", "total"):
        column = mapping.columns.get(name, name)
        if name not in fields and "{" not in column and column not in raw:
            msg = f"{name}: there is no {column!r}; say in --mapping which column it is (tidings invoices example)"
            raise ValueError(msg)
        if name not in fields:
            msg = f"{name}: it is missing"
            raise ValueError(msg)
    terms = fields.pop("terms", None)
    issued = fields["issued_on"] = _day(fields.get("issued_on"), "issued_on")
    fields["due_on"] = _day(fields["due_on"], "due_on") if "due_on" in fields else _due(issued, terms)
    fields["total"] = _number(fields.get("total"), "total")
    lines = raw.get(mapping.columns.get("lines", "lines"))
    if not isinstance(lines, list):
        msg = "lines: there is no list of items"
        raise ValueError(msg)
    fields["lines"] = [_line(line, mapping) for line in lines]
    return fields | _more(raw, "", Invoice, MORE_FIELDS, mapping)


_TEXTS = frozenset({"number", "customer", "reference", "source", "terms"})


def _text(value: Any, name: str) -> str:
    """Return a text that a file may also have as a number; a list or NaN names no customer and no invoice."""
    if isinstance(value, bool | list | dict) or value != value:
        msg = f"{name}: {_short(value)} is not a text"
        raise ValueError(msg)
    return str(value)


def _more(
    raw: Mapping[str, Any], prefix: str, model: type[BaseModel], names: Sequence[str], mapping: BillMapping
) -> dict[str, Any]:
    """Return what else a document says; a plain value where we have a structure is somebody else's field."""
    found = {name: value_of(raw, f"{prefix}{name}", mapping) for name in names}
    return {
        name: value
        for name, value in found.items()
        if value not in (None, "", [], {}) and (isinstance(value, dict | list) or name in _scalars(model))
    }


@cache
def _scalars(model: type[BaseModel]) -> frozenset[str]:
    schema = model.model_json_schema()["properties"]
    structures = ("$ref", "'array'")
    return frozenset(name for name, said in schema.items() if not any(one in str(said) for one in structures))


def _line(raw: Any, mapping: BillMapping) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        msg = f"lines: an item must be an object, not {raw!r}"
        raise TypeError(msg)
    found = {name: value_of(raw, f"line.{name}", mapping) for name in LINE_FIELDS}
    said = {name: value for name, value in found.items() if value not in (None, "")}
    said |= _more(raw, "line.", Line, MORE_LINE_FIELDS, mapping)
    if "unit" in said:
        said["unit"] = unit_code(str(said["unit"]))
    return {
        name: _number(value, f"line.{name}") if name in _NUMBERS else value for name, value in said.items()
    }


_NUMBERS = frozenset(
    {"quantity", "unit_price", "tax_rate", "price_quantity", "gross_price", "discount", "net"}
)


def value_of(raw: Mapping[str, Any], name: str, mapping: BillMapping) -> Any:
    """Return a field by its column, by a text put together from columns, or its constant."""
    column = mapping.columns.get(name, name.removeprefix("line."))
    if "{" in column:
        parts = [
            text + (str(raw.get(field) or "") if field else "")
            for text, field, _, _ in Formatter().parse(column)
        ]
        return "".join(parts).strip(" -\u2013,") or mapping.constants.get(name)
    value = raw.get(column)
    return mapping.constants.get(name) if value in (None, "") else value


def _number(value: Any, name: str) -> Decimal:
    """Return an amount; a float was read as the Decimal it was written as."""
    if isinstance(value, bool) or value is None:
        msg = f"{name}: {value!r} is not a number"
        raise ValueError(msg)
    try:
        number = Decimal(plain_number(str(value)).replace("_", "?"))
    except InvalidOperation as error:
        msg = f"{name}: {_short(value)} is not a number"
        raise ValueError(msg) from error
    if not is_amount(number):
        msg = f"{name}: {_short(value)} is not an amount"
        raise ValueError(msg)
    return number


def _short(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= LONGEST_NUMBER else f"{text[:LONGEST_NUMBER]}...")


def _day(value: Any, name: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return plain_day(str(value)) or datetime.fromisoformat(str(value)).date()
    except ValueError as error:
        msg = f"{name}: {_short(value)} is not a date; write YYYY-MM-DD"
        raise ValueError(msg) from error


def _due(issued: date, terms: str | None) -> date:
    if terms is None:
        raise ValueError(NO_DUE)
    return due_after(issued, terms)
