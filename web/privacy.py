"""A customer's data: a copy to take along, and the wish to be erased, both behind a code sent to a known address."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from store.erasures import asked_at
from web.codes import send_code
from web.proof import prove, proven
from web.renewal import address_in, opened, proving_ways
from web.visit import Visit, fields_of, page
from work.asking import told
from work.own_data import Parts, ask_erasure, export


def routes() -> list[Route]:
    """Return the routes of a customer's data."""
    return [
        Route("/p/{token}/data", show, methods=["GET"]),
        Route("/p/{token}/data", change, methods=["POST"]),
    ]


def show(request: Request) -> Response:
    """Show what can be done, to who has proved themselves; else offer to send a code."""
    visit = opened(request)
    return visit if isinstance(visit, Response) else _page(request, visit)


async def change(request: Request) -> Response:
    """Send a code, take it, hand out the data, take the wish to be erased."""
    return await run_in_threadpool(_change, request, await fields_of(request))


def _change(request: Request, fields: Mapping[str, str]) -> Response:
    visit = opened(request, fields)
    if isinstance(visit, Response):
        return visit
    if "send" in fields:
        return _send(request, visit, fields["send"])
    if "code" in fields:
        return _code(request, visit, fields["code"])
    if not _proven(request, visit):
        return _page(request, visit, problem="proof")
    if "export" in fields:
        return _export(visit)
    if "erase" in fields:
        return _erase(request, visit, sure="sure" in fields)
    return _page(request, visit)


def _send(request: Request, visit: Visit, number: str) -> Response:
    chosen = address_in(proving_ways(visit), number)
    if chosen is None:
        return _page(request, visit, problem="proof")
    if not send_code(visit, "data", channel=chosen.channel, value=chosen.value):
        return _page(request, visit, problem="often")
    return _page(request, visit, sent=chosen.shown)


def _code(request: Request, visit: Visit, code: str) -> Response:
    site, now = visit.site, visit.site.clock()
    with site.installation.engine.begin() as connection:
        right = told(
            connection,
            key=site.installation.key,
            customer=visit.customer,
            kind="data",
            code=code,
            now=now,
        )
    if right is None:
        return _page(request, visit, problem="wrong")
    answer = RedirectResponse(f"{visit.home}/data?lang={visit.language}", status_code=303)
    prove(answer, site, about=_about(visit), path=f"{visit.home}/data")
    return answer


def _export(visit: Visit) -> Response:
    site = visit.site

    def read(parts: Parts) -> str:
        return site.pages.part("export", language=visit.language, parts=parts, brand=visit.brand)

    with site.installation.engine.begin() as connection:
        packed = export(
            connection, customer=visit.customer, brand=visit.brand.id, page=read, now=site.clock()
        )
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'attachment; filename="{visit.brand.id}-data.zip"',
        "Referrer-Policy": "no-referrer",
    }
    return Response(packed, media_type="application/zip", headers=headers)


def _erase(request: Request, visit: Visit, *, sure: bool) -> Response:
    if not sure:
        return page(request, visit, "erase")
    with visit.site.installation.engine.begin() as connection:
        ask_erasure(connection, customer=visit.customer, brand=visit.brand.id, now=visit.site.clock())
    return RedirectResponse(f"{visit.home}/data?lang={visit.language}", status_code=303)


def _proven(request: Request, visit: Visit) -> bool:
    return proven(request, visit.site, about=_about(visit), now=visit.site.clock())


def _about(visit: Visit) -> str:
    return f"data:{visit.customer}"


def _page(request: Request, visit: Visit, *, problem: str = "", sent: str = "") -> Response:
    with visit.site.reading.connect() as connection:
        asked = asked_at(connection, visit.customer)
    return page(
        request,
        visit,
        "data",
        status={"proof": 403, "wrong": 403, "often": 429}.get(problem, 200),
        proven=_proven(request, visit),
        problem=problem,
        sent=sent,
        ways=proving_ways(visit),
        asked=asked.date() if asked else None,
    )
