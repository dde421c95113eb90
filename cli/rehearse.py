"""`tidings campaign rehearse` and `tidings campaign compare`: what a campaign would do, and what it then did."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.instants import instant
from cli.options import By, staff
from cli.output import console, print_json
from tidings.problem import Exit
from tidings.settings import Settings

BAR = 32
"""Signs of the longest day."""


def rehearse(
    file: Path,
    *,
    until: str | None = None,
    now: str | None = None,
    seed: int = 0,
    by: By = None,
    json: bool = False,
) -> int:
    """Walk a campaign over the real people on a simulated clock: waits, caps, fallback, recall, cost. Nothing is sent.

    Example: tidings campaign rehearse autumn.toml --until 2026-12-24

    Parameters
    ----------
    file
        The campaign, as `tidings campaign example` prints one.
    until
        Where the clock ends, for example 2026-12-24; default is 45 days after its start.
    now
        When it starts where the file says nothing; default is the clock.
    seed
        Of chance: another number draws other behaviour of the same customers.
    json
        Print one JSON object; the same store, file, seed and `--now` give the same bytes.
    """
    from datetime import UTC, datetime

    from work import rehearsal
    from work.campaign import checked, read_campaign
    from work.installation import opened

    campaign = read_campaign(file)
    moment, ends = instant(now) or datetime.now(UTC), instant(until, "--until")
    with opened(Settings.read()) as installation:
        checked(installation, campaign, now=moment)
        with installation.engine.begin() as connection:
            asked = rehearsal.ask(
                connection,
                installation,
                campaign,
                now=moment,
                until=ends,
                seed=seed,
                actor=staff(by),
            )
        found = rehearsal.rehearse(installation, asked)
    if json:
        print_json(found)
    else:
        show_rehearsal(found)
    return Exit.OK


def compare(run: str, *, rehearsal: str | None = None, people: bool = False, json: bool = False) -> int:
    """Show what was rehearsed against what happened, by cause: who went another way, and why.

    Example: tidings campaign compare autumn-offer-2026 --people

    Parameters
    ----------
    run
        A run of the campaign.
    rehearsal
        The id of one rehearsal; default is the last one before the run.
    people
        Name each customer who went another way.
    json
        Print one JSON object, with every customer who went another way.
    """
    from work.compare import compare as compared
    from work.installation import opened

    with opened(Settings.read()) as installation:
        found = compared(installation, run, rehearsal=rehearsal)
    if json:
        print_json(found)
    else:
        show_comparison(found, people=people)
    return Exit.OK


def show_rehearsal(found: Mapping[str, Any]) -> None:
    """Print a rehearsal for a person: the sums, then a line and a bar for each day."""
    from rich.table import Table

    console.print(f"Rehearsal {found['rehearsal']}: {found['audience']:,} in the audience. Nothing was sent.")
    table = Table(box=None, pad_edge=False)
    for name, justify in (("", "left"), ("Of these", "left"), ("Messages", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for key in ("planned", "held", "waits", "sent", "failed", "waiting", "recalled"):
        for number, (name, count) in enumerate(found[key].items()):
            table.add_row(key.capitalize() if not number else "", name.replace("_", " "), f"{count:,}")
    for number, one in enumerate(found["fallbacks"]):
        told = f"{one['from']} to {one['to']} ({one['why']})"
        table.add_row("Fallback" if not number else "", told, f"{one['messages']:,}")
    console.print(table)
    _show_days(found)
    cost = found["cost"]
    saved = f" {found['saved']['letters']:,} letters are not printed: {found['saved']['amount']} saved."
    console.print(
        f"Cost: {cost['total']} {cost['currency']}.{saved if found['saved']['letters'] else ''}", markup=False
    )


def _show_days(found: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False)
    names = ("Day", "Sent", "", "By channel", "Cost", "Expected", "Fallbacks", "Recalled", "Waited for")
    for name in names:
        table.add_column(name, justify="left" if name in {"", "Day", "By channel", "Waited for"} else "right")
    most = max((sum(one["sent"].values()) for one in found["days"]), default=0)
    for one in found["days"]:
        n = sum(one["sent"].values())
        table.add_row(
            one["day"],
            f"{n:,}",
            Text("█" * max(round(BAR * n / most), 1 if n else 0) if most else ""),
            ", ".join(f"{name} {count:,}" for name, count in one["sent"].items()),
            one["cost"],
            f"{one['expected']:,.0f}",
            f"{one['fallbacks']:,}",
            f"{one['recalled']:,}",
            ", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in one["waits"].items()),
        )
    console.print(table)


def show_comparison(found: Mapping[str, Any], *, people: bool) -> None:
    """Print a comparison for a person."""
    from rich.table import Table
    from rich.text import Text

    console.print(
        f"Run {found['run']} against {found['rehearsal']}: of {found['customers']:,} customers "
        f"{found['same']:,} went as rehearsed, {found['other']:,} another way."
    )
    table = Table(box=None, pad_edge=False)
    for name in ("Channel", "Rehearsed", "Happened"):
        table.add_column(name, justify="left" if name == "Channel" else "right")
    for name, one in found["channels"].items():
        table.add_row(name, f"{one['rehearsed']:,}", f"{one['happened']:,}")
    console.print(table)
    table = Table(box=None, pad_edge=False)
    for name in ("Why", "Rehearsed", "Happened", "Customers"):
        table.add_column(name, justify="right" if name == "Customers" else "left")
    for one in found["causes"]:
        table.add_row(
            one["cause"].replace("_", " "), one["rehearsed"], one["happened"], f"{one['customers']:,}"
        )
    console.print(table)
    for one in found["people"] if people else ():
        console.print(
            Text(f"{one['customer']}: {one['rehearsed']} became {one['happened']} ({one['cause']})"),
            soft_wrap=True,
        )
