"""Reads a table from a file of any usual format into columns of text."""

from __future__ import annotations

import io
import json
import math
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tidings.problem import Problem
from work import reading_text
from work.reading_json import Repeated, once

if TYPE_CHECKING:
    import polars as pl

_HALVES = re.compile("[\ud800-\udfff]")
_DEPTH = 8
"""Objects inside of objects whose keys become columns; what lies deeper is one text."""
FORMATS = ("csv", "tsv", "xlsx", "ods", "xls", "jsonl", "parquet")
MAX_COLUMNS = 2000
_HEADER_WITHIN = 20
_CONTROL = r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u{2028}\u{2029}]+"
_INVISIBLE = r"[\u{200b}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2060}\u{2066}-\u{2069}\u{feff}]+"
"""Direction marks and zero-width characters: they come along with copied phone numbers and hide what a name says."""


@dataclass(frozen=True, kw_only=True)
class Unread:
    """A row, or a part of one, that is not in the table."""

    row: int
    value: str
    problem: str
    rejected: bool
    """Whether the whole row is missing, or only this value."""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """What a file holds."""

    path: Path
    kind: str
    """One of FORMATS."""
    frame: pl.DataFrame
    """Text, named as in the file; blank is null, control characters are gone, rows without a value left out."""
    rows: pl.Series
    """Int64: the number a spreadsheet shows for each row; of JSON lines the line, of Parquet the record."""
    delimiter: str = ","
    unread: tuple[Unread, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a mapping says about the file itself; '' is guessed."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


def read(path: Path, *, is_header: Callable[[Sequence[str]], bool], how: Reading | None = None) -> Sheet:
    """Read a file, whatever its name ends in: its content says what it is.

    Args:
        path: the file.
        is_header: whether a record names columns we can use; lines above it (titles) are skipped.
        how: what is known about the file.

    Raises:
        Problem: missing, empty, binary, damaged, or too large; names the file.
    """
    how = how or Reading()
    refuse_pipe(path)
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except FileNotFoundError as error:
        raise Problem(f"There is no file {path}.") from error
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
    if not start.strip():
        raise Problem(f"{path} is empty.")
    kind = _kind(path, start)
    if kind == "parquet":
        return _parquet(path)
    if kind in {"xlsx", "ods", "xls"}:
        from work.reading_books import read_book

        rows, others = read_book(path, how.sheet)
        return _table(path, kind, rows, is_header, others=others)
    text = reading_text.decode(path.read_bytes(), path, how.encoding)
    if kind == "jsonl" or text.lstrip()[:1] in {"{", "["}:
        return _json(path, text)
    return _delimited(path, reading_text.without_example(text), is_header, how)


def refuse_pipe(path: Path) -> None:
    """Refuse what can be read only once: the beginning that tells the format would be missing in the table."""
    if path.is_fifo():
        raise Problem(f"{path} is a pipe, which can be read only once.", todo="Write it into a file first.")


def _kind(path: Path, start: bytes) -> str:
    if start.startswith(b"PAR1"):
        return "parquet"
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        return "xls"
    if start.startswith(b"PK"):
        return _archive_kind(path)
    return "tsv" if path.suffix.lower() in {".tsv", ".tab"} else "csv"


def _archive_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError) as error:
        raise Problem(f"{path} is damaged: {error}.", todo="Save it again.") from error
    if any(name.startswith("xl/") for name in names):
        return "xlsx"
    if "content.xml" in names:
        return "ods"
    raise Problem(f"{path} is an archive, not a table.", todo="Unpack it and import the table inside.")


def _delimited(path: Path, text: str, is_header: Callable[[Sequence[str]], bool], how: Reading) -> Sheet:
    named, text = reading_text.named_delimiter(text)
    delimiter = how.delimiter or named or reading_text.guess_delimiter(text)
    found = reading_text.records(text, delimiter, path)
    return _table(path, "tsv" if delimiter == "\t" else "csv", found, is_header, delimiter)


