"""Whether a PDF that somebody else made may be printed and put into an envelope: what a print house checks first.

Looked at as paper: the pages are drawn, and what is read is compared with what is seen. A hostile file cannot hold us
up: `judge` runs in a process of its own, with limits (see `judged`).
"""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from templates.drawn_page import DrawnPage, Letter
from templates.postal_lines import NOTHING_CHOSEN, Window, window_for
from tidings.problem import Problem

if TYPE_CHECKING:
    import pikepdf

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
SMALLEST = 6.0
"""Points of type in the window that the post's readers still make out."""
TINY = 4.0
"""Points of type anywhere that nobody reads: below it text is taken for hidden."""
LINES = (2, 8)
"""Lines of an address."""
GAP = 0.12
"""Of the type's size: the least that parts two words."""
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
        size, begins = path.stat().st_size, _begins_as_pdf(path)
    except OSError as error:
        raise Problem(f"{path} cannot be read: {error.strerror}.") from error
    if size > MAX_BYTES:
        raise Problem(f"{path} has {size:,} bytes, more than {MAX_BYTES:,}.", todo="Make its images smaller.")
    if not begins:
        raise Problem(f"{path} is no PDF: it does not begin as one.", todo="Save it as PDF.")
    command = [sys.executable, "-I", "-c", _CHILD, str(Path(__file__).parents[1]), str(path), country, kind]
    command.append("enclosed" if enclosed else "")
    try:
        done = subprocess.run(  # noqa: S603 -- our own interpreter; the path is one argument
            command, capture_output=True, text=True, check=False, timeout=10 * SECONDS
        )
    except subprocess.TimeoutExpired:
        return _given_up(country, kind)
    if done.returncode == 0:
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer
    if done.returncode == _NO_PDF:
        raise Problem(f"{path} is not a PDF that can be opened: {done.stdout.strip()}.")
    return _given_up(country, kind, damaged=done.returncode == _DAMAGED)


def _begins_as_pdf(path: Path) -> bool:
    """Return whether a file says that it is a PDF, within the bytes where readers look for that (ISO 32000-1, H.3)."""
    with path.open("rb") as file:
        return b"%PDF-" in file.read(1024)


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
_DAMAGED = 10
_TOO_MUCH = 11
_CHILD = "import sys; sys.path.insert(0, sys.argv[1]); from templates.foreign_letter import child; child()"


def child() -> None:
    """Judge the file of the command line within the limits, and print it as JSON."""
    path, country, kind, enclosed = sys.argv[2:]
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import pikepdf

    try:
        found = judge(Path(path).read_bytes(), country, kind, enclosed=bool(enclosed)).told()
    except pikepdf.PasswordError:
        sys.stdout.write("it is locked with a password")
        sys.exit(_NO_PDF)
    except pikepdf.PdfError as error:
        said = str(error).partition("\n")[0]
        sys.stdout.write(re.sub(r"^stream <[^>]*>\W*", "", said))
        sys.exit(_NO_PDF)
    except MemoryError:
        sys.exit(_TOO_MUCH)
    except Exception:  # what a hostile file breaks in a reader is its own finding
        sys.exit(_DAMAGED)
    sys.stdout.write(json.dumps(found))


