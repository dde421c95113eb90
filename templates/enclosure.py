"""What goes into the envelope behind a letter: pages of finished PDFs, each document on sheets of its own."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from templates.mark import Marking, mark_operators


@dataclass(frozen=True, kw_only=True, slots=True)
class Enclosure:
    """One document, looked at (`templates.foreign_letter`)."""

    name: str
    pdf: bytes
    pages: int


def pages_of(enclosures: Sequence[Enclosure]) -> int:
    """Return the pages of all of them, blank backs between them included."""
    whole = sum(one.pages + one.pages % 2 for one in enclosures)
    return whole - enclosures[-1].pages % 2 if enclosures else 0


def enclose(pdf: bytes, enclosures: Sequence[Enclosure], *, message: str, marking: Marking) -> bytes:
    """Return a marked letter with its enclosures behind it, each page of them marked. Same arguments, same bytes.

    A page of another paper is made as large as the letter's. What the letter claims to be (PDF/A) is not claimed of
    the whole, for what is enclosed was made by others.
    """
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        own, box = len(document.pages), document.pages[0].mediabox
        paper = pikepdf.Rectangle(*(float(edge) for edge in box))
        for one in enclosures:
            _even(document, paper)
            with pikepdf.open(io.BytesIO(one.pdf)) as other:
                for page in other.pages:
                    _append(document, page, paper)
                    mark = mark_operators(message, len(document.pages), own, marking)
                    document.pages[-1].contents_add(mark)
        if "/Metadata" in document.Root:
            del document.Root["/Metadata"]
        out = io.BytesIO()
        document.save(out, deterministic_id=True)
        return out.getvalue()


def _even(document: Any, paper: Any) -> None:
    """Begin on the front of a sheet."""
    if len(document.pages) % 2:
        document.add_blank_page(page_size=(paper.width, paper.height))


def _append(document: Any, page: Any, paper: Any) -> None:
    import pikepdf

    form = document.copy_foreign(page.as_form_xobject())
    document.add_blank_page(page_size=(paper.width, paper.height))
    new = document.pages[-1]
    name = new.add_resource(form, pikepdf.Name.XObject, pikepdf.Name.Enclosed)
    new.contents_add(new.calc_form_xobject_placement(form, name, paper))
