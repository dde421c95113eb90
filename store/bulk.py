"""Many rows at once: a frame becomes a table's rows by COPY; `store.arrays` reads frames.

A string may hold anything but NUL: fields are quoted CSV, and null is a mark that is drawn anew for every call.
"""

from __future__ import annotations

import secrets

import polars as pl
from psycopg import sql
from sqlalchemy import Connection, Table

from store.driver import driver_of
from tidings.problem import Problem


def copy_frame(connection: Connection, table: Table | str, frame: pl.DataFrame) -> int:
    """Add a frame's rows to a table by COPY; the frame's column names are the table's. Returns how many.

    Lists become arrays, structs become JSON, a String goes into a jsonb column as JSON text; aware instants keep their
    instant.

    Raises:
        Problem: a string holds NUL, which PostgreSQL cannot keep; names column and row.
    """
    if not frame.height:
        return 0
    _refuse_nul(frame, str(table))
    null = secrets.token_hex(8)
    text = frame.select(_written(name, kind) for name, kind in frame.schema.items()).write_csv(
        include_header=False,
        null_value=null,
        quote_style="non_numeric",
        datetime_format="%Y-%m-%dT%H:%M:%S%.6f",
    )
    columns = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, NULL {})").format(
        sql.Identifier(str(table)), columns, null
    )
    with driver_of(connection).cursor() as cursor, cursor.copy(copy) as stream:
        stream.write(text)
    return frame.height


def _refuse_nul(frame: pl.DataFrame, table: str) -> None:
    for name, kind in frame.schema.items():
        if kind == pl.String:
            bad = frame[name].str.contains("\0", literal=True).fill_null(value=False)
            if bad.any():
                raise Problem(
                    f"Row {bad.arg_true()[0] + 1} for {table}: column {name!r} holds a NUL character.",
                    todo="Remove it; the database cannot keep it.",
                )


def _written(name: str, kind: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(kind, pl.List):
        return _array(column, kind).alias(name)
    if isinstance(kind, pl.Struct):
        return column.struct.json_encode()
    if isinstance(kind, pl.Binary):
        return (pl.lit("\\x") + column.bin.encode("hex")).alias(name)
    if isinstance(kind, pl.Datetime) and kind.time_zone:
        return column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
    if isinstance(kind, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    return column


def _array(column: pl.Expr, kind: pl.List) -> pl.Expr:
    """Print a list as PostgreSQL writes an array, every string quoted: quote and backslash get a backslash."""
    element = pl.element()
    if kind.inner == pl.String:
        escaped = element.str.replace_all("\\", "\\\\", literal=True).str.replace_all(
            '"', '\\"', literal=True
        )
        printed = pl.lit('"') + escaped + pl.lit('"')
    else:
        printed = element.cast(pl.String)
    joined = column.list.eval(printed.fill_null("NULL")).list.join(",")
    return pl.when(column.is_null()).then(None).otherwise(pl.lit("{") + joined + pl.lit("}"))
