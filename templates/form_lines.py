"""Lays a page out with sentinels and takes it apart: which lines hold values, and what keeps one from being filled."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING, Any

from templates.fonts import FACES, Face, Shaper, far, of_words, specimen, usual
from templates.form import Form, Line, Place, Run, Skeleton
from templates.glyphs import Glyphs, Type
from templates.paper import Page, lay_out, pages_of, write
from templates.pictures import SCHEME, Code
from templates.typeset import Cause, UnfitError

if TYPE_CHECKING:
    from weasyprint import Document

POINT = 0.75
"""Points of a CSS pixel."""
_NEAR = 0.01
_SENTINEL = re.compile(r"Zq(\d+)qZ")
_ALIGN = {"start": 0.0, "left": 0.0, "justify": 0.0, "center": 0.5, "end": 1.0, "right": 1.0}
_USUAL = {
    "direction": ("ltr",),
    "font_feature_settings": ("normal",),
    "font_kerning": ("auto",),
    "font_style": ("normal",),
    "font_variant_alternates": ("normal",),
    "font_variant_caps": ("normal",),
    "font_variant_east_asian": ("normal",),
    "font_variant_ligatures": ("normal",),
    "font_variant_position": ("normal",),
    "letter_spacing": ("normal", 0),
    "text_decoration_line": ("none",),
    "text_transform": ("none",),
    "visibility": ("visible",),
    "white_space": ("normal", "nowrap"),
    "word_spacing": (0,),
}
"""Properties of text, and the values that filling knows how to set."""


def sentinel(number: int) -> str:
    """Return what stands for a value while the page is laid out."""
    return f"Zq{number}qZ"


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A line box that holds sentinels, with what it stands in."""

    page: int = 0
    height: float = 0.0
    """Of the page, pixels."""
    above: tuple[Any, ...]
    """Its boxes from the page down to the block that it is a line of."""
    line: Any
    texts: tuple[Any, ...]
    numbers: tuple[int, ...]

    @classmethod
    def of(cls, line: Any, above: tuple[Any, ...], texts: tuple[Any, ...]) -> "Found":
        """Return a line of a page taken apart."""
        numbers = tuple(int(one) for box in texts for one in _SENTINEL.findall(box.text))
        return cls(above=above, line=line, texts=texts, numbers=numbers)

    def line_is(self, text: str) -> bool:
        """Tell whether a text is all that stands in the line."""
        return len(self.texts) == 1 and self.texts[0].text.strip() == text

    @staticmethod
    def parts(box: Any) -> tuple[str | int, ...]:
        """Return a text with the numbers of its values."""
        return _parts(box.text)

    def hindrance(self) -> str:
        """Return what keeps the line from being set by itself, as the end of a sentence; '' where nothing does."""
        from weasyprint.formatting_structure import boxes

        block = self.above[-1]
        if sum(isinstance(child, boxes.LineBox) for child in block.children) != 1:
            return "stands in a paragraph of several lines"
        if any(_takes_width_from_text(box) for box in self.above):
            return "stands in a box that is as wide as its text"
        others = (box for box in self.line.descendants() if box is not self.line)
        if any(not isinstance(box, boxes.TextBox) and not _is_plain(box) for box in others):
            return "stands in a line with more than text"
        for box in self.texts:
            odd = next((name for name, usual in _USUAL.items() if box.style[name] not in usual), "")
            if odd or _face(box.style) is None or box.style["color"].alpha != 1:
                return f"is set with {odd.replace('_', '-') or 'a font or colour of its own'}"
        if len({round(box.position_y + box.baseline, 2) for box in self.texts}) != 1:
            return "stands higher or lower than its line"
        beside = abs(self.line.position_x - block.content_box_x()) > _NEAR
        return "does not begin at the edge of its box" if beside and not self.align else ""

    @property
    def align(self) -> float:
        """0 left, 0.5 centred, 1 right."""
        return _ALIGN.get(self.above[-1].style["text_align_all"], 0.0)

    def as_line(self, types: Mapping[Any, Type], names: Sequence[str]) -> Line:
        """Return the line as it is filled."""
        block, first = self.above[-1], self.texts[0]
        return Line(
            page=self.page,
            left=block.content_box_x() * POINT,
            baseline=(self.height - first.position_y - first.baseline) * POINT,
            width=block.width * POINT,
            align=self.align,
            runs=tuple(Run(type=types[look_of(box.style)], parts=_parts(box.text)) for box in self.texts),
            where=", ".join(names[number] for number in self.numbers),
        )


