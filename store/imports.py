"""The way in for many rows: frames go to temporary tables by COPY, from there into the tables in a few statements."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

if TYPE_CHECKING:
    import polars as pl

_LOCK = 8_436_465
_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """What an import did, in rows."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0


def one_at_a_time(connection: Connection) -> None:
    """Wait until no other import is writing; held until the transaction ends.

    The transaction gets its number before it writes any instant, for `store.listing.customers`.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock), txid_current()"), {"lock": _LOCK})


def copy_in(connection: Connection, table: str, columns: Mapping[str, str], frame: pl.DataFrame) -> None:
    """Make a temporary table of the transaction and fill it.

    Args:
        connection: in a transaction.
        table: its name.
        columns: column to SQL type; the frame has them all, in any order.
        frame: the rows; JSON and arrays as text that PostgreSQL reads.
    """
    connection.execute(text(f"DROP TABLE IF EXISTS pg_temp.{table}"))
    definition = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    connection.execute(text(f"CREATE TEMPORARY TABLE {table} ({definition}) ON COMMIT DROP"))
    buffer = io.BytesIO()
    frame.select(list(columns)).write_csv(
        buffer, include_header=False, quote_style="non_numeric", null_value=""
    )
    raw = connection.connection.cursor()
    data = buffer.getbuffer()
    with raw.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT csv)") as copy:
        for start in range(0, len(data), _CHUNK):
            copy.write(data[start : start + _CHUNK])
    connection.execute(text(f"ANALYZE {table}"))
