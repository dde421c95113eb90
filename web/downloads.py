"""Tables as files: CSV and XLSX, written while they are read, and never a formula (OWASP: CSV Injection)."""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

Kind = Literal["csv", "xlsx"]
Cell = str | int | float | Decimal | date | datetime | bool | None

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula, also in full width."""
_ROWS = 500
"""Rows of a CSV that are sent at a time."""
_SHEET = 1_048_575
"""Rows of a sheet below its head (ECMA-376: 1,048,576)."""
_LONGEST = 32_767
"""Characters of a cell in a sheet."""


def asked_kind(query: str | None) -> Kind | None:
    """Return which file the query `as=` asks for, None when it asks for none."""
    return query if query in ("csv", "xlsx") else None  # type: ignore[return-value]


def download(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], kind: Kind = "csv"
) -> Response:
    """Return a table as a file that the browser keeps.

    Args:
        name: of the file, without its ending; what a file name may not hold becomes `-`.
        columns: the head.
        rows: read once, as they are sent (CSV) or before (XLSX); an iterator that reads page by page needs no memory.
        kind: `csv` (UTF-8 with a byte order mark, so that spreadsheets know it) or `xlsx`.
    """
    name = re.sub(r"[^\w.-]+", "-", name).strip("-.") or "table"
    if kind == "xlsx":
        return _workbook(name, columns, rows)
    return StreamingResponse(
        _lines(columns, rows),
        media_type="text/csv; charset=utf-8",
        headers=_headers(f"{name}.csv"),
    )


def harmless(value: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers.

    >>> harmless("=cmd|' /C calc'!A0"), harmless("+47 900"), harmless(-3)
    ("'=cmd|' /C calc'!A0", "'+47 900", -3)
    """
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_RISKY) else value


def _headers(name: str) -> dict[str, str]:
    plain = name.encode("ascii", "replace").decode().replace("?", "-")
    return {"Content-Disposition": f'attachment; filename="{plain}"', "Cache-Control": "no-store"}


def _lines(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    every = chain([columns], rows)
    head = "\ufeff"
    while some := list(islice(every, _ROWS)):
        page = io.StringIO()
        csv.writer(page).writerows([[harmless(_told(cell)) for cell in row] for row in some])
        yield head + page.getvalue()
        head = ""


def _told(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else cell


def _workbook(name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    with tempfile.NamedTemporaryFile(prefix="tidings-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
        try:
            with Workbook(file, {"constant_memory": True, "strings_to_formulas": False, **_PLAIN}) as book:
                _fill(book, columns, iter(rows))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    done = BackgroundTask(path.unlink, missing_ok=True)
    return FileResponse(path, media_type=_XLSX, headers=_headers(f"{name}.xlsx"), background=done)


_PLAIN = {"strings_to_urls": False, "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"}


def _fill(book: Any, columns: Sequence[str], rows: Iterator[Sequence[Cell]]) -> None:
    bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    while True:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, columns, bold)
        number = 0
        for number, row in enumerate(islice(rows, _SHEET), start=1):
            for place, cell in enumerate(row):
                _put(sheet, number, place, cell, moment)
        if number < _SHEET:
            return


def _put(sheet: Any, row: int, place: int, cell: Cell, moment: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, place, cell[:_LONGEST])
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, place, cell.replace(tzinfo=None), moment)
    elif cell is not None:
        sheet.write(row, place, cell)
