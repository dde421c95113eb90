"""A run's report as people read it."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from cli.output import console, print_json

WORDS = {"planned": "Planned", "held": "Held", "sent": "Sent", "failed": "Failed", "waiting": "Waiting"}


def show_report(found: Mapping[str, Any], *, json: bool, where: str = "") -> None:
    """Print a report as one JSON object, or as a table with its parts."""
    if json:
        print_json(found)
        return
    table = Table(title=f"Run {found['run']}: {found['audience']:,} in the audience", title_justify="left")
    table.add_column("")
    table.add_column("Of these")
    table.add_column("Messages", justify="right")
    for key, word in WORDS.items():
        parts = found[key]
        if not parts and key in {"failed", "waiting"}:
            continue
        table.add_row(word, "", f"{sum(parts.values()):,}", style="bold")
        for name, count in parts.items():
            table.add_row("", name.replace("_", " "), f"{count:,}")
    if found["unknown"]:
        table.add_row(
            "In doubt",
            "the provider may have it; nothing is sent twice",
            f"{found['unknown']:,}",
            style="bold",
        )
    console.print(table)
    console.print(f"Cost: {found['cost']['total']} {found['cost']['currency']}. {where}")
