"""What we knew of a customer on a day, and what was allowed then: for a customer, or a court, that asks."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from store.seek import hits
from tidings.purpose import Purpose
from tidings.role import Role
from web.console.customers import ask_reason, customer_of, here, reason
from web.staff import StaffRoute, Visit, page
from work.as_of import FIRST_DAY, end_of, of_customer

SUPPORT = frozenset({Role.SUPPORT})


def routes() -> list[StaffRoute]:
    """Return the route of the question."""
    return [page("/customers/{ref}/as-of", show, roles=SUPPORT)]


def show(visit: Visit) -> Response:
    """Ask for a day and a purpose; show what had been recorded by its end (UTC), and what was allowed then."""
    asked = visit.request.query_params
    brands = visit.site.installation.organisation.brands
    today = visit.now.astimezone(UTC).date()
    day = _day(asked.get("on", ""))
    purpose = asked.get("purpose", Purpose.OFFER.value)
    brand = asked.get("brand", brands[0].id)
    wrong = "on" in asked and (day is None or not FIRST_DAY <= day <= today)
    known = purpose in set(Purpose) and brand in {one.id for one in brands}
    told: dict[str, Any] | None = None
    with visit.site.installation.engine.begin() as connection:
        customer = customer_of(visit, connection)
        if reason(visit, connection, customer) is None:
            return ask_reason(visit, connection, customer)
        if day is not None and known and not wrong:
            told = _told(visit, connection, customer, day, purpose, brand)
        one = hits(connection, [customer])[0]
    return visit.page(
        "as_of",
        told=told,
        name=one.name or one.company or one.references[0],
        here=here(visit),
        day=asked.get("on", "")[:10] or today.isoformat(),
        first=FIRST_DAY.isoformat(),
        today=today.isoformat(),
        wrong=wrong,
        purpose=purpose,
        purposes=[one.value for one in Purpose],
        brand=brand,
        brands=[(one.id, one.name) for one in brands],
        status=422 if wrong else 200,
    )


def _told(
    visit: Visit, connection: Connection, customer: int, day: date, purpose: str, brand: str
) -> dict[str, Any]:
    return of_customer(
        connection,
        visit.site.installation,
        customer,
        as_of=end_of(day),
        purpose=purpose,
        brand=brand,
        language=visit.language,
    )


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said)
    except ValueError:
        return None
