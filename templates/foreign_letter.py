"""Whether a PDF that somebody else made may be printed and put into an envelope: what a print house checks first.

Looked at as paper: the pages are drawn, and what is read is compared with what is seen. Files of strangers go through
`templates.foreign_process`.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from templates.drawn_page import MM, DrawnPage
from templates.judgement import OF_ADDRESS, Finding, Judgement, judgement, window_of
from templates.postal_lines import Window
from templates.window_address import window_address

if TYPE_CHECKING:
    import pikepdf

MAX_PAGES = 60
"""Thirty sheets; more fits no envelope that has a window."""
MARGIN = 4.0
"""Millimetres along the edges that office and production printers cannot reach."""
SIZE_OFF = 1.0
"""Millimetres that a page may be off its paper."""
TINY = 4.0
"""Points of type anywhere that nobody reads: below it text is taken for hidden."""


def judge(pdf: bytes, country: str, kind: str = "", *, enclosed: bool = False) -> Judgement:
    """Judge a PDF in this process, see `templates.foreign_process.judged`.

    Raises:
        pikepdf.PdfError: it cannot be opened, or is encrypted.
    """
    import pikepdf
    import pypdfium2

    from templates.foreign_file import missing_fonts, unit_of

    window = window_of(country, kind)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        pages = len(opened.pages)
        if not 1 <= pages <= MAX_PAGES:
            wrong = Finding(check="pages", verdict="block", detail=f"{pages} pages, 1 to {MAX_PAGES} go")
            return judgement(country, window, pages, (), (), [wrong])
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
                address, told = window_address(seen, window)
                found += told
    finally:
        drawn.close()
    made = judgement(country, window, pages, tuple(colours), address, found)
    if not enclosed:
        return made
    return replace(made, findings=tuple(one for one in made.findings if one.check not in OF_ADDRESS))


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
