"""Several letters of one customer in one envelope: one document, whose marks count the envelope's pages."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from templates.mark import mark_operators, mark_text, marking_of
from tidings.message import Letter
from tidings.organisation import Brand


def in_one_envelope(letters: Sequence[tuple[str, Letter]], brand: Brand) -> Letter | None:
    """Return letters (message, letter) as one piece, the first on top; each begins on the front of a sheet.

    The mark on each page then says the message on top, and which page of the envelope it is: an inserter that reads
    the letters' own marks would begin another envelope with each of them. Same arguments, same bytes.

    Returns:
        The piece, with the address and postage class of the letter on top; None where a mark is not found as this
        release draws it, for then the letters must go one by one.
    """
    import pikepdf

    top, first = letters[0]
    marking = marking_of(brand)
    total = pages_together([letter.pages for _, letter in letters])
    with pikepdf.new() as whole:
        for message, letter in letters:
            _even(whole)
            with pikepdf.open(io.BytesIO(letter.pdf)) as document:
                before = len(whole.pages)
                for number, page in enumerate(document.pages, start=1):
                    own = mark_operators(message, number, letter.pages, marking)
                    new = mark_operators(top, before + number, total, marking)
                    if not _marked_anew(document, page, own, new):
                        return None
                whole.pages.extend(document.pages)
        out = io.BytesIO()
        whole.save(out, deterministic_id=True)
    inserts = [name for message, letter in letters[1:] for name in (letter.template, *letter.inserts)]
    return replace(
        first,
        pdf=out.getvalue(),
        pages=total,
        sheets=(total + 1) // 2,
        mark=mark_text(top, 1, total),
        colour=any(letter.colour for _, letter in letters),
        cover=any(letter.cover for _, letter in letters),
        inserts=(*first.inserts, *inserts),
        profile="PDF-1.7",
        constant=0,
    )


def pages_together(pages: Sequence[int]) -> int:
    """Return the pages of letters behind each other, the blank backs between them included.

    >>> pages_together([1, 2]), pages_together([2, 1, 1])
    (4, 5)
    """
    return sum(count + count % 2 for count in pages[:-1]) + pages[-1]


def _even(document: Any) -> None:
    """Begin on the front of a sheet."""
    if len(document.pages) % 2:
        box = document.pages[-1].mediabox
        document.add_blank_page(page_size=(float(box[2] - box[0]), float(box[3] - box[1])))


def _marked_anew(document: Any, page: Any, own: bytes, new: bytes) -> bool:
    """Put another mark in the place of a page's own; False where that is not found. A blank back has none."""
    content = _content(page)
    if own in content:
        page.Contents = document.make_stream(content.replace(own, new))
    return own in content or not content.strip()


def _content(page: Any) -> bytes:
    import pikepdf

    found = page.get("/Contents", pikepdf.Array())
    streams = found if isinstance(found, pikepdf.Array) else [found]
    return b"\n".join(one.read_bytes() for one in streams)
