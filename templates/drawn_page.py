"""A page of somebody else's PDF as it is printed, and the letters that a program reads on it, in the same points.

Which letters can be seen is asked of the drawing itself: it is drawn again without its texts, and a letter whose place
stays as it was is hidden, whatever hides it.
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pypdfium2

MM = 25.4 / 72
"""Millimetres of a point."""
DPI = 100
MOST_PIXELS = 2000
"""Of the longer side of a page that is drawn, however large it is."""
WHITE = 250
"""Of 255: what is lighter is paper."""
FAINT = 24
"""Of 255: by how much a letter must change the page at its strongest to be seen."""
COLOURED = 30
"""Of 255: between the strongest and the weakest of red, green and blue; below it is grey."""
SPECKS = 20
"""Pixels in colour that are still taken for dust of a scan."""
UNSEEN_MODE = 3
"""Render mode of text that is there to be read by programs only (ISO 32000-1, 9.3.6)."""
DEPTH = 20
"""Forms in forms that are followed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Letter:
    """One letter; points from the top left of the page as it is looked at."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    begin: float
    end: float
    """From where to where its line goes on: a 1 is narrower than its place."""
    size: float
    upright: bool
    mode: int
    """Render mode of its text."""


class DrawnPage:
    """A page as it is printed; `unit` is its UserUnit: how many points one of its units is."""

    def __init__(self, page: "pypdfium2.PdfPage", unit: float = 1.0) -> None:
        width, height = page.get_size()
        self.width, self.height = width * unit, height * unit
        scale = min(DPI / 72 * unit, MOST_PIXELS / max(width, height, 1))
        self.scale = scale / unit
        self.pixels = _pixels(page, scale)
        self.fonts = tuple(dict.fromkeys(_missing_fonts(page)))
        """Names of the fonts that texts of the page are set in and that are not in the file."""
        self.letters = tuple(_letters(page, unit))
        self._bare = _pixels(page, scale) if self.letters and _take_texts_off(page) else self.pixels
        page.close()

    @property
    def ink(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Where the page is not paper."""
        found: np.ndarray[Any, np.dtype[np.bool_]] = self.pixels.min(axis=2) < WHITE
        return found

    def is_coloured(self) -> bool:
        """Whether more than a few specks are neither black, grey nor white."""
        spread = self.pixels.max(axis=2).astype(int) - self.pixels.min(axis=2)
        return bool((spread > COLOURED).sum() > SPECKS)

    def is_seen(self, letter: Letter) -> bool:
        """Tell whether the page would look otherwise without a letter."""
        with_it, without = self._part(self.pixels, letter), self._part(self._bare, letter)
        return bool(with_it.size) and bool(abs(with_it - without).max() >= FAINT)

    def is_recognised(self, letter: Letter) -> bool:
        """Tell whether a letter is what a program read in a scan: laid unseen over ink that is there."""
        part = self._part(self.pixels, letter)
        if letter.mode != UNSEEN_MODE or not part.size:
            return False
        return bool((part.max(axis=(0, 1)) - part.min(axis=(0, 1))).max() >= FAINT)

    def _part(self, pixels: Any, letter: Letter) -> Any:
        left, right = int(letter.left * self.scale), int(letter.right * self.scale) + 1
        top, bottom = int(letter.top * self.scale), int(letter.bottom * self.scale) + 1
        return pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)].astype(int)


def _pixels(page: "pypdfium2.PdfPage", scale: float) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    bitmap = page.render(scale=scale)
    try:
        drawn: np.ndarray[Any, np.dtype[np.uint8]] = bitmap.to_numpy()[:, :, :3].copy()
    finally:
        bitmap.close()
    return drawn


def _texts(page: "pypdfium2.PdfPage") -> Iterator[Any]:
    """Yield the text objects of a page and of the forms on it."""
    from pypdfium2 import raw

    waiting = [
        (raw.FPDFPage_GetObject(page.raw, place), 0) for place in range(raw.FPDFPage_CountObjects(page.raw))
    ]
    while waiting:
        one, depth = waiting.pop()
        kind = raw.FPDFPageObj_GetType(one)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            yield one
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < DEPTH:
            inner = range(raw.FPDFFormObj_CountObjects(one))
            waiting += [(raw.FPDFFormObj_GetObject(one, place), depth + 1) for place in inner]


