"""A customer's own addresses, masked: add one and confirm it, remove one, be notified on this device.

A new address is not used before it is proven: by the link in an e-mail, or the code in a text message. GET changes
nothing, so a scanner that opens the link confirms nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from store import codes
from web.browser import browser_of
from web.codes import send_code
from web.renewal import opened
from web.site import site_of
from web.visit import Visit, fields_of, page, visit_of
from work.asking import confirm_saved, confirmation, told
from work.mask import mask
from work.own_addresses import (
    add_postal,
    confirmed,
    confirmed_by_link,
    judged,
    judged_postal,
    public_key,
    register_browser,
    removable,
    remove,
)

_WORKER = Path(__file__).parent / "static" / "sw.js"
_LONGEST = 320


def routes() -> list[Route]:
    """Return the routes of a customer's addresses and devices."""
    return [
        Route("/p/{token}/addresses", show, methods=["GET"]),
        Route("/p/{token}/addresses", change, methods=["POST"]),
        Route("/p/{token}/devices", subscribe, methods=["POST"]),
        Route("/c/{token}", ask, methods=["GET"]),
        Route("/c/{token}", confirm, methods=["POST"]),
        Route("/sw.js", worker, methods=["GET"]),
    ]


def show(request: Request) -> Response:
    """Show the addresses, those that wait for a confirmation, and the button for this device."""
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    return _page(request, visit, done=request.query_params.get("done", ""))


async def change(request: Request) -> Response:
    """Take a new address, a code, or the wish to remove an address."""
    return await run_in_threadpool(_change, request, await fields_of(request))


def _change(request: Request, fields: Mapping[str, str]) -> Response:
    visit = opened(request, fields)
    if isinstance(visit, Response):
        return visit
    if "remove" in fields:
        return _remove(request, visit, fields)
    if "code" in fields:
        return _code(request, visit, fields["code"])
    if "street" in fields:
        return _post(request, visit, fields)
    return _add(request, visit, fields.get("value", "").strip()[:_LONGEST])


def _add(request: Request, visit: Visit, written: str) -> Response:
    site = visit.site
    one = judged(written, visit.known.country or site.installation.organisation.country)
    known = {(address.channel, address.value) for address in visit.known.addresses}
    if one.problem or (one.channel, one.value) in known:
        return _page(request, visit, written=written, problem="known" if not one.problem else "wrong")
    if not send_code(visit, "address", channel=one.channel, value=one.value):
        return _page(request, visit, written=written, problem="often")
    return _back(visit, "sent")


def _post(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    """Add an address for letters at once, behind the others, and tell the customer where they are reached now."""
    site, now = visit.site, visit.site.clock()
    verdict = judged_postal(fields, visit.known.country or site.installation.organisation.country)
    if not verdict.usable:
        return _page(request, visit, written=fields, problem=f"post_{verdict.field}")
    with site.installation.engine.begin() as connection:
        if add_postal(connection, visit.known, verdict.address, now=now):
            _tell(connection, visit)
    return _back(visit, "posted")


def _tell(connection: Connection, visit: Visit) -> None:
    """Tell a customer, where they were reached before, that an address was added."""
    there = confirmation(saved=visit.known, changed={}, language=visit.language)
    confirm_saved(connection, [there], now=visit.site.clock())


def _code(request: Request, visit: Visit, code: str) -> Response:
    site, now = visit.site, visit.site.clock()
    with site.installation.engine.begin() as connection:
        right = told(
            connection,
            key=site.installation.key,
            customer=visit.customer,
            kind="address",
            code=code,
            now=now,
        )
        if right is not None and confirmed(connection, right, now=now):
            _tell(connection, visit)
    return _back(visit, "added") if right else _page(request, visit, problem="code")


def _remove(request: Request, visit: Visit, fields: Mapping[str, str]) -> Response:
    chosen = next((one for one in visit.known.addresses if str(one.id) == fields["remove"]), None)
    if chosen is None:
        return _page(request, visit, problem="gone")
    if not removable(visit.known, chosen.id):
        return _page(request, visit, problem="last")
    if "sure" not in fields:
        return page(request, visit, "remove", address=chosen)
    with visit.site.installation.engine.begin() as connection:
        remove(connection, visit.known, chosen.id, now=visit.site.clock())
    return _back(visit, "removed")


def _back(visit: Visit, done: str) -> Response:
    return RedirectResponse(f"{visit.home}/addresses?lang={visit.language}&done={done}", status_code=303)


def _page(
    request: Request,
    visit: Visit,
    *,
    done: str = "",
    problem: str = "",
    written: str | Mapping[str, str] = "",
) -> Response:
    site = visit.site
    with site.reading.connect() as connection:
        waiting = codes.waiting(connection, visit.customer, "address", now=site.clock())
    push = site.installation.settings.push
    return page(
        request,
        visit,
        "addresses",
        status={"": 200, "often": 429}.get(problem, 422),
        scripts=True,
        addresses=visit.known.addresses,
        waiting=[(one.channel, mask(one.channel, one.value)) for one in waiting],
        done=done if done in ("sent", "added", "removed", "device", "posted") else "",
        problem=problem,
        written=written if isinstance(written, str) else "",
        post={} if isinstance(written, str) else written,
        key=_public_key(site.installation.settings.webpush.key) if "webpush" in push else "",
    )


@lru_cache(maxsize=8)
def _public_key(path: Path | None) -> str:
    return public_key(path)


async def subscribe(request: Request) -> Response:
    """Register this browser for Web Push; our own script posts the subscription after a tap."""
    body = await request.body()
    return await run_in_threadpool(_subscribe, request, body.decode("utf-8", "replace"))


def _subscribe(request: Request, subscription: str) -> Response:
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    with visit.site.installation.engine.begin() as connection:
        taken = register_browser(
            connection,
            customer=visit.customer,
            brand=visit.brand.id,
            subscription=subscription,
            name=browser_of(request.headers.get("user-agent", "")),
            settings=visit.site.installation.settings.webpush,
            now=visit.site.clock(),
        )
    return JSONResponse({"taken": taken}, status_code=200 if taken else 422)


def worker(_: Request) -> Response:
    """Return the service worker, from the root so that it may serve every page of ours."""
    headers = {"Cache-Control": "no-cache", "Content-Type": "text/javascript; charset=utf-8"}
    return Response(_WORKER.read_bytes(), headers=headers)


def ask(request: Request) -> Response:
    """Ask whether a new address is the visitor's; nothing changes."""
    return _confirm(request, sure=False)


async def confirm(request: Request) -> Response:
    """Add the address."""
    return await run_in_threadpool(_confirm, request, sure=True)


def _confirm(request: Request, *, sure: bool) -> Response:
    site, now = site_of(request), site_of(request).clock()
    number = site.installation.links.open_confirm(request.path_params["token"])
    if number is None:
        return site.pages.missing(request)
    with site.reading.connect() as connection:
        code = codes.find(connection, number, now=now)
    if code is None or code.kind != "address":
        return site.pages.missing(request)
    visit = visit_of(request, customer=code.customer, brand=code.brand, home=request.scope["path"])
    if visit is None:
        return site.pages.missing(request)
    if sure:
        with site.installation.engine.begin() as connection:
            if confirmed_by_link(connection, number, now=now) is None:
                return site.pages.missing(request)
            _tell(connection, visit)
    return page(request, visit, "confirm", shown=mask(code.channel, code.value), done=sure)
