"""Billing files: from what another system writes to one row a document, each with its list of items, unchecked."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from tidings.problem import Problem
from work.bill_document import MORE_FIELDS, MORE_LINE_FIELDS, TableRow
from work.bills_xml import holds_xml, xml_rows
from work.reading import read, refuse_pipe
from work.reading_json import once


def content_of(path: Path) -> bytes:
    """Return the bytes of a file; of a folder, those of its XML files by name.

    Raises:
        Problem: it cannot be read.
    """
    refuse_pipe(path)
    try:
        if path.is_dir():
            return b"".join(one.read_bytes() for one in sorted(path.glob("*.xml")))
        return path.read_bytes()
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error


def rows_of(path: Path, columns: Mapping[str, str]) -> list[tuple[int, Mapping[str, Any]]]:
    """Return (row, raw document) of a file, each with its list of items; `columns` are a mapping's.

    Raises:
        Problem: the file cannot be read at all, or holds nothing.
    """
    raw = b"" if path.is_dir() else content_of(path)
    rows: list[tuple[int, Mapping[str, Any]]]
    if holds_xml(path, raw):
        rows = list(xml_rows(path, raw))
    else:
        rows = list(_json_rows(path, raw) if looks_like_json(raw) else _table_rows(path, columns))
    if not rows:
        raise Problem(f"{path} holds no invoices.")
    return rows


_BEFORE_JSON = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
"""Marks of byte order and white space, in any UTF."""


def looks_like_json(raw: bytes) -> bool:
    """Return whether a file is JSON or JSON lines, by how it begins; in UTF-16, too, as Windows writes it."""
    return raw.lstrip(_BEFORE_JSON)[:1] in {b"{", b"["}


def _one_object(content: str) -> dict[str, Any] | None:
    """Return the object that a JSON text is, over several lines perhaps; None where it is an object a line."""
    try:
        found = _parsed(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _parsed(content: str) -> Any:
    return json.loads(content, parse_float=Decimal, parse_int=_whole, object_pairs_hook=once)


_MOST_DIGITS = 60


def _whole(digits: str) -> int | Decimal:
    """Return a number that Python would refuse as a Decimal, so that its own field says what is wrong with it."""
    return int(digits) if len(digits) <= _MOST_DIGITS else Decimal(digits)


def _json_rows(path: Path, raw: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        content = raw.decode(json.detect_encoding(raw))
    except UnicodeDecodeError as error:
        raise Problem(
            f"{path} is not UTF-8, as JSON must be (byte {error.start}).", todo="Save it as UTF-8."
        ) from error
    if content.lstrip().startswith("["):
        try:
            items = _parsed(content)
        except (ValueError, RecursionError) as error:
            raise Problem(f"{path} is not valid JSON: {error}.") from error
        yield from ((number, item if isinstance(item, dict) else {}) for number, item in enumerate(items, 1))
        return
    if whole := _one_object(content):
        yield 1, whole
        return
    # Not by splitlines: U+2028 and the like may stand inside of a JSON text.
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            try:
                item = _parsed(line)
            except (ValueError, RecursionError) as error:
                raise Problem(
                    f"{path}, line {number}: not valid JSON: {error}.",
                    todo="Nothing was sent; correct that line.",
                ) from error
            yield number, item if isinstance(item, dict) else {}


_ALIKE = ("customer", "issued_on", "due_on", "currency", "total")
"""What all rows of one number say alike, or leave empty after the first."""


def _table_rows(path: Path, columns: Mapping[str, str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Group a table's rows by invoice number: the first row of a number gives its head, each row one line."""
    column = columns.get("number", "number")
    sheet = read(path, is_header=lambda cells: column in cells)
    if column not in sheet.frame.columns:
        raise Problem(
            f"{path} has no column {column!r}.",
            todo=f"Say with --mapping which column holds the invoice number; it has {', '.join(sheet.frame.columns)}.",
        )
    groups: dict[str, tuple[int, TableRow]] = {}
    alike = {name: columns.get(name, name) for name in _ALIKE}
    items = columns.get("lines", "lines")
    unmapped = {*MORE_FIELDS, *MORE_LINE_FIELDS} - {*columns.values()}
    for row, cells in zip(sheet.rows, sheet.frame.iter_rows(named=True), strict=True):
        values = {name: value for name, value in cells.items() if name not in unmapped}
        first, head = groups.setdefault(str(values[column] or ""), (row, TableRow({**values, items: []})))
        head[items].append(values)
        for name, there in alike.items():
            said = values.get(there)
            if values[column] and said not in (None, "", head.get(there)) and not head.wrong:
                head.wrong = (
                    f"{name}: row {row} says {said!r}, row {first} of the same number {head.get(there)!r}"
                )
    yield from groups.values()
