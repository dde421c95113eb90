"""XML from tables: a table of rows says where each field of the model stands, and serves to read as well as to write.

Rows are in the order of the schema. Elements on a path are shared with the row before, so that a table reads flat.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from lxml import etree  # type: ignore[import-untyped]

from tidings.invoice_parts import is_amount
from tidings.problem import Problem

Node: TypeAlias = Any
"""An element; lxml has no types."""
MOST_BYTES = 30_000_000
EMPTY: tuple[Any, ...] = (None, "", ())


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """How a value is written as text, and read from it (ValueError: it cannot be)."""

    write: Callable[[Any], str]
    read: Callable[[str], Any]
    attributes: tuple[tuple[str, str], ...] = ()
    money: bool = False
    """With the currency as an attribute, where the syntax wants it."""


def _number(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        msg = f"{text[:40]!r} is not a number"
        raise ValueError(msg) from error
    if "_" in text or not is_amount(value):
        msg = f"{text[:40]!r} is not a number"
        raise ValueError(msg)
    return value


def plain(value: Decimal) -> str:
    """Return a number without an exponent and without zeros at its end."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(text: str, written: str, shown: str) -> date:
    try:
        day = datetime.strptime(text, written).date()  # noqa: DTZ007 -- a day has no zone
    except ValueError:
        day = None
    if day is None or _written(day, written) != text:  # a month, 202611, would be the first of January
        msg = f"{text[:40]!r} is not a day; write {shown}"
        raise ValueError(msg)
    return day


def _written(day: date, form: str) -> str:
    """Return a day as a form has it, its year in four digits, which strftime gives from the year 1000 on."""
    return day.strftime(form.replace("%Y", f"{day.year:04}"))


def _flag(text: str) -> bool:
    if text not in {"true", "false", "1", "0"}:
        msg = f"{text[:40]!r} is neither true nor false"
        raise ValueError(msg)
    return text in {"true", "1"}


