"""Workbooks: XLSX, ODS and old XLS by calamine, guarded against files that are made to fill the memory."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from tidings.problem import Problem

MAX_UNPACKED = 1 << 30
"""Bytes that a workbook may unpack to; a sheet of a million rows and 30 columns needs half of it."""
MAX_CELLS = 60_000_000
_CHUNK = 1 << 20
_MIDNIGHT = time(0)


def read_book(path: Path, sheet: str = "") -> list[list[str]]:
    """Return the cells of a sheet from A1 on, as text; the first visible sheet that holds something unless named.

    Numbers are written without an exponent or a trailing `.0`, dates in ISO 8601.

    Raises:
        Problem: damaged, protected by a password, too large, or no such sheet.
    """
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    data = path.read_bytes()
    if data.startswith(b"PK"):
        _guard(data, path)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
        if sheet:
            if sheet not in book.sheet_names:
                raise Problem(
                    f"{path} has no sheet {sheet!r}.", todo=f"It has: {', '.join(book.sheet_names)}."
                )
            names = [sheet]
        for name in names:
            cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            if any(any(cell != "" for cell in row) for row in cells):
                return [_texts(row) for row in cells]
    except Problem:
        raise
    except Exception as error:  # calamine raises a class for each fault, and panics are exceptions too
        raise Problem(
            f"{path} cannot be read as a workbook: {error}.", todo="Open it and save it again."
        ) from error
    return []


def _texts(row: Sequence[Any]) -> list[str]:
    return [value if type(value) is str else _text(value) for value in row]


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case float():
            return repr(value)
        case datetime() if value.time() == _MIDNIGHT:
            return value.date().isoformat()
        case datetime() | date() | time():
            return value.isoformat()
        case None:
            return ""
    return str(value)


def _guard(data: bytes, path: Path) -> None:
    """Unpack every member once, counting: what the directory of an archive says about sizes may be a lie."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                raise _too_large(path)
            for member in archive.infolist():
                height, width = _extent(archive, member)
                if height * width > MAX_CELLS:
                    raise _too_large(path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Problem(f"{path} is a damaged workbook: {error}.", todo="Open it and save it again.") from error


def _too_large(path: Path) -> Problem:
    return Problem(f"{path} unpacks to more than can be read at once.", todo="Split it, or save it as CSV.")


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int]:
    """Read a member to its end; return the last row and column its cells name: calamine makes all cells before it."""
    height, width = 0, 26
    is_sheet = member.filename.startswith("xl/worksheets/")
    with archive.open(member) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            if is_sheet:
                text = rest + chunk
                height = max(
                    height, *(int(row) for row in re.findall(rb'<row [^>]*?\br="(\d{1,7})"', text)), 0
                )
                far = set(re.findall(rb' r="([A-Z]{2,3})\d', text))
                width = max(width, *(_number(letters) for letters in far), 0)
                rest = text[-64:]
    return height, width


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
