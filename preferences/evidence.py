"""What each reason rests on, as JSON: which statement, when and from where, which consent, how many observations.

A fragment is written once per line of facts that is used, and a cell points to up to three of them; so a
million answers need only as much text as they differ in. Free text of customers (a source, a problem) goes
through `json.dumps`, once per word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from preferences.sheet import FEW, NOBODY, Columns, Ints
from preferences.statement import DAYS, best_days, value

if TYPE_CHECKING:
    import polars as pl

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

    def lines(self, columns: Columns, rows: Ints, parts: Sequence[str | Part]) -> Ints:
        """Write one fragment per row of a frame that `rows` names; return their pointers in the shape of `rows`."""
        used = np.zeros(columns.length + 1, dtype=np.bool_)
        used[rows.ravel()] = True
        used[NOBODY] = False
        wanted = np.flatnonzero(used)
        pointers = np.full(columns.length + 1, NOTHING, dtype=np.int64)
        if not len(wanted):
            return pointers[rows]
        frame = columns.frame if len(wanted) == columns.length else columns.frame[wanted]
        begin = self.add_words(_few(frame, parts)) if len(wanted) <= FEW else self.add(_many(frame, parts))
        pointers[wanted] = begin + np.arange(len(wanted))
        return pointers[rows]

    def text(self, *pointers: Ints) -> pl.Series:
        """Return one JSON object per cell from the fragments that it points to."""
        import polars as pl

        pool = pl.concat(self._parts)
        single = reduce(np.maximum, pointers)
        count = reduce(np.add, [(part != NOTHING).astype(np.int8) for part in pointers])
        several = np.flatnonzero(count > 1)
        if len(pool) + len(several) <= FEW:
            known = [part or "" for part in pool.to_list()]
            texts = [f"{{{part}}}" for part in known]
            texts += [
                f"{{{', '.join(known[place] for place in places if place != NOTHING)}}}"
                for places in zip(*(part[several].tolist() for part in pointers), strict=True)
            ]
            whole = pl.Series(texts, dtype=pl.String)
        else:
            joined = [pool[part[several]].alias(str(place)) for place, part in enumerate(pointers)]
            whole = pl.concat([_braced([pool]), _braced(joined)])
        place = single.copy()
        place[several] = len(pool) + np.arange(len(several))
        return whole[place].alias("evidence")


def _braced(fragments: list[pl.Series]) -> pl.Series:
    """Return one object per line from its fragments; null is none."""
    import polars as pl

    inside = pl.concat_str(fragments, separator=", ", ignore_nulls=True)
    return pl.select(pl.concat_str(pl.lit("{"), inside, pl.lit("}")).alias("whole"))["whole"]


@dataclass(frozen=True, slots=True)
class Part:
    """One value inside a fragment: a column, and how a value of it is written."""

    column: str
    write: Callable[[Any], str]
    many: Callable[[pl.Series], pl.Series]
    """The same for a whole column."""


def quoted(column: str) -> Part:
    """Write a column of words as JSON strings."""
    return Part(column, _quote, lambda words: _translated(words, _quote))


def quoted_list(column: str) -> Part:
    """Write a column of lists of words as JSON arrays."""
    return Part(column, _quote_list, lambda words: _translated(_joined(words), _quote_joined))


def number(column: str) -> Part:
    """Write a column of whole numbers."""
    return Part(column, str, lambda values: values.cast(_string()))


def real(column: str) -> Part:
    """Write a column of real numbers, null where there is none."""
    return Part(column, json.dumps, lambda values: values.cast(_string()).fill_null("null"))


def instant(column: str) -> Part:
    """Write a column of instants as JSON strings, UTC to the second."""
    return Part(column, lambda at: at.strftime(_INSTANT), lambda values: values.dt.strftime(_INSTANT))


def until(key: str) -> Part:
    """Write the end of a statement under a key, nothing where it has none."""
    form = f', "{key}": {_INSTANT}'
    return Part(
        "until_at",
        lambda at: "" if at is None else at.strftime(form),
        lambda values: values.dt.strftime(form).fill_null(""),
    )


def on_behalf(key: str) -> Part:
    """Write under a key who spoke for the customer, nothing where they did themselves."""

    def write(who: str | None) -> str:
        return f', "{key}": {json.dumps(who)}' if who else ""

    return Part("on_behalf", write, lambda words: _translated(words, write))


def wished_days(column: str) -> Part:
    """Write the days of the week that a statement names."""

    def write(text: str | None) -> str:
        bits = best_days(text)
        return json.dumps([day for place, day in enumerate(DAYS) if bits >> place & 1])

    return Part(column, write, lambda values: _translated(values, write))


def often(column: str) -> Part:
    """Write how often a customer wants to hear of us, from the value of their statement."""
    return Part(column, _often, lambda values: _translated(values, _often))


def _often(text: str | None) -> str:
    said = value(text)
    return f', "at_most": {json.dumps(said.get("at_most"))}, "per": {json.dumps(said.get("per"))}'


def _few(frame: pl.DataFrame, parts: Sequence[str | Part]) -> list[str]:
    columns = [
        repeat(part) if isinstance(part, str) else map(part.write, frame[part.column].to_list())
        for part in parts
    ]
    return ["".join(texts) for texts in zip(*columns, strict=False)]


def _many(frame: pl.DataFrame, parts: Sequence[str | Part]) -> pl.Series:
    import polars as pl

    texts = [pl.lit(part) if isinstance(part, str) else part.many(frame[part.column]) for part in parts]
    return frame.select(pl.concat_str(texts).alias("text"))["text"]


def _joined(words: pl.Series) -> pl.Series:
    """Return lists of words as one text each; places in a list of such texts as the texts."""
    import polars as pl

    return words.list.join(",") if isinstance(words.dtype, pl.List) else words.cast(pl.String)


def _quote(word: str | None) -> str:
    return json.dumps(word or "", ensure_ascii=False)


def _quote_list(words: list[str] | str | None) -> str:
    words = words.split(",") if isinstance(words, str) and words else words
    return json.dumps(words or [], ensure_ascii=False)


def _quote_joined(joined: str | None) -> str:
    return _quote_list(joined.split(",") if joined else [])


def _translated(words: pl.Series, write: Callable[[str | None], str]) -> pl.Series:
    plain = words.cast(_string())
    table = {word: write(word) for word in plain.unique().to_list()}
    return plain.replace_strict(table, return_dtype=_string())


def _string() -> type[pl.String]:
    import polars as pl

    return pl.String
