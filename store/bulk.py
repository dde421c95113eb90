"""Many rows at once: a query becomes a frame, a frame or rows become a table's rows, both by COPY.

A string may hold anything but NUL: fields are quoted CSV, and null is a mark that is drawn anew for every call.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl
from psycopg import DataError, sql
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Dialect, Select, Table
from sqlalchemy.dialects import postgresql

from tidings.problem import Problem

if TYPE_CHECKING:
    import psycopg

_MOST_DIGITS = 38
_SCALE_OF_SUMS = 10
"""Digits kept of a numeric without a scale of its own, such as a sum."""

_DIALECT: Dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]

# What each type of PostgreSQL is read as: (SQL that prints it, polars type of what is printed).
_PRINTED: dict[str, tuple[str, pl.DataType]] = {
    "bool": ("{}::int", pl.Int8()),
    "int2": ("{}", pl.Int16()),
    "int4": ("{}", pl.Int32()),
    "int8": ("{}", pl.Int64()),
    "oid": ("{}", pl.Int64()),
    "float4": ("{}", pl.Float32()),
    "float8": ("{}", pl.Float64()),
    "date": ("{} - date '1970-01-01'", pl.Int32()),
    "timestamptz": ("(extract(epoch FROM {}) * 1000000)::bigint", pl.Int64()),
    "timestamp": ("(extract(epoch FROM {}) * 1000000)::bigint", pl.Int64()),
    "bytea": ("encode({}, 'hex')", pl.String()),
}
_MEANT: dict[str, pl.DataType] = {
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "timestamptz": pl.Datetime("us", "UTC"),
    "timestamp": pl.Datetime("us"),
}
_ELEMENTS: dict[str, pl.DataType] = {
    "int2": pl.Int64(),
    "int4": pl.Int64(),
    "int8": pl.Int64(),
    "float8": pl.Float64(),
    "bool": pl.Boolean(),
}


def read_frame(
    connection: Connection, query: str | Select[Any], parameters: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Return the rows of a SELECT as a frame, its columns in the query's order.

    Args:
        connection: in whose transaction it runs.
        query: a SQLAlchemy select, or SQL text with `%(name)s` parameters (a percent sign of its own is `%%`).
        parameters: of a SQL text.

    Returns:
        timestamptz as UTC microseconds, numeric as Decimal of its own scale (else 10), array as List (of String unless
        of numbers or booleans), json and every other type as String. An empty result has the same types.

    Raises:
        ValueError: two columns have the same name.
    """
    cursor = _driver(connection).cursor()
    with cursor:
        statement, values = _statement(query, parameters)
        cursor.execute(sql.SQL("SELECT * FROM ({}\n) q LIMIT 0").format(statement), values)
        columns = [_Column(cursor, column) for column in cursor.description or ()]
        if len({column.name for column in columns}) != len(columns):
            raise ValueError(
                f"The query names a column twice: {', '.join(column.name for column in columns)}."
            )
        null = secrets.token_hex(8)
        copy = sql.SQL("COPY (SELECT {} FROM ({}\n) q) TO STDOUT (FORMAT csv, NULL {})").format(
            sql.SQL(", ").join(column.printed for column in columns), statement, null
        )
        with cursor.copy(copy, values) as stream:
            text = b"".join(stream)
    schema = {column.name: column.text_type for column in columns}
    if not text:
        frame = pl.DataFrame(schema=schema)
    else:
        frame = pl.read_csv(
            text, has_header=False, schema=schema, null_values=null, empty_string_is_null=False
        )
    return frame.with_columns(column.meant for column in columns if column.meant is not None)


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
    with _driver(connection).cursor() as cursor, cursor.copy(copy) as stream:
        stream.write(text)
    return frame.height


def copy_rows(
    connection: Connection,
    table: Table | str,
    columns: Sequence[str],
    rows: pl.DataFrame | Iterable[Sequence[Any]],
) -> int:
    """Add rows to a table by COPY. Returns how many.

    Args:
        connection: in whose transaction it happens.
        table: of tables.py, or a name, of a temporary table for example.
        columns: in the order of each row's values.
        rows: a frame (only these columns of it), or sequences; in a sequence a dict becomes JSON, a list an array.

    Raises:
        Problem: a value cannot be kept, for example a string with NUL; says which.
    """
    if isinstance(rows, pl.DataFrame):
        return copy_frame(connection, table, rows.select(columns))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(str(table)), names)
    count = 0
    with _driver(connection).cursor() as cursor, cursor.copy(copy) as stream:
        for row in rows:
            try:
                stream.write_row([Jsonb(value) if isinstance(value, dict) else value for value in row])
            except DataError as error:
                raise Problem(f"Row {count + 1} for {table}: {error}.") from error
            count += 1
    return count


class _Column:
    """How one column of a query is printed, read and meant."""

    def __init__(self, cursor: psycopg.Cursor[Any], column: psycopg.Column) -> None:
        self.name = column.name
        name = sql.Identifier(column.name).as_string(cursor)
        kind = cursor.adapters.types.get(column.type_code)
        type_name = kind.name if kind else "text"
        is_array = kind is not None and kind.array_oid == column.type_code
        expression = pl.col(column.name)
        self.meant: pl.Expr | None = None
        printed, self.text_type = "{}::text", pl.String()
        if is_array:
            printed = "to_json({})::text"
            self.meant = expression.str.json_decode(pl.List(_ELEMENTS.get(type_name, pl.String())))
        elif type_name == "numeric":
            scale = _SCALE_OF_SUMS if column.scale is None else column.scale
            self.meant = expression.cast(pl.Decimal(_MOST_DIGITS, scale))
        elif type_name in _PRINTED:
            printed, self.text_type = _PRINTED[type_name]  # type: ignore[assignment]
            self.meant = expression.cast(_MEANT[type_name]) if type_name in _MEANT else None
            self.meant = expression.str.decode("hex") if type_name == "bytea" else self.meant
        self.printed = sql.SQL(printed.format(name))
        """Our own pattern around a quoted identifier."""


def _statement(
    query: str | Select[Any], parameters: Mapping[str, Any] | None
) -> tuple[sql.SQL, Mapping[str, Any]]:
    if isinstance(query, str):
        return sql.SQL(query), parameters or {}
    compiled = query.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    return sql.SQL(str(compiled)), {**compiled.params, **(parameters or {})}


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    """Return psycopg's connection, inside a transaction that SQLAlchemy knows, so that its commit means ours."""
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.driver_connection  # type: ignore[return-value]


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
