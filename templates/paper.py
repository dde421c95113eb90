"""HTML to PDF by WeasyPrint, with our own fonts and images and nothing else: no file, no network, no redirect.

What is costly to make (fonts, parsed style sheets, the static images of a template) is made once and kept.
"""

import atexit
import base64
import gc
import hashlib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from templates.edition import LAYOUTS, enlarged
from templates.postal_lines import MAX_LINE, RETURN_ZONE, Window, line_height
from tidings.problem import Problem

if TYPE_CHECKING:
    from weasyprint import CSS
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcherResponse

FONTS = Path(__file__).parent / "fonts"
MARGIN_LEFT, MARGIN_TOP = 25.0, 20.0
"""Of the first page, in millimetres, as paper.css has them."""
INFO_HEIGHT = 38.0
"""Of the block with dates and numbers, in millimetres; the text begins below it."""
MAX_SIZE, MIN_SIZE = 10.4, 6.5
"""Of the address, in points."""
MM_PER_POINT = 25.4 / 72
_ASSET_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]*$")
_FONT_NAME = re.compile(r"^[A-Za-z]+-[A-Za-z]+\.otf$")
_KINDS = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".otf": "font/otf",
}
_LARGE = "font-size: 13.2pt; line-height: 19pt"
"""Of the text of a letter in large print."""
_TYPESETTING = Lock()
"""Pango and the shared fonts are for one thread at a time."""
_STATIC_IMAGES: dict[str, dict[str, Any]] = {}


class _Fetcher:
    """Knows `font:`, `asset:` (the template's own folder) and `data:`; anything else stops the document."""

    _fail_on_errors = True  # read by WeasyPrint: a missing image is an error, never a gap

    def __init__(self, assets: Path | None) -> None:
        self._assets = assets

    def __call__(self, url: str) -> "URLFetcherResponse":
        from weasyprint.urls import URLFetcherResponse

        scheme, _, name = url.partition(":")
        if scheme == "data":
            kind, _, content = name.partition(";base64,")
            return URLFetcherResponse(url, base64.b64decode(content, validate=True), {"Content-Type": kind})
        folder = FONTS if scheme == "font" else self._assets if scheme == "asset" else None
        pattern = _FONT_NAME if scheme == "font" else _ASSET_NAME
        if folder is None or not pattern.match(name):
            msg = f"{url[:80]!r} is not an image of the template"
            raise ValueError(msg)
        return URLFetcherResponse(
            url, (folder / name).read_bytes(), {"Content-Type": _KINDS[Path(name).suffix]}
        )


@lru_cache(maxsize=1)
def _fonts() -> "FontConfiguration":
    from weasyprint.text.fonts import FontConfiguration

    # It removes its files when it goes, which fails once the interpreter is being taken apart.
    atexit.register(_forget)
    return FontConfiguration()


def _forget() -> None:
    for kept in (_fonts, _sheet, _layout_sheet):
        kept.cache_clear()
    _STATIC_IMAGES.clear()
    gc.collect()


@lru_cache(maxsize=64)
def _sheet(css: str) -> "CSS":
    from weasyprint import CSS

    return CSS(string=css, font_config=_fonts(), url_fetcher=_Fetcher(None))


