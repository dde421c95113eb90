"""What typesetting gives: one contract for every engine that puts a document on paper.

Two engines make a document (docs/decisions/0059). `full` lays out every document on its own. `fill` lays out a template
once and fills its slots for each customer; what does not fit a slot is laid out in full, with the cause named.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum


class Engine(StrEnum):
    """Who made a document. Both say the same, at the same places of the page."""

    FULL = "full"
    FILL = "fill"


class Cause(StrEnum):
    """Why a document was laid out in full although there is a faster way."""

    TEMPLATE = "template"
    """The template cannot be filled; `Typeset.why` says what stands in the way."""
    PARAGRAPH = "paragraph"
    """A value of this customer alone stands inside a paragraph, which would have to reflow."""
    GLYPH = "glyph"
    """A letter that the slot's font lacks, or that was not embedded."""
    SCRIPT = "script"
    """Writing that is not set from left to right, letter by letter: Arabic, Hebrew, Indic, control characters."""
    EMPTY = "empty"
    """A line of which nothing is left: what follows would move up."""
    WIDTH = "width"
    """Wider than its slot."""
    DIFFERENCE = "difference"
    """Compared with the full layout, the filled one was not the same."""


class UnfitError(Exception):
    """A document, or a whole template, that cannot be filled."""

    def __init__(self, cause: Cause, why: str) -> None:
        super().__init__(why)
        self.cause = cause
        self.why = why


@dataclass(frozen=True, kw_only=True, slots=True)
class Typeset:
    """A document on paper. The same inputs give the same bytes, with either engine, in any process."""

    pdf: bytes
    pages: int
    sheets: int
    """Duplex: (pages + 1) // 2."""
    sha256: str
    """Of `pdf`, in hex."""
    engine: Engine
    version: str
    """Content hash of the template, or of the layout where a document has no template of its own."""
    cause: Cause | None = None
    """Why it is not `fill`; None where it is."""
    why: str = ""
    """The cause as a sentence for whoever writes templates; nothing personal is in it."""
    constant: int = 0
    """So many bytes at the beginning are the same in all documents of this layout and hold nothing personal: whoever
    merges many stores them once. 0: unknown."""


def typeset(
    pdf: bytes,
    *,
    pages: int,
    engine: Engine,
    version: str,
    cause: Cause | None = None,
    why: str = "",
    constant: int = 0,
) -> Typeset:
    """Return finished bytes with their number of sheets and their hash."""
    return Typeset(
        pdf=pdf,
        pages=pages,
        sheets=(pages + 1) // 2,
        sha256=hashlib.sha256(pdf).hexdigest(),
        engine=engine,
        version=version,
        cause=cause,
        why=why,
        constant=constant,
    )
