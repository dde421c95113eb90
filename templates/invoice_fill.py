"""Invoices by filling: bands of a layout typeset once, put below each other for any number of rows and pages.

The bands are head, rows, sums, the box with the payment code, notes and footer (`templates.bands`). Lines wrap and
pages break here as WeasyPrint lets them; where that is not certain the invoice is laid out in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from templates.bands import Band, Bands, Figure, Text
from templates.fonts import as_set
from templates.form import MOST_LETTERS, SLACK
from templates.glyphs import Type, breaks, is_number
from templates.paper import TYPESETTING, AddressType
from templates.sheets import Line, Sheets
from templates.tagged_pdf import TaggedPdf
from templates.typeset import Cause, UnfitError

MIDDLE = 0.3636
"""Of Inter: how far the baseline lies below the middle of a line, in em."""
POINTS = 72 / 25.4
_UNBROKEN = 3
"""Lines of a paragraph that never stand on two pages: two are kept together at either side of a break."""
_GROWING = frozenset({"row", "sub", "sum", "due", "note"})
_NEAR = 0.01

Values = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What one invoice says: values by the name of their sentinel, and the bands that repeat."""

    values: Values
    rows: Sequence[tuple[str, Values]]
    """`row` or `sub`, and its cells."""
    sums: Sequence[tuple[str, Values]]
    """`sum` or `due`, and its cells."""
    notes: Sequence[str]
    codes: Mapping[str, str]
    address: Sequence[str]
    address_type: AddressType
    identity: str


class _Set(NamedTuple):
    """One band with its texts shaped: how high it is, and each text's lines."""

    band: Band
    height: float
    texts: list[tuple[Text, list[Line]]]


class InvoiceForm:
    """A layout taken apart, ready for any number of rows."""

    def __init__(self, bands: Bands, first: AddressType) -> None:
        """`first` is how the one line of the address was set that the layout was typeset with."""
        self._bands = bands
        self._parts = bands.bands
        self._first = first
        self._pdf = TaggedPdf(bands.pdf, resources=bands.resources, width=bands.width, height=bands.height)

    def fill(self, said: Said) -> tuple[bytes, int]:
        """Return one invoice and its number of pages. The same arguments give the same bytes.

        Raises:
            UnfitError: a value does not fit; says which, without saying the value.
        """
        work = _Filling(self._bands, said, self._first)
        work.head()
        work.table()
        work.tail()
        work.number()
        sheets = work.sheets
        return self._pdf.document(sheets.contents(), sheets.leaves, said.identity), len(sheets)


