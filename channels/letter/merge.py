"""Many letters in one PDF: what is the same in all of them (fonts, pictures) is stored once."""

import hashlib
import io
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pikepdf

DEPTH = 12
"""Nesting of a font's objects; a real one has five."""


def page_count(pdf: bytes) -> int:
    """Return the number of pages, or 0 when the bytes are no PDF that can be printed."""
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return len(document.pages)
    except pikepdf.PdfError:
        return 0


def merge(letters: Iterable[bytes]) -> tuple[bytes, list[tuple[int, int]]]:
    """Put letters behind each other, each beginning on the front of a sheet.

    A letter with an odd number of pages gets a blank back, so that duplex printing never puts the next
    customer's letter on it; the blank page belongs to the letter's range.

    Returns:
        The PDF, the same bytes for the same letters, and the first and last page of each letter, from 1.
    """
    import pikepdf

    out = pikepdf.new()
    shared: dict[bytes, pikepdf.Object] = {}
    ranges: list[tuple[int, int]] = []
    for letter in letters:
        first = len(out.pages) + 1
        with pikepdf.open(io.BytesIO(letter)) as document:
            out.pages.extend(document.pages)
        for page in list(out.pages)[first - 1 :]:
            _share(page.obj.get("/Resources"), shared)
        if (len(out.pages) - first + 1) % 2:
            out.add_blank_page(page_size=_size(out.pages[-1]))
        ranges.append((first, len(out.pages)))
    target = io.BytesIO()
    out.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return target.getvalue(), ranges


def _size(page: "pikepdf.Page") -> tuple[float, float]:
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    return right - left, top - bottom


def _share(resources: "pikepdf.Object | None", shared: "dict[bytes, pikepdf.Object]") -> None:
    """Replace fonts and pictures that were seen before by the first one."""
    if resources is None:
        return
    for kind in ("/Font", "/XObject"):
        entries = resources.get(kind)
        if entries is None:
            continue
        for name in list(entries.keys()):
            entries[name] = shared.setdefault(_digest(entries[name], 0), entries[name])


def _digest(item: "pikepdf.Object", depth: int) -> bytes:
    """Return a hash of an object and all that it refers to, streams by their stored bytes."""
    import pikepdf

    hashed = hashlib.blake2b(digest_size=16)
    if depth > DEPTH:
        hashed.update(item.unparse())
    elif isinstance(item, pikepdf.Array):
        for element in item:
            hashed.update(_digest_any(element, depth))
    elif isinstance(item, pikepdf.Dictionary | pikepdf.Stream):
        for key in sorted(item.keys()):
            if key != "/Parent":
                hashed.update(key.encode() + b"\0" + _digest_any(item[key], depth))
        if isinstance(item, pikepdf.Stream):
            hashed.update(item.read_raw_bytes())
    else:
        hashed.update(item.unparse())
    return hashed.digest()


def _digest_any(item: object, depth: int) -> bytes:
    """As `_digest`; pikepdf gives numbers, booleans and null as Python's own."""
    import pikepdf

    if isinstance(item, pikepdf.Object):
        return _digest(item, depth + 1)
    return repr(item).encode() + b"\0"
