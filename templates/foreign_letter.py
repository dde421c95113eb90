"""Whether a PDF that somebody else made may be printed and put into an envelope: what a print house checks first.

Looked at as paper: the pages are drawn, and what is read is compared with what is seen. A hostile file cannot hold us
up: `judge` runs in a process of its own, with limits (see `judged`).
"""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from templates.postal_lines import NOTHING_CHOSEN, Window, window_for
from tidings.problem import Problem

if TYPE_CHECKING:
    import numpy as np
    import pikepdf
    import pypdfium2

MAX_BYTES = 50_000_000
MAX_PAGES = 60
"""Thirty sheets; more fits no envelope that has a window."""
SECONDS = 60
"""CPU time after which a file is given up."""
MEMORY = 2 << 30
"""Bytes of address space after which a file is given up."""
MARGIN = 4.0
"""Millimetres along the edges that office and production printers cannot reach."""
SIZE_OFF = 1.0
"""Millimetres that a page may be off its paper."""
DPI = 100
SMALLEST = 6.0
"""Points of type in the window that the post's readers still make out."""
TINY = 4.0
"""Points of type anywhere that nobody reads: below it text is taken for hidden."""
LINES = (2, 8)
"""Lines of an address."""
GAP = 0.12
"""Of the type's size: the least that parts two words."""
WHITE = 250
"""Of 255: what is lighter is paper."""
FAINT = 24
"""Of 255: how much darker or lighter than its surroundings a letter must be at its strongest to be seen."""
COLOURED = 30
"""Of 255: between the strongest and the weakest of red, green and blue; below it is grey."""
MM = 25.4 / 72

CHECKS = (
    "file", "pages", "page_size", "printable_area", "address", "window", "fonts", "colours", "hidden_text", "active",
)  # fmt: skip


OF_ADDRESS = frozenset({"address", "window"})
"""Checks that say nothing of what goes behind a letter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check: pass, warn or block; `page` counts from 1 and is 0 where it is about the file."""

    check: str
    verdict: str
    page: int = 0
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What is known of a PDF that would be printed for a country."""

    country: str
    window: str
    """Kind of the envelope's window (`templates.postal_lines.WINDOWS`)."""
    pages: int
    sheets: int
    """Duplex."""
    colour_pages: tuple[int, ...]
    address: tuple[str, ...]
    """The lines that stand in the window."""
    findings: tuple[Finding, ...]

    @property
    def is_printable(self) -> bool:
        """Whether nothing is in the way."""
        return all(one.verdict != "block" for one in self.findings)

    def told(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "printable": self.is_printable}


def judged(path: Path, country: str, kind: str = "", *, enclosed: bool = False) -> dict[str, Any]:
    """Judge a file in a process of its own, with limits on time and memory; see `Judgement.told`.

    Args:
        path: of the PDF.
        country: destination, ISO 3166-1 alpha-2.
        kind: of the envelope's window, where it is not the usual one.
        enclosed: whether it goes behind a letter, so that nobody asks it for an address.

    Raises:
        Problem: the file cannot be read, or is no PDF at all.
    """
    _window_of(country, kind)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise Problem(f"{path} has {size:,} bytes, more than {MAX_BYTES:,}.", todo="Make its images smaller.")
    command = [sys.executable, "-I", "-c", _CHILD, str(Path(__file__).parents[1]), str(path), country, kind]
    command.append("enclosed" if enclosed else "")
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter; the path is one argument
            command, capture_output=True, text=True, check=False, timeout=2 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return _given_up(country, kind)
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    if done.returncode == _NO_PDF:
        raise Problem(f"{path} is not a PDF that can be opened: {done.stdout.strip()}.")
    return _given_up(country, kind)


_AT_ONCE = BoundedSemaphore(2)
"""Files that are looked at at the same time for callers from outside."""
_PATIENCE = 30.0
"""Seconds after which who waits for that is told to come again."""


def judged_bytes(pdf: bytes, country: str, kind: str = "", *, enclosed: bool = False) -> dict[str, Any]:
    """Judge a PDF that somebody sent, as `judged` does; nothing is kept of it.

    Raises:
        Problem: it is no PDF, or too many others are being looked at.
    """
    if not _AT_ONCE.acquire(timeout=_PATIENCE):
        raise Problem("Too many files are being looked at.", todo="Try again in a minute.")
    try:
        with TemporaryDirectory(prefix="tidings-pdf-") as folder:
            path = Path(folder) / "file.pdf"
            path.write_bytes(pdf)
            try:
                return judged(path, country, kind, enclosed=enclosed)
            except Problem as problem:
                raise Problem(problem.what.replace(str(path), "The file"), todo=problem.todo) from problem
    finally:
        _AT_ONCE.release()


