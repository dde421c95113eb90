"""What `tidings demo` shows a person: who got what where, who did not, and why."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.output import console
from work.demo_people import Person

BAR = 24
STYLES = {"email": "cyan", "push": "magenta", "sms": "green", "letter": "yellow", "whatsapp": "bright_green"}
NAMES = {"email": "e-mail", "push": "push", "sms": "SMS", "letter": "letter", "whatsapp": "WhatsApp"}
TITLES = {
    "newsletter": ("Newsletter", "customers"),
    "offer": ("Offer", "customers"),
    "invoices": ("Invoice run", "invoices"),
}
REASONS = {
    "stated_temporary": "asked for a while",
    "stated_topic": "asked for this topic",
    "stated_purpose": "asked for this purpose",
    "stated_all": "asked for",
    "observed": "noticed",
    "default_order": "by default",
    "cheapest": "cheapest",
    "standing": "former or deceased",
}


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a demo has to show."""

    customers: int
    runs: Mapping[str, Mapping[str, Any]]
    """The report of each run, by what it is."""
    chosen: Mapping[str, Mapping[str, Mapping[str, int]]]
    """What it is, to channel, to the reason of the channel, to how many were sent."""
    whys: list[tuple[Person, str, Mapping[str, Any]]]
    """A customer, what the run is, and what `work.explain` says about both."""
    outbox: Path
    home: Path
    person: Person
    """Whose preference page is shown."""
    preference_url: str


def show(told: Told, seconds: float) -> None:
    """Print what a demo did."""
    console.print(
        f"\n[bold]{told.customers} invented customers[/] in five countries, with what they asked for, what they "
        "allowed and a year of history.\n"
    )
    for name, found in told.runs.items():
        console.print(_run(name, found, told.chosen[name]))
    console.print("[bold]Why?[/] Three of them:\n")
    for person, name, why in told.whys:
        console.print(_why(person, name, why, told.home))
    _print_where(told, seconds)


def _run(name: str, found: Mapping[str, Any], chosen: Mapping[str, Mapping[str, int]]) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True, width=8)
    table.add_column(no_wrap=True, width=BAR)
    table.add_column(justify="right", no_wrap=True, width=4)
    table.add_column(overflow="fold")
    most = max([*found["sent"].values(), _sum(found["waiting"]), _sum(found["held"]), 1])
    for channel, style in STYLES.items():
        if number := found["sent"].get(channel, 0):
            row = (Text(NAMES[channel], style), Text(_bar(number, most), style), str(number))
            table.add_row(*row, _reasons(chosen.get(channel, {})))
    for kind, style in (("waiting", "blue"), ("held", "dim"), ("failed", "red")):
        if number := _sum(found[kind]):
            row = (Text(kind, style), Text(_bar(number, most), style), str(number))
            table.add_row(*row, Text(_reasons(found[kind]), "dim"))
    if found["unknown"]:
        table.add_row(Text("in doubt", "red"), "", str(found["unknown"]), "")
    title, what = TITLES[name]
    cost = found["cost"]
    head = Text.assemble(
        (title, "bold"),
        (
            f"   {found['audience']} {what}, {_sum(found['sent'])} sent, {cost['total']} {cost['currency']}",
            "",
        ),
        (f"   run {found['run']}", "dim"),
    )
    return Group(head, table, Text())


def _why(person: Person, name: str, why: Mapping[str, Any], home: Path) -> RenderableType:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(justify="right", no_wrap=True, width=2)
    table.add_column(no_wrap=True, width=7)
    table.add_column(overflow="fold")
    for entry in why["channels"]:
        style = "" if entry["rank"] else "dim"
        rank = f"{entry['rank']}." if entry["rank"] else "-"
        channel = Text(NAMES[entry["channel"]], STYLES[entry["channel"]] if entry["rank"] else style)
        table.add_row(Text(rank, style), channel, Text(entry["sentence"], style))
    about = f", who {person.story.value}" if person.story else ""
    head = Text.assemble(
        (TITLES[name][0], "bold"), ": ", (f"{person.first_name} {person.last_name}", "bold"), about
    )
    command = f"TIDINGS_HOME={_near(home)} {_ourselves()} explain {person.reference} {why['run']}"
    return Group(head, Text(command, "dim"), table, Text())


def _bar(number: int, most: int) -> str:
    """Return a bar as long as its share of the most, one mark at least."""
    return "█" * max(1, round(BAR * number / most))


def _sum(parts: Mapping[str, int]) -> int:
    return sum(parts.values())


def _reasons(parts: Mapping[str, int]) -> str:
    ordered = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    return ", ".join(
        f"{number} {REASONS.get(reason, reason.replace('_', ' '))}" for reason, number in ordered
    )


def _print_where(told: Told, seconds: float) -> None:
    command = f"TIDINGS_HOME={_near(told.home)} {_ourselves()}"
    person = told.person
    lines = (
        ("What was sent", _near(told.outbox)),
        ("What went in", _near(told.home / "input")),
        (f"{person.first_name} {person.last_name}'s page", told.preference_url),
        ("  to open it, first", f"{command} up"),
        ("What happened so far", f"{command} timeline {person.reference}"),
    )
    width = max(len(name) for name, _ in lines)
    for name, text in lines:
        console.print(Text.assemble((name.ljust(width), "bold"), "  ", text), soft_wrap=True)
    console.print(f"\nNothing left this machine. {seconds:.0f} seconds.")


def _ourselves() -> str:
    """Return the command as a person types it: by its path where the shell does not find it."""
    called = Path(sys.argv[0]).absolute()
    return _near(called) if called.name == "tidings" and which("tidings") is None else "tidings"


def _near(path: Path) -> str:
    """Return a path as a person in this folder types it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
