"""A run's report as people read it."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

from cli.output import console, print_json

WORDS = {"planned": "Planned", "held": "Held", "sent": "Sent", "failed": "Failed", "waiting": "Waiting"}


def show_report(found: Mapping[str, Any], *, json: bool, where: str = "") -> None:
    """Print a report as one JSON object, or as a table with its parts."""
    if json:
        print_json(found)
        return
    console.print(
        f"Run {found['run']}: {found['audience']:,} in the audience", style="italic", soft_wrap=True
    )
    table = Table()
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
    for note in _notes(found):
        console.print(note, markup=False, soft_wrap=True)
    saved = found.get("saved", {"letters": 0})
    told = (
        f"{saved['letters']:,} letters were not printed: {saved['amount']} saved. "
        if saved["letters"]
        else ""
    )
    console.print(f"Cost: {found['cost']['total']} {found['cost']['currency']}. {told}{where}")


def _notes(found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the sentences that only some runs have."""
    if plain := found.get("without_xml"):
        yield f"{plain:,} invoices with tax carry no XML: give the brand its `tax_id`."
    if wrong := found.get("misspelt"):
        told = ", ".join(f"{one['customer']}: {one['value']!r}" for one in wrong["named"])
        more = ", ..." if wrong["customers"] > len(wrong["named"]) else ""
        yield (
            f"The attribute `einvoice` of {wrong['customers']:,} customers names no profile and is not heeded "
            f"({told}{more}). Known are {', '.join(wrong['known'])}."
        )
    if shared := found.get("co_mailed"):
        yield (
            f"Letters in the envelope of another one: {shared['letters']:,}; "
            f"postage saved: {shared['amount']} {found['cost']['currency']}."
        )
    for kind, causes in found.get("in_full", {}).items():
        told = ", ".join(f"{cause} {count:,}" for cause, count in causes.items())
        yield f"Laid out in full instead of filled: {kind} {sum(causes.values()):,} ({told})."
    for line in found.get("budget", ()):
        yield _budget(line)


def _budget(line: Mapping[str, Any]) -> str:
    """Say in one sentence what a limit of the budget let through, and what more of it would do."""
    told = f"Budget, {line['limit']}: {line['used']:,g} of {line['most']:,g} used"
    if not line["cut"]:
        return f"{told}; enough for everybody."
    least = "" if line["cut_line"] is None else f", those that gain {line['cut_line']:.3g} or more for each"
    more = f"One more would bring {line['shadow_price']:.3g} answers."
    return f"{told}{least}; {line['cut']:,} of {line['wanted']:,g} go another way. {more}"
