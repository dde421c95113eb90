"""`tidings import`: customers, addresses, devices, statements, consents, suppressions and touchpoints from files."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from cyclopts import App

from cli.options import By, staff
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

if TYPE_CHECKING:
    from work.intake import ImportReport

Kind = Literal["customers", "addresses", "devices", "statements", "consents", "suppressions", "touchpoints"]

app = App(name="import")
_SHOWN = 20


@app.default
def import_(
    kind: Kind,
    file: Path | None = None,
    *,
    mapping: Path | None = None,
    source: str | None = None,
    brand: str | None = None,
    dry_run: bool = False,
    rejects: Path | None = None,
    example: bool = False,
    none_exist: bool = False,
    by: By = None,
    json: bool = False,
) -> int:
    """Import a table: CSV, TSV, XLSX, ODS, JSON lines or Parquet. Importing it twice changes nothing.

    What is wrong with a row is listed, and the others go on.

    Example: tidings import customers customers.csv --rejects wrong.csv

    Exit code: 0 no row rejected, 3 some were, 2 the file cannot be used (then nothing was written).

    Parameters
    ----------
    kind
        What the rows are.
    file
        The table; its format, encoding, delimiter and columns are guessed.
    mapping
        A TOML file that names columns, constants and formats; `--example` prints one.
    source
        The system the file comes from, in which references are unique; default is the mapping's, else `import`.
    brand
        The brand of rows that name none; default is all.
    dry_run
        Say what would happen, and write nothing.
    rejects
        Where the rejected rows go, with a `problem` column.
    example
        Print a valid file of this kind, and a mapping for it.
    none_exist
        With suppressions: record that there are none, instead of a file.
    json
        Print one JSON object.
    """  # noqa: D405, D411, D416 -- a parameter is called like a section
    if example:
        return _example(kind, json=json)
    actor = staff(by)
    if none_exist:
        return _none_exist(kind, file, brand, actor, json=json)
    if file is None:
        raise Problem(
            "Which file?", todo=f"tidings import {kind} FILE, or `tidings import {kind} --example`."
        )
    from cli.progress import stages
    from store.connect import opened
    from work.intake import import_file
    from work.mapping import read_mapping

    settings = Settings.read()
    said = read_mapping(mapping, kind) if mapping else None
    given = brands_of(settings, brand)
    with opened(settings) as store, stages(f"Importing {kind}") as show:
        report = import_file(
            store.engine,
            kind,
            file,
            now=datetime.now(UTC),
            actor=actor,
            mapping=said,
            source=source,
            given=given,
            dry_run=dry_run,
            rejects=rejects,
            progress=show,
        )
    if json:
        print_json(report.as_json())
    else:
        show_problems(report, dry_run=dry_run, rejects=rejects)
    return Exit.SOME_REJECTED if report.rejected else Exit.OK


def brands_of(settings: Settings, brand: str | None) -> dict[str, Any]:
    """Return what the organisation says about a file that does not say it; before `tidings init` nothing."""
    from tidings.organisation import read_organisation

    path = settings.root / "organisation.toml"
    if not path.exists():
        return {"brand": brand or "all"}
    organisation = read_organisation(path)
    if brand and brand != "all":
        organisation.brand(brand)  # says which there are
    brands = frozenset(one.id for one in organisation.brands)
    return {"brand": brand or "all", "brands": brands, "country": organisation.country}


def _example(kind: str, *, json: bool) -> int:
    from work.examples import example_of

    found = example_of(kind)
    if json:
        print_json({"file": found.table, "mapping": found.mapping})
    else:
        sys.stdout.write(found.text)
    return Exit.OK


def _none_exist(kind: str, file: Path | None, brand: str | None, actor: str, *, json: bool) -> int:
    if kind != "suppressions" or file is not None:
        raise Problem("--none-exist stands instead of a file of suppressions.")
    from store.connect import opened
    from store.suppressions import record_none_exist

    settings = Settings.read()
    named = brands_of(settings, brand)["brand"]
    with opened(settings) as store, store.engine.begin() as connection:
        record_none_exist(connection, named, actor=actor, now=datetime.now(UTC))
    if json:
        print_json({"brand": named, "none_exist": True})
    else:
        whom = "any brand" if named == "all" else f"the brand {named}"
        console.print(f"Recorded: there are no suppressions of {whom}.", markup=False)
    return Exit.OK


def show_problems(report: ImportReport, *, dry_run: bool, rejects: Path | None = None) -> None:
    """Print what an import did, and of each kind of problem its first."""
    console.print(
        f"{report.read:,} rows read: {report.imported:,} imported, {report.updated:,} updated, "
        f"{report.unchanged:,} unchanged, {report.rejected:,} rejected."
        + (" Nothing was written (--dry-run)." if dry_run else ""),
        soft_wrap=True,
    )
    if not report.problems:
        return
    console.print(f"{len(report.problems):,} values with a problem; --json lists them all:")
    kinds = Counter((one.column, one.problem) for one in report.problems)
    first = {(one.column, one.problem): one for one in reversed(report.problems)}
    for kind, count in kinds.most_common(_SHOWN):
        one = first[kind]
        place = f"row {one.row}" if one.row else "beside the rows"
        where = place if count == 1 else f"{count:,} times, first {'in ' if one.row else ''}{place}"
        console.print(
            f"  {one.column or 'row'}: {one.problem} ({where}: {one.value!r})", markup=False, soft_wrap=True
        )
    if len(kinds) > _SHOWN:
        console.print(f"  ... and {len(kinds) - _SHOWN} other kinds of problem.", style="dim")
    if report.rejected and rejects is not None:
        console.print(
            f"The rejected rows lie in {rejects}: correct them there and import that file.", markup=False
        )
