"""What commands print: one JSON value on stdout with `--json`, else tables and sentences; progress goes to stderr."""

import json
import os
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

WIDE = 400


def _width() -> int | None:
    """Return the width of what is no terminal: wide, so that a row is one line for `grep` and `cut`."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else WIDE


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to `main` what a reader means who has seen enough; Rich would end with 1."""
        raise BrokenPipeError

    def print(self, *objects: Any, **how: Any) -> None:
        """Cut nothing short in a table: what does not fit into its line goes on in the next one."""
        for table in objects:
            if isinstance(table, Table):
                least = Measurement.get(self, self.options.update(width=WIDE), table).minimum
                for column in table.columns:
                    column.overflow = "fold"
                    column.no_wrap &= least <= self.width
        super().print(*objects, **how)


console = _Console(highlight=False, width=_width())
progress_console = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print exactly one JSON value on stdout."""
    narrow = (sys.stdout.encoding or "utf-8").casefold() != "utf-8"
    json.dump(value, sys.stdout, ensure_ascii=narrow, indent=2, default=_plain)
    sys.stdout.write("\n")


def print_example(text: str, *, json: bool) -> None:
    """Print a file for somebody to start from: as it is, or as one JSON object."""
    if json:
        print_json({"example": text})
    else:
        console.print(text, end="", markup=False, soft_wrap=True)


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)
