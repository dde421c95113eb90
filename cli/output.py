"""What commands print: one JSON value on stdout with `--json`, else tables and sentences; progress goes to stderr."""

import json
import os
import sys
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

WIDE = 400
PADDING = 3
"""Of a column at most: a space on each side, and a line."""


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
                fits = sum(self._least(column) for column in table.columns) <= self.width
                for column in table.columns:
                    column.overflow = "fold"
                    column.no_wrap &= fits
        super().print(*objects, **how)

    def _least(self, column: Column) -> int:
        """Return how narrow a column with its padding may become: one that may not wrap, as its longest cell."""
        if not column.no_wrap:
            return 1 + PADDING
        wide = self.options.update(width=WIDE)
        cells = (column.header, *column.cells)
        return max(Measurement.get(self, wide, cell).maximum for cell in cells) + PADDING


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
