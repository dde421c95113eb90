"""One-click unsubscribe (RFC 8058): POST unsubscribes, GET only asks.

The link is about the purpose of its message: an offer's ends all offers of that brand, on every channel. Whoever says
"unsubscribe" wants silence, not the same text by SMS. It works for ever and can only remove: it leads those who want
another way to a page that sends the link to the form to their own address.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store.links import linked
from tidings.organisation import Brand
from tidings.problem import Problem
from web.language import choose
from web.site import Site, site_of
from web.visit import fields_of
from work.links import OpenedUnsubscribe
from work.preference import Preferences, read, stop_marketing
from work.scribe import MARKETING

_FIELD, _VALUE = "List-Unsubscribe", "One-Click"


def routes() -> list[Route]:
    """Return the routes of one-click unsubscribe."""
    return [Route("/u/{token}", ask, methods=["GET"]), Route("/u/{token}", unsubscribe, methods=["POST"])]


def ask(request: Request) -> Response:
    """Show what would be stopped; nothing changes."""
    site = site_of(request)
    found = _find(request, site)
    if found is None:
        return site.pages.missing(request)
    return _page(request, site, *found, done=False)


async def unsubscribe(request: Request) -> Response:
    """Stop the purpose, at once and for good; doing it again changes nothing.

    A body without `List-Unsubscribe=One-Click` is answered with the question.
    """
    meant = (await fields_of(request)).get(_FIELD) == _VALUE
    return await run_in_threadpool(_unsubscribe, request, meant)


def _unsubscribe(request: Request, meant: bool) -> Response:  # noqa: FBT001 -- run_in_threadpool hands it over
    site = site_of(request)
    found = _find(request, site)
    if found is None:
        return site.pages.missing(request)
    opened, brand, known = found
    if not meant:
        return _page(request, site, opened, brand, known, done=False, status=400)
    with site.installation.engine.begin() as connection:
        stop_marketing(
            connection,
            customer=opened.customer,
            brand=brand,
            purposes=(opened.purpose,),
            proof=f"{_FIELD}={_VALUE} for message {opened.message}",
            now=site.clock(),
            source="unsubscribe",
            message=opened.message,
            policy=site.policy,
        )
    return _page(request, site, opened, brand, known, done=True)


def _find(request: Request, site: Site) -> tuple[OpenedUnsubscribe, Brand, Preferences] | None:
    opened = site.installation.links.open_unsubscribe(request.path_params["token"])
    if opened is None or opened.purpose not in MARKETING:
        return None
    now = site.clock()
    with site.reading.connect() as connection:
        message = linked(connection, opened.message, now=now)
        try:
            brand = site.installation.organisation.brand(message.brand if message else None)
        except Problem:
            brand = site.installation.organisation.brand(None)
        known = read(connection, customer=opened.customer, brand=brand, policy=site.policy, now=now)
    return (opened, brand, known) if known else None


def _page(
    request: Request,
    site: Site,
    opened: OpenedUnsubscribe,
    brand: Brand,
    known: Preferences,
    *,
    done: bool,
    status: int = 200,
) -> Response:
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language", "")
    return site.pages.answer(
        request,
        "unsubscribe",
        language=choose(asked, known.answers["language"], header),
        brand=brand,
        status=status,
        purpose=opened.purpose,
        done=done,
        instead=site.installation.links.renewal(opened.customer, brand.id),
    )
