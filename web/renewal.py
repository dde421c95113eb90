"""New links: `/p` takes an address, a link that is over offers the addresses that are known. Sent out of band.

`/p` looks nothing up. It writes the same rows and gives the same answer whether the address is somebody's or nobody's;
who sends the slip finds out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tidings.channel import Channel
from tidings.organisation import Brand
from tidings.problem import Problem
from web.clients import client_of
from web.language import choose
from web.site import Site, site_of
from web.visit import Visit, fields_of, find, page
from work.asking import Asked, ask_by_address, ask_by_customer
from work.own_addresses import proving
from work.preference import Address

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,250}")
_PHONE = re.compile(r"\+?[0-9 ()./\u00a0-]{6,30}")
TOLD = frozenset({Channel.EMAIL.value, Channel.SMS.value})
"""Channels that a link or a code can be sent on at once."""


def routes() -> list[Route]:
    """Return the routes of the public page."""
    return [Route("/p", ask, methods=["GET"]), Route("/p", submit, methods=["POST"])]


def ask(request: Request) -> Response:
    """Ask for an address, or with `?sent` say that whoever it belongs to gets a link."""
    return _page(request, sent="sent" in request.query_params)


async def submit(request: Request) -> Response:
    """Take an address; what is no address is told, anything else gets one answer."""
    return await run_in_threadpool(_submit, request, await fields_of(request))


def _submit(request: Request, fields: Mapping[str, str]) -> Response:
    to = fields.get("to", "").strip()
    if not (_EMAIL.fullmatch(to) or _PHONE.fullmatch(to)):
        return _page(request, to=to[:100], wrong=True, status=422)
    site, brand, language = _where(request)
    with site.installation.engine.begin() as connection:
        asked = ask_by_address(
            connection,
            key=site.installation.key,
            to=to,
            client=client_of(request, site.installation.settings.proxies),
            brand=brand.id,
            language=language,
            now=site.clock(),
        )
    if asked is Asked.TOO_OFTEN:
        return _page(request, often=True, status=429)
    return RedirectResponse(f"/p?brand={brand.id}&lang={language}&sent=1", status_code=303)


def _where(request: Request) -> tuple[Site, Brand, str]:
    site = site_of(request)
    try:
        brand = site.installation.organisation.brand(request.query_params.get("brand"))
    except Problem:
        brand = site.installation.organisation.brand(None)
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language", "")
    return site, brand, choose(asked, None, header)


def _page(
    request: Request,
    *,
    sent: bool = False,
    wrong: bool = False,
    often: bool = False,
    to: str = "",
    status: int = 200,
) -> Response:
    site, brand, language = _where(request)
    return site.pages.answer(
        request,
        "ask",
        language=language,
        brand=brand,
        status=status,
        sent=sent,
        wrong=wrong,
        often=often,
        to=to,
    )


def opened(request: Request, fields: Mapping[str, str] | None = None) -> Visit | Response:
    """Return who came by a `/p/{token}`, or the answer to a link that is none of ours or is over (`renew`)."""
    found = find(request)
    if found is None:
        return site_of(request).pages.missing(request)
    visit, over = found
    return renew(request, visit, fields) if over else visit


def renew(
    request: Request, visit: Visit, fields: Mapping[str, str] | None = None, *, message: str = ""
) -> Response:
    """Answer a link that is over: offer to send a new one to a known address, and do so for a posted `send`.

    Args:
        request: the visitor's.
        visit: whose link it is.
        fields: what was posted, None for a GET.
        message: the new link opens this message's document.
    """
    ways = [one for one in visit.known.addresses if one.usable and one.channel in TOLD]
    chosen = address_in(ways, fields.get("send", "") if fields else "")
    if chosen is None:
        return page(
            request, visit, "renew", ways=ways, sent=None, often=False, document=bool(message), status=410
        )
    site = visit.site
    with site.installation.engine.begin() as connection:
        asked = ask_by_customer(
            connection,
            key=site.installation.key,
            customer=visit.customer,
            channel=chosen.channel,
            value=chosen.value,
            brand=visit.brand.id,
            language=visit.language,
            now=site.clock(),
            message=message,
        )
    often = asked is Asked.TOO_OFTEN
    status = 429 if often else 200
    return page(
        request, visit, "renew", ways=ways, sent=chosen, often=often, document=bool(message), status=status
    )


def proving_ways(visit: Visit) -> list[Address]:
    """Return the addresses to which a second factor's code may go: who holds the link may have added others."""
    ways = [one for one in visit.known.addresses if one.usable and one.channel in TOLD]
    with visit.site.reading.connect() as connection:
        return proving(connection, ways, now=visit.site.clock())


def address_in(ways: list[Address], number: str) -> Address | None:
    """Return the address with this number, None when it is none of them."""
    return next((one for one in ways if str(one.id) == number), None)
