"""`/d/`: the document of a message, for now an invoice: what is due and when, its items, and the archived PDF."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store.links import Billed, billed
from tidings.invoice import Invoice
from tidings.problem import Problem
from web.language import choose
from web.links import visitor_of
from web.site import Site, site_of
from work.archive import archived_path, fetch
from work.touch import open_document


def routes() -> list[Route]:
    """Return the routes of documents."""
    return [
        Route("/d/{token}", show, methods=["GET"]),
        Route("/d/{token}/{name}.pdf", download, methods=["GET"]),
    ]


def show(request: Request) -> Response:
    """Show an invoice on one small page."""
    site = site_of(request)
    found = _find(request, site)
    if found is None:
        return site.pages.missing(request)
    message, invoice = found
    _remember(request, site, message)
    document = Invoice.model_validate(invoice.document)
    brand = site.installation.organisation.brand(invoice.brand)
    account = brand.accounts.get(invoice.currency)
    asked, header = request.query_params.get("lang"), request.headers.get("accept-language", "")
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", invoice.number).strip("-.") or "invoice"
    kept = bool(invoice.pdf_hash) and archived_path(site.installation.archive, str(invoice.pdf_hash)).exists()
    return site.pages.answer(
        request,
        "invoice",
        language=choose(asked, invoice.language, header),
        brand=brand,
        invoice=invoice,
        lines=document.lines,
        reference=document.reference or document.number,
        account=account.iban if account else "",
        holder=(account.holder or brand.legal_name) if account and account.iban else "",
        pdf=f"{request.url.path}/{name}.pdf" if kept else "",
    )


def download(request: Request) -> Response:
    """Return exactly the archived bytes."""
    site = site_of(request)
    found = _find(request, site)
    if found is None or not found[1].pdf_hash:
        return site.pages.missing(request)
    message, invoice = found
    try:
        document = fetch(site.installation.archive, str(invoice.pdf_hash))
    except FileNotFoundError:
        return site.pages.missing(request)
    _remember(request, site, message)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{request.path_params["name"]}.pdf"',
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return Response(document, media_type="application/pdf", headers=headers)


def _find(request: Request, site: Site) -> tuple[str, Billed] | None:
    message = site.installation.links.open_document(request.path_params["token"])
    if message is None or not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", request.path_params.get("name", "-")):
        return None
    with site.reading.connect() as connection:
        invoice = billed(connection, message)
    if invoice is None:
        return None
    try:
        site.installation.organisation.brand(invoice.brand)
    except Problem:
        return None
    return message, invoice


def _remember(request: Request, site: Site, message: str) -> None:
    with site.installation.engine.begin() as connection:
        open_document(
            connection,
            message=message,
            visitor=visitor_of(request),
            organisation=site.installation.organisation,
            now=site.clock(),
        )
