"""A customer's data, all of it, for the customer (GDPR art. 15 and 20)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from store import exports
from store.audit import note
from store.export import everything
from store.persons import members
from web.auth import Caller
from web.problems import Refused
from web.site import site_of
from web.v1.runs import plain
from web.v1.strict import StrictRoute
from web.v1.whom import Ref, Source, customer_of

router = APIRouter(prefix="/v1", tags=["exports"], route_class=StrictRoute)

LIFE = timedelta(days=7)
_ID = "4f0c3a52-0000-4000-8000-000000000000"


class ExportAsked(BaseModel):
    """An export that can be fetched."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"export": _ID, "state": "done", "expires_at": "2026-11-28T09:30:00Z"}]
        }
    )

    export: str
    state: str = Field(description="`done`: it can be fetched at once.")
    expires_at: datetime


class ExportOut(ExportAsked):
    """Everything that is held about a customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "export": _ID,
                    "state": "done",
                    "expires_at": "2026-11-28T09:30:00Z",
                    "requested_by": "key:crm",
                    "requested_at": "2026-11-21T09:30:00Z",
                    "data": {"customer": [{"id": 17, "first_name": "Ada"}], "addresses": []},
                }
            ]
        }
    )

    requested_by: str
    requested_at: datetime
    data: dict[str, list[dict[str, Any]]] = Field(
        description="By what it is: customer, addresses, consents, statements, messages, invoices, touchpoints, ..."
    )


@router.post(
    "/customers/{ref}/exports",
    status_code=202,
    response_model=ExportAsked,
    summary="Ask for a customer's data",
)
def ask_for_export(request: Request, caller: Caller, ref: Ref, source: Source = "") -> Response:
    """Make an export that can be fetched for seven days; who asked stands in the audit."""
    site = site_of(request)
    now = site.clock()
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
        export = exports.ask(connection, customer, by=f"key:{caller.name}", now=now, until=now + LIFE)
        note(
            connection,
            actor=f"key:{caller.name}",
            action="export",
            subject=f"customer:{customer}",
            detail={"export": export},
        )
    answer = plain({"export": export, "state": "done", "expires_at": now + LIFE})
    answer.status_code = 202
    answer.headers["Location"] = f"/v1/exports/{export}"
    return answer


@router.get("/exports/{id}", response_model=ExportOut, summary="A customer's data", responses={410: {}})
def read_export(request: Request, caller: Caller, export: Annotated[UUID, InPath(alias="id")]) -> Response:
    """Return what is held now; nothing is copied, so that an erasure leaves nothing behind here."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        found = exports.find(connection, str(export))
        if found is None:
            raise Refused(404, f"There is no export {export}.", field="id", value=str(export))
        if found.expires_at <= site.clock():
            raise Refused(410, f"Export {export} has expired; ask for a new one.", field="id")
        data = everything(connection, members(connection, found.customer_id))
    return plain(
        {
            "export": found.id,
            "state": "done",
            "expires_at": found.expires_at,
            "requested_by": found.requested_by,
            "requested_at": found.requested_at,
            "data": data,
        }
    )
