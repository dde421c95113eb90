"""Pages of a PDF as images, for screens."""

import io

from tidings.problem import Problem

WIDTH = 900
"""Pixels of a page: sharp on a screen that shows it at 450."""


def page_image(pdf: bytes, *, number: int = 0) -> bytes:
    """Return a page of a PDF as a PNG; 30 ms.

    Raises:
        Problem: there is no such page.
    """
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        if not 0 <= number < len(document):
            raise Problem(f"The document has no page {number + 1}.")
        page = document[number]
        image = page.render(scale=WIDTH / page.get_width()).to_pil()
    finally:
        document.close()
    kept = io.BytesIO()
    image.quantize(64).save(kept, format="PNG", optimize=False)
    return kept.getvalue()
