"""Tables as files: CSV and XLSX, never with a formula in it (OWASP: CSV Injection).

A file is written to disk while its rows are read, and sent from there: it needs no memory, and a slow client keeps no
connection to the database.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

from tidings.cells import Cell, in_parts
from web.language import words

Kind = Literal["csv", "xlsx"]

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SHEET = 1_048_575
"""Rows of a sheet below its head (ECMA-376: 1,048,576)."""
_LONGEST = 32_767
"""Characters of a cell in a sheet."""


def asked_kind(query: str | None) -> Kind | None:
    """Return which file the query `as=` asks for, None when it asks for none."""
    return query if query in ("csv", "xlsx") else None  # type: ignore[return-value]


def heads(language: str, columns: Sequence[str]) -> list[str]:
    """Return what the columns of a file for people are called; in English the names that programs know, too.

    >>> heads("nb", ["customer", "reason"]), heads("en", ["updated_at"])
    (['Kunde', 'Årsak'], ['updated_at'])
    """
    known = words(language)["columns"]
    return [str(known[column]) for column in columns]


def download(
    name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], kind: Kind = "csv"
) -> Response:
    """Return a table as a file that the browser keeps.

    Args:
        name: of the file, without its ending; what a file name may not hold becomes `-`.
        columns: the head (`heads`).
        rows: read once, before this returns; an iterator that reads piece by piece needs no memory.
        kind: `csv` (UTF-8 with a byte order mark, so that spreadsheets know it) or `xlsx`.
    """
    name = f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('-.') or 'table'}.{kind}"
    with tempfile.NamedTemporaryFile(prefix="tidings-", suffix=f".{kind}", delete=False) as file:
        path = Path(file.name)
        try:
            (_write_workbook if kind == "xlsx" else _write_lines)(file, columns, iter(rows))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return FileResponse(
        path,
        media_type=_TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _write_lines(file: IO[bytes], columns: Sequence[str], rows: Iterator[Sequence[Cell]]) -> None:
    with io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="") as page:
        writer = csv.writer(page)
        writer.writerow([in_parts(column) for column in columns])
        for row in rows:
            writer.writerow([in_parts(_told(cell)) for cell in row])


def _told(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else cell


def _write_workbook(file: IO[bytes], columns: Sequence[str], rows: Iterator[Sequence[Cell]]) -> None:
    from xlsxwriter import Workbook  # type: ignore[import-untyped]

    with Workbook(file, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        number = _SHEET
        while number == _SHEET:  # another sheet for each million rows
            sheet, number = book.add_worksheet(), 0
            sheet.freeze_panes(1, 0)
            for place, column in enumerate(columns):
                sheet.write_string(0, place, column, bold)
            for number, row in enumerate(islice(rows, _SHEET), start=1):
                for place, cell in enumerate(row):
                    _put(sheet, number, place, cell, moment)


def _put(sheet: Any, row: int, place: int, cell: Cell, moment: Any) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, place, cell[:_LONGEST])
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, place, cell.replace(tzinfo=None), moment)
    elif cell is not None:
        sheet.write(row, place, cell)
