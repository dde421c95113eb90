"""Workbooks: XLSX, ODS and old XLS by calamine, guarded against files that are made to fill the memory.

A kilobyte can name two cells that are seventeen thousand million apart, in more spellings than a look at the bytes
finds, and calamine makes every cell between them: whoever does that for a file of a stranger is killed. So a process of
its own does it, which may have `MEMORY` and no more.
"""

from __future__ import annotations

import io
import json
import re
import resource
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from tidings.problem import Problem

MAX_UNPACKED = 1 << 30
"""Bytes that a workbook may unpack to; a sheet of a million rows and 30 columns needs half of it."""
MAX_CELLS = 60_000_000
MEMORY = 6 << 30
"""Bytes that the reading process may have: what that sheet needs, twice."""
SECONDS = 600
"""Of the processor, that it may have."""
_CHUNK = 1 << 20
_MIDNIGHT = time(0)


def read_book(path: Path, sheet: str = "") -> tuple[list[list[str]], list[str]]:
    """Return the cells of a sheet from A1 on, as text; the first visible sheet that holds something unless named.

    Numbers are written without an exponent or a trailing `.0`, dates in ISO 8601. Beside them come the names of the
    other visible sheets that hold something, unless the sheet was named.

    Raises:
        Problem: damaged, protected by a password, too large, or no such sheet.
    """
    data = path.read_bytes()
    if data.startswith(b"PK"):
        _guard(data, path)
    command = [sys.executable, "-m", "work.reading_books", str(path), sheet]
    with subprocess.Popen(  # noqa: S603 -- ourselves
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reader:
        assert reader.stdout is not None
        told = [json.loads(line) for line in reader.stdout if line.endswith(b"\n")]
    if told and isinstance(told[-1], dict):
        raise Problem(**told[-1])
    if reader.returncode:
        raise too_large(path)
    return told[1:], told[0]


def _tell(path: Path, sheet: str) -> None:
    """Write to standard output, a line of JSON each, the other sheets and the rows of this one, or what is wrong."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        rows, others = _cells(path, sheet)
        sys.stdout.write(json.dumps(others) + "\n")
        for row in rows:
            sys.stdout.write(json.dumps(_texts(row)) + "\n")
    except Problem as problem:
        sys.stdout.write(json.dumps({"what": problem.what, "todo": problem.todo}) + "\n")


def _cells(path: Path, sheet: str) -> tuple[list[list[Any]], list[str]]:
    from python_calamine import CalamineWorkbook

    rows: list[list[Any]] = []
    others: list[str] = []
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        for name in _names(book, path, sheet):
            found = book.get_sheet_by_name(name)
            if found.total_height * found.total_width > MAX_CELLS:
                raise too_large(path)
            cells = found.to_python(skip_empty_area=False)
            if not any(any(cell != "" for cell in row) for row in cells):
                continue
            if rows:
                others.append(name)
            else:
                rows = cells
    except (Problem, MemoryError):
        raise
    except Exception as error:  # calamine raises a class for each fault, and panics are exceptions too
        raise Problem(
            f"{path} cannot be read as a workbook: {error}.", todo="Open it and save it again."
        ) from error
    return rows, others


def _names(book: Any, path: Path, sheet: str) -> list[str]:
    from python_calamine import SheetVisibleEnum

    if sheet and sheet not in book.sheet_names:
        raise Problem(f"{path} has no sheet {sheet!r}.", todo=f"It has: {', '.join(book.sheet_names)}.")
    visible = [one.name for one in book.sheets_metadata if one.visible == SheetVisibleEnum.Visible]
    return [sheet] if sheet else visible


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
                raise too_large(path)
            for member in archive.infolist():
                height, width = _extent(archive, member)
                if height * width > MAX_CELLS:
                    raise too_large(path)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise Problem(f"{path} is a damaged workbook: {error}.", todo="Open it and save it again.") from error


def too_large(path: Path) -> Problem:
    """Return what is told of a file that is small and holds more than a machine."""
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


if __name__ == "__main__":
    _tell(Path(sys.argv[1]), sys.argv[2])