def _take_texts_off(page: "pypdfium2.PdfPage") -> bool:
    """Let the page be drawn without its texts from now on; False where it has none."""
    from pypdfium2 import raw

    return any([raw.FPDFPageObj_SetIsActive(one, 0) for one in _texts(page)])


def _missing_fonts(page: "pypdfium2.PdfPage") -> Iterator[str]:
    from pypdfium2 import raw

    for one in _texts(page):
        font = raw.FPDFTextObj_GetFont(one)
        unseen = raw.FPDFTextObj_GetTextRenderMode(one) == UNSEEN_MODE
        if font and not unseen and raw.FPDFFont_GetIsEmbedded(font) != 1:
            name = ctypes.create_string_buffer(256)
            raw.FPDFFont_GetBaseFontName(font, name, len(name))
            yield name.value.decode(errors="replace") or "unnamed"


@dataclass(frozen=True, kw_only=True, slots=True)
class _View:
    """How the page is looked at: its box, its rotation and its unit, as one matrix to points from the top left."""

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    def sees(self, x: float, y: float) -> tuple[float, float]:
        return self.a * x + self.c * y + self.e, self.b * x + self.d * y + self.f

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """Return left, right, top and bottom of what is seen."""
        one, other = self.sees(left, bottom), self.sees(right, top)
        (left, right), (top, bottom) = (sorted(side) for side in zip(one, other, strict=True))
        return left, right, top, bottom


def _view(page: "pypdfium2.PdfPage", unit: float) -> _View:
    from pypdfium2 import raw

    width, height = page.get_size()
    fine = max(min(1000.0, 1e8 / max(width, height, 1)), 1e-3)
    x, y = ctypes.c_int(), ctypes.c_int()

    def at(right: float, up: float) -> tuple[float, float]:
        raw.FPDF_PageToDevice(
            page.raw,
            0,
            0,
            int(width * fine),
            int(height * fine),
            0,
            right,
            up,
            ctypes.byref(x),
            ctypes.byref(y),
        )
        return x.value / fine * unit, y.value / fine * unit

    (e, f), (right_x, right_y), (up_x, up_y) = at(0, 0), at(1000, 0), at(0, 1000)
    return _View(
        a=(right_x - e) / 1000, b=(right_y - f) / 1000, c=(up_x - e) / 1000, d=(up_y - f) / 1000, e=e, f=f
    )


def _letters(page: "pypdfium2.PdfPage", unit: float) -> Iterator[Letter]:
    from pypdfium2 import raw

    view = _view(page, unit)
    read = page.get_textpage()
    sides = [ctypes.c_double() for _ in range(4)]
    try:
        for place in range(read.count_chars()):
            code = raw.FPDFText_GetUnicode(read, place)
            if code in {0, 9, 10, 13, 32, 160, 0xFFFE}:
                continue
            raw.FPDFText_GetCharBox(read, place, *map(ctypes.byref, sides))
            left, right, bottom, top = (side.value for side in sides)
            left, right, top, bottom = view.box(left, bottom, right, top)
            loose = raw.FS_RECTF()
            raw.FPDFText_GetLooseCharBox(read, place, loose)
            begin, end, _, _ = view.box(loose.left, loose.bottom, loose.right, loose.top)
            scaled, upright = _stands(read, place, view)
            yield Letter(
                text=chr(code),
                left=left,
                right=right,
                top=top,
                bottom=bottom,
                begin=begin,
                end=end,
                size=raw.FPDFText_GetFontSize(read, place) * scaled * unit,
                upright=upright,
                mode=raw.FPDFTextObj_GetTextRenderMode(raw.FPDFText_GetTextObject(read, place)),
            )
    finally:
        read.close()


def _stands(read: Any, place: int, view: _View) -> tuple[float, bool]:
    """Return how much larger than its font size a letter is drawn, and whether it stands upright on the page."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(read, place, matrix):
        return 1.0, True
    along = view.a * matrix.a + view.c * matrix.b, view.b * matrix.a + view.d * matrix.b
    up = view.b * matrix.c + view.d * matrix.d
    upright = along[0] > 0 and abs(along[1]) < along[0] / 10 and up < 0
    return float((matrix.c**2 + matrix.d**2) ** 0.5) or 1.0, upright
