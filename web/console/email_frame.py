"""An e-mail before it is sent, for a frame on a page."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from tidings.message import Content
from tidings.problem import Problem
from work.showing import html_of

_HEADERS = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, max-age=60",
    "Referrer-Policy": "no-referrer",
}
"""A mail in its frame: its own style, the images that it brings, nothing that runs and nothing from elsewhere."""


def email_frame(rendered: Callable[[], Content]) -> Response:
    """Answer with an e-mail for a frame that can do nothing.

    Args:
        rendered: makes the e-mail.

    Raises:
        HTTPException: 404, it cannot be made.
    """
    try:
        return HTMLResponse(html_of(rendered()), headers=_HEADERS)
    except Problem as problem:
        raise HTTPException(404, str(problem)) from problem
