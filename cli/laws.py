"""`tidings laws`: the table of rules by country that decisions heed, each with its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cli.output import console, print_json
from tidings.problem import Exit


def laws(*, country: str = "", json: bool = False) -> int:
    """Print what laws ask of marketing by country and channel: basis, quiet hours, registers, and the statute.

    Example: tidings laws --country NO

    Parameters
    ----------
    country
        Only this one, by its code of two letters.
    json
        Print a JSON array of rules.
    """
    from rich.table import Table
    from rich.text import Text

    from preferences.law import laws_of

    rules = [law.as_json() for law in laws_of(country)]
    if json:
        print_json(rules)
        return Exit.OK
    table = Table("Country", "Channels", "Rule", "Source", box=None, pad_edge=False)
    for rule in rules:
        cells = (rule["country"], ", ".join(rule["channels"]), _said(rule), rule["source"])
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    return Exit.OK


def _said(rule: Mapping[str, Any]) -> str:
    told: Mapping[str, Callable[[Any], str]] = {
        "basis": lambda basis: f"rests on {basis.replace('_', ' ')}",
        "quiet": lambda hours: f"quiet {hours['start']} to {hours['end']}",
        "register": lambda register: f"register: {register['name']}",
        "implied": lambda days: (
            f"implied for {days['purchase']} days after a purchase, {days['inquiry']} after an inquiry"
        ),
        "keywords": lambda words: f"stop words: {', '.join(words)}",
        "unsubscribe": lambda how: (
            f"unsubscribe link works {how['life_days']} days, heeded in {how['within_working_days']}"
        ),
    }
    return "; ".join(say(rule[name]) for name, say in told.items() if name in rule)
