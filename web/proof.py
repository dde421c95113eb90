"""The cookie that remembers a second factor for a short while; it says whose it is, for what and until when."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from tidings.signing import sign, verify
from web.site import Site

NAME = "proof"
LIVES = timedelta(minutes=30)
_KIND = "proof"


def prove(response: Response, site: Site, *, about: str, path: str) -> None:
    """Let the visitor's browser come back for a while; `about` says to what: `document:...` or `data:...`."""
    until = int((site.clock() + LIVES).timestamp())
    response.set_cookie(
        NAME,
        sign(site.installation.key, _KIND, f"{until}:{about}".encode()),
        max_age=int(LIVES.total_seconds()),
        path=path,
        secure=site.installation.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="strict",
    )


def proven(request: Request, site: Site, *, about: str, now: datetime) -> bool:
    """Tell whether the visitor has a proof for this, still good."""
    token = request.cookies.get(NAME, "")
    body = verify(site.installation.key, _KIND, token) if token.isascii() else None
    until, _, said = (body or b"").partition(b":")
    return said == about.encode() and until.isdigit() and int(until) > now.timestamp()
