"""Compares what was filled with what was laid out in full: the same words on each page, the same picture."""

import hashlib
from collections import Counter
from typing import Any

DPI = 150
_DARKER = 64
"""Of 255: by so much a pixel may be lighter or darker than all that surround its place in the other picture."""
_ONE_IN = 4000
"""Of the documents of a run, so many are set both ways and compared."""


def sampled(identity: str) -> bool:
    """Tell whether a document is one of those that are compared: always the same ones, at every attempt."""
    digest = hashlib.blake2b(identity.encode(), digest_size=4).digest()
    return int.from_bytes(digest) % _ONE_IN == 0


def difference(filled: bytes, full: bytes) -> str:
    """Return in what two PDF files differ, without saying what they say; '' where they are alike.

    Words may come in another order; a picture may be shifted by less than a pixel at 150 dpi.
    """
    import pypdfium2

    first, second = pypdfium2.PdfDocument(filled), pypdfium2.PdfDocument(full)
    try:
        if len(first) != len(second):
            return f"{len(first)} pages instead of {len(second)}"
        for number in range(len(first)):
            if found := _page_differs(first[number], second[number]):
                return f"page {number + 1}: {found}"
        return ""
    finally:
        first.close()
        second.close()


def _page_differs(one: Any, other: Any) -> str:
    words = [Counter(page.get_textpage().get_text_bounded().split()) for page in (one, other)]
    if words[0] != words[1]:
        count = ((words[0] - words[1]) | (words[1] - words[0])).total()
        return f"{count} words differ"
    pictures = [
        page.render(scale=DPI / 72, grayscale=True).to_numpy().astype("int16") for page in (one, other)
    ]
    if pictures[0].shape != pictures[1].shape:
        return "another size"
    count = max(_outside(*pictures), _outside(*pictures[::-1]))
    return f"{count} points of the picture differ" if count else ""


def _outside(one: Any, other: Any) -> int:
    """Return how many pixels are lighter or darker than all around their place in the other picture."""
    import numpy

    padded = numpy.pad(other.reshape(other.shape[:2]), 1, mode="edge")
    height, width = one.shape[:2]
    around = [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]
    lightest, darkest = numpy.maximum.reduce(around), numpy.minimum.reduce(around)
    flat = one.reshape(one.shape[:2])
    return int(((flat > lightest + _DARKER) | (flat < darkest - _DARKER)).sum())
