"""Reads frames as columns: each query answers with one row, a value per column, and all queries go out together.

One round trip whatever the number of rows, and several times cheaper than a row at a time (psycopg hands COPY over row
by row too). Numbers and instants come as binary arrays that are read where they lie, words as one text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import Connection

from store.driver import driver_of

if TYPE_CHECKING:
    import polars as pl

_FEW = 200
"""Up to so many words Python is cheaper than what a frame library does around its work."""
_APART, _NOTHING, _WITHIN = "\x1f", "\x1e", "\x1d"
"""Between the words of a column; a word that is null; between the words of a list."""
_NEVER = np.iinfo(np.int64).min
"""A number that is null; `-infinity` of an instant."""
_TO_1970 = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL counts from."""
_HEADER = 20
"""Bytes before the items of an array of one dimension."""
_ARRAYS = (1016, 1022, 1185)
"""The types bigint[], float8[], timestamptz[]."""


class _Raw(Loader):
    """Leaves the bytes of an array as they came."""

    format = Format.BINARY

    def load(self, data: Any) -> bytes:
        return bytes(data)


def read_arrays(
    connection: Connection,
    queries: Sequence[tuple[str, Mapping[str, pl.DataType]]],
    values: Mapping[str, Any],
) -> list[pl.DataFrame]:
    """Return one frame per query.

    Args:
        connection: in whose transaction they run.
        queries: SQL with `%(name)s` parameters, and its columns with their types: String, numbers, Boolean,
            List(String), or Datetime (UTC, microseconds) from timestamptz. A number that is none is read as null.
        values: of the parameters; the same for all queries.
    """
    answers = _answers(
        connection, [_aggregated(query, tuple(shape.items())) for query, shape in queries], values
    )
    frames = []
    for (query, shape), answer in zip(queries, answers, strict=True):
        frame = _frame(shape, answer)
        if frame is None:  # a word holds what stands between words: so one by one
            [answer] = _answers(connection, [_one_by_one(query, tuple(shape.items()))], values)
            frame = _frame(shape, answer)
        assert frame is not None
        frames.append(frame)
    return frames


def _answers(
    connection: Connection, statements: Sequence[str], values: Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    driver = driver_of(connection)
    with driver.pipeline():
        cursors = []
        for statement in statements:
            cursor = driver.cursor(binary=True)
            for kind in _ARRAYS:
                cursor.adapters.register_loader(kind, _Raw)
            cursors.append(cursor.execute(statement, values, prepare=True))
        return [cursor.fetchone() or (0,) for cursor in cursors]


@lru_cache(maxsize=64)
def _aggregated(query: str, shape: tuple[tuple[str, pl.DataType], ...]) -> str:
    import polars as pl

    def written(column: str, kind: pl.DataType) -> str:
        word = _word(column, kind)
        if word:
            return f"string_agg({word}, U&'\\001f')"
        if isinstance(kind, pl.Datetime):
            return f"array_agg(coalesce({column}, '-infinity'))"
        if kind.is_float():
            return f"array_agg(coalesce({column}::float8, 'NaN'))"
        number = f"{column}::int" if kind == pl.Boolean else column
        return f"array_agg(coalesce({number}::bigint, {_NEVER}))"

    return f"SELECT count(*), {', '.join(written(column, kind) for column, kind in shape)} FROM ({query}) q"


@lru_cache(maxsize=64)
def _one_by_one(query: str, shape: tuple[tuple[str, pl.DataType], ...]) -> str:
    aggregated = _aggregated(query, shape)
    for column, kind in shape:
        if word := _word(column, kind):
            aggregated = aggregated.replace(f"string_agg({word}, U&'\\001f')", f"array_agg({word})")
    return aggregated


def _word(column: str, kind: pl.DataType) -> str:
    """Return what is read of a column of words, '' for any other."""
    import polars as pl

    if isinstance(kind, pl.List):
        return f"coalesce(array_to_string({column}, U&'\\001d'), '')"
    return f"coalesce({column}, U&'\\001e')" if kind == pl.String else ""


def _frame(shape: Mapping[str, pl.DataType], answer: tuple[Any, ...]) -> pl.DataFrame | None:
    """Return an answer as a frame, None when its words cannot be told apart."""
    import polars as pl

    count, *columns = answer
    if not count:
        return pl.DataFrame(schema=shape)
    read = []
    for (column, kind), value in zip(shape.items(), columns, strict=True):
        if isinstance(value, bytes):
            read.append(_numbers(column, kind, value))
            continue
        told = value if isinstance(value, list) else _words(column, value, count)
        if len(told) != count:
            return None
        read.append(_told(column, kind, told))
    return pl.DataFrame(read)


def _words(column: str, joined: str, count: int) -> list[str] | pl.Series:
    """Take the words of a column apart; a hundred thousand objects of Python's would cost more than the query."""
    import polars as pl

    if count <= _FEW:
        return joined.split(_APART)
    return pl.Series(column, [joined]).str.split(_APART).explode()


def _told(column: str, kind: pl.DataType, told: list[str] | pl.Series) -> pl.Series:
    """Read words, or lists of words."""
    import polars as pl

    listed = isinstance(kind, pl.List)
    if len(told) <= _FEW:
        few = [
            (one.split(_WITHIN) if one else []) if listed else None if one == _NOTHING else one
            for one in told
        ]
        return pl.Series(column, few, dtype=kind)
    words = pl.Series(column, told, dtype=pl.String)
    return _lists(words) if listed else words.replace(_NOTHING, None)


def _numbers(column: str, kind: pl.DataType, array: bytes) -> pl.Series:
    """Read the items of a binary array without nulls: each is its length and eight bytes, the greatest first."""
    import polars as pl

    item = ">f8" if kind.is_float() else ">i8"
    found = np.frombuffer(array, dtype=[("length", ">i4"), ("value", item)], offset=_HEADER)["value"]
    found = found.astype(item[1:])
    if kind.is_float():
        reals = pl.Series(column, found)
        return (reals.fill_nan(None) if np.isnan(found).any() else reals).cast(kind)
    absent = found == _NEVER
    if isinstance(kind, pl.Datetime):
        found = found + _TO_1970
    numbers = pl.Series(column, found)
    if absent.any():
        numbers = numbers.set(pl.Series(absent), None)
    return numbers.cast(kind)


def _lists(words: pl.Series) -> pl.Series:
    """Split what was joined; a list each, made from Python, would cost more than the query."""
    import polars as pl

    empty = pl.lit([], dtype=pl.List(pl.String))
    split = pl.when(pl.first() == "").then(empty).otherwise(pl.first().str.split(_WITHIN))
    return words.to_frame().select(split.alias(words.name)).to_series()
