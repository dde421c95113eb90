"""The sheet that a decision is worked out on: a row per customer, a column per channel, each rule fills cells.

Facts come as frames; here they become whole numbers in numpy arrays. A word becomes its place in a short list,
an instant its microseconds since 1970, a customer their row. So a rule is a few array operations whatever the
number of customers: a million in three seconds, fifty in some milliseconds (a frame library's own cost per
step would be ten times that).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import reduce
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


def newest(key: Ints, size: int, *order: Ints | Callable[[Ints], Ints]) -> Ints:
    """Return for each key 0..size-1 the row that comes last in `order` (most significant first), or NOBODY.

    What is dear to work out is given as a function of rows: it is asked only of those that are equal in all before.
    """
    last = np.full(size, NOBODY, dtype=np.int64)
    whose, row = key, np.arange(len(key))
    last[key] = row  # of equal keys the last assignment stays
    for part in order:
        again = whose[np.flatnonzero(last[whose] != row)]
        if not len(again):
            break
        shared = np.zeros(size, dtype=np.bool_)
        shared[again] = True
        tied = np.flatnonzero(shared[whose])
        row, whose = row.take(tied), whose.take(tied)
        values = part(row) if callable(part) else part.take(row)
        most = np.full(size, LONG_AGO, dtype=np.int64)
        np.maximum.at(most, whose, values)
        left = np.flatnonzero(values == most[whose])
        row, whose = row.take(left), whose.take(left)
        last[whose] = row
    return last


def backwards(contents: Sequence[tuple[Any, ...]]) -> Ints:
    """Return a number for each of some contents, the same for equal ones and the greatest for the least."""
    places = {content: -place for place, content in enumerate(sorted(set(contents)))}
    return np.array([places[content] for content in contents], dtype=np.int64)


def sheet(size: int, filled: Any, kind: Any = np.int64) -> npt.NDArray[Any]:
    """Return a sheet of customers x channels; it lies in memory channel after channel, as a row has only a few."""
    return np.full((WIDTH, size), filled, dtype=kind).T


def flat(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a sheet as one list, channel after channel: a cell stands at channel x number of customers + customer."""
    return values.T.ravel()


def at(values: npt.NDArray[Any], row: Small, column: Any) -> npt.NDArray[Any]:
    """Return some cells of a sheet, or of any small table; two indexes take three times as long as one."""
    found: npt.NDArray[Any] = flat(values).take(column * np.int64(len(values)) + row)
    return found


def cells(which: Bools) -> tuple[Ints, Ints]:
    """Return the customers and the channels of the cells of a sheet in which something holds."""
    found = [np.flatnonzero(column) for column in which.T]
    return np.concatenate(found), np.repeat(np.arange(WIDTH), [len(one) for one in found])


