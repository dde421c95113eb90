"""The machine-readable mark on every page of a letter: which message, which page of how many.

A QR code or a DataMatrix; dashes at the edge besides, for inserters without a camera. The inserter
reads it to know that an envelope is complete; scanned from a returned letter it names the message.
"""

import io
from dataclasses import dataclass
from functools import lru_cache

from templates.codes import data_matrix, modules
from templates.pictures import code_operators
from tidings.organisation import Brand

_MODULE = 1.2
"""Points; 0.42 mm prints and scans safely at 300 dpi."""
_LEFT, _BOTTOM = 22.0, 30.0
"""Points from the corner of the page: in the margin, below the left edge of the text."""
_MM = 72 / 25.4
OMR_LEFT, OMR_LENGTH, OMR_THICK = 6.0, 10.0, 0.5
"""Of the dashes that an inserter without a camera reads, in millimetres from the left edge."""
OMR_FIRST, OMR_STEP = 175.0, 25.4 / 6
"""Of the first dash, above the bottom of the sheet, and from dash to dash downwards: six to an inch."""
OMR = ("gate", "first", "last", "1", "2", "4", "parity", "end")
"""What a dash at each place says: always; first sheet of the letter; its last; the sheet's number modulo 8 in binary;
one more where their number would be odd; always."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marking:
    """How the pages of a letter are marked."""

    code: str = "qr"
    """qr or datamatrix."""
    omr: bool = False
    """Dashes at the edge of each sheet, too."""
    enclosed: int = 0
    """Pages that follow those of the letter itself, on sheets of their own."""

    def total(self, pages: int) -> int:
        """Return the pages of the whole envelope: what is enclosed begins on the front of a sheet."""
        return pages + pages % 2 + self.enclosed if self.enclosed else pages


USUAL = Marking()


def marking_of(brand: Brand, *, enclosed: int = 0) -> Marking:
    """Return how a brand's letters are marked; `enclosed` as in `Marking`."""
    return Marking(code=brand.mark, omr=brand.omr, enclosed=enclosed)


def mark_text(message: str, page: int, pages: int) -> str:
    """Return what the mark says: the id without hyphens in capitals (QR packs those), page, pages.

    >>> mark_text("0199-ab", 1, 2)
    '0199AB-1-2'
    """
    return f"{message.replace('-', '').upper()}-{page}-{pages}"


def mark_operators(message: str, page: int, pages: int, marking: Marking = USUAL) -> bytes:
    """Return the operators that draw the mark on a page, in points from its bottom left corner.

    `pages` are those of the letter itself; the mark counts what is enclosed, too.
    """
    whole = marking.total(pages)
    said = mark_text(message, page, whole)
    code = data_matrix(said) if marking.code == "datamatrix" else modules(said)
    side = _MODULE * code.size
    place = b"%g 0 0 %g %g %g cm " % (side, side, _LEFT, _BOTTOM)
    dashes = b" " + _dashes((page + 1) // 2, (whole + 1) // 2) if marking.omr and page % 2 else b""
    return b"/Artifact BMC q " + place + code_operators(code) + b" Q" + dashes + b" EMC"


def omr_of(sheet: int, sheets: int) -> tuple[bool, ...]:
    """Return at which places of `OMR` a sheet has a dash, both counted from 1.

    >>> "".join("I" if one else "." for one in omr_of(1, 2))
    'II.I...I'
    """
    said = (True, sheet == 1, sheet == sheets, *(bool(sheet % 8 >> bit & 1) for bit in range(3)))
    return (*said, (sum(said) + 1) % 2 == 1, True)


@lru_cache(maxsize=256)
def _dashes(sheet: int, sheets: int) -> bytes:
    bars = (
        b"%.3f %.3f %.3f %.3f re"
        % (
            OMR_LEFT * _MM,
            (OMR_FIRST - place * OMR_STEP - OMR_THICK / 2) * _MM,
            OMR_LENGTH * _MM,
            OMR_THICK * _MM,
        )
        for place, dash in enumerate(omr_of(sheet, sheets))
        if dash
    )
    return b"q 0 g " + b" ".join(bars) + b" f Q"


def stamp(pdf: bytes, message: str, marking: Marking = USUAL) -> tuple[bytes, int]:
    """Return the PDF with the mark on every page, and its number of pages. Same arguments, same bytes."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
        for number, page in enumerate(document.pages, start=1):
            page.contents_add(b"q", prepend=True)
            page.contents_add(b"Q " + mark_operators(message, number, pages, marking))
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue(), pages