_NO_PDF = 9
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from templates.foreign_letter import child; child()"


def child() -> None:
    """Judge the file of the command line within the limits, and print it as JSON."""
    path, country, kind, enclosed = sys.argv[2:]
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import pikepdf

    try:
        found = judge(Path(path).read_bytes(), country, kind, enclosed=bool(enclosed)).told()
    except pikepdf.PdfError as error:
        sys.stdout.write(str(error).partition("\n")[0])
        sys.exit(_NO_PDF)
    sys.stdout.write(json.dumps(found))


def _given_up(country: str, kind: str) -> dict[str, Any]:
    finding = Finding(
        check="file", verdict="block", detail=f"it takes more than {SECONDS} s or {MEMORY >> 30} GiB to draw"
    )
    return Judgement(
        country=country,
        window=_window_of(country, kind).kind,
        pages=0,
        sheets=0,
        colour_pages=(),
        address=(),
        findings=(finding,),
    ).told()


def _window_of(country: str, kind: str) -> Window:
    return window_for(country, {country: kind} if kind else NOTHING_CHOSEN)


def judge(pdf: bytes, country: str, kind: str = "", *, enclosed: bool = False) -> Judgement:
    """Judge a PDF in this process, see `judged`.

    Raises:
        pikepdf.PdfError: it cannot be opened, or is encrypted.
    """
    import io

    import pikepdf
    import pypdfium2

    window = _window_of(country, kind)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = len(opened.pages)
        found = [*_of_file(opened), *_fonts(opened)]
    if not 1 <= pages <= MAX_PAGES:
        found.append(Finding(check="pages", verdict="block", detail=f"{pages} pages, 1 to {MAX_PAGES} go"))
        return _judgement(country, window, pages, (), (), found)
    drawn = pypdfium2.PdfDocument(pdf)
    try:
        colours: list[int] = []
        address: tuple[str, ...] = ()
        for number in range(pages):
            seen = _Seen(drawn[number])
            found += [*_of_page(seen, number + 1, window)]
            if seen.is_coloured():
                colours.append(number + 1)
            if number == 0 and not enclosed:
                address, told = _window(seen, window)
                found += told
    finally:
        drawn.close()
    made = _judgement(country, window, pages, tuple(colours), address, found)
    if not enclosed:
        return made
    return replace(made, findings=tuple(one for one in made.findings if one.check not in OF_ADDRESS))


def _judgement(
    country: str,
    window: Window,
    pages: int,
    colours: tuple[int, ...],
    address: tuple[str, ...],
    found: Sequence[Finding],
) -> Judgement:
    told = {one.check for one in found}
    good = [Finding(check=check, verdict="pass") for check in CHECKS if check not in told]
    return Judgement(
        country=country,
        window=window.kind,
        pages=pages,
        sheets=(pages + 1) // 2,
        colour_pages=colours,
        address=address,
        findings=tuple(sorted((*found, *good), key=lambda one: (CHECKS.index(one.check), one.page))),
    )


def _of_file(opened: "pikepdf.Pdf") -> Iterator[Finding]:
    """Say what no paper can hold: programs, attachments, fields, layers."""
    root = opened.Root
    names: Any = root.get("/Names", {})
    if "/JavaScript" in names or _runs(root.get("/OpenAction")) or "/AA" in root:
        yield Finding(check="active", verdict="block", detail="the file runs a program when it is opened")
    if "/EmbeddedFiles" in names:
        yield Finding(
            check="active", verdict="warn", detail="the file carries attachments, which nobody prints"
        )
    if "/AcroForm" in root and len(root.AcroForm.get("/Fields", [])):
        yield Finding(check="active", verdict="warn", detail="the file has fields to fill in")
    if "/OCProperties" in root:
        yield Finding(
            check="hidden_text", verdict="warn", detail="the file has layers that can be switched off"
        )
    for number, page in enumerate(opened.pages, start=1):
        spot = sorted(set(_spot_colours(page.obj.get("/Resources", {}))))
        if spot:
            yield Finding(
                check="colours", verdict="warn", page=number, detail=f"spot colours: {', '.join(spot)}"
            )
        if len(page.obj.get("/Annots", [])) and any(
            one.get("/Subtype") not in {"/Link", "/Widget"} for one in page.obj.Annots
        ):
            yield Finding(check="active", verdict="warn", page=number, detail="the page has notes on it")


def _runs(action: Any) -> bool:
    return hasattr(action, "keys") and action.get("/S") in {"/JavaScript", "/Launch", "/ImportData"}


