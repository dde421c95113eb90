"""The sheet that a decision is worked out on: a row per customer, a column per channel, each rule fills cells.

Facts come as frames; here they become whole numbers in numpy arrays. A word becomes its place in a short list,
an instant its microseconds since 1970, a customer their row. So a rule is a few array operations whatever the
number of customers: a million in about a second, fifty in about a millisecond (a frame library's own cost per
step would be ten times that).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tidings.channel import Channel

if TYPE_CHECKING:
    import polars as pl

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Hashes = npt.NDArray[np.uint64]
Small = npt.NDArray[Any]
"""Whole numbers that take less than eight bytes each."""

CHANNELS = tuple(channel.value for channel in Channel)
WIDTH = len(CHANNELS)
NOBODY = -1
"""No row, no word, no answer yet."""
NEVER = np.iinfo(np.int64).max
LONG_AGO = np.iinfo(np.int64).min
FEW = 2000
"""Up to so many rows a Python list is cheaper than a frame operation; the answer is the same."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return an instant as whole microseconds since 1970.

    Raises:
        ValueError: the instant has no zone.
    """
    if moment.tzinfo is None:
        msg = f"an instant has no zone: {moment.isoformat()}"
        raise ValueError(msg)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def newest(key: Ints, size: int, *order: Ints) -> Ints:
    """Return for each key 0..size-1 the row that comes last in `order` (most significant first), or NOBODY."""
    last = np.full(size, NOBODY, dtype=np.int64)
    last[key] = np.arange(len(key))
    counts = np.bincount(key, minlength=size)
    if len(key) and counts.max() > 1:
        several = np.flatnonzero(counts[key] > 1)
        ordered = several[np.lexsort([part[several] for part in reversed(order)])]
        last[key[ordered]] = ordered  # of equal keys the last assignment stays
    return last


def some(table: Bools) -> Bools:
    """Return in which rows of a narrow table something holds; column by column, as each row has only a few."""
    found = np.zeros(len(table), dtype=np.bool_)
    for column in table.T:
        found |= column
    return found


def different(values: Ints) -> Ints:
    """Return the different values of small numbers, 0 or more, sorted; no sorting of the values themselves."""
    return np.flatnonzero(np.bincount(values))


class Customers:
    """The customers of a batch, each once, sorted; their place is their row in the sheet."""

    def __init__(self, asked: Ints) -> None:
        """Take the customer of each question."""
        self.ids = asked if (asked[1:] > asked[:-1]).all() else np.unique(asked)
        self.size = len(self.ids)
        self._first = int(self.ids[0]) if self.size else 0
        span = int(self.ids[-1]) - self._first + 1 if self.size else 0
        self._table: Ints | None = None
        if span <= 8 * self.size:  # ids lie close together: look them up instead of searching
            self._table = np.full(span + 1, NOBODY, dtype=np.int64)
            self._table[self.ids - self._first] = np.arange(self.size)

    def rows(self, customers: Ints) -> Ints:
        """Return the row of each customer, NOBODY for those who are not asked about."""
        if not self.size:
            return np.full(len(customers), NOBODY, dtype=np.int64)
        if self._table is not None:
            places = customers - self._first
            if len(places) and places.min() >= 0 and places.max() < len(self._table):
                return self._table[places]
            inside = (places >= 0) & (places < len(self._table))
            return np.where(inside, self._table[np.where(inside, places, -1)], NOBODY)
        places = np.minimum(np.searchsorted(self.ids, customers), self.size - 1)
        return np.where(self.ids[places] == customers, places, NOBODY)


class Columns:
    """One frame of facts as whole numbers; each column is read once, when a rule first asks for it."""

    def __init__(self, frame: pl.DataFrame, customers: Customers) -> None:
        """Read which rows belong to the customers asked about."""
        self.frame = frame
        self.length = frame.height
        self.row = customers.rows(self.whole("customer"))
        self._kept: dict[tuple[str, ...], Any] = {}
        self._dictionaries: dict[str, tuple[Ints, list[str | None]]] = {}
        self._places: dict[str, tuple[npt.NDArray[Any], list[str | None]]] = {}

    def kept(self, name: tuple[str, ...], work: Callable[[], Any]) -> Any:
        """Return what was worked out of the frame under this name before, else work it out."""
        if name not in self._kept:
            self._kept[name] = work()
        return self._kept[name]

    def whole(self, column: str, absent: int = NOBODY) -> Ints:
        """Return a column of numbers or instants (microseconds); `absent` where it is null."""
        import polars as pl

        values = self.frame[column]
        if values.null_count() == self.length:
            return np.full(self.length, absent, dtype=np.int64)
        values = values.cast(pl.Int64)
        if not values.null_count():
            return values.to_numpy()
        if self.length <= FEW:
            return np.array(
                [absent if value is None else value for value in values.to_list()], dtype=np.int64
            )
        return values.fill_null(absent).to_numpy()

    def real(self, column: str) -> Floats:
        """Return a column of real numbers; null is 0."""
        values: Floats = np.nan_to_num(self.frame[column].to_numpy())
        return values

    def truth(self, column: str) -> Bools:
        """Return a column of yes and no; null is no."""
        values = self.frame[column]
        return (values.fill_null(value=False) if values.null_count() else values).to_numpy()

    def dictionary(self, column: str) -> tuple[Ints, list[str | None]]:
        """Return a column of words as places in a list of its different words; lists are joined by commas."""
        if column not in self._dictionaries:
            places, words = self._small(column)
            self._dictionaries[column] = (places.astype(np.int64, copy=False), words)
        return self._dictionaries[column]

    def _small(self, column: str) -> tuple[npt.NDArray[Any], list[str | None]]:
        """Return the same in the least bytes: what a table is asked by."""
        if column not in self._places:
            self._places[column] = _dictionary(self.frame[column])
        return self._places[column]

    def codes(self, column: str, words: Sequence[str]) -> Ints:
        """Return the place of each value in `words`, NOBODY for any other."""
        places = {word: place for place, word in reversed(list(enumerate(words)))}
        kind = np.int8 if len(words) <= np.iinfo(np.int8).max else np.int64
        found: Ints = self.judged(column, lambda word: places.get(word or "", NOBODY), kind)
        return found

    def judged(
        self,
        column: str,
        judge: Callable[[str | None], Any],
        kind: Any = np.int64,
        rows: Ints | None = None,
    ) -> npt.NDArray[Any]:
        """Return what `judge` says about the word of each row, or of some rows; it is asked once per different word."""
        places, words = self._small(column)
        places = places if rows is None else places[rows]
        if not words:
            return np.zeros(0, dtype=kind)
        found: npt.NDArray[Any] = np.array([judge(word) for word in words], dtype=kind)[places]
        return found


def _dictionary(values: pl.Series) -> tuple[npt.NDArray[Any], list[str | None]]:
    import polars as pl

    if isinstance(values.dtype, pl.Enum):
        listed: list[str | None] = list(values.dtype.categories.to_list())
        physical = values.to_physical()
        if physical.null_count():
            physical = physical.cast(pl.Int64).fill_null(len(listed))
        return physical.to_numpy(), [*listed, None]
    if isinstance(values.dtype, pl.List):
        if len(values) <= FEW:
            joined = [None if words is None else ",".join(words) for words in values.to_list()]
            values = pl.Series(values.name, joined, dtype=pl.String)
        elif not values.list.len().sum():
            values = values.list.first().cast(pl.String).fill_null("")
        else:
            values = values.list.join(",")
    if len(values) <= FEW:
        places: dict[str | None, int] = {}
        codes = [places.setdefault(word, len(places)) for word in values.to_list()]
        return np.array(codes, dtype=np.int64), list(places)
    words = values.unique().to_list()
    if len(words) == 1:
        return np.zeros(len(values), dtype=np.int64), words
    words = [word for word in words if word is not None]
    physical = values.cast(pl.Enum(words)).to_physical()
    return physical.cast(pl.Int64).fill_null(len(words)).to_numpy(), [*words, None]
