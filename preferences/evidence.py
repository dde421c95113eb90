"""What each reason rests on, as JSON: which statement, when and from where, which consent, how many observations.

A fragment is written once per line of facts that is used, and a cell points to up to three of them; so a million answers need
only as much text as they differ in. Free text of customers (a source, a problem) goes through `json.dumps`, once per word.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from preferences.sheet import NOBODY, Columns, Ints

if TYPE_CHECKING:
    import polars as pl

    Part = str | Callable[[pl.DataFrame], pl.Series]

_INSTANT = '"%Y-%m-%dT%H:%M:%SZ"'
NOTHING = 0
"""Pointer to no fragment."""


class Evidence:
    """Fragments of JSON objects, and the pointers to them."""

    def __init__(self) -> None:
        """Start with the fragment that says nothing."""
        import polars as pl

        self._parts: list[pl.Series] = [pl.Series([None], dtype=pl.String)]
        self._length = 1

    def add(self, fragments: pl.Series) -> int:
        """Take fragments such as `"consent": 7, "at": "..."`; return the pointer of the first."""
        begin = self._length
        self._parts.append(fragments)
        self._length += len(fragments)
        return begin

    def add_words(self, fragments: list[str]) -> int:
        """Take a few fragments; return the pointer of the first."""
        import polars as pl

        return self.add(pl.Series(fragments, dtype=pl.String))

    def lines(self, columns: Columns, rows: Ints, parts: list[Part]) -> Ints:
        """Write one fragment per row of a frame that `rows` names; return their pointers in the shape of `rows`."""
        used = np.zeros(columns.length + 1, dtype=np.bool_)
        used[rows.ravel()] = True
        used[NOBODY] = False
        wanted = np.flatnonzero(used)
        if not len(wanted):
            return np.zeros(rows.shape, dtype=np.int64)
        import polars as pl

        frame = columns.frame if len(wanted) == columns.length else columns.frame[wanted]
        words = [pl.lit(part) if isinstance(part, str) else part(frame) for part in parts]
        text = frame.select(pl.concat_str(words).alias("text"))["text"]
        pointers = np.full(columns.length + 1, NOTHING, dtype=np.int64)
        pointers[wanted] = self.add(text) + np.arange(len(wanted))
        return pointers[rows]

    def text(self, *pointers: Ints) -> pl.Series:
        """Return one JSON object per cell from the fragments that it points to."""
        import polars as pl

        pool = pl.concat(self._parts)
        whole = pool.to_frame("f").select(pl.concat_str(pl.lit("{"), pl.col("f").fill_null(""), pl.lit("}")))["literal"]
        count = sum((part != NOTHING).astype(np.int64) for part in pointers)
        single = np.maximum.reduce(pointers)
        several = np.flatnonzero(np.asarray(count) > 1)
        if not len(several):
            return whole[single].alias("evidence")
        columns = {str(place): pool[part[several]] for place, part in enumerate(pointers)}
        joined = pl.DataFrame(columns).select(
            pl.concat_str(pl.lit("{"), pl.concat_str(pl.all(), separator=", ", ignore_nulls=True), pl.lit("}"))
        )["literal"]
        place = single.copy()
        place[several] = len(whole) + np.arange(len(several))
        return pl.concat([whole, joined])[place].alias("evidence")


def quoted(column: str) -> Part:
    """Write a column of words as JSON strings."""

    def write(frame: pl.DataFrame) -> pl.Series:
        return _translated(frame[column], lambda word: json.dumps(word or "", ensure_ascii=False))

    return write


def quoted_list(column: str) -> Part:
    """Write a column of lists of words as JSON arrays."""

    def write(frame: pl.DataFrame) -> pl.Series:
        joined = frame[column].list.join(",")
        return _translated(joined, lambda word: json.dumps(word.split(",") if word else [], ensure_ascii=False))

    return write


def number(column: str) -> Part:
    """Write a column of whole numbers."""
    return lambda frame: frame[column].cast(_string())


def instant(column: str) -> Part:
    """Write a column of instants as JSON strings, UTC to the second."""
    return lambda frame: frame[column].dt.strftime(_INSTANT)


def until(key: str) -> Part:
    """Write the end of a statement under a key, nothing where it has none."""
    return lambda frame: frame["until_at"].dt.strftime(f', "{key}": {_INSTANT}').fill_null("")


def _translated(words: pl.Series, write: Callable[[str | None], str]) -> pl.Series:
    table = {word: write(word) for word in words.unique().to_list()}
    return words.replace_strict(table, return_dtype=_string())


def _string() -> type[pl.String]:
    import polars as pl

    return pl.String
