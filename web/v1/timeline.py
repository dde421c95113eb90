"""Everything that happened with one customer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from web.auth import Caller
from web.site import site_of
from web.v1.runs import plain
from web.v1.strict import StrictRoute
from web.v1.whom import Instant, Ref, Source, customer_of

router = APIRouter(prefix="/v1/customers/{ref}", tags=["timeline"], route_class=StrictRoute)


class EntryOut(BaseModel):
    """One thing that happened."""

    at: datetime
    kind: str
    channel: str
    direction: str = Field(description="`in` from the customer, `out` from us, '' for our own books.")
    title: str
    message: str | None
    evidence: dict[str, Any]


class TimelineOut(BaseModel):
    """A customer's history."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "timeline": [
                        {
                            "at": "2026-11-21T09:30:00Z",
                            "kind": "clicked",
                            "channel": "email",
                            "direction": "in",
                            "title": "Clicked: offer by email",
                            "message": "01932b1e-0000-7000-8000-000000000000",
                            "evidence": {"purpose": "offer"},
                        }
                    ],
                }
            ]
        }
    )

    customer: str
    timeline: list[EntryOut]


@router.get("/timeline", response_model=TimelineOut, summary="Everything that happened with a customer")
def read_timeline(
    request: Request,
    caller: Caller,
    ref: Ref,
    source: Source = "",
    since: Annotated[Instant | None, Query(description="Only what happened then or later.")] = None,
) -> Response:
    """Return all channels, both directions, oldest first, as `tidings timeline` orders them."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        found = site.wiring.timeline(connection, customer_of(connection, ref, source))
    entries = [entry for entry in found if since is None or _at(entry) >= since]
    return plain({"customer": ref, "timeline": entries})


def _at(entry: Any) -> datetime:
    at: datetime = entry["at"]
    return at
