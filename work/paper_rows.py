"""Lists of letters from print house and post: any usual table, its columns under any usual name, wrong rows named."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tidings.problem import Problem
from tidings.whole_number import whole_number
from work import reading, reading_text
from work.intake_table import Flaw
from work.reading import Sheet

COLUMNS: Mapping[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "batch": "batch batchid batchno batchnumber job jobid jobno jobnumber auftrag los",
        "letter": """letter letterid message messageid reference ref code mark document documentid piece pieceid
            mailpiece item itemid brief referenz referanse referens referencia referencja""",
        "letters": "letters pieces lettercount piececount envelopes count quantity qty items anzahl antall antal",
        "sheets": "sheets sheetcount sheetstotal blatt bl ark arkusze folhas",
        "status": "status state event result",
        "at": """at date time timestamp datetime day postedat printedat postedon printedon posted printed mailedat
            returnedat returnedon returned received receivedat datum dato data""",
        "because": "because reason why cause returnreason returncode grund arsak anledning motivo powod",
    }.items()
}
"""What others call a column, without signs and in small letters."""
_MESSAGE = re.compile(
    r"([0-9A-F]{8})-?([0-9A-F]{4})-?([0-9A-F]{4})-?([0-9A-F]{4})-?([0-9A-F]{12})(?:-\d{1,4}-\d{1,4})?"
)
_REFERENCE = re.compile(r"[0-9A-Z]{5,12}")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")
_LARGEST = 1_000_000
AHEAD = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows of a file under our names of columns."""

    sheet: Sheet
    names: Mapping[str, str]
    """Our name to what the file calls it."""
    rows: Sequence[tuple[int, Mapping[str, str]]]
    """(row as a spreadsheet shows it, values; what is blank is missing)."""
    flaws: list[Flaw] = field(default_factory=list)

    def wrong(self, row: int, column: str, value: str, problem: str) -> None:
        """Leave a row out and say why."""
        self.flaws.append(
            Flaw(
                row=row,
                column=self.names.get(column, column),
                value=value[:200],
                problem=problem,
                rejects=True,
            )
        )


def read_rows(path: Path) -> Rows:
    """Read a list.

    Raises:
        Problem: the file cannot be used at all.
    """
    sheet = _nested(path) or reading.read(path, is_header=lambda names: bool(named(names)))
    names = named(sheet.frame.columns)
    rows = [
        (
            int(number),
            {name: str(record[place]) for name, place in names.items() if record[place] is not None},
        )
        for number, record in zip(sheet.rows, sheet.frame.iter_rows(named=True), strict=True)
    ]
    flaws = [
        Flaw(row=one.row, column="", value=one.value, problem=one.problem, rejects=one.rejected)
        for one in sheet.unread
    ]
    return Rows(sheet=sheet, names=names, rows=rows, flaws=flaws)


def named(columns: Sequence[str]) -> dict[str, str]:
    """Return our name of each column that has one; of several, the first.

    >>> named(["Job-ID", "Message", "Sheets", "Operator"])
    {'batch': 'Job-ID', 'letter': 'Message', 'sheets': 'Sheets'}
    """
    found: dict[str, str] = {}
    for column in columns:
        plain = re.sub(r"[^a-z]", "", column.casefold().replace("å", "a"))
        for name, words in COLUMNS.items():
            if plain in words:
                found.setdefault(name, column)
    return found


def code_of(said: str) -> tuple[str, str] | None:
    """Return ("message", id) or ("reference", text) for what stands for a letter: its mark, its message, its reference.

    >>> code_of("0190000000007000800000000000000A-1-2")
    ('message', '01900000-0000-7000-8000-00000000000a')
    >>> code_of("k7q4 mt")
    ('reference', 'K7Q4MT')
    >>> code_of("https://example.org") is None
    True
    """
    text = said.strip().upper()
    message = _MESSAGE.fullmatch(text)
    if message:
        return "message", "-".join(message.groups()).lower()
    plain = re.sub(r"[\s.-]", "", text)
    return ("reference", plain) if _REFERENCE.fullmatch(plain) else None


def instant_of(said: str, zone: str, *, now: datetime) -> datetime | str:
    """Return when something happened, or why that cannot be.

    >>> instant_of("2.3.2026", "Europe/Oslo", now=datetime(2026, 3, 3, tzinfo=UTC)).isoformat()
    '2026-03-01T23:00:00+00:00'
    """
    try:
        day = _DAY_FIRST.fullmatch(said)
        at = datetime(int(day[3]), int(day[2]), int(day[1])) if day else datetime.fromisoformat(said)  # noqa: DTZ001
        at = (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        return "not a date; write it like 2026-03-02 or 2026-03-02T14:30"
    if at > now + AHEAD:
        return "the date lies in the future"
    return at


def number_of(said: str) -> int | None:
    """Return a count, or None when it is none.

    >>> number_of("12"), number_of("-1"), number_of("zwei")
    (12, None, None)
    """
    number = whole_number(said)
    return number if number is not None and number <= _LARGEST else None


def _nested(path: Path) -> Sheet | None:
    """Return the rows of one JSON object with a list of letters in it, each with the object's own values."""
    import polars as pl

    try:
        with path.open("rb") as file:
            if file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] != b"{":
                return None
        whole = json.loads(reading_text.decode(path.read_bytes(), path))
    except (OSError, ValueError, RecursionError):
        return None  # lines of JSON, or nothing that can be read: told by whoever reads it next
    totals = whole.pop("totals", {})
    lists = {name: held for name, held in whole.items() if isinstance(held, list)}
    if isinstance(totals, dict):
        whole |= totals
    above = {name: held for name, held in whole.items() if isinstance(held, str | int | float)}
    listed = [held for held in next(iter(lists.values()), []) if isinstance(held, dict)]
    counts = {name: held for name, held in above.items() if set(named([name])) & {"letters", "sheets"}}
    records = [{**_without(above, counts), **held} for held in listed]
    if counts or not listed:
        records.insert(0, above)
    keys = list(dict.fromkeys(key for record in records for key in record if _text(key) == key))
    frame = pl.DataFrame(
        {key: pl.Series([_text(record.get(key)) for record in records], dtype=pl.String) for key in keys}
    )
    if not keys:
        raise Problem(f"{path} names no batch and no letters.")
    return Sheet(
        path=path,
        kind="jsonl",
        frame=reading.cleaned(frame),
        rows=pl.Series("row", range(1, len(records) + 1), dtype=pl.Int64),
    )


def _without(record: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    return {name: held for name, held in record.items() if name not in others}


def _text(value: object) -> str | None:
    """Return a plain value as text; JSON can write half of a character, and nothing can keep it."""
    return str(value).encode("utf-8", "replace").decode() if isinstance(value, str | int | float) else None