def _spot_colours(resources: Any) -> Iterator[str]:
    import pikepdf

    for space in dict(resources.get("/ColorSpace", {})).values():
        if isinstance(space, pikepdf.Array) and space[0] in {"/Separation", "/DeviceN"}:
            named = space[1] if space[0] == "/DeviceN" else [space[1]]
            yield from (str(one)[1:] for one in named if one not in {"/All", "/None", "/Black"})


def _fonts(opened: "pikepdf.Pdf") -> Iterator[Finding]:
    """Name the fonts that are not in the file: another machine prints other letters."""
    import pikepdf

    for number, page in enumerate(opened.pages, start=1):
        fonts = _fonts_of(page.obj.get("/Resources", pikepdf.Dictionary()))
        missing = dict.fromkeys(
            str(font.get("/BaseFont", "/unnamed"))[1:] for font in fonts if not _is_embedded(font)
        )
        if missing:
            yield Finding(
                check="fonts", verdict="block", page=number, detail=f"not in the file: {', '.join(missing)}"
            )


def _fonts_of(resources: Any) -> Iterator[Any]:
    """Yield the fonts of a page and of the forms on it; forms may share resources, or hold each other."""
    waiting, seen = [resources], set()
    while waiting:
        one = waiting.pop()
        yield from dict(one.get("/Font", {})).values()
        for inner in dict(one.get("/XObject", {})).values():
            known = inner.objgen
            if known not in seen and inner.get("/Subtype") == "/Form" and "/Resources" in inner:
                seen.add(known)
                waiting.append(inner["/Resources"])


def _is_embedded(font: Any) -> bool:
    if font.get("/Subtype") == "/Type3":
        return True
    below = font.get("/DescendantFonts")
    if below is not None:
        return all(_is_embedded(one) for one in below)
    descriptor = font.get("/FontDescriptor")
    return descriptor is not None and any(
        key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )


