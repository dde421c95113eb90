"""`/l/`: a link of a message. It opens only what is stored with the message's template."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from web.site import site_of
from work.touch import Visitor, open_link


def routes() -> list[Route]:
    """Return the route of measured links."""
    return [Route("/l/{token}", follow, methods=["GET"])]


def follow(request: Request) -> Response:
    """Send the visitor on (302), and remember the click where that is allowed."""
    site = site_of(request)
    opened = site.installation.links.open_link(request.path_params["token"])
    if opened is None:
        return site.pages.missing(request)
    with site.installation.engine.begin() as connection:
        link = open_link(
            connection,
            message=opened.message,
            code=opened.code,
            visitor=visitor_of(request),
            organisation=site.installation.organisation,
            now=site.clock(),
        )
    if link is None:
        return site.pages.missing(request)
    headers = {"Location": link.target, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(status_code=302, headers=headers)


def visitor_of(request: Request) -> Visitor:
    """Return what a request says about who sends it."""
    return Visitor(method=request.method, headers=dict(request.headers))
