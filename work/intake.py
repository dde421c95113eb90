"""Imports a file: read it, find its columns, judge its values, write it in one transaction, say what happened.

Whatever is wrong with the file raises before the transaction begins; what is wrong with a row is in the report.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from store import imports
from work import columns, reading
from work.intake_table import Flaw, Given, Prepared, Table, Writer, table_of
from work.mapping import Mapping as FileMapping
from work.reading import Sheet

SOURCE = "import"
"""The system a file comes from when nobody says: never the file's name, which changes from export to export."""

Progress = Callable[[str], None]
"""Called with what is being done: reading, judging, writing."""


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """What an import did. read = imported + updated + unchanged + rejected."""

    read: int
    imported: int
    updated: int
    unchanged: int
    rejected: int
    problems: tuple[Flaw, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        counts = {
            name: getattr(self, name) for name in ("read", "imported", "updated", "unchanged", "rejected")
        }
        return counts | {"problems": [flaw.as_json() for flaw in self.problems]}


def import_file(
    engine: Engine,
    kind: str,
    path: Path,
    *,
    now: datetime,
    actor: str,
    mapping: FileMapping | None = None,
    source: str | None = None,
    given: Mapping[str, Any] | None = None,
    dry_run: bool = False,
    rejects: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import one file in one transaction.

    Args:
        engine: of the store.
        kind: one of `columns.KINDS`.
        path: the file.
        now: the time of what the file gives no time for.
        actor: who imports, for the audit.
        mapping: what is known about the file; default: all is guessed.
        source: the system it comes from; default: the mapping's, else `import`.
        given: fields of `Given` beside these: country, brand, brands.
        dry_run: do everything, then take it back.
        rejects: where the rejected rows go.
        progress: told how far it is.

    Raises:
        Problem: the file cannot be used; the store is as it was.
    """
    tell = progress or (lambda _what: None)
    mapping = mapping or FileMapping()
    named = source or mapping.source
    told = Given(
        source=named or SOURCE,
        strict=named not in {"", SOURCE},
        now=now,
        actor=actor,
        **dict(given or {}),
    )
    tell("reading")
    sheet = reading.read(
        path,
        is_header=lambda names: _identifies(kind, names, mapping),
        how=reading.Reading(
            encoding=mapping.formats.encoding,
            delimiter=mapping.formats.delimiter,
            sheet=mapping.formats.sheet,
        ),
    )
    tell("judging")
    judged = judge(kind, sheet, mapping, told)
    tell("writing")

    def put_aside(reports: Sequence[ImportReport]) -> None:
        if rejects is not None:
            from work.rejects import write_rejects

            write_rejects(rejects, sheet, reports[0].problems)

    (report,) = write(engine, [judged], last=put_aside, dry_run=dry_run)
    return report


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A sheet that is ready to be written."""

    table: Table
    prepared: Prepared
    given: Given


def judge(kind: str, sheet: Sheet, mapping: FileMapping, given: Given) -> Judged:
    """Find the columns of a sheet and judge its values; the store is not asked.

    Raises:
        Problem: no column says whom the rows are about.
    """
    table = table_of(kind, sheet, mapping)
    return Judged(table=table, prepared=_writer(kind)(table, given), given=given)


def write(
    engine: Engine,
    sheets: Sequence[Judged],
    *,
    last: Callable[[Sequence[ImportReport]], None] = lambda _: None,
    dry_run: bool = False,
) -> list[ImportReport]:
    """Write sheets in their order, all of them in one transaction.

    Args:
        engine: of the store.
        sheets: judged.
        last: called before the transaction ends; when it raises, nothing is written.
        dry_run: take it all back at the end.
    """
    with engine.connect() as connection, connection.begin() as transaction:
        imports.one_at_a_time(connection)
        reports = [_write(connection, judged) for judged in sheets]
        last(reports)
        if dry_run:
            transaction.rollback()
    return reports


def _identifies(kind: str, names: Sequence[str], mapping: FileMapping) -> bool:
    folded = {name.casefold().strip() for name in names}
    said = [
        column
        for column, value in mapping.columns.items()
        if all(name.casefold().strip() in folded for name in ((value,) if isinstance(value, str) else value))
    ]
    if mapping.columns and len(said) == len(mapping.columns):
        return True
    return columns.usable(kind, [*columns.guess(kind, [name for name in names if name.strip()]), *said])


def _writer(kind: str) -> Writer:
    """Return what judges and writes a kind; its module is imported only now."""
    from importlib import import_module

    module = {
        "customers": "customers",
        "addresses": "addresses",
        "devices": "addresses",
        "statements": "wishes",
        "consents": "wishes",
        "suppressions": "suppressions",
        "touchpoints": "touchpoints",
    }[kind]
    writer: Writer = getattr(import_module(f"work.intake_{module}"), kind)
    return writer


def _write(connection: Connection, judged: Judged) -> ImportReport:
    table, prepared, given = judged.table, judged.prepared, judged.given
    counts, late = prepared.write(connection)
    flaws = sorted([*prepared.flaws, *late], key=lambda flaw: (flaw.row, not flaw.rejects))
    report = ImportReport(
        read=table.read,
        imported=counts.imported,
        updated=counts.updated,
        unchanged=counts.unchanged + prepared.same,
        rejected=len({flaw.row for flaw in flaws if flaw.rejects}),
        problems=tuple(flaws),
    )
    if counts.imported or counts.updated:
        _audit(connection, table.kind, table.sheet.path.name, report, given)
    return report


def _audit(connection: Connection, kind: str, name: str, report: ImportReport, given: Given) -> None:
    counts = report.as_json() | {"problems": len(report.problems), "file": name, "source": given.source}
    connection.execute(
        text(
            "INSERT INTO audit (at, actor, action, subject, detail)"
            " VALUES (:at, :actor, 'import', :subject, CAST(:detail AS jsonb))"
        ),
        {"at": given.now, "actor": given.actor, "subject": kind, "detail": json.dumps(counts)},
    )