def first_speaks(*rules: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return what the first rule says that does not leave a cell open (NOBODY), NOBODY where all do."""
    said = rules[0]
    for rule in rules[1:]:
        said = where(said == NOBODY, rule, said)
    return said


def where(which: Bools, yes: Any, no: Any) -> npt.NDArray[Any]:
    """Return `yes` where something holds and `no` elsewhere, as `np.where`, which guesses cell by cell how it goes on.

    A processor pays for each wrong guess as much as for some twenty cells; picking bits needs none.
    """
    if which.size <= FEW:
        few: npt.NDArray[Any] = np.where(which, yes, no)
        return few
    kind = np.result_type(yes, no)
    bits = np.dtype(f"i{kind.itemsize}")
    yes, no = (np.asarray(part, dtype=kind).view(bits) for part in (yes, no))
    picked: npt.NDArray[Any] = (yes ^ no) & -which.view(np.int8)
    picked ^= no
    return picked.view(kind)


def some(table: Bools) -> Bools:
    """Return in which rows of a narrow table something holds; column by column, as each row has only a few."""
    found = np.zeros(len(table), dtype=np.bool_)
    for column in table.T:
        found |= column
    return found


def matched(begin: Ints, keys: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Return every pair of a place in `keys` and an entry of `order` that belongs to the key there.

    Those of a key stand together in `order`: from `begin[key]` up to `begin[key + 1]`.
    """
    first = begin.take(keys)
    count = begin.take(keys + 1) - first
    place = np.repeat(np.arange(len(keys)), count)
    return place, order.take(np.arange(len(place)) + np.repeat(first - (np.cumsum(count) - count), count))


def alike(*columns: Small) -> tuple[Ints, Ints]:
    """Return a number for each row, the same for those that are equal in all columns, and one row of each number."""
    rows = len(columns[0])
    group = np.zeros(rows, dtype=np.int64)
    for column in columns if rows else ():
        least, most = int(column.min()), int(column.max())
        if least < most:
            group = _numbered(group * (most - least + 1) + (column - least))
    one = np.zeros(int(group.max(initial=NOBODY)) + 1, dtype=np.int64)
    one[group] = np.arange(rows)
    return group, one


def _numbered(keys: Ints) -> Ints:
    """Return numbers without gaps for numbers, 0 or more, with gaps."""
    most = int(keys.max())
    if most > 4 * len(keys) + FEW:
        return np.unique(keys, return_inverse=True)[1]
    met = np.zeros(most + 1, dtype=np.bool_)
    met[keys] = True
    return (np.cumsum(met) - 1)[keys]


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
        self._without_gaps = span == self.size
        if span <= 8 * self.size:  # ids lie close together: look them up instead of searching
            self._table = np.full(span + 1, NOBODY, dtype=np.int64)
            self._table[self.ids - self._first] = np.arange(self.size)

    def rows(self, customers: Ints) -> Ints:
        """Return the row of each customer, NOBODY for those who are not asked about."""
        if not self.size:
            return np.full(len(customers), NOBODY, dtype=np.int64)
        if self._table is not None:
            places = customers - self._first
            if len(places) and places.min() >= 0 and places.max() < len(self._table) - 1:
                return places if self._without_gaps else self._table[places]
            inside = (places >= 0) & (places < len(self._table))
            return where(inside, self._table[where(inside, places, -1)], NOBODY)
        places = np.minimum(np.searchsorted(self.ids, customers), self.size - 1)
        return where(self.ids[places] == customers, places, NOBODY)


class Columns:
    """One frame of facts as whole numbers; each column is read once, when a rule first asks for it."""

    def __init__(self, frame: pl.DataFrame, customers: Customers) -> None:
        """Read which rows belong to the customers asked about."""
        self.frame = frame
        self.length = frame.height
        self.row = customers.rows(self.whole("customer"))
        self._customers = customers.size
        self._kept: dict[tuple[str, ...], Any] = {}
        self._places: dict[str, tuple[Small, list[str | None]]] = {}
        self._judged: dict[tuple[str, Any], npt.NDArray[Any]] = {}

    def kept(self, name: tuple[str, ...], work: Callable[[], Any]) -> Any:
        """Return what was worked out of the frame under this name before, else work it out."""
        if name not in self._kept:
            self._kept[name] = work()
        return self._kept[name]

    def rows(self, *conditions: Bools) -> Ints:
        """Return the rows of customers who are asked about for which all conditions hold."""
        asked = self.kept(("asked",), lambda: self.row != NOBODY)
        found: Ints = np.flatnonzero(reduce(np.logical_and, conditions, asked))
        return found

    def of(self, customers: Ints) -> tuple[Ints, Ints]:
        """Return every pair of a place in `customers` and a row of the customer there."""
        order, begin = self.kept(("of",), self._by_customer)
        return matched(begin, customers, order)

    def _by_customer(self) -> tuple[Ints, Ints]:
        """Return the rows customer by customer, and where each customer's begin among them."""
        order = np.arange(self.length)
        if not (self.row[1:] >= self.row[:-1]).all():
            order = np.argsort(self.row, kind="stable")
        counts = np.bincount(self.row + 1, minlength=self._customers + 1)
        return order, np.cumsum(counts)

    def whole(self, column: str, absent: int = NOBODY, rows: Ints | None = None) -> Ints:
        """Return a column of numbers or instants (microseconds), or some rows of it; `absent` where it is null."""
        import polars as pl

        values = self.frame[column]
        if values.null_count() == self.length:
            return np.full(self.length if rows is None else len(rows), absent, dtype=np.int64)
        values = values.cast(pl.Int64)
        if not values.null_count():
            numbers: Ints = values.to_numpy()
            return numbers if rows is None else numbers[rows]
        if self.length <= FEW:
            numbers = np.array([absent if one is None else one for one in values.to_list()], dtype=np.int64)
            return numbers if rows is None else numbers[rows]
        return (values if rows is None else values[rows]).fill_null(absent).to_numpy()

    def real(self, column: str) -> Floats:
        """Return a column of real numbers; null is 0."""
        values: Floats = np.nan_to_num(self.frame[column].to_numpy())
        return values

    def truth(self, column: str) -> Bools:
        """Return a column of yes and no; null is no."""
        values = self.frame[column]
        return (values.fill_null(value=False) if values.null_count() else values).to_numpy()

    def dictionary(self, column: str) -> tuple[Small, list[str | None]]:
        """Return a column of words as places in a list of its different words; lists are joined by commas."""
        if column not in self._places:
            self._places[column] = _dictionary(self.frame[column])
        return self._places[column]

    def codes(self, column: str, words: Sequence[str]) -> Small:
        """Return the place of each value in `words`, NOBODY for any other."""
        places = {word: place for place, word in reversed(list(enumerate(words)))}
        kind = np.int8 if len(words) <= np.iinfo(np.int8).max else np.int64
        found: Small = self.judged(column, lambda word: places.get(word or "", NOBODY), kind)
        return found

    def judged(
        self,
        column: str,
        judge: Callable[[str | None], Any],
        kind: Any = np.int64,
        rows: Ints | None = None,
    ) -> npt.NDArray[Any]:
        """Return what `judge` says about the word of each row, or of some rows; it is asked once per different word."""
        places, words = self.dictionary(column)
        places = places if rows is None else places[rows]
        if not words:
            return np.zeros(0, dtype=kind)
        if (column, judge) not in self._judged:
            self._judged[column, judge] = np.array([judge(word) for word in words], dtype=kind)
        found: npt.NDArray[Any] = self._judged[column, judge].take(places, axis=0)
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
