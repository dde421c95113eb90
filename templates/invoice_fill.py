"""Invoices by filling: bands of a layout typeset once, put below each other for any number of rows and pages.

The bands are head, rows, sums, the box with the payment code, notes and footer (`templates.bands`). Lines wrap and
pages break here as WeasyPrint lets them; where that is not certain the invoice is laid out in full.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from templates.bands import Band, Bands, Figure, Text
from templates.codes import modules
from templates.fonts import as_set, plain_text
from templates.form import MOST_LETTERS, SLACK, Type, UnfitError
from templates.paper import TYPESETTING, AddressType
from templates.pictures import code_operators
from templates.tagged_pdf import Leaf, TaggedPdf
from templates.typeset import Cause

MIDDLE = 0.3636
"""Of Inter: how far the baseline lies below the middle of a line, in em."""
POINTS = 72 / 25.4
_UNBROKEN = 3
"""Lines of a paragraph that never stand on two pages: two are kept together at either side of a break."""
_GROWING = frozenset({"row", "sub", "sum", "due", "note"})
_NEAR = 0.01

Values = Mapping[str, str]
Line = tuple[list[bytes], float]
"""What TJ shows, and its width in points."""


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


@dataclass(kw_only=True, slots=True)
class _Sheet:
    """A page in the making."""

    number: int
    out: list[bytes] = field(default_factory=list)
    marks: int = 0
    colour: bytes = b""


@dataclass(kw_only=True, slots=True)
class _Set:
    """One band with its texts shaped: how high it is, and each text's lines."""

    band: Band
    height: float
    texts: list[tuple[Text, list[list[tuple[Type, list[bytes], float]]]]]


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
        return self._pdf.document(work.contents(), work.leaves, said.identity), len(work.sheets)


