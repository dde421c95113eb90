"""One invoice: what became of it, and the evidence of what was sent."""

from __future__ import annotations

import base64
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from store.audit import note
from store.invoice_events import invoices_of
from tidings.problem import Problem
from web.auth import Caller
from web.problems import Refused
from web.site import site_of
from web.v1.strict import StrictRoute
from work.invoice_evidence import evidence_pack
from work.settlement import settle_one

router = APIRouter(prefix="/v1", tags=["invoice runs"], route_class=StrictRoute)

Number = Annotated[
    str, Query(min_length=1, max_length=60, description="The invoice's number.", examples=["2026-1"])
]


class InvoiceStatusIn(BaseModel):
    """What became of an invoice."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"number": "2026-1", "status": "paid", "amount": "250.00", "id": "bank-77"}]
        },
    )

    number: str = Field(min_length=1, max_length=200, description="Or its payment reference.")
    status: Literal["paid", "credited", "cancelled", "disputed", "resolved"]
    id: str = Field(
        min_length=1, max_length=200, description="Its identity at the caller: said twice, kept once."
    )
    amount: Decimal | None = Field(
        default=None, ge=0, decimal_places=2, description="Left out: all that was due."
    )
    brand: str | None = None


class InvoiceStatusOut(BaseModel):
    """What followed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"number": "2026-1", "status": "paid", "cancelled": []}]}
    )

    number: str
    status: str
    cancelled: list[str] = Field(description="Messages that are not sent any more.")


class EvidenceOut(BaseModel):
    """The evidence pack of an invoice."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "number": "2026-1",
                    "made_at": "2026-11-22T10:00:00Z",
                    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                    "manifest": {"invoice": "2026-1", "files": []},
                    "pdf": "JVBERi0=",
                }
            ]
        }
    )

    number: str
    made_at: datetime
    sha256: str = Field(description="Of the PDF.")
    manifest: dict[str, Any] = Field(description="Files attached to the PDF, each with its SHA-256.")
    pdf: str = Field(description="Base64.")


@router.post("/invoice-status", summary="Say what became of an invoice", responses={404: {}})
def say_invoice_status(request: Request, caller: Caller, given: InvoiceStatusIn) -> InvoiceStatusOut:
    """Write down that an invoice was paid, credited, cancelled or disputed; what has not left is not sent."""
    site = site_of(request)
    brand = _brand(site.installation, given.brand)
    with site.installation.engine.begin() as connection:
        invoice = invoices_of(connection, brand, [given.number]).get(given.number)
        if invoice is None:
            raise Refused(404, f"There is no invoice {given.number!r}.", field="number", value=given.number)
        cancelled = settle_one(
            connection,
            invoice,
            given.status,
            paid=given.amount,
            source=f"key:{caller.name}",
            external_id=given.id,
            now=site.clock(),
        )
        note(
            connection,
            actor=f"key:{caller.name}",
            action="invoice_status",
            subject=f"invoice:{invoice}",
            detail={"status": given.status},
        )
    return InvoiceStatusOut(number=given.number, status=given.status, cancelled=cancelled)


@router.get("/invoice-evidence", summary="The evidence pack of an invoice", responses={404: {}})
def read_invoice_evidence(
    request: Request, caller: Caller, number: Number, brand: Annotated[str | None, Query()] = None
) -> EvidenceOut:
    """Return one PDF: content, wishes and consents in force, attempts, receipts, and the hash of each file."""
    del caller
    site = site_of(request)
    now = site.clock()
    try:
        pack = evidence_pack(site.installation, number, brand_id=brand, now=now)
    except Problem as problem:
        raise Refused(404, problem.what, field="number", value=number) from problem
    return EvidenceOut(
        number=number,
        made_at=now,
        sha256=pack.sha256,
        manifest=dict(pack.manifest),
        pdf=base64.b64encode(pack.pdf).decode(),
    )


def _brand(installation: Any, brand: str | None) -> str:
    try:
        return str(installation.organisation.brand(brand).id)
    except Problem as problem:
        raise Refused(422, problem.what, field="brand", value=brand or "") from problem
