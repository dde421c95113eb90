"""One message of the customer who is open: why it took this channel, rule by rule, and exactly what was sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store.persons import members
from store.sent import deliveries_of, message_of
from templates.page_images import page_image
from templates.preview import files_of
from tidings.channel import Channel
from tidings.message import Email, Letter, Push, Sms, WhatsApp
from tidings.purpose import Purpose
from tidings.role import Role, sees_amounts
from web.console.customers import ask_reason, customer_of, here, reason
from web.staff import StaffRoute, Visit, page
from work.explain import explain_message
from work.preference import Way, read
from work.sent import Sent, sent

READERS = frozenset({Role.SUPPORT, Role.BILLING})
BILLED = frozenset({Purpose.INVOICE, Purpose.DUNNING})
"""What billing sees of a customer."""
_FRAME = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'self'"
"""Of an e-mail in its frame: no script, no form, nothing from elsewhere, and no link that leads away."""


def routes() -> list[StaffRoute]:
    """Return the routes of one message."""
    return [
        page("/customers/{ref}/messages/{message}", show, roles=READERS),
        page("/customers/{ref}/sent/{reference}/{part}", part_of, roles=READERS),
    ]


def show(visit: Visit) -> Response:
    """Show a message: the rules that placed its channels, its deliveries, and what they carried."""
    with visit.site.reading.connect() as connection:
        customer = customer_of(visit, connection)
        if reason(visit, connection, customer) is None:
            return ask_reason(visit, connection, customer)
        found = message_of(connection, str(visit.request.path_params["message"]))
        if found is None or not _may_see(visit, connection, customer, found):
            raise HTTPException(404)
        deliveries = [
            {**row, "shown": _shown(sent(connection, visit.site.installation, row["reference"]))}
            for row in deliveries_of(connection, found["message"])
        ]
    with visit.site.installation.engine.begin() as connection:
        told = explain_message(
            connection, visit.site.installation, found["message"], now=visit.now, language=visit.language
        )
    if told is None:
        raise HTTPException(404)
    ways = _ways(visit, customer, found["brand"]) if visit.may(Role.SUPPORT) else ()
    return visit.page(
        "customer_message",
        message=found,
        told=told,
        deliveries=deliveries,
        here=here(visit),
        support=visit.may(Role.SUPPORT),
        amounts=sees_amounts(visit.staff.roles),
        ways=[way for way in ways if way.channel in {entry["channel"] for entry in told["channels"]}],
    )


def _ways(visit: Visit, customer: int, brand: str) -> Sequence[Way]:
    """Return the channels of a brand, each with whether the customer has a usable address on it today."""
    site = visit.site
    with site.reading.connect() as connection:
        known = read(
            connection,
            customer=customer,
            brand=site.installation.organisation.brand(brand),
            policy=site.policy,
            now=visit.now,
        )
    return known.ways if known else ()


def _may_see(visit: Visit, connection: Connection, customer: int, found: Any) -> bool:
    ours = found["customer"] in members(connection, customer)
    return ours and (visit.may(Role.SUPPORT) or found["purpose"] in BILLED)


def _shown(made: Sent | None) -> dict[str, Any]:
    """Return what a page shows of a content: its kind, its texts, and why there is none."""
    if made is None or made.content is None:
        return {"kind": "", "lost": made.lost if made else "never_built"}
    match made.content:
        case Email():
            files = files_of(Channel.EMAIL, made.content)
            others = [name for name in files if name not in ("email.eml", "email.txt", "email.html")]
            return {"kind": "email", "text": files.get("email.txt", b"").decode(), "files": sorted(others)}
        case Sms() | WhatsApp() as words:
            return {"kind": "text", "text": words.text, "sender": words.sender}
        case Push() as push:
            return {"kind": "push", "title": push.title, "text": push.body, "link": push.link}
        case Letter() as letter:
            return {"kind": "letter", "pages": letter.pages, "sheets": letter.sheets}


def part_of(visit: Visit) -> Response:
    """Return one part of what was sent: the e-mail for its frame, or a file of it."""
    wanted = str(visit.request.path_params["part"])
    with visit.site.reading.connect() as connection:
        customer = customer_of(visit, connection)
        if reason(visit, connection, customer) is None:
            raise HTTPException(404)
        made = sent(connection, visit.site.installation, str(visit.request.path_params["reference"]))
        found = message_of(connection, made.claimed.message) if made else None
        if made is None or made.content is None or not _may_see(visit, connection, customer, found):
            raise HTTPException(404)
    files = files_of(Channel(made.claimed.channel), made.content)
    if wanted == "page.png" and isinstance(made.content, Letter):
        return _answer(page_image(made.content.pdf), "image/png")
    if wanted not in files:
        raise HTTPException(404)
    kind = _KINDS.get(wanted.rpartition(".")[2], "application/octet-stream")
    return _answer(files[wanted], kind)


_KINDS = {
    "html": "text/html; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
    "json": "application/json",
    "pdf": "application/pdf",
    "eml": "message/rfc822",
}


def _answer(body: bytes, kind: str) -> Response:
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "Content-Type": kind}
    if kind.startswith("text/html"):
        headers["Content-Security-Policy"] = _FRAME
    elif kind == "image/png":
        headers["Content-Security-Policy"] = "default-src 'none'"
    else:
        headers["Content-Disposition"] = "attachment"
        headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return Response(body, headers=headers)
