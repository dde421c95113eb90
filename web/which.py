"""Which of two channels is meant: who chose one and answers on another is asked, and chooses with a button.

The links in the message lead here; GET changes nothing, so a scanner that opens them answers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from preferences.explain import channel_name
from tidings.purpose import Purpose
from web.renewal import opened, renew
from web.site import site_of
from web.visit import Visit, fields_of, find, page
from work.mismatch import answer

SIDES = ("stated", "observed")


def routes() -> list[Route]:
    """Return the routes of the question."""
    return [
        Route("/p/{token}/which", ask, methods=["GET"]),
        Route("/p/{token}/which", choose, methods=["POST"]),
    ]


def ask(request: Request) -> Response:
    """Show both channels with a button each; nothing changes."""
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    ways = _ways(visit, request.query_params)
    return _page(request, visit, ways) if ways else visit.site.pages.missing(request)


async def choose(request: Request) -> Response:
    """Take the answer: a statement like any other, about these messages."""
    return await run_in_threadpool(_choose, request, await fields_of(request))


def _choose(request: Request, fields: Mapping[str, str]) -> Response:
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        found = find(request, connection)
        if found is None:
            return site.pages.missing(request)
        visit, over = found
        ways = _ways(visit, request.query_params)
        side = fields.get("answer", "")
        if not over and ways and side in SIDES:
            first, other = (ways[one] for one in (SIDES if side == "stated" else SIDES[::-1]))
            answer(
                connection,
                customer=visit.customer,
                brand=visit.brand,
                first=first,
                other=other,
                topic=ways["topic"],
                now=site.clock(),
            )
            return _page(request, visit, ways, done=first)
    if over:
        return renew(request, visit, fields)
    return _page(request, visit, ways, status=422) if ways else site.pages.missing(request)


def _ways(visit: Visit, asked: Mapping[str, str]) -> dict[str, str]:
    """Return the two channels and the topic that the link names; {} when they are none of ours."""
    known = {str(channel) for channel in visit.brand.channels}
    ways = {name: asked.get(name, "") for name in (*SIDES, "topic")}
    purpose = ways["topic"].partition(".")[0]
    fits = {ways[side] for side in SIDES} <= known and ways["stated"] != ways["observed"]
    return ways if fits and purpose in set(Purpose) and len(ways["topic"]) <= _LONGEST else {}


_LONGEST = 80


def _page(
    request: Request, visit: Visit, ways: Mapping[str, str], *, done: str = "", status: int = 200
) -> Response:
    named = {side: channel_name(ways[side], visit.language) for side in SIDES}
    return page(
        request,
        visit,
        "which",
        status=status,
        ways=ways,
        named=named,
        wanted=request.query_params.get("answer", ""),
        done=channel_name(done, visit.language) if done else "",
    )
