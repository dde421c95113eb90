"""A letter before it is sent: a page of it as an image, the file itself, or the part of a page that shows both."""

from __future__ import annotations

import base64
from collections.abc import Callable
from decimal import Decimal

from starlette.exceptions import HTTPException
from starlette.responses import Response

from templates.page_images import page_image
from templates.postal_lines import WINDOWS
from tidings.message import Content, Letter
from tidings.problem import Problem
from tidings.whole_number import whole_number
from web.staff import Visit

_HEADERS = {"Cache-Control": "private, max-age=60"}


def letter_preview(visit: Visit, typeset: Callable[[], Content], cost: Decimal | None = None) -> Response:
    """Answer with an image of `?page=`, with `?file=1` the PDF, with `?part=1` what stands in the preview's card.

    Typesetting takes as long as all other channels together, so that the card asks for it when it is seen.

    Args:
        visit: of the preview.
        typeset: makes the letter.
        cost: what the card says that it costs; None: nothing.

    Raises:
        HTTPException: 404, the letter cannot be made, or has no such page; the card says why instead.
    """
    asked = visit.request.query_params
    try:
        found = typeset()
        assert isinstance(found, Letter)
        if asked.get("file"):
            disposition = {"Content-Disposition": 'inline; filename="letter.pdf"'}
            return Response(found.pdf, media_type="application/pdf", headers=_HEADERS | disposition)
        image = page_image(found.pdf, number=(whole_number(asked.get("page", "1"), digits=2) or 1) - 1)
    except Problem as problem:
        if asked.get("part"):
            return visit.page("letter_preview", problem=problem)
        raise HTTPException(404, str(problem)) from problem
    if not asked.get("part"):
        return Response(image, media_type="image/png", headers=_HEADERS)
    return visit.page(
        "letter_preview",
        problem=None,
        pages=found.pages,
        paper=WINDOWS[found.window].sheet,
        cost=cost,
        currency=visit.site.installation.organisation.costs.currency,
        image=base64.b64encode(image).decode(),
        file=visit.request.url.include_query_params(file=1).remove_query_params("part"),
    )
