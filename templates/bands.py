"""Takes a laid out page apart into bands: what is drawn at a height of its own, and the lines of text in it.

Bands are put below each other anew for each document: head, rows, sums, the box with the payment code, notes, footer.
What a band draws (rules, backgrounds) is kept as a form of the PDF; all its text is set anew, tagged in reading order.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from templates.form import Place
from templates.form_lines import POINT, Found, embed, look_of, places_of, sentinel, types_of, walk
from templates.glyphs import Type
from templates.paper import Page, lay_out, pages_of, write
from templates.tagged_pdf import Spot
from templates.typeset import Cause, UnfitError

_ROLES = {
    "table": "Table",
    "thead": "THead",
    "tbody": "TBody",
    "tr": "TR",
    "th": "TH",
    "td": "TD",
    "h1": "H1",
    "h2": "H2",
    "p": "P",
}
_TEXT = frozenset({"H1", "H2", "P", "TH", "TD"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One line of a band; lengths in points, `baseline` from the top of the page that was laid out."""

    left: float
    baseline: float
    width: float
    align: float
    runs: tuple[tuple[Type, tuple[str | int, ...]], ...]
    spot: Spot
    height: float
    """From line to line, where it wraps."""
    filled: bool
    """Whether it holds values."""
    wraps: bool
    """Whether it may go on in a further line."""
    language: str
    where: str
    """What stands there, for whoever reads why it did not fit."""
    only: str
    """Name of the one value that is all of it; ''."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """A code in a band."""

    name: str
    place: Place
    alt: str
    spot: Spot


@dataclass(kw_only=True, slots=True)
class Band:
    """What stands between two heights, in points from the top of the page that was laid out."""

    top: float
    bottom: float
    items: list[Text | Figure] = field(default_factory=list)
    drawing: bytes = b""
    """Name of its form."""

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


@dataclass(frozen=True, kw_only=True, slots=True)
class Bands:
    """A page taken apart."""

    bands: Mapping[str, Band]
    width: float
    height: float
    top: float
    """Where the text of a further page begins, points from the top of the page."""
    bottom: float
    """Where it ends."""
    pdf: Any
    """WeasyPrint's PDF, whose pages are the drawings."""
    resources: bytes
    """Reference of what every page may draw with."""
    names: tuple[str, ...]
    """Of the values, by the numbers of their sentinels."""


def take_apart(
    page: Page, *, names: Sequence[str], band_of: Callable[[Sequence[Any]], str], where: str, wide: bool
) -> Bands:
    """Lay a page out and take it apart. Hold TYPESETTING.

    Args:
        page: with sentinels in the place of values; one page long.
        names: what each sentinel stands for.
        band_of: names the band of what stands in these elements, outermost first; the page's number is `number`.
        where: names the layout in a Problem.
        wide: for values with letters beyond the usual ones.

    Raises:
        UnfitError: a value does not stand in a line of its own, or the page is longer than one.
        Problem: as `templates.paper.lay_out`.
    """
    document = lay_out(page, where=where)
    if len(document.pages) != 1:
        raise UnfitError(Cause.TEMPLATE, "the shortest document is longer than a page")
    [sheet] = document.pages
    root = sheet._page_box  # noqa: SLF001 -- where the layout is
    sorted_out = _Sorting(root, band_of)
    looks = list(dict.fromkeys(look_of(box.style) for _, line in sorted_out.lines for box in line.texts))
    if any(look[0] is None for look in looks):
        raise UnfitError(Cause.TEMPLATE, "it is set in a font that is not ours")
    embed(document, page, looks, wide=wide)
    sorted_out.take_texts()
    drawings = document.copy([_only(sheet, sorted_out, name) for name in sorted_out.bands])
    drawings.fonts = document.fonts
    kept: list[Any] = []
    write(drawings, identity="", finish=kept.append)
    types = types_of(document, looks)
    for name, line in sorted_out.lines:
        sorted_out.bands[name].items.append(_text(line, types, names))
    for name, place, box, above in places_of(document):
        spot = Spot((), (("Figure", id(box.element), ""),))
        figure = Figure(name=name, place=place, alt=box.element.get("alt") or "", spot=spot)
        sorted_out.bands[sorted_out.name(box, above)].items.append(figure)
    return Bands(
        bands=sorted_out.bands,
        width=sheet.width * POINT,
        height=sheet.height * POINT,
        top=root.content_box_y() * POINT,
        bottom=(root.content_box_y() + root.height) * POINT,
        pdf=kept[0],
        resources=_make_drawings(kept[0], list(sorted_out.bands.values())),
        names=tuple(names),
    )


