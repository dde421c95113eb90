"""One document of a billing file: what it may say, and how it was checked."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from pydantic import TypeAdapter

from tidings.invoice import Invoice, Line

FIELDS = (
    "number",
    "customer",
    "issued_on",
    "due_on",
    "currency",
    "total",
    "reference",
    "note",
    "source",
    "terms",
)
LINE_FIELDS = ("description", "quantity", "unit_price", "tax_rate")
_BASE = {*FIELDS, "lines"}
MORE_FIELDS = tuple(name for name in Invoice.model_fields if name not in _BASE)
"""What JSON may say besides, under our own names; a column of a table only where the mapping names it."""
MORE_LINE_FIELDS = tuple(name for name in Line.model_fields if name not in LINE_FIELDS)


def due_after(issued: date, terms: str) -> date:
    """Return the day that is so long (ISO 8601, `P30D`) after another.

    Raises:
        ValueError: the terms are no length of time.
    """
    try:
        return issued + TypeAdapter(timedelta).validate_python(terms)
    except (ValueError, OverflowError) as error:
        msg = f"terms: {terms[:40]!r} is not a length of time; write P30D for thirty days"
        raise ValueError(msg) from error


class XmlRow(dict[str, Any]):
    """What an XML file says: fields under our names, `xml` with what was read or why it was not, `file` its name."""


class TableRow(dict[str, Any]):
    """The rows of one number in a table; `wrong` is a sentence where they contradict each other, else ''."""

    wrong = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One document of a file; `invoice` is None, or `reason` is set, when it cannot be sent as it is."""

    row: int
    number: str
    invoice: Invoice | None = None
    reason: str = ""
    detail: str = ""
