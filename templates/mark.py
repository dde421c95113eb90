"""The machine-readable mark on every page of a letter: which message, which page of how many.

The inserter reads it to know that an envelope is complete; scanned from a returned letter it names the message.
"""

import io

from templates.codes import modules

LIGHT = 255
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


def stamp(pdf: bytes, message: str) -> tuple[bytes, int]:
    """Return the PDF with the mark on every page, and its number of pages. Same arguments, same bytes."""
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        pages = len(document.pages)
        for number, page in enumerate(document.pages, start=1):
            page.contents_add(b"q", prepend=True)
            page.contents_add(b"Q " + _drawing(mark_text(message, number, pages)))
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue(), pages


def _drawing(text: str) -> bytes:
    """Return the operators that fill the dark modules; a run in a row is one rectangle."""
    rows = modules(text)
    out = ["q 0 g"]
    out.append(f"{_MODULE:g} 0 0 {-_MODULE:g} {_LEFT:g} {_BOTTOM + _MODULE * len(rows):g} cm")
    for y, row in enumerate(rows):
        start = -1
        for x, value in enumerate((*row, LIGHT)):
            if not value and start < 0:
                start = x
            elif value and start >= 0:
                out.append(f"{start} {y} {x - start} 1 re")
                start = -1
    out.append("f Q")
    return "\n".join(out).encode()