class _Sorting:
    """The boxes of a page by the bands that they belong to."""

    def __init__(self, root: Any, band_of: Callable[[Sequence[Any]], str]) -> None:
        from weasyprint.formatting_structure import boxes

        self._band_of = band_of
        self.bands: dict[str, Band] = {}
        self.outer: dict[int, str] = {}
        """The outermost boxes of the bands."""
        self.lines: list[tuple[str, Found]] = []
        for box, above in walk(root):
            name = self.name(box, above)
            if not above or name != self.name(above[-1], above[:-1]):
                self.outer[id(box)] = name
                top = (box.position_y + box.margin_top) * POINT
                bottom = top + box.border_height() * POINT
                self.bands.setdefault(name, Band(top=top, bottom=bottom))
            if isinstance(box, boxes.LineBox):
                inside = (one for one, _ in walk(box) if isinstance(one, boxes.TextBox))
                texts = tuple(one for one in inside if one.text.strip())
                if texts:
                    self.lines.append((name, Found.of(box, above, texts)))

    def name(self, box: Any, above: Sequence[Any]) -> str:
        """Return the band of a box."""
        from weasyprint.formatting_structure import boxes

        chain = (*above, box)
        if any(isinstance(one, boxes.MarginBox) for one in chain):
            return "number"
        return self._band_of([one.element for one in chain if one.element is not None])

    def take_texts(self) -> None:
        """Take all text off the page; what is drawn behind and below it stays."""
        for _, line in self.lines:
            for box, _ in walk(line.line):
                if getattr(box, "children", None):
                    box.children = [one for one in box.children if one not in line.texts]


def _only(sheet: Any, sorted_out: _Sorting, name: str) -> Any:
    """Return the page as one that draws this band alone."""
    one = copy.copy(sheet)

    def paint(stream: Any, scale: float = 1) -> None:
        saved: list[tuple[Any, Any]] = []
        _prune(sheet._page_box, sorted_out.outer, "", name, saved)  # noqa: SLF001 -- where the layout is
        try:
            sheet.paint(stream, scale)
        finally:
            for box, children in saved:
                box.children = children

    one.paint = paint
    return one


def _prune(box: Any, outer: Mapping[int, str], inside: str, kept: str, saved: list[tuple[Any, Any]]) -> bool:
    """Leave in a tree what belongs to a band and what leads there; tell whether anything is left."""
    box = getattr(box, "_box", box)
    name = outer.get(id(box), inside)
    children = getattr(box, "children", None)
    if not children:
        return name == kept
    left = [child for child in children if _prune(child, outer, name, kept, saved)]
    saved.append((box, children))
    box.children = left
    return name == kept or bool(left)


def _spot(above: Sequence[Any]) -> Spot:
    """Return where a line stands."""
    found: list[tuple[str, int, str]] = []
    for box in above:
        element = getattr(box, "element", None)
        role = _ROLES.get(getattr(element, "tag", ""), "")
        if role and (not found or found[-1][1] != id(element)):
            scope = (element.get("scope") or "") if element is not None else ""
            found.append((role, id(element), scope))
    if not any(role in _TEXT for role, _, _ in found):
        element = next(
            (box.element for box in reversed(above) if getattr(box, "element", None) is not None), None
        )
        found.append(("P", id(element), ""))
    shared = sum(role in {"Table", "THead", "TBody"} for role, _, _ in found)
    return Spot(tuple(found[:shared]), tuple(found[shared:]))


def _text(found: Found, types: Mapping[Any, Type], names: Sequence[str]) -> Text:
    if found.numbers:
        if why := found.hindrance():
            raise UnfitError(Cause.TEMPLATE, f"{', '.join(names[one] for one in found.numbers)} {why}")
        line = found.as_line(types, names)
        left, width, align = line.left, line.width, line.align
    else:
        left, width, align = found.texts[0].position_x * POINT, float("inf"), 0.0
    return Text(
        left=left,
        baseline=(found.texts[0].position_y + found.texts[0].baseline) * POINT,
        width=width,
        align=align,
        runs=tuple((types[look_of(box.style)], found.parts(box)) for box in found.texts),
        spot=_spot(found.above),
        height=found.line.height * POINT,
        filled=bool(found.numbers),
        wraps=bool(found.texts[0].style["white_space"] == "normal"),
        language=found.texts[0].style["lang"] or "",
        where=", ".join(names[one] for one in found.numbers),
        only=next((names[one] for one in found.numbers if found.line_is(sentinel(one))), ""),
    )


def _make_drawings(pdf: Any, bands: Sequence[Band]) -> bytes:
    """Turn the pages of a PDF, which are the drawings, into forms that any page may draw; return the resources."""
    reference = b""
    for at, (band, (page, content)) in enumerate(zip(bands, pages_of(pdf), strict=True)):
        band.drawing = b"B%d" % at
        reference = page["Resources"]
        resources = pdf.objects[int(reference.split()[0])]
        form = {"Type": "/XObject", "Subtype": "/Form", "Resources": reference, "BBox": page["MediaBox"]}
        content.extra.update(form)
        resources["XObject"][band.drawing.decode()] = content.reference
        page.free = "f"
    return reference
