"""Forgetting a customer (GDPR art. 17)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from store import listing
from web.auth import Caller
from web.problems import Refused
from web.site import site_of
from web.v1.runs import plain
from web.v1.strict import StrictRoute
from web.v1.whom import Because, Ref, Source, customer_of
from work.erase import erase_customer

router = APIRouter(prefix="/v1", tags=["erasure"], route_class=StrictRoute)


class ErasureIn(BaseModel):
    """Why a customer is forgotten."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"because": "asked for it on 2026-11-20, letter 812"}]},
    )

    because: Because


class ErasureOut(BaseModel):
    """What was forgotten, and what the law wants kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "erasure": 88,
                    "customer": 17,
                    "at": "2026-11-21T09:30:00Z",
                    "actor": "key:crm",
                    "because": "asked for it",
                    "erased": {"addresses": 2, "references": 1},
                    "kept_invoices": 3,
                }
            ]
        }
    )

    erasure: int
    customer: int
    at: datetime
    actor: str
    because: str
    erased: dict[str, int] = Field(description="Rows by what they were.")
    kept_invoices: int


@router.post(
    "/customers/{ref}/erasure",
    status_code=202,
    response_model=ErasureOut,
    summary="Forget a customer",
)
def erase(request: Request, caller: Caller, ref: Ref, body: ErasureIn, source: Source = "") -> Response:
    """Remove what is personal, cancel what is planned, and keep digests so that nothing is sent there again."""
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
        erase_customer(
            connection, customer, actor=f"key:{caller.name}", because=body.because, now=site.clock()
        )
        number = listing.last_audited(connection, "erase", f"customer:{customer}")
        found = _read(connection, number)
    answer = plain(found)
    answer.status_code = 202
    answer.headers["Location"] = f"/v1/erasures/{number}"
    return answer


@router.get("/erasures/{id}", response_model=ErasureOut, summary="What an erasure removed")
def read_erasure(
    request: Request, caller: Caller, number: Annotated[int, InPath(alias="id", ge=1, le=2**63 - 1)]
) -> Response:
    """Return who was forgotten by whom, why, and what stays because the law wants it."""
    del caller
    with site_of(request).reading.connect() as connection:
        return plain(_read(connection, number))


def _read(connection: Connection, number: int) -> dict[str, object]:
    row = listing.audited(connection, number, "erase")
    if row is None:
        raise Refused(404, f"There is no erasure {number}.", field="id", value=str(number))
    counts = {key: value for key, value in row.detail.items() if key != "because"}
    kept = counts.pop("kept_invoices", 0)
    return {
        "erasure": row.id,
        "customer": int(row.subject.removeprefix("customer:")),
        "at": row.at,
        "actor": row.actor,
        "because": row.detail.get("because", ""),
        "erased": counts,
        "kept_invoices": kept,
    }
