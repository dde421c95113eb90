"""The machine-readable mark on every page of a letter: which message, which page of how many.

The inserter reads it to know that an envelope is complete; scanned from a returned letter it names the message.
"""

import io

from templates.codes import modules
from templates.pictures import code_operators

_MODULE = 1.2
"""Points; 0.42 mm prints and scans safely at 300 dpi."""
_LEFT, _BOTTOM = 22.0, 30.0
"""Points from the corner of the page: in the margin, below the left edge of the text."""


def mark_text(message: str, page: int, pages: int) -> str:
    """Return what the mark says: the id without hyphens in capitals (QR packs those), page, pages.

    >>> mark_text("0199-ab", 1, 2)
    '0199AB-1-2'
    """
    return f"{message.replace('-', '').upper()}-{page}-{pages}"


def mark_operators(message: str, page: int, pages: int) -> bytes:
    """Return the operators that draw the mark on a page, in points from its bottom left corner."""
    code = modules(mark_text(message, page, pages))
    side = _MODULE * code.size
    place = b"%g 0 0 %g %g %g cm " % (side, side, _LEFT, _BOTTOM)
    return b"/Artifact BMC q " + place + code_operators(code) + b" Q EMC"


def stamp(pdf: bytes, message: str) -> tuple[bytes, int]:
    """Return the PDF with the mark on every page, and its number of pages. Same arguments, same bytes."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
        for number, page in enumerate(document.pages, start=1):
            page.contents_add(b"q", prepend=True)
            page.contents_add(b"Q " + mark_operators(message, number, pages))
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue(), pages
