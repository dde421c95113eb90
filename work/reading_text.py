"""Delimited text from anywhere: its encoding, its delimiter, its records with the row numbers a spreadsheet shows."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tidings.problem import Problem

DELIMITERS = (",", ";", "\t", "|")
EXAMPLE_MARK = "# mapping.toml"
"""Where the mapping begins in what `--example` prints; the table ends before it."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTE = ("cp1252", "cp1250", "cp1251", "mac_roman", "cp850")
"""In the order of preference when they read equally well."""
_USUAL = frozenset(
    "äöüßéèêëàáâãåæøœçñíìîïóòôõúùûÄÖÜÉÈÀÁÂÃÅÆØÇÑÍÓÚÔÕÊąćęłńśźżĄĆĘŁŃŚŹŻčďěňřšťůýžČĎĚŇŘŠŤŮÝŽőűŐŰđĐ"
)
_SAMPLE = 1 << 16
_SAMPLE_RECORDS = 50
_LARGEST_CELL = 1 << 20
_BINARY = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STRAY = 8
"""Control characters that a text may hold by accident, beside one in a thousand."""


def decode(data: bytes, path: Path, encoding: str = "") -> str:
    """Return the text of a file; the encoding is guessed unless it is named.

    Raises:
        Problem: the encoding does not fit, or the file is no text.
    """
    name = encoding or guess_encoding(data)
    try:
        text = data.decode(name, errors="strict" if encoding or name.startswith("utf") else "replace")
    except LookupError as error:
        raise Problem(
            f"{path}: there is no encoding {name!r}.", todo="For example utf-8, cp1252, utf-16."
        ) from error
    except UnicodeDecodeError as error:
        raise Problem(f"{path} is not {name}: byte {error.start} cannot be read.") from error
    text = text.removeprefix("\ufeff")
    sample = text[:_SAMPLE]
    if len(_BINARY.findall(sample)) + sample.count("\ufffd") > _STRAY + len(sample) // 1000:
        raise Problem(
            f"{path} is not a table: it holds binary data.",
            todo="Import CSV, TSV, XLSX, ODS, JSON lines or Parquet.",
        )
    return text


def guess_encoding(data: bytes) -> str:
    """Return the likely encoding: byte order mark, UTF-16 by its zeros, UTF-8 if valid, else the best of one byte."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[:_SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) > len(sample) // 5 and min(even, odd) < max(even, odd) // 8:
        return "utf-16-be" if even > odd else "utf-16-le"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _best_single_byte(data)
    return "utf-8"


def _best_single_byte(data: bytes) -> str:
    words = Counter(re.findall(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*", data[: _SAMPLE * 16]))
    common = words.most_common(2000)
    scores = {name: sum(_score(word, name) for word, _ in common) for name in _SINGLE_BYTE}
    return max(_SINGLE_BYTE, key=lambda name: scores[name])


def _score(word: bytes, encoding: str) -> float:
    text = word.decode(encoding, errors="replace")
    foreign = [char for char in text if not char.isascii()]
    if encoding == "cp1251":  # Cyrillic words are Cyrillic from end to end
        return 2.0 if len(foreign) == len(text) > 1 and text.isalpha() and text[1:].islower() else -2.0
    good = sum(1.0 for char in foreign if char in _USUAL)
    bad = sum(1.0 for char in foreign if not char.isalpha())
    shouting = sum(0.5 for char in text[1:] if char.isupper()) if not text.isupper() else 0.0
    return good - 2 * bad * (len(text) > 1) - shouting


def guess_delimiter(text: str) -> str:
    """Return the delimiter that parts the first records most evenly into most cells."""
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        sample = sample.rpartition("\n")[0] or sample
    return max(DELIMITERS, key=lambda delimiter: _evenness(sample, delimiter))


def _evenness(sample: str, delimiter: str) -> float:
    widths = []
    for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
        if record:
            widths.append(len(record))
        if len(widths) >= _SAMPLE_RECORDS:
            break
    if not widths or widths[0] == 1:
        return 0.0
    return widths[0] * sum(width == widths[0] for width in widths) / len(widths)


def records(text: str, delimiter: str, path: Path) -> Iterator[list[str]]:
    """Yield the records of delimited text, an empty list for an empty line: the n-th is row n of a spreadsheet.

    Raises:
        Problem: a quotation mark is never closed, or (while they are read) a cell is too large.
    """
    csv.field_size_limit(_LARGEST_CELL)
    strict = not _badly_quoted(text, delimiter, path)
    return _bounded(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict), path)


def _bounded(reader: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    number = 0
    try:
        for number, record in enumerate(reader, start=1):  # noqa: B007 -- wanted when it fails
            yield record
    except csv.Error as error:
        raise _too_large(path, number + 1) from error


def _too_large(path: Path, row: int) -> Problem:
    return Problem(
        f"{path}, row {row}: a cell is larger than {_LARGEST_CELL} characters.",
        todo="Shorten it, or look for a quotation mark that is never closed.",
    )


def _badly_quoted(text: str, delimiter: str, path: Path) -> bool:
    """Return whether quotation marks are used loosely; a file that ends inside one was cut off."""
    if '"' not in text:
        return False
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, _ in enumerate(reader, start=1):  # noqa: B007 -- wanted when it fails
            pass
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise Problem(
                f"{path}, row {number + 1}: a quotation mark is opened and never closed; the file seems to be cut off.",
                todo="Export it again, or close the quotation mark.",
            ) from error
        if "field larger" in str(error):
            raise _too_large(path, number + 1) from error
        return True
    return False


def without_example(text: str) -> str:
    """Return the table of what `tidings import KIND --example` printed, or the text as it is."""
    head, mark, _ = text.partition(f"\n{EXAMPLE_MARK}")
    return head if mark else text


def named_delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter that a first line `sep=;` names (Excel's own mark) and the text without that line."""
    match = re.match(r"(?i)\s*\"?sep=([^\r\n\"])\"?[ \t]*(?:\r\n?|\n)", text)
    return (match[1], text[match.end() :]) if match else ("", text)
