"""Who came through a signed link of a customer, in which language, and whether the link may still change anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from tidings.organisation import Brand
from tidings.problem import Problem
from web.language import choose
from web.site import Site, site_of
from work.preference import Preferences, hold, read


@dataclass(frozen=True, kw_only=True)
class Visit:
    """Who came to the pages of which brand."""

    site: Site
    customer: int
    brand: Brand
    language: str
    """Of the page."""
    known: Preferences
    home: str
    """Path of the customer's form."""


def find(request: Request, holding: Connection | None = None) -> tuple[Visit, bool] | None:
    """Return who a `/p/{token}` belongs to and whether it is over; None when it is not one of ours.

    With a transaction to save in it is read there, under the customer's lock.
    """
    site = site_of(request)
    token = request.path_params["token"]
    opened = site.installation.links.open_preferences(token)
    if opened is None:
        return None
    visit = visit_of(
        request, customer=opened.customer, brand=opened.brand, home=f"/p/{token}", holding=holding
    )
    return (visit, opened.over(site.clock())) if visit else None


def visit_of(
    request: Request,
    *,
    customer: int,
    brand: str | None,
    home: str,
    language: str = "",
    holding: Connection | None = None,
) -> Visit | None:
    """Return a customer's visit to a brand, None when there is no such customer or brand.

    The page is in the language that is asked for (`?lang=`), in `language`, else in the customer's own.
    """
    site = site_of(request)
    found = brand_of(site, brand)
    if found is None:
        return None
    now = site.clock()
    if holding is not None:
        known = hold(holding, customer=customer, brand=found, policy=site.policy, now=now)
    else:
        with site.reading.connect() as connection:
            known = read(connection, customer=customer, brand=found, policy=site.policy, now=now)
    return visit_to(request, found, known, home=home, language=language) if known else None


def brand_of(site: Site, brand: str | None) -> Brand | None:
    """Return the brand that a link names, None when it is gone."""
    try:
        return site.installation.organisation.brand(brand)
    except Problem:
        return None


def visit_to(request: Request, brand: Brand, known: Preferences, *, home: str, language: str = "") -> Visit:
    """Return the visit of a customer of whom everything is read; its language as in `visit_of`."""
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language", "")
    return Visit(
        site=site_of(request),
        customer=known.customer,
        brand=brand,
        language=choose(asked, language or known.answers["language"], header),
        known=known,
        home=home,
    )


def page(request: Request, visit: Visit, name: str, *, status: int = 200, **values: Any) -> Response:
    """Return one of a customer's pages."""
    return visit.site.pages.answer(
        request,
        name,
        language=visit.language,
        brand=visit.brand,
        status=status,
        home=visit.home,
        **values,
    )


async def fields_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a posted form; files are ignored, and a query that is no UTF-8 is nobody's."""
    async with request.form(max_files=0, max_fields=200) as form:
        return {key: value for key, value in form.items() if isinstance(value, str)}
