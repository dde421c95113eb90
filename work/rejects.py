"""Writes the rows that were left out as the file had them, with a `problem` column: to be corrected and imported."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tidings.problem import Problem
from work.intake_table import Flaw
from work.reading import Sheet

_FORMULA = r"^([=@]|[+\-][^0-9 (])"
"""What a spreadsheet would run. A phone number that begins with + stays as it is; our reader takes the ' off again."""


def write_rejects(path: Path, sheet: Sheet, flaws: Sequence[Flaw]) -> int:
    """Write the rejected rows; the file appears whole or not at all, and also when no row was rejected.

    Returns:
        how many rows it holds.

    Raises:
        Problem: it cannot be written.
    """
    import polars as pl

    said: dict[int, list[str]] = {}
    for flaw in flaws:
        if flaw.rejects:
            said.setdefault(flaw.row, []).append(
                f"{flaw.column}: {flaw.problem}" if flaw.column else flaw.problem
            )
    rows = pl.DataFrame(
        {"_row": list(said), "problem": ["; ".join(one) for one in said.values()]},
        schema={"_row": pl.Int64, "problem": pl.String},
    )
    held = sheet.frame.drop("problem", strict=False).with_columns(_row=sheet.rows)
    table = rows.join(held, on="_row", how="left", maintain_order="left").sort("_row")
    lost = {one.row: one.value for one in sheet.unread if one.rejected}
    names = [name for name in held.columns if name != "_row"]
    if lost and names:  # a line that is not JSON has no columns: it stands in the first one as it is
        first = pl.col("_row").replace_strict(lost, default=None, return_dtype=pl.String)
        table = table.with_columns(pl.coalesce(first, names[0]).alias(names[0]))
    safe = table.select(*names, "problem").with_columns(pl.col(pl.String).str.replace(_FORMULA, "'$0"))
    separator = "\t" if path.suffix.lower() in {".tsv", ".tab"} else ","
    try:
        _put(path, "\ufeff".encode() + safe.write_csv(separator=separator).encode())
    except OSError as error:
        raise Problem(f"The rejected rows cannot be written to {path}: {error.strerror}.") from error
    return safe.height


def _put(path: Path, data: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