def _given_up(country: str, kind: str, *, damaged: bool = False) -> dict[str, Any]:
    heavy = f"it takes more than {SECONDS} s or {MEMORY >> 30} GiB to draw"
    finding = Finding(
        check="file", verdict="block", detail="it is damaged: a page cannot be drawn" if damaged else heavy
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

    from templates.foreign_file import missing_fonts, unit_of

    window = _window_of(country, kind)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = len(opened.pages)
        if not 1 <= pages <= MAX_PAGES:
            wrong = Finding(check="pages", verdict="block", detail=f"{pages} pages, 1 to {MAX_PAGES} go")
            return _judgement(country, window, pages, (), (), [wrong])
        found = [*_of_file(opened)]
        asides = [(unit_of(page.obj), missing_fonts(page)) for page in opened.pages]
    drawn = pypdfium2.PdfDocument(pdf)
    try:
        colours: list[int] = []
        address: tuple[str, ...] = ()
        for number, (unit, aside) in enumerate(asides):
            seen = DrawnPage(drawn[number], unit)
            found += [*_of_page(seen, number + 1, window), *_fonts(seen, number + 1, aside)]
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
    """Say what no paper can hold: locks, programs, attachments, fields, layers; and spot colours."""
    from templates import foreign_file as file

    if opened.is_encrypted:
        allowed = opened.allow.print_lowres and opened.allow.print_highres
        said = "it is encrypted; print houses want files open" if allowed else "its owner forbids printing"
        yield Finding(check="file", verdict="warn" if allowed else "block", detail=said)
    for check, verdict, detail, told in (
        ("active", "block", "the file runs a program when it is opened", file.runs),
        ("active", "warn", "the file carries attachments, which nobody prints", file.carries),
        ("active", "warn", "the file has fields to fill in", file.has_fields),
        ("hidden_text", "warn", "the file has layers that can be switched off", file.has_layers),
    ):
        if told(opened):
            yield Finding(check=check, verdict=verdict, detail=detail)
    for number, page in enumerate(opened.pages, start=1):
        spot = file.spot_colours(page)
        if spot:
            yield Finding(
                check="colours", verdict="warn", page=number, detail=f"spot colours: {', '.join(spot)}"
            )
        if file.page_runs(page.obj):
            yield Finding(check="active", verdict="block", page=number, detail="the page runs a program")
        if file.has_notes(page.obj):
            yield Finding(check="active", verdict="warn", page=number, detail="the page has notes on it")


def _of_page(seen: DrawnPage, number: int, window: Window) -> Iterator[Finding]:
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
    unseen = [
        letter
        for letter in seen.letters
        if letter.size < TINY or not letter.text.isprintable() or not seen.is_seen(letter)
    ]
    hidden = [letter for letter in unseen if not seen.is_recognised(letter)]
    if len(hidden) < len(unseen):
        detail = "text that only programs read lies over a picture"
        yield Finding(check="hidden_text", verdict="warn", page=number, detail=detail)
    # A full stop or a hair line may vanish at this resolution; a word may not.
    if sum(letter.text.isalnum() for letter in hidden) > 2:  # noqa: PLR2004 -- letters
        words = "".join(letter.text for letter in hidden)[:40]
        yield Finding(
            check="hidden_text", verdict="block", page=number, detail=f"text that nobody sees: {words!r}"
        )


def _fonts(seen: DrawnPage, number: int, aside: Sequence[str]) -> Iterator[Finding]:
    """Name the fonts that are not in the file: another machine prints other letters."""
    missing = ", ".join(dict.fromkeys((*seen.fonts, *aside)))
    if missing:
        yield Finding(check="fonts", verdict="block", page=number, detail=f"not in the file: {missing}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Shown:
    """What a window shows of the letters of a page."""

    whole: tuple[Letter, ...]
    cut: str
    """What stands in it in part, or goes on outside of it."""
    left_out: str
    """A line of the address that it does not show."""
    has_ink: bool


def _window(seen: DrawnPage, window: Window) -> tuple[tuple[str, ...], list[Finding]]:
    """Return the address in the window of the first page, and what is wrong with it."""
    shown = _shown(seen, window)
    lines = _lines(shown.whole)
    found = []
    if shown.cut:
        found.append(
            Finding(check="window", verdict="block", page=1, detail=f"the window cuts {shown.cut!r}")
        )
    if shown.left_out:
        detail = f"the window does not show {shown.left_out[:30]!r}"
        found.append(Finding(check="window", verdict="block", page=1, detail=detail))
    wrong = _unreadable(shown, lines, window.kind)
    if wrong:
        found.append(Finding(check="address", verdict="block", page=1, detail="; ".join(wrong)))
    elif not any(letter.isdigit() for line in lines for letter in line):
        found.append(
            Finding(check="address", verdict="warn", page=1, detail="no line has a number: no postcode")
        )
    return lines, found


def _shown(seen: DrawnPage, window: Window) -> _Shown:
    left, top = window.left / MM, window.top / MM
    right, bottom = left + window.width / MM, top + window.height / MM
    visible = [one for one in seen.letters if seen.is_seen(one) or seen.is_recognised(one)]
    inside = [
        one
        for one in visible
        if one.right > left and one.left < right and one.bottom > top and one.top < bottom
    ]
    whole = [
        one
        for one in inside
        if one.left >= left - 1 and one.right <= right + 1 and one.top >= top - 1 and one.bottom <= bottom + 1
    ]
    outside = [one for one in visible if one not in whole]
    return _Shown(
        whole=tuple(whole),
        cut="".join(one.text for one in outside if one in inside or _goes_on(one, whole))[:30],
        left_out=_left_out(outside, whole),
        has_ink=_has_ink(seen, left, top, right, bottom),
    )


def _unreadable(shown: _Shown, lines: Sequence[str], kind: str) -> list[str]:
    """Say why the post cannot read the address."""
    fewest, most = LINES
    wrong = []
    if not fewest <= len(lines) <= most:
        wrong.append(f"{len(lines)} lines in the window ({kind}), an address has {fewest} to {most}")
    if not lines and shown.has_ink:
        wrong.append("what it shows is a picture, which no program reads")
    if any(not one.upright for one in shown.whole):
        wrong.append("it does not stand upright")
    if shown.whole and _most(shown.whole) < SMALLEST:
        small = min((one.size for one in shown.whole if one.text.isalnum()), default=SMALLEST)
        wrong.append(f"type of {small:.1f} pt, the post reads {SMALLEST:.0f} and more")
    return wrong


def _has_ink(seen: DrawnPage, left: float, top: float, right: float, bottom: float) -> bool:
    across, down = (
        slice(*(max(int(side * seen.scale), 0) for side in sides)) for sides in ((left, right), (top, bottom))
    )
    return bool(seen.ink[down, across].any())


def _left_out(outside: Sequence[Letter], whole: Sequence[Letter]) -> str:
    """Return a line above or below those in the window that is one of theirs: as large, as far left and as near."""
    rows = _rows(whole)
    if not rows:
        return ""
    size, first = _most(whole), min(one.left for one in whole)
    steps = sorted(below[0].bottom - above[0].bottom for above, below in pairwise(rows))
    step = (steps[len(steps) // 2] if steps else size * 1.3) * 1.2
    edges = (rows[0][0].bottom, rows[-1][0].bottom)
    for row in _rows([one for one in outside if abs(one.size - size) < size / 10]):
        near = min(abs(row[0].bottom - edge) for edge in edges)
        if abs(min(one.left for one in row) - first) < size / 2 and size / 2 < near <= step:
            return "".join(_spaced(sorted(row, key=lambda one: one.left)))
    return ""


def _goes_on(letter: Letter, lines: Sequence[Letter]) -> bool:
    """Tell whether a letter goes on where one of some lines ends: in the same word, or the next."""
    return any(
        abs(letter.bottom - one.bottom) < one.size / 2
        and min(abs(letter.begin - one.end), abs(one.begin - letter.end)) < one.size / 2
        for one in lines
    )


def _most(letters: Sequence[Letter]) -> float:
    """Return the size that most letters have; a small return line stands above the address."""
    sizes = sorted(one.size for one in letters)
    return sizes[len(sizes) // 2]


def _lines(letters: Sequence[Letter]) -> tuple[str, ...]:
    """Return letters as lines from top to bottom, words parted where there is a gap."""
    return tuple("".join(_spaced(sorted(row, key=lambda one: one.left))) for row in _rows(letters))


def _rows(letters: Sequence[Letter]) -> list[list[Letter]]:
    rows: list[list[Letter]] = []
    for one in sorted(letters, key=lambda one: one.bottom):
        if rows and one.bottom - rows[-1][0].bottom < one.size / 2:
            rows[-1].append(one)
        else:
            rows.append([one])
    return rows


def _spaced(row: Sequence[Letter]) -> Iterator[str]:
    end: float | None = None
    for one in row:
        if end is not None and one.begin - end > one.size * GAP:
            yield " "
        yield one.text
        end = one.end