class _Filling:
    """One invoice on its way down the pages."""

    def __init__(self, bands: Bands, said: Said, first: AddressType) -> None:
        self._bands = bands
        self._parts = bands.bands
        self._said = said
        self._first = first
        self.sheets = Sheets(bands.height)
        self._y = 0.0

    def number(self) -> None:
        """Number the pages."""
        for item in self._parts["number"].items:
            if isinstance(item, Text):
                self.sheets.number(item)

    def head(self) -> None:
        """Begin the first page."""
        self.sheets.begin()
        band = self._parts["head"]
        self.sheets.draw(band, 0.0)
        for item in band.items:
            if isinstance(item, Text) and item.only == "address":
                self._address(item)
            elif isinstance(item, Text):
                self.sheets.put(item, self._lines(item, self._said.values, "head"), 0.0)
        self._place(self._set("thead", {}), self._parts["thead"].top, instance=0)
        self._y = self._parts["thead"].bottom

    def table(self) -> None:
        """Put the rows below each other; the heading stands again on every page, for the eye alone."""
        for number, (kind, cells) in enumerate(self._said.rows):
            row = self._set(kind, cells)
            if not self._fits(row.height):
                self.sheets.begin()
                thead = self._set("thead", {})
                self._place(thead, self._bands.top, instance=0, tagged=False)
                self._y = self._bands.top + thead.height
                if not self._fits(row.height):
                    raise UnfitError(Cause.WIDTH, "a row is higher than a page")
            self._place(row, self._y, instance=number + 1)
            self._y += row.height

    def tail(self) -> None:
        """Put what follows the table, each block whole on one page."""
        sums = [self._set(kind, cells) for kind, cells in self._said.sums]
        self._make_room("sub", "sum", sum(one.height for one in sums))
        for number, one in enumerate(sums):
            self._place(one, self._y, instance=1000000 + number)
            self._y += one.height
        before = "due"
        for name in ("pay", "settled", "note", "code", "footer"):
            if name not in self._parts:
                continue
            texts = self._said.notes if name == "note" else [""]
            for number, text in enumerate(texts):
                one = self._set(name, {**self._said.values, "note": text})
                if any(len(lines) > _UNBROKEN for _, lines in one.texts) and not self._fits(
                    self._gap(before, name) + one.height
                ):
                    raise UnfitError(Cause.PARAGRAPH, f"{name} would stand on two pages")
                self._make_room(before, name, one.height)
                self._place(one, self._y, instance=2000000 + number)
                self._y += one.height
                before = name

    def _gap(self, before: str, name: str) -> float:
        """Return the distance of two bands, as it was where the layout was typeset."""
        if before == name == "note":
            return self._parts["note2"].top - self._parts["note"].bottom
        last = self._parts["note2"] if before == "note" else self._parts[before]
        return self._parts[name].top - last.bottom

    def _make_room(self, before: str, name: str, height: float) -> None:
        gap = self._gap(before, name)
        if self._fits(gap + height):
            self._y += gap
            return
        self.sheets.begin()
        self._y = self._bands.top
        if not self._fits(height):
            raise UnfitError(Cause.WIDTH, f"{name} is higher than a page")

    def _fits(self, height: float) -> bool:
        return self._y + height <= self._bands.bottom + _NEAR

    def _set(self, name: str, values: Values) -> _Set:
        """Shape a band's texts; it grows by the lines that its longest text has more than one."""
        band = self._parts[name]
        texts = []
        more = 0.0
        for item in band.items:
            if isinstance(item, Text):
                lines = self._quick(item, values) or self._lines(item, values, name)
                if len(lines) > 1:
                    more = max(more, (len(lines) - 1) * item.height)
                texts.append((item, lines))
        return _Set(band, band.height + more, texts)

    @staticmethod
    def _quick(item: Text, values: Values) -> list[Line] | None:
        """Return the line of a number, or one that was set before; None where it needs more care."""
        if not item.only:
            return None
        kind = item.runs[0][0]
        text = values.get(item.only, "")
        found = kind.known.get(text)
        if found is None and is_number(text):
            found = kind.set(text, item.where)
        return [((kind, found),)] if found is not None and found[1] <= item.width else None

    def _lines(self, item: Text, values: Values, name: str) -> list[Line]:
        """Return a text's lines; one that has no room wraps where its band can grow."""
        where = item.where or name
        names = self._bands.names
        runs = [
            (
                kind,
                "".join([part if isinstance(part, str) else values.get(names[part], "") for part in parts]),
            )
            for kind, parts in item.runs
        ]
        if not item.filled:
            return [[(kind, kind.set(text, where)) for kind, text in runs]]
        line = [(kind, kind.set(_trimmed(as_set(text), len(runs)), where)) for kind, text in runs]
        if sum([shown.width for _, shown in line]) <= item.width + SLACK:
            return [line]
        if name not in _GROWING or not item.wraps or len(runs) > 1 or len(runs[0][1]) > 4 * MOST_LETTERS:
            raise UnfitError(Cause.WIDTH, f"{where} is wider than its line")
        kind, text = runs[0]
        return [((kind, kind.set(one, where)),) for one in _wrapped(kind, as_set(text).strip(), item, where)]

    def _place(self, one: _Set, y: float, *, instance: int, tagged: bool = True) -> None:
        """Draw a band with its top at `y`; what it draws itself stays at its bottom when it has grown."""
        band, height, texts = one
        down = y - band.top
        self.sheets.draw(band, down + height - band.height)
        lines = iter(texts)
        for item in band.items:
            if isinstance(item, Figure):
                self.sheets.figure(item, self._said.codes[item.name], down, instance=instance)
            else:
                text, found = next(lines)
                self.sheets.put(text, found, down, instance=instance, tagged=tagged)

    def _address(self, item: Text) -> None:
        """Put the lines of the address where `page_css` would have them."""
        own, first = self._said.address_type, self._first
        kind = item.runs[0][0]
        sized = kind if own.size == kind.size else kind.at(own.size)
        top = item.baseline - (first.centred + first.height / 2) * POINTS - MIDDLE * first.size
        for number, text in enumerate(self._said.address):
            down = top + (own.centred + own.height * (number + 0.5)) * POINTS + MIDDLE * own.size
            line = ((sized, sized.set(as_set(text), "the address")),)
            self.sheets.put(replace(item, baseline=down), [line], 0.0, instance=number)


def _trimmed(text: str, runs: int) -> str:
    return text.strip() if runs == 1 else text


def _wrapped(kind: Type, text: str, item: Text, where: str) -> list[str]:
    """Break a text into lines, at the places where Pango would, as late as there is room."""
    with TYPESETTING:
        places = breaks(text, item.language)
    lines = []
    start = best = 0
    for at in places:
        if best > start and kind.set(text[start:at].rstrip(), where).width > item.width + SLACK:
            lines.append(text[start:best].rstrip())
            start = best
        best = at
    lines.append(text[start:])
    if any(kind.set(line, where).width > item.width + SLACK for line in lines):
        raise UnfitError(Cause.WIDTH, f"{where} has a word that is wider than its line")
    return lines
