"""A sheet as the canonical columns of its kind, and the list of what is wrong with its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from store.imports import Counts
from tidings.problem import Problem
from work import columns
from work.mapping import Formats, Mapping, columns_of
from work.reading import Sheet

if TYPE_CHECKING:
    import polars as pl

_OWN = ("problem",)
"""Columns that we write ourselves into a rejects file; they are never an attribute."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Flaw:
    """Something wrong with one value of one row."""

    row: int
    column: str
    """As the file names it; '' when it is about the row."""
    value: str
    problem: str
    rejects: bool = False
    """Whether the row is left out because of it."""

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"row": self.row, "column": self.column, "value": self.value, "problem": self.problem}


@dataclass(frozen=True, kw_only=True)
class Table:
    """What a file says, in our words."""

    kind: str
    sheet: Sheet
    frame: pl.DataFrame
    """`row` Int64 and every canonical column of the kind as String (null where the file says nothing)."""
    names: dict[str, str]
    """Canonical column to what the file calls it, for those that the file has."""
    others: tuple[tuple[str, str], ...]
    """(attribute, column of the file) for what is no canonical column."""
    formats: Formats
    read: int
    """Rows of the file that hold anything."""
    flaws: tuple[Flaw, ...]
    """Of rows that could not be read."""

    def name(self, column: str) -> str:
        """Return what the file calls a canonical column."""
        return self.names.get(column, column)

    def has(self, column: str) -> bool:
        """Return whether the file has the column, or the mapping a constant for it."""
        return column in self.names or not self.frame[column].is_null().all()


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the writers of each kind get beside the table."""

    source: str
    now: datetime
    actor: str
    strict: bool = False
    """Whether somebody named the source, so that references of other systems do not count."""
    country: str = ""
    """Country of the organisation: what national phone numbers of a file without countries are read as."""
    brand: str = "all"
    """Brand of rows that name none."""
    brands: frozenset[str] = frozenset()
    """The brands that exist; empty: any."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A judged table, ready to be written."""

    flaws: tuple[Flaw, ...]
    write: Callable[[Connection], tuple[Counts, Sequence[Flaw]]]
    """Writes in the caller's transaction; returns the counts and what only the store could tell."""
    same: int = 0
    """Rows that say again what an earlier row says."""


Writer = Callable[[Table, Given], Prepared]


def table_of(kind: str, sheet: Sheet, mapping: Mapping) -> Table:
    """Name the columns of a sheet.

    Raises:
        Problem: no column says whom the rows are about.
    """
    import polars as pl

    names = sheet.frame.columns
    groups = columns_of(mapping, columns.guess(kind, names), names)
    constants = {column: _constant(value) for column, value in mapping.constants.items()}
    if not columns.usable(kind, [*groups, *constants]):
        raise _unidentified(kind, sheet, names)
    expressions = [
        _joined(column, groups.get(column, ()), constants.get(column)) for column in columns.CANONICAL[kind]
    ]
    frame = sheet.frame.select(sheet.rows.alias("row"), *expressions) if names else pl.DataFrame()
    taken = {name for group in groups.values() for name in group}
    others = tuple(mapping.attributes.items()) or tuple(
        (name, name) for name in names if name not in taken and name.casefold() not in _OWN
    )
    flaws = tuple(
        Flaw(row=one.row, column="", value=one.value, problem=one.problem, rejects=one.rejected)
        for one in sheet.unread
    )
    return Table(
        kind=kind,
        sheet=sheet,
        frame=frame,
        names={column: group[0] for column, group in groups.items()},
        others=others,
        formats=mapping.formats,
        read=sheet.frame.height + sum(one.rejected for one in sheet.unread),
        flaws=flaws,
    )


def _unidentified(kind: str, sheet: Sheet, names: Sequence[str]) -> Problem:
    wanted = " or ".join(" and ".join(group) for group in columns.IDENTITY[kind])
    if sheet.kind == "csv" and len(names) == 1 and len(names[0]) > len("customer_reference_number"):
        return Problem(
            f"{sheet.path} is not a table.", todo="Import CSV, TSV, XLSX, ODS, JSON lines or Parquet."
        )
    others = ", ".join(one.value for one in sheet.unread if not one.row)
    return Problem(
        f"{sheet.path}: no column says whom the {kind} are about ({wanted}). It has: {', '.join(names[:30])}.",
        todo=f"Name the column{f', or another sheet ({others}),' if others else ''} in a mapping: "
        f"`tidings import {kind} --example` shows one.",
    )


def _constant(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _joined(column: str, group: Sequence[str], constant: str | None) -> pl.Expr:
    import polars as pl

    if not group:
        return pl.lit(constant, dtype=pl.String).alias(column)
    separator = "\n" if column == "street" else " "
    joined = (
        pl.concat_str(pl.col(*group), separator=separator, ignore_nulls=True)
        if group[1:]
        else pl.col(group[0])
    )
    if column != "street":
        joined = joined.str.replace_all(r"[\r\n]+", " ")
    filled = pl.when(joined != "").then(joined)
    return (pl.coalesce(filled, pl.lit(constant)) if constant is not None else filled).alias(column)


def flaws_of(
    frame: pl.DataFrame, column: str, name: str, problem: str | pl.Expr, *, rejects: bool = False
) -> list[Flaw]:
    """Return a flaw for each row of a frame.

    Args:
        frame: `row` and the column.
        column: whose value is told; '' tells none.
        name: what the file calls it.
        problem: the sentence, or an expression that gives one.
        rejects: whether the rows are left out.
    """
    import polars as pl

    said = pl.lit(problem) if isinstance(problem, str) else problem
    value = pl.col(column).cast(pl.String).fill_null("") if column else pl.lit("")
    rows: Iterable[tuple[int, str, str]] = frame.select(
        "row", value.alias("value"), said.alias("problem")
    ).iter_rows()
    return [
        Flaw(row=row, column=name, value=value, problem=text, rejects=rejects) for row, value, text in rows
    ]