class _Filling:
    """One invoice on its way down the pages."""

    def __init__(self, bands: Bands, said: Said, first: AddressType) -> None:
        self._bands = bands
        self._parts = bands.bands
        self._said = said
        self._first = first
        self.leaves: list[Leaf] = []
        self.sheets: list[_Sheet] = []
        self._y = 0.0
        self._before = "thead"

    def contents(self) -> list[bytes]:
        """Return the content of each page, its number included."""
        total = len(self.sheets)
        for text in (item for item in self._parts["number"].items if isinstance(item, Text)):
            kind = text.runs[0][0]
            right = text.left + kind.set("1 / 1", "")[1]
            for sheet in self.sheets:
                shown, width = kind.set(f"{sheet.number + 1} / {total}", "")
                sheet.out.append(b"/Artifact BMC")
                self._show(sheet, kind, right - width, text.baseline, shown)
                sheet.out.append(b"EMC")
        return [b"\n".join(sheet.out) for sheet in self.sheets]

    def head(self) -> None:
        """Begin the first page."""
        self._new_sheet()
        band = self._parts["head"]
        self._draw(band, 0.0)
        for item in band.items:
            if isinstance(item, Text) and item.only == "address":
                self._address(item)
            elif isinstance(item, Text):
                self._put(item, self._lines(item, self._said.values, "head"), 0.0)
        self._place(self._set("thead", {}), self._parts["thead"].top, instance=0)
        self._y = self._parts["thead"].bottom

    def table(self) -> None:
        """Put the rows below each other; the heading stands again on every page, for the eye alone."""
        for number, (kind, cells) in enumerate(self._said.rows):
            row = self._set(kind, cells)
            if not self._fits(row.height):
                self._new_sheet()
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
        self._new_sheet()
        self._y = self._bands.top
        if not self._fits(height):
            raise UnfitError(Cause.WIDTH, f"{name} is higher than a page")

    def _fits(self, height: float) -> bool:
        return self._y + height <= self._bands.bottom + _NEAR

    def _new_sheet(self) -> None:
        self.sheets.append(_Sheet(number=len(self.sheets)))

    def _set(self, name: str, values: Values) -> _Set:
        """Shape a band's texts; it grows by the lines that its longest text has more than one."""
        band = self._parts[name]
        texts = []
        more = 0.0
        for item in band.items:
            if isinstance(item, Text):
                lines = self._lines(item, values, name)
                more = max(more, (len(lines) - 1) * item.height)
                texts.append((item, lines))
        return _Set(band=band, height=band.height + more, texts=texts)

    def _lines(self, item: Text, values: Values, name: str) -> list[list[tuple[Type, list[bytes], float]]]:
        """Return a text's lines; one that has no room wraps where its band can grow."""
        if item.only and (quick := self._quick(item, values)) is not None:
            return quick
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
            return [[(kind, *kind.set(text, where)) for kind, text in runs]]
        for _, text in runs:
            if not plain_text(text):
                raise UnfitError(Cause.SCRIPT, f"{where} is not written letter by letter from left to right")
        line = [(kind, *kind.set(_trimmed(as_set(text), len(runs)), where)) for kind, text in runs]
        if sum(width for _, _, width in line) <= item.width + SLACK:
            return [line]
        if name not in _GROWING or not item.wraps or len(runs) > 1 or len(runs[0][1]) > 4 * MOST_LETTERS:
            raise UnfitError(Cause.WIDTH, f"{where} is wider than its line")
        kind, text = runs[0]
        return [[(kind, *kind.set(one, where))] for one in _wrapped(kind, as_set(text).strip(), item, where)]

    @staticmethod
    def _quick(item: Text, values: Values) -> list[list[tuple[Type, list[bytes], float]]] | None:
        """Return a line that was set before, or None."""
        kind = item.runs[0][0]
        found = kind.known.get(values.get(item.only, ""))
        return [[(kind, *found)]] if found is not None and found[1] <= item.width else None

    def _place(self, one: _Set, y: float, *, instance: int, tagged: bool = True) -> None:
        """Draw a band with its top at `y`; what it draws itself stays at its bottom when it has grown."""
        down = y - one.band.top
        self._draw(one.band, down + one.height - one.band.height)
        lines = iter(one.texts)
        for item in one.band.items:
            if isinstance(item, Figure):
                self._figure(item, down, instance)
            else:
                text, found = next(lines)
                self._put(text, found, down, instance=instance, tagged=tagged)

    def _draw(self, band: Band, down: float) -> None:
        sheet = self.sheets[-1]
        sheet.out.append(b"/Artifact BMC q 1 0 0 1 0 %.3f cm /%s Do Q EMC" % (-down, band.drawing))

    def _put(
        self,
        text: Text,
        lines: Sequence[Sequence[tuple[Type, list[bytes], float]]],
        down: float,
        *,
        instance: int = 0,
        tagged: bool = True,
    ) -> None:
        sheet = self.sheets[-1]
        path = (*text.outer, *[(role, (key, instance), scope) for role, key, scope in text.path])
        if not any([shown for line in lines for _, shown, _ in line]):
            if tagged and path[-1][0] in {"TH", "TD"}:
                self.leaves.append(Leaf(page=sheet.number, mark=None, path=path))
            return
        if tagged:
            self.leaves.append(Leaf(page=sheet.number, mark=sheet.marks, path=path))
            sheet.out.append(b"/%s <</MCID %d>> BDC" % (path[-1][0].encode(), sheet.marks))
            sheet.marks += 1
        else:
            sheet.out.append(b"/Artifact BMC")
        for number, line in enumerate(lines):
            left = text.left
            if text.align:
                left += text.align * (text.width - sum([width for _, _, width in line]))
            for kind, shown, width in line:
                if shown:
                    self._show(sheet, kind, left, text.baseline + down + number * text.height, shown)
                left += width
        sheet.out.append(b"EMC")

    def _show(self, sheet: _Sheet, kind: Type, left: float, down: float, shown: Sequence[bytes]) -> None:
        if kind.colour != sheet.colour:
            sheet.colour = kind.colour
            sheet.out.append(kind.colour)
        sheet.out.append(
            b"BT /%s %g Tf 1 0 0 1 %.3f %.3f Tm [%s] TJ ET"
            % (kind.font, kind.size, left, self._bands.height - down, b"".join(shown))
        )

    def _figure(self, figure: Figure, down: float, instance: int) -> None:
        sheet, place = self.sheets[-1], figure.place
        bottom = place.bottom - down
        path = (*figure.outer, *[(role, (key, instance), scope) for role, key, scope in figure.path])
        box = (place.left, bottom, place.left + place.width, bottom + place.height)
        self.leaves.append(Leaf(page=sheet.number, mark=sheet.marks, path=path, alt=figure.alt, box=box))
        sheet.out.append(
            b"/Figure <</MCID %d>> BDC q %.3f 0 0 %.3f %.3f %.3f cm %s Q EMC"
            % (
                sheet.marks,
                place.width,
                place.height,
                place.left,
                bottom,
                code_operators(modules(self._said.codes[figure.name])),
            )
        )
        sheet.marks += 1

    def _address(self, item: Text) -> None:
        """Put the lines of the address where `page_css` would have them."""
        own, first = self._said.address_type, self._first
        kind = item.runs[0][0]
        sized = kind if own.size == kind.size else kind.at(own.size)
        top = item.baseline - (first.centred + first.height / 2) * POINTS - MIDDLE * first.size
        for number, text in enumerate(self._said.address):
            if not plain_text(text):
                raise UnfitError(
                    Cause.SCRIPT, "the address is not written letter by letter from left to right"
                )
            down = top + (own.centred + own.height * (number + 0.5)) * POINTS + MIDDLE * own.size
            line = [(sized, *sized.set(as_set(text), "the address"))]
            self._put(replace(item, baseline=down), [line], 0.0, instance=number)


def _trimmed(text: str, runs: int) -> str:
    return text.strip() if runs == 1 else text


def _wrapped(kind: Type, text: str, item: Text, where: str) -> list[str]:
    """Break a text into lines, at the places where Pango would, as late as there is room."""
    from weasyprint.text.line_break import get_log_attrs

    with TYPESETTING:
        attributes = get_log_attrs(text, item.language)
        breaks = [at for at in range(1, len(text)) if attributes[at].is_line_break] + [len(text)]
    lines = []
    start = best = 0
    for at in breaks:
        if best > start and kind.set(text[start:at].rstrip(), where)[1] > item.width + SLACK:
            lines.append(text[start:best].rstrip())
            start = best
        best = at
    lines.append(text[start:])
    if any(kind.set(line, where)[1] > item.width + SLACK for line in lines):
        raise UnfitError(Cause.WIDTH, f"{where} has a word that is wider than its line")
    return lines
