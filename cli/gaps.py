"""`tidings gaps`: what customers asked for and could not have, why, and what it costs."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings


def gaps(*, json: bool = False) -> int:
    """Show who asked for a channel and cannot have it, by cause and cost, and how good the data of each source are.

    Example: tidings gaps --json

    Parameters
    ----------
    json
        Print one JSON object: gaps, asked, waiting, quality.
    """
    from dataclasses import asdict
    from datetime import UTC, datetime

    from work.gaps import gaps as counted
    from work.installation import opened

    with opened(Settings.read()) as installation, installation.engine.begin() as connection:
        found = counted(connection, installation, installation.policy, now=datetime.now(UTC))
    if json:
        print_json(asdict(found))
        return Exit.OK
    table = Table(
        "Purpose", "Asked for", "Cause", title="Asked for, and could not have it", title_justify="left"
    )
    table.add_column("Customers", justify="right")
    table.add_column(f"Cost more ({found.currency})", justify="right")
    for row in found.gaps:
        cause = f"{row['cause']} {row['detail']}".strip().replace("_", " ")
        cells = (row["topic"], row["channel"], cause, f"{row['customers']:,}", str(row["cost"]))
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table if found.gaps else "Everybody can have what they asked for.")
    sources = Table("Source", title="Data by source", title_justify="left")
    names = ("customers", "email", "sms", "letter", "push", "none", "invalid", "duplicates")
    for name in names:
        sources.add_column(name.capitalize(), justify="right")
    for row in found.quality:
        sources.add_row(Text(row["source"]), *(f"{row[name]:,}" for name in names))
    console.print(sources)
    return Exit.OK
