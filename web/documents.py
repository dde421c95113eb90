"""`/d/`: the document of a message, for now an invoice: what is due, how to pay it, its items, PDF and XML.

The link alone opens nothing: links travel in SMS and on paper that others may hold. The customer proves themselves with
their postcode, the last digits of their customer number, or a code that is sent to a known address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from store.links import Billed, billed
from templates.codes import code_image
from templates.einvoice.hybrid import read_xml
from templates.paymentcode import payment_code
from templates.values import add_account, invoice_values
from tidings.invoice import Invoice
from tidings.organisation import Brand
from web.codes import send_code
from web.links import visitor_of
from web.proof import prove, proven
from web.renewal import address_in, proving_ways, renew
from web.site import site_of
from web.visit import Visit, fields_of, page, visit_of
from work.archive import archived_path, fetch
from work.door import admitted, factors_of
from work.touch import open_document


def routes() -> list[Route]:
    """Return the routes of documents."""
    return [
        Route("/d/{token}", show, methods=["GET"]),
        Route("/d/{token}", enter, methods=["POST"]),
        Route("/d/{token}/{name}.pdf", download, methods=["GET"]),
        Route("/d/{token}/{name}.xml", download_xml, methods=["GET"]),
    ]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What a link leads to."""

    message: str
    billed: Billed
    visit: Visit
    over: bool
    proven: bool


def show(request: Request) -> Response:
    """Show an invoice on one small page, to who has proved themselves; else ask for the second factor."""
    found = _find(request)
    if found is None:
        return site_of(request).pages.missing(request)
    if found.over:
        return renew(request, found.visit, message=found.message)
    if not found.proven:
        return _ask(request, found)
    _remember(request, found.message)
    return _invoice(request, found)


async def enter(request: Request) -> Response:
    """Take the second factor, or send a code, or a new link when this one is over."""
    return await run_in_threadpool(_enter, request, await fields_of(request))


def _enter(request: Request, fields: Mapping[str, str]) -> Response:
    found = _find(request)
    if found is None:
        return site_of(request).pages.missing(request)
    if found.over:
        return renew(request, found.visit, fields, message=found.message)
    if "send" in fields:
        return _send(request, found, fields["send"])
    visit = found.visit
    with visit.site.installation.engine.begin() as connection:
        right = admitted(
            connection,
            key=visit.site.installation.key,
            billed=found.billed,
            message=found.message,
            answer=fields.get("answer", ""),
            now=visit.site.clock(),
        )
    if not right:
        return _ask(request, found, problem="often" if right is None else "wrong")
    answer = RedirectResponse(f"{visit.home}?lang={visit.language}", status_code=303)
    prove(answer, visit.site, about=f"document:{found.message}", path=visit.home)
    return answer


def _send(request: Request, found: _Found, number: str) -> Response:
    visit = found.visit
    chosen = address_in(proving_ways(visit), number)
    if chosen is None:
        return _ask(request, found)
    if not send_code(visit, "document", channel=chosen.channel, value=chosen.value):
        return _ask(request, found, problem="often")
    return _ask(request, found, sent=chosen.shown)


def _ask(request: Request, found: _Found, *, problem: str = "", sent: str = "") -> Response:
    visit = found.visit
    status = {"wrong": 403, "often": 429}.get(problem, 200)
    return page(
        request,
        visit,
        "door",
        status=status,
        problem=problem,
        sent=sent,
        asked=factors_of(found.billed).asked,
        ways=proving_ways(visit),
    )


def _invoice(request: Request, found: _Found) -> Response:
    visit, invoice = found.visit, found.billed
    document = Invoice.model_validate(invoice.document)
    account = visit.brand.accounts.get(invoice.currency)
    kept = _pdf(visit, invoice)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", invoice.number).strip("-.") or "invoice"
    return page(
        request,
        visit,
        "invoice",
        invoice=invoice,
        lines=document.lines,
        reference=document.reference or document.number,
        account=account.iban if account else "",
        holder=(account.holder or visit.brand.legal_name) if account and account.iban else "",
        code=_payment(document, visit.brand),
        pdf=f"{visit.home}/{name}.pdf" if kept else "",
        xml=f"{visit.home}/{name}.xml" if kept and read_xml(kept) else "",
    )


def _payment(document: Invoice, brand: Brand) -> str:
    """Return the picture of a code that a bank's app pays, '' where there is no standard for the currency."""
    code = payment_code(add_account(invoice_values(document), brand), "")
    return code_image(code.text) if code else ""


def _pdf(visit: Visit, invoice: Billed) -> bytes | None:
    archive, digest = visit.site.installation.archive, str(invoice.pdf_hash or "")
    return fetch(archive, digest) if digest and archived_path(archive, digest).exists() else None


def download(request: Request) -> Response:
    """Return exactly the archived bytes."""
    return _download(request, "pdf")


def download_xml(request: Request) -> Response:
    """Return the XML that the archived PDF carries."""
    return _download(request, "xml")


def _download(request: Request, kind: str) -> Response:
    found = _find(request)
    if found is None:
        return site_of(request).pages.missing(request)
    if found.over or not found.proven:
        return RedirectResponse(found.visit.home, status_code=303)
    kept = _pdf(found.visit, found.billed)
    content = read_xml(kept) if kept and kind == "xml" else kept
    if content is None:
        return found.visit.site.pages.missing(request)
    _remember(request, found.message)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f'inline; filename="{request.path_params["name"]}.{kind}"',
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow",
    }
    return Response(content, media_type=f"application/{kind}", headers=headers)


def _find(request: Request) -> _Found | None:
    site = site_of(request)
    token = request.path_params["token"]
    opened = site.installation.links.open_document(token)
    if opened is None or not re.fullmatch(r"[A-Za-z0-9._-]{1,80}", request.path_params.get("name", "-")):
        return None
    with site.reading.connect() as connection:
        invoice = billed(connection, opened.message)
    if invoice is None:
        return None
    visit = visit_of(
        request, customer=invoice.customer, brand=invoice.brand, home=f"/d/{token}", language=invoice.language
    )
    if visit is None:
        return None
    now = site.clock()
    return _Found(
        message=opened.message,
        billed=invoice,
        visit=visit,
        over=opened.over(now),
        proven=proven(request, site, about=f"document:{opened.message}", now=now),
    )


def _remember(request: Request, message: str) -> None:
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        open_document(
            connection,
            message=message,
            visitor=visitor_of(request),
            organisation=site.installation.organisation,
            now=site.clock(),
        )
