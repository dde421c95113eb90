"""Campaigns: started with the values of a campaign file, and read."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from starlette.requests import Request
from starlette.responses import Response

from store import listing
from tidings.campaign import Campaign
from web.auth import Caller
from web.idempotency import IdempotencyKey, Reply, once
from web.problems import Refused
from web.site import site_of
from web.v1.paging import Page, Part
from web.v1.runs import RunOut, StartedOut, started
from web.v1.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["campaigns"], route_class=StrictRoute)

EXAMPLE: JsonDict = {
    "name": "autumn-offer",
    "edition": "2026",
    "title": "Autumn offer",
    "topic": "offer",
    "template": "offer/autumn",
    "audience": {"all": [{"field": "country", "op": "in", "value": ["NO", "SE"]}]},
    "channels": ["email", "sms"],
    "schedule": {"start": "2026-12-01T09:00:00", "zone": "Europe/Oslo"},
    "fallback_after": {"email": "P3D"},
    "data": {
        "code": "LYS25",
        "discount": 25,
        "price": "66.75",
        "currency": "EUR",
        "valid_until": "2027-11-30",
    },
}
_NAME = Annotated[str, InPath(max_length=61)]


class CampaignOut(BaseModel):
    """One edition of a campaign."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "autumn-offer",
                    "edition": "2026",
                    "brand": "nordlys",
                    "definition": EXAMPLE,
                    "created_by": "key:crm",
                    "starts_at": None,
                    "created_at": "2026-11-20T15:00:00Z",
                }
            ]
        }
    )

    name: str
    edition: str
    brand: str
    definition: dict[str, Any] = Field(description="The values of its file.")
    created_by: str
    starts_at: datetime | None
    created_at: datetime


class CampaignWithRuns(CampaignOut):
    """One edition with its runs, the newest first."""

    runs: list[RunOut]


@router.post(
    "/campaigns",
    status_code=202,
    response_model=StartedOut,
    summary="Start or schedule a campaign",
    responses={409: {}},
    openapi_extra={"requestBody": {"content": {"application/json": {"example": EXAMPLE}}}},
)
def start_campaign(
    request: Request, caller: Caller, campaign: Campaign, key: IdempotencyKey = ""
) -> Response:
    """Take in a campaign, the same values as its TOML file. With a start in the future it starts then."""
    del key
    canonical = json.dumps(campaign.model_dump(mode="json"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()

    def start() -> Reply:
        site = site_of(request)
        return started(
            site.wiring.start_campaign(
                site.installation, site.policy, campaign, f"key:{caller.name}", site.clock()
            )
        )

    return once(request, caller, f"campaigns {digest}", start)


@router.get("/campaigns", summary="Campaigns, the newest edition first")
def list_campaigns(request: Request, caller: Caller, part: Part) -> Page[CampaignOut]:
    """Return every edition with the values of its file."""
    del caller
    with site_of(request).reading.connect() as connection:
        rows = listing.campaigns(connection, after=part.after, limit=part.most)
    return part.page(
        rows, lambda row: (row.id,), lambda row: CampaignOut.model_validate(row, from_attributes=True)
    )


@router.get("/campaigns/{name}/{edition}", summary="One edition of a campaign")
def read_campaign(request: Request, caller: Caller, name: _NAME, edition: _NAME) -> CampaignWithRuns:
    """Return an edition and its runs."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = listing.campaign(connection, name, edition)
        if found is None:
            raise Refused(404, f"There is no campaign {name!r}, edition {edition!r}.", field="name")
        rows = listing.runs(connection, kinds=["campaign"], campaign=found.id, after=None, limit=200)
    runs = [RunOut.model_validate(row, from_attributes=True) for row in rows]
    return CampaignWithRuns(**CampaignOut.model_validate(found, from_attributes=True).model_dump(), runs=runs)
