"""Rehearsals: a campaign on a simulated clock, asked for and read; and a run against its rehearsal."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from store import rehearsals as stored
from tidings.campaign import Campaign
from tidings.problem import Problem
from web.auth import Caller
from web.idempotency import IdempotencyKey, Reply, once
from web.problems import Refused
from web.site import site_of
from web.v1.campaigns import EXAMPLE
from web.v1.runs import RunId, plain
from web.v1.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["campaigns"], route_class=StrictRoute)
_ID = Annotated[str, InPath(alias="id", max_length=200, description="As the answer to the question has it.")]


class AskedOut(BaseModel):
    """A rehearsal that is worked through, within seconds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rehearsal": "rehearsal-autumn-offer-2026-1f0c93ab",
                    "result": "/v1/campaigns/rehearsals/rehearsal-autumn-offer-2026-1f0c93ab",
                }
            ]
        }
    )

    rehearsal: str
    result: str = Field(description="Where to read what it came to.")


class RehearsalOut(BaseModel):
    """A rehearsal and, once it is done, what it came to."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rehearsal": "rehearsal-autumn-offer-2026-1f0c93ab",
                    "campaign": "autumn-offer",
                    "edition": "2026",
                    "state": "done",
                    "seed": 0,
                    "requested_by": "key:crm",
                    "known_at": "2026-11-20T15:00:00Z",
                    "until": "2027-01-04T15:00:00Z",
                    "result": {"audience": 3, "planned": {"email": 2}, "held": {"no_consent": 1}},
                }
            ]
        }
    )

    rehearsal: str
    campaign: str
    edition: str
    state: str = Field(description="waiting, done or failed.")
    seed: int
    requested_by: str
    known_at: datetime
    until: datetime
    result: dict[str, Any] = Field(
        description="As `tidings campaign rehearse --json`; `problem` when it failed."
    )


class RehearsalsOut(BaseModel):
    """The newest rehearsals."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": []}]})

    items: list[RehearsalOut]


class ComparisonOut(BaseModel):
    """What was rehearsed against what happened."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "run": "autumn-offer-2026",
                    "rehearsal": "rehearsal-autumn-offer-2026-1f0c93ab",
                    "policy_changed": False,
                    "customers": 3,
                    "same": 2,
                    "other": 1,
                    "channels": {"email": {"rehearsed": 3, "happened": 2}},
                    "held": {},
                    "causes": [
                        {
                            "cause": "statement_changed",
                            "rehearsed": "email",
                            "happened": "sms",
                            "customers": 1,
                        }
                    ],
                    "people": [],
                }
            ]
        },
    )

    run: str
    rehearsal: str
    policy_changed: bool
    customers: int
    same: int
    other: int
    channels: dict[str, dict[str, int]]
    held: dict[str, dict[str, int]]
    causes: list[dict[str, Any]]
    people: list[dict[str, Any]] = Field(description="Every customer who went another way.")


@router.post(
    "/campaigns/rehearsals",
    status_code=202,
    response_model=AskedOut,
    summary="Rehearse a campaign on a simulated clock",
    responses={409: {}},
    openapi_extra={"requestBody": {"content": {"application/json": {"example": EXAMPLE}}}},
)
def ask_rehearsal(
    request: Request,
    caller: Caller,
    campaign: Campaign,
    until: Annotated[
        datetime | None, Query(description="Where the clock ends; 45 days after the start.")
    ] = None,
    seed: Annotated[int, Query(ge=0, lt=2**62, description="Of chance.")] = 0,
    key: IdempotencyKey = "",
) -> Response:
    """Take in a campaign, the same values as its TOML file; nothing is sent and nothing changes."""
    del key
    question = [campaign.model_dump(mode="json"), str(until), seed]
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()
    ends = until if until is None or until.tzinfo else until.replace(tzinfo=UTC)

    def start() -> Reply:
        site = site_of(request)
        rehearsal = site.wiring.ask_rehearsal(
            site.installation, campaign, ends, seed, f"key:{caller.name}", site.clock()
        )
        where = f"/v1/campaigns/rehearsals/{rehearsal}"
        return Reply(status=202, body={"rehearsal": rehearsal, "result": where}, location=where)

    return once(request, caller, f"rehearsals {digest}", start)


@router.get("/campaigns/rehearsals", summary="The newest rehearsals")
def list_rehearsals(request: Request, caller: Caller) -> RehearsalsOut:
    """Return the 50 newest."""
    del caller
    with site_of(request).reading.connect() as connection:
        rows = stored.page_of_rehearsals(connection, limit=50)
    return RehearsalsOut(items=[_out(row) for row in rows])


@router.get("/campaigns/rehearsals/{id}", summary="What a rehearsal came to")
def read_rehearsal(request: Request, caller: Caller, rehearsal: _ID) -> RehearsalOut:
    """Return its state and its result."""
    del caller
    with site_of(request).reading.connect() as connection:
        row = stored.find_rehearsal(connection, rehearsal)
    if row is None:
        raise Refused(404, f"There is no rehearsal {rehearsal!r}.", field="id", value=rehearsal)
    return _out(row)


@router.get("/runs/{id}/comparison", summary="A run against its rehearsal", response_model=ComparisonOut)
def compare_run(request: Request, caller: Caller, run: RunId) -> Response:
    """Return what was rehearsed against what happened, by cause and customer by customer."""
    from work.compare import compare

    del caller
    try:
        return plain(compare(site_of(request).installation, run))
    except Problem as error:
        raise Refused(404, str(error), field="id", value=run) from error


def _out(row: Any) -> RehearsalOut:
    return RehearsalOut(
        rehearsal=row.id,
        campaign=row.name,
        edition=row.edition,
        state=row.state,
        seed=row.seed,
        requested_by=row.requested_by,
        known_at=row.known_at,
        until=row.until_at,
        result=row.result,
    )
