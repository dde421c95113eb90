"""`tidings whatif`: a past run under another policy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings


def whatif(
    policy: str,
    run: str,
    *,
    csv: Path | None = None,
    json: bool = False,
) -> int:
    """Decide a past run once more under another policy, with what was known then: who would get it another way.

    Example: tidings whatif careful.toml autumn-offer-2026 --csv changes.csv

    Parameters
    ----------
    policy
        A file of rules like policy.toml, TOML or JSON, or the number of a stored version.
    run
        The run's id.
    csv
        Write a line for each customer for whom something changes.
    json
        Print one JSON object, these customers in it.
    """
    from work.installation import opened
    from work.whatif import as_csv, read_policy
    from work.whatif import whatif as replayed

    with opened(Settings.read()) as installation:
        with installation.engine.connect() as connection:
            rules = read_policy(connection, policy)
        found = replayed(installation, run, rules)
    if csv is not None:
        with csv.open("w", encoding="utf-8", newline="") as file:
            file.writelines(as_csv(found))
    if json:
        print_json(found)
    else:
        show_whatif(found)
    return Exit.OK


def show_whatif(found: Mapping[str, Any]) -> None:
    """Print the replay of a run for a person."""
    from rich.table import Table

    console.print(
        f"Run {found['run']}, {found['messages']:,} messages: {found['changed']:,} would have gone otherwise."
    )
    table = Table(box=None, pad_edge=False)
    for name in ("", "Was", "Would be"):
        table.add_column(name, justify="right" if name else "left")
    for part in ("channels", "held"):
        for name, one in found[part].items():
            table.add_row(name.replace("_", " "), f"{one['was']:,}", f"{one['would']:,}")
    table.add_row(
        f"Cost ({found['cost']['currency']})", found["cost"]["was"], found["cost"]["would"], style="bold"
    )
    console.print(table)
    changes = Table(box=None, pad_edge=False)
    for name in ("Was", "Would be", "Why", "Messages"):
        changes.add_column(name, justify="right" if name == "Messages" else "left")
    for one in found["changes"]:
        cells = (one["was"], one["would"], one["reason"] or "", f"{one['messages']:,}")
        changes.add_row(*(cell.replace("_", " ") for cell in cells))
    if found["changes"]:
        console.print(changes)
    if found["unlike"]:
        console.print(
            f"For {found['unlike']:,} of them the run's own policy does not give what was stored: facts are gone."
        )
