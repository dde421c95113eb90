"""HTML to PDF by WeasyPrint, with our own fonts and images and nothing else: no file, no network, no redirect.

What is costly to make (fonts, parsed style sheets, the static images of a template) is made once and kept.
"""

import atexit
import base64
import gc
import hashlib
import io
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from templates.codes import modules
from templates.edition import LAYOUTS, enlarged
from templates.fonts import FONTS, advances, font_faces, needs_world, substituted, world_css
from templates.mark import USUAL, Marking, mark_operators
from templates.pictures import SCHEME, Code, Drawing
from templates.postal_lines import MAX_LINE, RETURN_ZONE, Window, line_height
from tidings.problem import Problem

if TYPE_CHECKING:
    from weasyprint import CSS, Document
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcherResponse

MARGIN_LEFT, MARGIN_TOP = 25.0, 20.0
"""Of the first page, in millimetres, as paper.css has them."""
INFO_HEIGHT = 38.0
"""Of the block with dates and numbers, in millimetres; the text begins below it."""
MAX_SIZE, MIN_SIZE = 10.4, 6.5
"""Of the address, in points."""
MM_PER_POINT = 25.4 / 72
VARIANT = "pdf/a-2u"
"""What every document is, before an invoice gets its data: colours are defined, text can be copied."""
_INTENT = "sRGB2014"
_LEVEL = 6
"""Of zlib: 9 takes twice the time and saves a thousandth."""
_ASSET_NAME = re.compile(r"^[a-z0-9][a-z0-9._-]*$")
_FONT_NAME = re.compile(r"^[A-Za-z0-9]+-[A-Za-z]+\.(otf|ttf)$")
_KINDS = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".otf": "font/otf",
    ".ttf": "font/ttf",
}
_LARGE = "font-size: 13.2pt; line-height: 19pt"
"""Of the text of a letter in large print."""
TYPESETTING = RLock()
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
    from weasyprint.text.ffi import harfbuzz_subset
    from weasyprint.text.fonts import FontConfiguration

    if not harfbuzz_subset:
        msg = "HarfBuzz's subset library is missing: documents would take three times as long."
        raise Problem(msg, todo="Install libharfbuzz-subset0.")
    # It removes its files when it goes, which fails once the interpreter is being taken apart.
    atexit.register(_forget)
    return FontConfiguration()


@lru_cache(maxsize=1)
def _colours() -> dict[str, Any]:
    """Return the profile that says what our colours mean; WeasyPrint would read its file for each document."""
    from weasyprint.css import ColorProfile

    profile = (files("weasyprint.pdf") / "sRGB2014.icc").read_bytes()

    class AsItIs(ColorProfile):  # type: ignore[misc]
        """The file's own bytes: LittleCMS writes others for the first document of a process than for the rest."""

        content = profile

    parts = (["r"], ["g"], ["b"])
    return {_INTENT: AsItIs(io.BytesIO(profile), f"{_INTENT}.icc", "relative-colorimetric", parts)}


def _forget() -> None:
    for kept in (_fonts, _sheet, _layout_sheet, _colours):
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
    text = font_faces() + text if name == "paper.css" else text
    return _sheet(f"html {{ {_LARGE} }}\n{enlarged(text, 'pt')}" if large else text)


@dataclass(frozen=True, kw_only=True, slots=True)
class AddressType:
    """How the lines of an address are set."""

    size: float
    """Points."""
    height: float
    """From line to line, millimetres."""
    centred: float
    """Above the first line, millimetres."""


def address_type(window: Window, lines: Sequence[str]) -> AddressType:
    """Return how an address is set: as large as the height of the window lets it be, smaller where a line is long.

    Raises:
        Problem: a line that no readable size fits.
    """
    height = line_height(window, len(lines))
    size = height / MAX_LINE * MAX_SIZE
    known = advances()
    longest = max((sum([known.get(letter, 1.0) for letter in line]) for line in lines), default=0.0)
    widest = (window.width - 1) / MM_PER_POINT / longest if longest else size
    if min(size, widest) < MIN_SIZE:
        line = max(lines, key=len)
        raise Problem(
            f"The address line {line!r} is too long for the window {window.kind}.", todo="Shorten it."
        )
    gap = RETURN_ZONE if window.return_line else 0.0
    centred = (window.height - gap - height * len(lines)) / 2 if window.kind == "us-10" else 0.0
    return AddressType(size=round(min(size, widest), 2), height=height, centred=round(centred, 2))


def page_css(window: Window, colours: Mapping[str, str], lines: Sequence[str]) -> str:
    """Return the lengths and colours of one destination and brand, for `to_pdf`.

    Raises:
        Problem: the address lines do not fit the window.
    """
    paper = "A4" if window.paper[0] == 210.0 else "letter"  # noqa: PLR2004 -- millimetres
    address = address_type(window, lines)
    gap = RETURN_ZONE if window.return_line else 0.0
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
        f".address {{ padding-top: {address.centred}mm; font-size: {address.size}pt;"
        f" line-height: {address.height}mm }}\n"
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
    tagged: bool = False
    """With a structure that screen readers follow, as PDF/UA wants it."""
    codes: Mapping[str, str] = field(default_factory=dict)
    """What the codes say that the page shows as `<img src="code:NAME">`; '' leaves the place empty."""


def warm() -> None:
    """Load what every document needs, for a process that is about to be forked."""
    from templates.lean import usual_styles

    _layout_sheet("paper.css")
    usual_styles()


