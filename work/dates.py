"""Instants from columns of text, in the form that the mapping names or that is certain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tidings.problem import Problem
from work.intake_table import Flaw, Table, flaws_of

if TYPE_CHECKING:
    import polars as pl

_NUMERIC = re.compile(
    r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([ap]m)?)?",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"\d{10}|\d{13}")
_MILLISECONDS = 10
_MONTHS = 12
_CENTURY = 100
_NOON = 12


def instants(table: Table, frame: pl.DataFrame, column: str) -> tuple[pl.DataFrame, list[Flaw]]:
    """Replace a column by Datetime(us, UTC); what cannot be read becomes null and is told.

    Raises:
        Problem: days and months cannot be told apart anywhere in the column; the mapping must say.
    """
    import polars as pl

    texts = frame[column].unique().drop_nulls().to_list()
    read = _reader(texts, table, column)
    known = pl.DataFrame(
        {column: texts, "_at": [read(text) for text in texts]},
        schema={column: pl.String, "_at": pl.Datetime("us", "UTC")},
    )
    found = frame.join(known, on=column, how="left", maintain_order="left")
    wrong = found.filter(pl.col(column).is_not_null() & pl.col("_at").is_null())
    flaws = flaws_of(wrong, column, table.name(column), "not a date; a mapping can say how dates are written")
    return found.with_columns(pl.col("_at").alias(column)).drop("_at"), flaws


class _Reader:
    def __init__(self, *, pattern: str, day_first: bool, zone: str) -> None:
        self._pattern = pattern
        self._day_first = day_first
        self._zone = ZoneInfo(zone)

    def __call__(self, text: str) -> datetime | None:
        """Return the instant, None when it is none; an instant out of the calendar is none."""
        try:
            moment = self._moment(text)
            if moment is None:
                return None
            return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def _moment(self, text: str) -> datetime | None:
        if self._pattern:
            return datetime.strptime(text, self._pattern)  # noqa: DTZ007 -- its zone is the mapping's, given above
        if _EPOCH.fullmatch(text):
            return datetime.fromtimestamp(int(text) / (1000 if len(text) > _MILLISECONDS else 1), UTC)
        match = _NUMERIC.fullmatch(text)
        if match is None:
            return datetime.fromisoformat(text.replace("/", "-"))
        day, month = (int(match[1]), int(match[3]))
        if match[2] != "." and not self._day_first:
            day, month = month, day
        hour = int(match[5] or 0)
        if match[8]:
            hour = hour % _NOON + (_NOON if match[8].lower() == "pm" else 0)
        year = int(match[4]) + (2000 if int(match[4]) < _CENTURY else 0)
        return datetime(year, month, day, hour, int(match[6] or 0), int(match[7] or 0))  # noqa: DTZ001 -- given above


def _reader(texts: Sequence[str], table: Table, column: str) -> _Reader:
    said = table.formats.dates.strip()
    if said in {"day first", "month first"} or "%" in said:
        pattern = said if "%" in said else ""
        return _Reader(pattern=pattern, day_first=said != "month first", zone=table.formats.zone)
    if said:
        raise Problem(
            f"[formats] dates = {said!r} is not known.",
            todo='Write "day first", "month first", or "%d/%m/%Y".',
        )
    parted = [match for text in texts if (match := _NUMERIC.fullmatch(text)) and match[2] != "."]
    day_first = any(int(match[1]) > _MONTHS for match in parted)
    month_first = any(int(match[3]) > _MONTHS for match in parted)
    if parted and day_first == month_first:
        raise Problem(
            f"{table.sheet.path}, column {table.name(column)!r}: {parted[0][0]!r} can be read two ways.",
            todo='Say in a mapping: [formats] dates = "day first" or "month first".',
        )
    return _Reader(pattern="", day_first=not month_first, zone=table.formats.zone)