def _takes_width_from_text(box: Any) -> bool:
    from weasyprint.formatting_structure import boxes

    style = box.style
    if isinstance(box, boxes.TableBox):
        return bool(style["table_layout"] != "fixed" or style["width"] == "auto")
    if isinstance(box, boxes.InlineBlockBox | boxes.FlexContainerBox | boxes.GridContainerBox):
        return True
    shrinks = style["float"] != "none" or style["position"] in {"absolute", "fixed"}
    return bool(shrinks and style["width"] == "auto")


def _is_plain(box: Any) -> bool:
    from weasyprint.formatting_structure import boxes

    edges = (
        "margin_left",
        "margin_right",
        "padding_left",
        "padding_right",
        "border_left_width",
        "border_right_width",
    )
    return bool(
        isinstance(box, boxes.InlineBox)
        and not any(getattr(box, edge) for edge in edges)
        and box.background is None
        and not box.border_bottom_width
    )


def _parts(text: str) -> tuple[str | int, ...]:
    pieces = _SENTINEL.split(text)
    return tuple(int(piece) if at % 2 else piece for at, piece in enumerate(pieces) if at % 2 or piece)


def walk(box: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Yield all boxes with those that they stand in; what is positioned has a placeholder in its place."""
    box = getattr(box, "_box", box)
    yield box, above
    for child in getattr(box, "children", ()):
        yield from walk(child, (*above, box))


def _lines(document: "Document") -> Iterator[Found]:
    from weasyprint.formatting_structure import boxes

    for number, page in enumerate(document.pages):
        for line, above in walk(page._page_box):  # noqa: SLF001 -- where the layout is
            if not isinstance(line, boxes.LineBox):
                continue
            texts = tuple(box for box in line.descendants() if isinstance(box, boxes.TextBox))
            found = tuple(int(one) for box in texts for one in _SENTINEL.findall(box.text))
            if found:
                yield Found(
                    page=number, height=page.height, above=above, line=line, texts=texts, numbers=found
                )


def places_of(document: "Document") -> Iterator[tuple[str, Place, Any, tuple[Any, ...]]]:
    """Yield the codes of a page: name, place, box, and the boxes that it stands in."""
    from weasyprint.formatting_structure import boxes

    for number, sheet in enumerate(document.pages):
        for box, above in walk(sheet._page_box):  # noqa: SLF001 -- where the layout is
            if isinstance(box, boxes.ReplacedBox) and isinstance(box.replacement, Code):
                bottom = sheet.height - box.content_box_y() - box.height
                place = Place(
                    page=number,
                    left=box.content_box_x() * POINT,
                    bottom=bottom * POINT,
                    width=box.width * POINT,
                    height=box.height * POINT,
                )
                yield box.element.get("src").removeprefix(SCHEME), place, box, above


def _face(style: Any) -> Any:
    family, weight = style["font_family"][0], style["font_weight"]
    return next((face for face in FACES if (face.family, face.weight) == (family, weight)), None)


def look_of(style: Any) -> tuple[Any, ...]:
    """Return what makes two texts look the same."""
    numeric = style["font_variant_numeric"]
    face = _face(style)
    channels = tuple(round(one, 6) for one in style["color"].to("srgb").coordinates)
    return face, numeric, style["font_size"], channels, style["lang"] or ""


@lru_cache(maxsize=256)
def _shaper(face: Any, numeric: Any, language: str) -> Shaper:
    from weasyprint.text.fonts import font_features

    return Shaper(face, font_features(font_variant_numeric=numeric), language)


def embed(
    document: "Document", page: Page, looks: Sequence[tuple[Any, ...]], *, wide: bool, alike: bool = False
) -> None:
    """Have all characters embedded in the types of the lines, which draw them later.

    Args:
        document: the page laid out.
        page: it.
        looks: of the lines.
        wide: for values with letters beyond the usual ones.
        alike: have the page's other fonts hold what any words of ours are written with, so that the forms of all
            languages have the same: a batch keeps each of them once.
    """
    _paint(document, document)
    kinds = {(face, numeric): far() if wide else usual() for face, numeric, *_ in looks}
    if alike:
        used = {(font.family, font.weight) for font in document.fonts.values()}
        filled = {face for face, _ in kinds}
        kinds |= {
            (face, "normal"): of_words()
            for face in FACES
            if (face.family, face.weight) in used and face not in filled
        }
    texts = "".join(_specimen(face, numeric, letters) for (face, numeric), letters in kinds.items())
    other = Page(html=f"<body style='white-space: nowrap'>{texts}", css=page.css, layout=page.layout)
    _paint(lay_out(other, where="specimen"), document)
    for font in document.fonts.values():  # in one order, whatever the page's words began with
        font.to_unicode = dict(sorted(font.to_unicode.items()))


def _specimen(face: Face, numeric: Any, letters: frozenset[str]) -> str:
    style = f"font: {face.weight} 64px '{face.family}'; font-variant-numeric: {_css(numeric)}"
    return f'<div style="{style}">{escape(specimen(letters))}</div>'


def _paint(drawn: "Document", document: "Document") -> None:
    """Draw pages for the fonts of a document alone.

    The document's own go first: what is drawn first decides how widths are rounded, and that is how it is in full.
    """
    from pydyf import Dictionary
    from weasyprint.pdf.stream import Stream

    resources = Dictionary({name: Dictionary() for name in ("ExtGState", "XObject", "Pattern", "Shading")})
    resources["ColorSpace"] = ""
    for sheet in drawn.pages:
        corner = (0, 0, sheet.width, sheet.height)
        profiles, intent = document.color_profiles, document.output_intent
        sheet.paint(Stream(document.fonts, corner, resources, {}, None, profiles, intent), POINT)


def _css(numeric: Any) -> str:
    return numeric if isinstance(numeric, str) else " ".join(numeric)


def types_of(document: "Document", looks: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], Type]:
    """Return how each look is written, once the document was."""
    fonts = {(font.family, font.weight): font for font in document.fonts.values()}
    glyphs: dict[Any, Glyphs] = {}
    found = {}
    for look in looks:
        face, numeric, size, channels, language = look
        font = fonts[face.family, face.weight]
        key = face, numeric, language
        if key not in glyphs:
            glyphs[key] = Glyphs(_shaper(*key), dict(font.widths))
        found[look] = Type(
            font=font.hash.encode(), size=size * POINT, colour=b"%g %g %g rg" % channels, glyphs=glyphs[key]
        )
    return found


def build(page: Page, *, names: Sequence[str], where: str, wide: bool = False) -> Form:
    """Typeset a page whose HTML has a sentinel for each name; its codes are left empty. Hold TYPESETTING.

    Args:
        page: with sentinels in the place of values.
        names: what each sentinel stands for, for whoever reads why the page cannot be filled.
        where: names the template in a Problem.
        wide: for values with letters beyond the usual ones.

    Raises:
        UnfitError: a sentinel does not stand in a line of its own.
        Problem: as `templates.paper.lay_out`.
    """
    document = lay_out(page, where=where)
    found = list(_lines(document))
    seen = [number for one in found for number in one.numbers]
    lost = next((name for number, name in enumerate(names) if seen.count(number) != 1), "")
    if lost:
        raise UnfitError(Cause.TEMPLATE, f"{lost} does not stand as text in a line")
    for one in found:
        if why := one.hindrance():
            raise UnfitError(Cause.PARAGRAPH, f"{', '.join(names[number] for number in one.numbers)} {why}")
    places = {name: place for name, place, _, _ in places_of(document)}
    looks = list(dict.fromkeys(look_of(box.style) for one in found for box in one.texts))
    for one in found:
        one.line.children = ()
    embed(document, page, looks, wide=wide, alike=True)
    kept: list[Skeleton] = []
    write(document, identity="", finish=lambda pdf: kept.append(_taken(pdf, page.version)))
    types = types_of(document, looks)
    return Form(lines=[one.as_line(types, names) for one in found], places=places, pdf=kept[0])


def _taken(pdf: Any, version: str) -> Skeleton:
    for _, content in pages_of(pdf):
        content.stream.insert(0, b"q")
        content.stream.append(b"Q")
    return Skeleton(pdf, version)