def _table(
    path: Path,
    kind: str,
    records: Iterable[Sequence[str]],
    is_header: Callable[[Sequence[str]], bool],
    delimiter: str = ",",
    others: Sequence[str] = (),
) -> Sheet:
    """Find the header among the first records, and make columns of those below it; name the `others` left unread."""
    numbered = enumerate(records, start=1)
    first = [
        (row, record)
        for row, record in islice(numbered, _HEADER_WITHIN)
        if any(cell.strip() for cell in record)
    ]
    if not first:
        raise Problem(f"{path} is empty.")
    at = next((place for place, (_, record) in enumerate(first) if is_header(record)), 0)
    names = _unique(first[at][1])
    if len(names) > MAX_COLUMNS:
        raise Problem(f"{path} has {len(names)} columns; {MAX_COLUMNS} can be read.")
    rows: list[int] = []
    kept: list[Sequence[str]] = []
    beside = "a sheet that is not read; a mapping can name it: sheet under [formats]"
    unread = [Unread(row=0, value=name, problem=beside, rejected=False) for name in others]
    unread += _twice(*first[at], names)
    for row, record in _chain(first[at + 1 :], numbered):
        if any(record) and any(cell.strip() for cell in record):
            rows.append(row)
            kept.append(_fitted(row, record, len(names), unread))
    columns = list(zip(*kept, strict=True)) if kept else [() for _ in names]
    return _sheet(
        path, kind, dict(zip(names, columns, strict=True)), rows, delimiter=delimiter, unread=unread
    )


def _chain(
    first: list[tuple[int, Sequence[str]]], rest: Iterator[tuple[int, Sequence[str]]]
) -> Iterator[tuple[int, Sequence[str]]]:
    yield from first
    yield from rest


def _fitted(row: int, record: Sequence[str], width: int, unread: list[Unread]) -> Sequence[str]:
    """Return a record as wide as the header; cells beyond it are named, a short record is filled up."""
    if len(record) == width:
        return record
    beyond = [cell for cell in record[width:] if cell.strip()]
    if beyond:
        problem = f"the row has {len(record)} cells, the header {width}; what is beyond is left out"
        unread.append(Unread(row=row, value=" | ".join(beyond)[:200], problem=problem, rejected=False))
    return [*record[:width], *([""] * (width - len(record)))]


def _unique(header: Sequence[str]) -> list[str]:
    """Return column names without line breaks; a name that comes again gets a number, an empty one its place."""
    seen: dict[str, int] = {}
    names = []
    for place, cell in enumerate(header, start=1):
        name = _name(cell) or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    while names and names[-1] == f"column {len(names)}":
        names.pop()
    return names


@lru_cache(maxsize=4 * MAX_COLUMNS)
def _name(cell: str) -> str:
    """Return a name as one line of text, without signs that nothing can keep."""
    return " ".join("".join(one if one.isprintable() else " " for one in cell).split())


def _twice(row: int, header: Sequence[str], names: Sequence[str]) -> list[Unread]:
    """Name the columns whose name the header has before: which of them was meant, only a person knows."""
    return [
        Unread(
            row=row, value=name, problem=f"the header has this name twice; read as {name!r}", rejected=False
        )
        for cell, name in zip(header, names, strict=False)
        if _name(cell) and name != _name(cell)
    ]


def _sheet(
    path: Path,
    kind: str,
    columns: Mapping[str, Sequence[str | None]],
    rows: Sequence[int],
    *,
    delimiter: str = ",",
    unread: Sequence[Unread] = (),
) -> Sheet:
    import polars as pl

    frame = pl.DataFrame({name: pl.Series(name, values, dtype=pl.String) for name, values in columns.items()})
    numbers = pl.Series("row", rows, dtype=pl.Int64)
    return Sheet(
        path=path, kind=kind, frame=cleaned(frame), rows=numbers, delimiter=delimiter, unread=tuple(unread)
    )


def cleaned(frame: pl.DataFrame) -> pl.DataFrame:
    """Return text columns without outer blanks and control characters; what says `nothing` becomes null.

    A quotation mark that a spreadsheet (or our own rejects file) puts before a formula is taken off.
    """
    import polars as pl

    nothing = ["", "NULL", "\\N", "#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"]
    texts = pl.col(pl.String)
    return frame.with_columns(
        texts.str.replace_all(_INVISIBLE, "").str.replace_all(_CONTROL, " ").str.strip_chars()
    ).with_columns(
        pl.when(texts.is_in(nothing))
        .then(None)
        .otherwise(texts.str.replace(r"^'([=+\-@])", "$1"))
        .name.keep()
    )