class _Seen:
    """A page as it is printed, and the letters that a program reads on it."""

    def __init__(self, page: "pypdfium2.PdfPage") -> None:
        self.width, self.height = page.get_size()
        scale = min(DPI / 72, 2000 / max(self.width, self.height, 1))
        self.scale = scale
        bitmap = page.render(scale=scale)
        self.pixels: np.ndarray[Any, np.dtype[np.uint8]] = bitmap.to_numpy()[:, :, :3].copy()
        bitmap.close()
        self.letters = tuple(_letters(page))
        page.close()

    @property
    def ink(self) -> "np.ndarray[Any, np.dtype[np.bool_]]":
        """Where the page is not paper."""
        found: np.ndarray[Any, np.dtype[np.bool_]] = self.pixels.min(axis=2) < WHITE
        return found

    def is_coloured(self) -> bool:
        """Whether more than a few specks are neither black, grey nor white."""
        spread = self.pixels.max(axis=2).astype(int) - self.pixels.min(axis=2)
        return bool((spread > COLOURED).mean() > 0.0002)  # noqa: PLR2004 -- a rule of 10 mm at 100 dpi

    def is_seen(self, letter: "_Letter") -> bool:
        """Tell whether a letter stands out of what is around it, on the page itself."""
        left, right = int(letter.left * self.scale) - 1, int(letter.right * self.scale) + 2
        top, bottom = int(letter.top * self.scale) - 1, int(letter.bottom * self.scale) + 2
        part = self.pixels[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
        if not part.size:
            return False
        return bool((part.max(axis=(0, 1)).astype(int) - part.min(axis=(0, 1))).max() >= FAINT)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Letter:
    """One letter; points from the top left of the page."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    begin: float
    end: float
    """From where to where its line goes on: a 1 is narrower than its place."""
    size: float


def _letters(page: "pypdfium2.PdfPage") -> Iterator[_Letter]:
    import ctypes

    from pypdfium2 import raw

    _, height = page.get_size()
    read = page.get_textpage()
    sides = [ctypes.c_double() for _ in range(4)]
    try:
        for place in range(read.count_chars()):
            code = raw.FPDFText_GetUnicode(read, place)
            if code in {0, 9, 10, 13, 32, 160, 0xFFFE}:
                continue
            raw.FPDFText_GetCharBox(read, place, *map(ctypes.byref, sides))
            left, right, bottom, top = (side.value for side in sides)
            loose = raw.FS_RECTF()
            raw.FPDFText_GetLooseCharBox(read, place, loose)
            yield _Letter(
                text=chr(code),
                left=left,
                right=right,
                top=height - top,
                bottom=height - bottom,
                begin=loose.left,
                end=loose.right,
                size=raw.FPDFText_GetFontSize(read, place) * _scaled(read, place),
            )
    finally:
        read.close()


def _scaled(read: Any, place: int) -> float:
    """Return how much larger than its font size a letter is drawn."""
    from pypdfium2 import raw

    matrix = raw.FS_MATRIX()
    if not raw.FPDFText_GetMatrix(read, place, matrix):
        return 1.0
    return float((matrix.c**2 + matrix.d**2) ** 0.5) or 1.0


def _of_page(seen: _Seen, number: int, window: Window) -> Iterator[Finding]:
    """Judge size, edges and what is written but not seen."""
    width, height = seen.width * MM, seen.height * MM
    wide, high = window.paper
    if abs(width - wide) > SIZE_OFF or abs(height - high) > SIZE_OFF:
        detail = f"{width:.0f} x {height:.0f} mm, the paper is {wide:.0f} x {high:.0f} mm"
        yield Finding(check="page_size", verdict="block", page=number, detail=detail)
    edge = max(int(MARGIN / MM * seen.scale), 1)
    ink = seen.ink
    sides = {
        "top": ink[:edge], "bottom": ink[-edge:], "left": ink[:, :edge], "right": ink[:, -edge:],
    }  # fmt: skip
    inked = [name for name, part in sides.items() if part.any()]
    if inked:
        detail = f"something stands less than {MARGIN:.0f} mm from the edge: {', '.join(inked)}"
        yield Finding(check="printable_area", verdict="block", page=number, detail=detail)
    hidden = [
        letter
        for letter in seen.letters
        if letter.size < TINY or not letter.text.isprintable() or not seen.is_seen(letter)
    ]
    # A full stop or a hair line may vanish at this resolution; a word may not.
    if sum(letter.text.isalnum() for letter in hidden) > 2:  # noqa: PLR2004 -- letters
        words = "".join(letter.text for letter in hidden)[:40]
        yield Finding(
            check="hidden_text", verdict="block", page=number, detail=f"text that nobody sees: {words!r}"
        )


def _window(seen: _Seen, window: Window) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the address in the window of the first page, and what is wrong with it."""
    left, top = window.left / MM, window.top / MM
    right, bottom = left + window.width / MM, top + window.height / MM
    inside = [
        one
        for one in seen.letters
        if one.right > left and one.left < right and one.bottom > top and one.top < bottom
    ]
    whole = [
        one
        for one in inside
        if one.left >= left - 1 and one.right <= right + 1 and one.top >= top - 1 and one.bottom <= bottom + 1
    ]
    lines = _lines(whole)
    found = []
    outside = [one for one in seen.letters if one not in whole]
    cut = "".join(one.text for one in outside if one in inside or _goes_on(one, whole))[:30]
    if cut:
        found.append(Finding(check="window", verdict="block", page=1, detail=f"the window cuts {cut!r}"))
    fewest, most = LINES
    if not fewest <= len(lines) <= most:
        detail = f"{len(lines)} lines in the window ({window.kind}), an address has {fewest} to {most}"
        found.append(Finding(check="address", verdict="block", page=1, detail=detail))
    elif not any(letter.isdigit() for line in lines for letter in line):
        found.append(
            Finding(check="address", verdict="warn", page=1, detail="no line has a number: no postcode")
        )
    small = min((one.size for one in whole if one.text.isalnum()), default=SMALLEST)
    if whole and _most(whole) < SMALLEST:
        detail = f"type of {small:.1f} pt, the post reads {SMALLEST:.0f} and more"
        found.append(Finding(check="address", verdict="block", page=1, detail=detail))
    return lines, found


def _goes_on(letter: _Letter, lines: Sequence[_Letter]) -> bool:
    """Tell whether a letter goes on where one of some lines ends: in the same word, or the next."""
    return any(
        abs(letter.bottom - one.bottom) < one.size / 2
        and min(abs(letter.begin - one.end), abs(one.begin - letter.end)) < one.size / 2
        for one in lines
    )


def _most(letters: Sequence[_Letter]) -> float:
    """Return the size that most letters have; a small return line stands above the address."""
    sizes = sorted(one.size for one in letters)
    return sizes[len(sizes) // 2]


def _lines(letters: Sequence[_Letter]) -> tuple[str, ...]:
    """Return letters as lines from top to bottom, words parted where there is a gap."""
    rows: list[list[_Letter]] = []
    for one in sorted(letters, key=lambda one: one.bottom):
        if rows and one.bottom - rows[-1][0].bottom < one.size / 2:
            rows[-1].append(one)
        else:
            rows.append([one])
    return tuple("".join(_spaced(sorted(row, key=lambda one: one.left))) for row in rows)


def _spaced(row: Sequence[_Letter]) -> Iterator[str]:
    end: float | None = None
    for one in row:
        if end is not None and one.begin - end > one.size * GAP:
            yield " "
        yield one.text
        end = one.end
