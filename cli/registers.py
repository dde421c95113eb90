"""`tidings registers`: do-not-mail registers of a country, as dated wash files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from cyclopts import App

from cli.options import By, staff
from cli.output import console, print_json
from tidings.problem import Exit, Problem
from tidings.settings import Settings

app = App(
    name="registers", help="Registers of those who want no advertising: import a file, list what is due."
)


@app.command(name="import")
def import_(
    file: Path,
    *,
    country: str,
    kind: Literal["letter", "phone", "email"],
    dated: str,
    by: By = None,
    json: bool = False,
) -> int:
    """Import a register of those who want no advertising; importing the same file twice changes nothing.

    Example: tidings registers import reservasjon.csv --country NO --kind letter --dated 2026-11-01

    Parameters
    ----------
    file
        A table with a column email, phone, or name, street, postal_code and city; or sha256 (docs/laws.md).
    country
        Whose register it is, by its code of two letters.
    kind
        What it lists.
    dated
        The day of the file; the newest one counts.
    json
        Print one JSON object.
    """
    from dataclasses import asdict
    from datetime import UTC, date, datetime

    from store.connect import opened
    from work.registers import wash

    try:
        day = date.fromisoformat(dated)
    except ValueError as error:
        raise Problem(f"{dated!r} is no day.", todo="Write it as 2026-11-01.") from error
    actor = staff(by)
    with opened(Settings.read()) as store:
        found = wash(
            store.engine, file, country=country, kind=kind, dated=day, actor=actor, now=datetime.now(UTC)
        )
    if json:
        print_json(asdict(found) | {"dated": found.dated.isoformat()})
    else:
        console.print(
            f"The {found.kind} register of {found.country} of {found.dated}: {found.entries:,} entries, "
            f"{found.rejected:,} unusable rows. It lists {found.listed:,} of your addresses."
            + (" It was here already." if found.unchanged else "")
        )
    return Exit.SOME_REJECTED if found.rejected else Exit.OK


@app.command(name="list")
def list_(*, json: bool = False) -> int:
    """List the registers that were imported, and which countries must be washed before marketing goes there.

    Example: tidings registers list --json

    Parameters
    ----------
    json
        Print one JSON object: registers, due.
    """
    from datetime import UTC, datetime

    from rich.table import Table
    from rich.text import Text

    from work.installation import opened
    from work.registers import standing

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        found = standing(connection, installation.policy, today=datetime.now(UTC).date())
    if json:
        print_json(found)
        return Exit.OK
    table = Table("Country", "Kind", "Dated", "File", box=None, pad_edge=False)
    table.add_column("Entries", justify="right")
    for row in found["registers"]:
        cells = (row["country"], row["kind"], row["dated"], row["file"], f"{row['entries']:,}")
        table.add_row(*(Text(cell) for cell in cells), style=None if row["newest"] else "dim")
    console.print(table if found["registers"] else "No register has been imported.")
    for row in found["due"]:
        last = f"the last file is of {row['dated']}" if row["dated"] else "there is no file"
        console.print(
            f"Due: {row['country']}, {row['kind']}: at most {row['limit_days']} days old, and {last}."
        )
    return Exit.OK