def _parquet(path: Path) -> Sheet:
    import polars as pl

    from work.reading_books import MAX_CELLS, too_large

    try:
        sizes = pl.scan_parquet(path)
        if sizes.select(pl.len()).collect().item() * len(sizes.collect_schema()) > MAX_CELLS:
            raise too_large(path)
        frame = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise Problem(f"{path} is damaged: {error}.", todo="Write it again.") from error
    records = range(1, frame.height + 1)
    columns = {
        _name(name): values
        for column in frame.get_columns()
        for name, values in _plain_column(column).items()
    }
    return _sheet(path, "parquet", columns, records)


def _plain_column(column: pl.Series) -> dict[str, Sequence[str | None]]:
    import polars as pl

    if column.dtype == pl.String:
        return {column.name: column.to_list()}
    if isinstance(column.dtype, pl.Struct):
        fields = column.struct.unnest().get_columns()
        return {
            f"{column.name}.{name}": values for one in fields for name, values in _plain_column(one).items()
        }
    return {column.name: [_json_text(value) for value in column.to_list()]}


def _json(path: Path, text: str) -> Sheet:
    """JSON lines, or one JSON array of objects."""
    if text.lstrip().startswith("["):
        try:
            whole = json.loads(text, parse_constant=_no_number, object_pairs_hook=once)
        except (ValueError, RecursionError) as error:
            raise Problem(f"{path} is not valid JSON: {error}.") from error
        lines = [(number, value) for number, value in enumerate(whole, start=1)]
    else:
        lines = [
            (number, _line(line)) for number, line in enumerate(io.StringIO(text), start=1) if line.strip()
        ]
    objects = [(number, _flat(value)) for number, value in lines if isinstance(value, dict)]
    if not objects:
        raise Problem(f"{path} holds no JSON objects.", todo="Write one object on each line.")
    bad = {
        number: Unread(row=number, value=str(value)[:200], problem=_wrong(value), rejected=True)
        for number, value in lines
        if _wrong(value)
    }
    good = [(number, record) for number, record in objects if number not in bad]
    names = list(dict.fromkeys(name for _, record in objects for name in record))
    if len(names) > MAX_COLUMNS:
        raise Problem(f"{path} has {len(names)} different keys; {MAX_COLUMNS} can be read.")
    columns = {name: [record.get(name) for _, record in good] for name in names}
    return _sheet(path, "jsonl", columns, [number for number, _ in good], unread=list(bad.values()))


def _wrong(value: Any) -> str:
    """Return why what a line holds is no row, '' where it is one."""
    if isinstance(value, Repeated):
        return value.wrong
    return "" if isinstance(value, dict) else "the line is not a JSON object"


def _line(line: str) -> Any:
    try:
        return json.loads(line, parse_constant=_no_number, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return line.strip()


def _no_number(name: str) -> Any:
    """Refuse NaN and Infinity, which RFC 8259 does not have: as texts they would become a customer called `nan`."""
    msg = f"{name} is not a number of JSON"
    raise ValueError(msg)


def _flat(value: dict[str, Any], before: str = "", depth: int = _DEPTH) -> dict[str, str | None]:
    """Return an object's values as text; a nested object's keys follow its own name and a point."""
    found: dict[str, str | None] = {}
    for name, held in value.items():
        key = _name(_whole(f"{before}{name}"))
        if isinstance(held, dict) and depth:
            found |= _flat(held, f"{key}.", depth - 1)
        else:
            found[key] = _json_text(held)
    return found


def _whole(text: str) -> str:
    """Return a text without halves of surrogate pairs, which JSON can write and nothing can keep."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def _json_text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case str():
            return _whole(value)
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case float() if not math.isfinite(value):  # what Parquet has for an empty cell
            return None
        case list() | tuple():
            return ", ".join(_json_text(item) or "" for item in value)
        case dict():
            return _whole(json.dumps(value, ensure_ascii=False))
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
