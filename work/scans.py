"""Scans of returned letters: the mark on each of our pages names its message (templates/mark.py)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tidings.problem import Problem
from work.paper_rows import Rows, code_of
from work.reading import Sheet

if TYPE_CHECKING:
    from PIL.Image import Image

_STARTS = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"BM", b"GIF8")
_DPI = 200
_WIDEST = 6000
"""Pixels of a page's longer side; a scan of A3 at 300 dpi has 5000."""
_PIXELS = 80_000_000
"""A3 at 600 dpi."""
_MOST = 2000
"""Pages in one file."""


def is_scan(path: Path) -> bool:
    """Return whether a file is a picture or a PDF, by what is in it."""
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_STARTS)
    except OSError:
        return False  # told by whoever reads it next


def read_scan(path: Path) -> Rows:
    """Return the letters in a scan, each once; a page without a mark of ours is named.

    Raises:
        Problem: the picture or PDF is damaged or too large.
    """
    import polars as pl

    names = {"letter": "letter"}
    found: dict[str, int] = {}
    blank: list[int] = []
    for number, page in enumerate(_pages(path), start=1):
        codes = _codes(page)
        blank += [] if codes else [number]
        for code in codes:
            found.setdefault(code, number)
    pages = sorted([*((number, code) for code, number in found.items()), *((number, "") for number in blank)])
    frame = pl.DataFrame({"letter": pl.Series([code for _, code in pages], dtype=pl.String)})
    sheet = Sheet(
        path=path,
        kind="csv",
        frame=frame,
        rows=pl.Series("row", [number for number, _ in pages], dtype=pl.Int64),
    )
    rows = Rows(sheet=sheet, names=names, rows=[(number, {"letter": code}) for number, code in pages if code])
    for number in blank:
        rows.wrong(number, "letter", "", "no mark of ours on this page; type the reference that stands on it")
    return rows


def _codes(page: Image) -> list[str]:
    """Return the messages whose marks are on a page; other codes, such as a link, are none."""
    import zxingcpp

    read = (code_of(code.text) for code in zxingcpp.read_barcodes(page))
    return list(dict.fromkeys(code[1] for code in read if code is not None and code[0] == "message"))


def _pages(path: Path) -> Iterator[Image]:
    with path.open("rb") as file:
        is_pdf = file.read(4) == b"%PDF"
    return _pdf_pages(path) if is_pdf else _pictures(path)


def _pdf_pages(path: Path) -> Iterator[Image]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        raise Problem(f"{path} is damaged, or has a password.", todo="Scan it again.") from error
    try:
        _check(path, len(document))
        for page in document:
            scale = min(_DPI / 72, _WIDEST / max(*page.get_size(), 1))
            yield page.render(scale=scale, grayscale=True).to_pil()
    except pypdfium2.PdfiumError as error:
        raise Problem(f"{path} is damaged.", todo="Scan it again.") from error
    finally:
        document.close()


def _pictures(path: Path) -> Iterator[Image]:
    from PIL import Image, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _PIXELS:
                raise Problem(f"{path} is too large.", todo="Scan it with 300 dpi.")
            _check(path, getattr(picture, "n_frames", 1))
            for frame in ImageSequence.Iterator(picture):
                yield frame.convert("L")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise Problem(
            f"{path} is damaged or too large ({type(error).__name__}).", todo="Scan it again."
        ) from error


def _check(path: Path, pages: int) -> None:
    if pages > _MOST:
        raise Problem(f"{path} has {pages} pages; {_MOST} can be read.", todo="Scan fewer letters at a time.")
