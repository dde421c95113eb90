"""The archived PDF of an invoice: for billing at once, for others after they said why, as at the desk."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import bill_files
from store.persons import person_of
from tidings.role import Role
from web.console.customers import ask_reason, opened, reason
from web.staff import StaffRoute, Visit, page
from work.archive import fetch

READERS = frozenset({Role.BILLING, Role.MANAGER})


def routes() -> list[StaffRoute]:
    """Return the routes of one invoice's PDF."""
    return [
        page("/invoices/{run}/{invoice:int}.pdf", document, roles=READERS),
        page("/invoices/{run}/{invoice:int}.pdf/open", open_document, roles=READERS, methods=("POST",)),
    ]


def document(visit: Visit) -> Response:
    """Show the archived PDF of an invoice, byte for byte; who does not make invoices says first why they look."""
    with visit.site.reading.connect() as connection:
        customer, digest = _pdf(visit, connection)
        if not visit.may(Role.BILLING):
            customer = person_of(connection, customer)
            if reason(visit, connection, customer) is None:
                return ask_reason(visit, connection, customer, place=_place(visit))
    try:
        content = fetch(visit.site.installation.archive, digest)
    except (FileNotFoundError, ValueError):
        raise HTTPException(404) from None
    headers = {
        "Content-Disposition": f'inline; filename="invoice-{visit.request.path_params["invoice"]}.pdf"',
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; plugin-types application/pdf; frame-ancestors 'none'",
    }
    return Response(content, media_type="application/pdf", headers=headers)


def open_document(visit: Visit) -> Response:
    """Write down why somebody looks at an invoice, as at the desk, and show it."""
    with visit.site.installation.engine.begin() as connection:
        customer, _ = _pdf(visit, connection)
        return opened(visit, connection, person_of(connection, customer), _place(visit))


def _pdf(visit: Visit, connection: Connection) -> tuple[int, str]:
    path = visit.request.path_params
    found = bill_files.pdf_of(connection, path["run"], path["invoice"])
    if found is None:
        raise HTTPException(404)
    return found


def _place(visit: Visit) -> str:
    path = visit.request.path_params
    return f"/invoices/{quote(path['run'])}/{path['invoice']}.pdf"
