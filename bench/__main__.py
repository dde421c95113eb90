"""Runs the suites, prints a table and, last, one JSON object a line for each figure."""

import argparse
import dataclasses
import importlib
import json
import sys
from importlib.util import find_spec

from rich.console import Console
from rich.table import Column, Table

from bench.figure import Figure
from tidings.memory import keep_freed
from tidings.problem import Problem

ORDER = (
    "import",
    "decide",
    "learn",
    "plan",
    "explain",
    "rehearse",
    "store",
    "mail",
    "ses",
    "sms",
    "push",
    "letters",
    "invoices",
    "gate",
    "form",
    "desk",
    "share",
    "share_sms",
)
SUITES = tuple(suite for suite in ORDER if find_spec(f"bench.{suite}"))


def main(words: list[str] | None = None) -> int:
    """Run the suites that `words` name, all of them when it names none; return the exit code."""
    keep_freed()  # as `tidings` does
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", choices=SUITES, action="append", metavar="|".join(SUITES))
    console = Console(width=120)
    figures: list[Figure] = []
    for suite in parser.parse_args(words).only or SUITES:
        console.print(f"[dim]{suite} ...[/dim]")
        try:
            figures.extend(importlib.import_module(f"bench.{suite}").figures())
        except Problem as problem:
            console.print(f"{suite}: {problem}")
            return int(problem.code)
    console.print(_table(figures))
    for figure in figures:
        sys.stdout.write(json.dumps(_plain(figure)) + "\n")
    return 0


def _table(figures: list[Figure]) -> Table:
    table = Table("figure", *(_right(name) for name in ("ours", "other or bound", "ratio", "goal")), "unit")
    for one in figures:
        mark = "" if one.reached else " [red]missed[/red]"
        cells = (f"{one.ours:,.4g}", f"{one.other:,.4g}", f"{one.ratio:,.1f}{mark}", f"{one.goal:,.4g}")
        table.add_row(one.figure, *cells, one.unit)
    return table


def _right(name: str) -> Column:
    return Column(name, justify="right")


def _plain(figure: Figure) -> dict[str, str | float]:
    return {
        name: value if isinstance(value, str) else float(f"{value:.4g}")
        for name, value in dataclasses.asdict(figure).items()
    }


if __name__ == "__main__":
    sys.exit(main())