@lru_cache(maxsize=16)
def _layout_sheet(name: str, *, large: bool = False) -> "CSS":
    text = (LAYOUTS / name).read_text(encoding="utf-8")
    return _sheet(f"html {{ {_LARGE} }}\n{enlarged(text, 'pt')}" if large else text)


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[str]:
    """Return the characters that all our fonts have."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    shared: set[int] | None = None
    for path in sorted(FONTS.glob("*.otf")):
        with TTFont(path, lazy=True) as font:
            known = set(font.getBestCmap())
        shared = known if shared is None else shared & known
    return frozenset(map(chr, shared or ())) | {"\n", "\t", "\u00ad"}


def _substitute(letter: str) -> str:
    return "·" if unicodedata.category(letter)[0] in "LN" else ""


def check_glyphs(lines: Sequence[str]) -> None:
    """Refuse an address that cannot be printed.

    Raises:
        Problem: our fonts lack a letter of it; names the letter.
    """
    missing = set("".join(lines)) - _glyphs()
    letters = sorted(letter for letter in missing if _substitute(letter))
    if letters:
        shown = " ".join(letters[:5])
        raise Problem(f"The letter's fonts have no {shown}.", todo="Use another channel or a Latin spelling.")


@lru_cache(maxsize=1)
def _advances() -> dict[str, float]:
    """Return the width of each character of the regular font in em."""
    from fontTools.ttLib import TTFont

    with TTFont(FONTS / "Inter-Regular.otf") as font:
        widths, em = font["hmtx"], font["head"].unitsPerEm
        return {chr(code): widths[glyph][0] / em for code, glyph in font.getBestCmap().items()}


def _address_size(window: Window, lines: Sequence[str], height: float) -> float:
    """Return the type size of the address in points: by its height, and smaller where a line is long.

    Raises:
        Problem: a line that no readable size fits.
    """
    size = height / MAX_LINE * MAX_SIZE
    longest = max((sum(_advances().get(letter, 1.0) for letter in line) for line in lines), default=0.0)
    widest = (window.width - 1) / MM_PER_POINT / longest if longest else size
    if min(size, widest) < MIN_SIZE:
        line = max(lines, key=len)
        raise Problem(
            f"The address line {line!r} is too long for the window {window.kind}.", todo="Shorten it."
        )
    return round(min(size, widest), 2)


def page_css(window: Window, colours: Mapping[str, str], lines: Sequence[str]) -> str:
    """Return the lengths and colours of one destination and brand, for `to_pdf`.

    Raises:
        Problem: the address lines do not fit the window.
    """
    paper = "A4" if window.paper[0] == 210.0 else "letter"  # noqa: PLR2004 -- millimetres
    height = line_height(window, len(lines))
    gap = RETURN_ZONE if window.return_line else 0.0
    centred = (window.height - gap - height * len(lines)) / 2 if window.kind == "us-10" else 0.0
    end = window.top + window.height
    info_left = MARGIN_LEFT if window.at_right else 150.0
    start = max(end + 8, 86)
    info_top = min(window.top + gap, start - INFO_HEIGHT)
    return (
        f"@page {{ size: {paper} }}\n"
        f":root {{ --accent: {colours['accent']}; --strong: {colours['strong']}; --tint: {colours['tint']};"
        f" --line: {colours['line']}; --start: {start - MARGIN_TOP}mm }}\n"
        f".window {{ left: {window.left - MARGIN_LEFT}mm; top: {window.top - MARGIN_TOP}mm;"
        f" width: {window.width}mm; height: {window.height}mm }}\n"
        f".return {{ height: {gap}mm }}\n"
        f".address {{ padding-top: {round(centred, 2)}mm; font-size: {_address_size(window, lines, height)}pt;"
        f" line-height: {height}mm }}\n"
        f".info {{ left: {info_left - MARGIN_LEFT}mm; top: {info_top - MARGIN_TOP}mm }}\n"
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A document before it is typeset."""

    html: str
    css: str
    """What differs between destinations and brands, see `page_css`."""
    layout: str
    """The layout's own style sheet: `letter.css`."""
    assets: Path | None = None
    """Folder of the template's images."""
    version: str = ""
    """Content hash of the template: another one has other images."""
    large: bool = False
    """In large print: all but the address window and the block of numbers beside it."""


def to_pdf(page: Page, *, identity: str, where: str) -> bytes:
    """Return the PDF of a page; the same arguments give the same bytes.

    A character that our fonts lack never falls back to whatever the machine has: symbols (emoji) are left out, a letter
    becomes a middle dot. An address must not have any: `check_glyphs`.

    Args:
        page: what to typeset.
        identity: what the PDF's id is made from.
        where: names the template in a Problem.

    Raises:
        Problem: an image is missing or is not the template's own.
    """
    from weasyprint import HTML
    from weasyprint.urls import FatalURLFetchingError

    html = page.html.translate({ord(letter): _substitute(letter) for letter in set(page.html) - _glyphs()})
    with _TYPESETTING:
        # Its own copy of the static images: a shared cache would keep every customer's codes.
        cache = dict(_STATIC_IMAGES.get(page.version, {}))
        try:
            pdf: bytes = HTML(string=html, url_fetcher=_Fetcher(page.assets)).write_pdf(
                font_config=_fonts(),
                stylesheets=[
                    _layout_sheet("paper.css"),
                    _layout_sheet(page.layout, large=page.large),
                    _sheet(page.css),
                ],
                cache=cache,
                pdf_identifier=hashlib.blake2b(identity.encode(), digest_size=16).digest(),
            )
        except FatalURLFetchingError as error:
            todo = "Put the image into the template's assets/ folder."
            raise Problem(f"{where}: {error}.", todo=todo) from error
    broken = [str(address)[:80] for address, image in cache.items() if image is None]
    if broken:
        raise Problem(f"{where}: the image {broken[0]} cannot be read.", todo="Save it as SVG, PNG or JPEG.")
    if page.version not in _STATIC_IMAGES:
        kept = {key: image for key, image in cache.items() if str(key).startswith("asset:")}
        _STATIC_IMAGES[page.version] = kept
    return pdf
