"""Many letters in one PDF: what is the same in all of them (fonts, pictures, a template's words) is stored once."""

import io
from collections.abc import Iterable
from typing import BinaryIO

from channels.letter.binder import Binder


def page_count(pdf: bytes) -> int:
    """Return the number of pages, or 0 when the bytes are no PDF that can be printed."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return len(document.pages)
    except pikepdf.PdfError:
        return 0


def merge(letters: Iterable[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """Put letters behind each other in memory, see `bind`."""
    target = io.BytesIO()
    ranges = bind(((letter, 0) for letter in letters), target)
    return target.getvalue(), ranges


def bind(letters: Iterable[tuple[bytes, int]], out: BinaryIO) -> list[tuple[int, int]]:
    """Write letters behind each other as they come, each beginning on the front of a sheet.

    A letter with an odd number of pages gets a blank back, so that duplex printing never puts the next
    customer's letter on it; the blank page belongs to the letter's range.

    Args:
        letters: PDF, and how many of its first bytes it has in common with others (`tidings.message.Letter.constant`).
        out: gets the same bytes for the same letters.

    Returns:
        The first and last page of each letter, from 1.
    """
    binder = Binder(out)
    ranges = [binder.add(letter, constant) for letter, constant in letters]
    binder.close()
    return ranges