TEXT = Kind(write=str, read=str)
MONEY = Kind(write=lambda value: f"{value:.2f}", read=_number, money=True)
PRICE = Kind(write=plain, read=_number, money=True)
NUMBER = Kind(write=plain, read=_number)
FLAG = Kind(write=lambda value: "true" if value else "false", read=_flag)
DAY = Kind(write=date.isoformat, read=lambda text: _day(text[:10], "%Y-%m-%d", "YYYY-MM-DD"))
DAY_102 = Kind(
    write=lambda value: _written(value, "%Y%m%d"),
    read=lambda text: _day(text, "%Y%m%d", "YYYYMMDD"),
    attributes=(("format", "102"),),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """One field in one element, or in an `@attribute` of the element before."""

    path: str
    field: str
    """`.` is the thing itself."""
    kind: Kind = TEXT
    stated: bool = False
    """The model computes it; what is read is held against that."""
    unless: Any = None
    """A value that is not written, unless `along` has one."""
    along: str = ""
    only: Callable[[Any], bool] | None = None
    """Of the thing: whether this row is for it."""
    currency: str = "currency"
    """Which of the document's currencies the amount is in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fixed:
    """An element, or an `@attribute`, that always says the same; `told` is also what a reader knows the group by."""

    path: str
    value: str
    told: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """A reader knows the group by this element not being there."""

    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Elements with rows of their own; without a field their fields are those of the thing around."""

    path: str
    rows: Sequence["Row"]
    field: str = ""
    many: bool = False
    only: Callable[[Any], bool] | None = None
    """Of each of many: whether this row is for it."""
    shared: bool = False
    """Written into the element before, not into one of its own."""
    by: str = ""
    """Of a reader: only elements that have this one."""
    lacking: str = ""
    """Of a reader: only elements that do not have this one."""
    unlike: tuple[str, str] | None = None
    """Of a reader: (path, text) that an element must not say."""


Row: TypeAlias = Leaf | Fixed | Absent | Group


def leaf(path: str, field: str, kind: Kind = TEXT, **more: Any) -> Leaf:
    """Return a leaf, written short for tables."""
    return Leaf(path=path, field=field, kind=kind, **more)


def group(path: str, rows: Sequence[Row], field: str = "", **more: Any) -> Group:
    """Return a group, written short for tables."""
    return Group(path=path, rows=rows, field=field, **more)


def element_of(rows: Sequence[Row], where: Sequence[str]) -> str:
    """Return the path of the element that a field stands in, '' where none does.

    Args:
        rows: a table.
        where: names of the field and of those it is inside of, without places in a list.
    """
    name, *rest = where
    for row in rows:
        if isinstance(row, Leaf) and row.field == name and not rest:
            return row.path
        if not isinstance(row, Group) or (row.field and row.field != name):
            continue
        inner = rest if row.field else where
        found = element_of(row.rows, inner) if inner else ""
        if found or not inner:
            return f"{row.path}/{found}".rstrip("/")
    return ""


def parse(content: bytes) -> Node:
    """Return the root of an XML document from a stranger: no entities, no document type, no network.

    Raises:
        Problem: not well-formed, too large, or with a document type.
    """
    if len(content) > MOST_BYTES:
        raise Problem(f"The XML has {len(content)} bytes, more than {MOST_BYTES}.")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        if "too long" in str(error):
            raise Problem(
                "A text in it, such as an attachment, has more than 10,000,000 characters.",
                todo="Send the attachment on its own.",
            ) from error
        raise Problem(f"It is not well-formed XML: {error}.") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise Problem("The XML has a document type; invoices have none.", todo="Take the DOCTYPE out.")
    return root


class Writer:
    """Makes elements of one document."""

    def __init__(self, spaces: Mapping[str, str], currencies: Mapping[str, str], *, currency: bool) -> None:
        self._spaces = spaces
        self._currencies = currencies
        self._currency = currency

    def write(self, node: Node, rows: Sequence[Row], thing: Any) -> None:
        """Add what the rows say of a thing."""
        for row in rows:
            match row:
                case Fixed():
                    self._put(node, row.path, row.value)
                case Leaf():
                    self._leaf(node, row, thing)
                case Group():
                    for item in _items(row, thing):
                        place = self._last(node, row.path) if row.shared else self._ensure(node, row.path)
                        self.write(place, row.rows, item)
                case Absent():
                    pass

    def _leaf(self, node: Node, row: Leaf, thing: Any) -> None:
        value = _get(thing, row.field)
        if value in EMPTY or (row.only is not None and not row.only(thing)):
            return
        if row.unless is not None and value == row.unless and not (row.along and _get(thing, row.along)):
            return
        found = self._put(node, row.path, row.kind.write(value))
        for name, text in row.kind.attributes:
            found.set(name, text)
        code = self._currencies.get(row.currency, "") if row.kind.money else ""
        if code and (self._currency or row.currency == "tax_currency" or row.field == "tax"):
            found.set("currencyID", code)

    def _put(self, node: Node, path: str, text: str) -> Node:
        path, _, attribute = path.partition("@")
        if attribute:
            found = self._last(node, path.rstrip("/"))
            found.set(attribute, text)
            return found
        found = self._ensure(node, path)
        found.text = text
        return found

    def _last(self, node: Node, path: str) -> Node:
        found = node
        for step in path.split("/") if path else ():
            found = found[-1]
            assert found.tag == self._tag(step), (found.tag, step)
        return found

    def _ensure(self, node: Node, path: str) -> Node:
        """Return a new element at the end of a path; those before it are shared with the element written last."""
        if not path:
            return node
        *before, last = path.split("/")
        for step in before:
            tag = self._tag(step)
            node = node[-1] if len(node) and node[-1].tag == tag else etree.SubElement(node, tag)
        return etree.SubElement(node, self._tag(last))

    def _tag(self, step: str) -> str:
        prefix, _, name = step.partition(":")
        return f"{{{self._spaces[prefix]}}}{name}"


def _get(thing: Any, field: str) -> Any:
    if field == ".":
        return thing
    return thing.get(field) if isinstance(thing, Mapping) else getattr(thing, field)


def _items(row: Group, thing: Any) -> Iterator[Any]:
    if row.many:
        yield from (one for one in _get(thing, row.field) or () if row.only is None or row.only(one))
        return
    item = _get(thing, row.field) if row.field else thing
    if item is None or (row.only is not None and not row.only(item)):
        return
    if row.shared or any(_says(one, item) for one in row.rows):
        yield item


def _says(row: Row, thing: Any) -> bool:
    """Return whether a row has something to write, other than what is fixed."""
    if isinstance(row, Leaf):
        value = _get(thing, row.field)
        return value not in EMPTY and (row.unless is None or value != row.unless)
    return isinstance(row, Group) and any(True for _ in _items(row, thing))