def lay_out(page: Page, *, where: str) -> "Document":
    """Return a page laid out, not yet written; whoever calls holds TYPESETTING.

    Raises:
        Problem: an image is missing or is not the template's own.
    """
    from weasyprint.urls import FatalURLFetchingError

    from templates.lean import LeanHTML

    # Its own copy of the static images: a shared cache would keep every customer's codes.
    cache = dict(_STATIC_IMAGES.get(page.version, {}))
    cache |= {SCHEME + name: Code(modules(text) if text else None) for name, text in page.codes.items()}
    sheets = [_layout_sheet("paper.css"), _layout_sheet(page.layout, large=page.large), _sheet(page.css)]
    if needs_world(page.html):
        sheets.append(_sheet(world_css()))
    try:
        document = LeanHTML(substituted(page.html), _Fetcher(page.assets)).render(
            font_config=_fonts(),
            stylesheets=sheets,
            cache=cache,
            pdf_variant=VARIANT,
            pdf_tags=page.tagged,
            output_intent=_INTENT,
            color_profiles=dict(_colours()),
        )
    except FatalURLFetchingError as error:
        todo = "Put the image into the template's assets/ folder."
        raise Problem(f"{where}: {error}.", todo=todo) from error
    broken = [str(address)[:80] for address, image in cache.items() if image is None]
    if broken:
        raise Problem(f"{where}: the image {broken[0]} cannot be read.", todo="Save it as SVG, PNG or JPEG.")
    if page.version not in _STATIC_IMAGES:
        kept = {key: _kept(image) for key, image in cache.items() if str(key).startswith("asset:")}
        _STATIC_IMAGES[page.version] = kept
        if any(isinstance(image, Drawing) for image in kept.values()):
            return lay_out(page, where=where)  # the first document has its drawings as all others have them
    for sheet in document.pages:
        sheet.bookmarks = []  # an outline of one heading helps nobody
    return document


def _kept(image: Any) -> Any:
    from weasyprint.images import SVGImage

    return Drawing(image) if isinstance(image, SVGImage) else image


def write(
    document: "Document", *, identity: str, tagged: bool = False, finish: Callable[[Any], None] | None = None
) -> bytes:
    """Return a laid out document as PDF/A-2u; the same arguments give the same bytes.

    Args:
        document: from `lay_out`.
        identity: what the PDF's id is made from.
        tagged: with its structure.
        finish: changes WeasyPrint's PDF before it is written.
    """

    def finisher(_: "Document", pdf: Any) -> None:
        if finish is not None:
            finish(pdf)
        compress(pdf)

    written: bytes = document.write_pdf(
        pdf_variant=VARIANT,
        pdf_tags=tagged,
        output_intent=_INTENT,
        pdf_identifier=hashlib.blake2b(identity.encode(), digest_size=16).digest(),
        uncompressed_pdf=True,
        finisher=finisher,
    )
    return written


def compress(pdf: Any) -> None:
    """Compress the streams of WeasyPrint's PDF but for its description, which archives read as it is."""
    import pydyf

    packed = _packed_stream()
    for at, one in enumerate(pdf.objects):
        if isinstance(one, pydyf.Stream) and one.extra.get("Type") != "/Metadata":
            raw = b"\n".join(_bytes(item) for item in one.stream)
            extra = one.extra
            if "Filter" not in extra:
                raw, extra = zlib.compress(raw, _LEVEL), {**extra, "Filter": "/FlateDecode"}
            pdf.objects[at] = packed([raw], extra)
            pdf.objects[at].number = one.number


@lru_cache(maxsize=1)
def _packed_stream() -> Any:
    import pydyf

    class Packed(pydyf.Stream):  # type: ignore[misc]
        """A stream of one piece. One that ends in CR needs CR LF behind it: CR and LF would be taken for the end."""

        @property
        def data(self) -> bytes:
            [raw] = self.stream
            head = pydyf.Dictionary({**self.extra, "Length": len(raw)}).data
            return bytes(
                head + b"\nstream\n" + raw + (b"\r\n" if raw.endswith(b"\r") else b"\n") + b"endstream"
            )

    return Packed


def _bytes(item: Any) -> bytes:
    if isinstance(item, bytes):
        return item
    return item.encode() if isinstance(item, str) else bytes(item.data)


def pages_of(pdf: Any) -> list[tuple[Any, Any]]:
    """Return the pages of WeasyPrint's PDF with their content."""
    pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
    return [(page, pdf.objects[int(page["Contents"].split()[0])]) for page in pages]


def to_pages(
    page: Page, *, identity: str, where: str, message: str = "", marking: Marking = USUAL
) -> tuple[bytes, int]:
    """Return the PDF of a page and its number of pages; the same arguments give the same bytes.

    A character that our fonts lack never falls back to whatever the machine has: symbols (emoji) are left out, a letter
    becomes a middle dot. An address must not have any: `templates.fonts.check_glyphs`.

    Args:
        page: what to typeset.
        identity: what the PDF's id is made from.
        where: names the template in a Problem.
        message: its id, for the mark on every page; '' leaves that out.
        marking: how that looks.

    Raises:
        Problem: an image is missing or is not the template's own.
    """

    def marked(pdf: Any) -> None:
        found = pages_of(pdf)
        for number, (_, content) in enumerate(found, start=1):
            content.stream.insert(0, b"q")
            content.stream.append(b"Q " + mark_operators(message, number, len(found), marking))

    def made() -> tuple[bytes, int]:
        document = lay_out(page, where=where)
        written = write(document, identity=identity, tagged=page.tagged, finish=marked if message else None)
        return written, len(document.pages)

    with TYPESETTING, undisturbed():
        return made()  # its document is gone before the garbage collector would walk over it


@contextmanager
def undisturbed() -> Iterator[None]:
    """Keep the garbage collector from walking over a layout while it grows: a third of the time of a long one."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def to_pdf(page: Page, *, identity: str, where: str) -> bytes:
    """Return the PDF of a page without a mark, see `to_pages`."""
    return to_pages(page, identity=identity, where=where)[0]
