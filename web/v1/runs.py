"""Runs of both kinds: how far they are, and paused, resumed or stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store import listing
from store.keys import Key
from tidings.problem import Problem
from tidings.role import Role
from web.auth import Caller
from web.idempotency import Reply
from web.problems import Refused
from web.site import site_of
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.whom import Because
from web.wiring import Started

router = APIRouter(prefix="/v1", tags=["runs"], route_class=StrictRoute)

RunId = Annotated[str, InPath(alias="id", max_length=200, description="As the list of runs has it.")]
_REPORT: JsonDict = {
    "run": "autumn-2026",
    "state": "finished",
    "audience": 3,
    "planned": {"email": 2},
    "held": {"no_consent": 1},
    "sent": {"email": 2},
    "failed": {},
    "unknown": 0,
    "waiting": {},
    "cost": {"currency": "EUR", "total": "0.01", "channels": {"email": "0.0004"}},
    "saved": {"letters": 0, "amount": "0.00", "channels": {}, "because": {}},
}
_NOTHING_SAVED = {"saved": _REPORT["saved"]}


class StartedOut(BaseModel):
    """A run that is on its way."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"run": "autumn-2026", "repeats": None, "report": "/v1/runs/autumn-2026"}]
        }
    )

    run: str
    repeats: str | None = Field(description="The run that sent this already; nothing is left to do.")
    report: str = Field(description="Where to see how far it is.")


class ReportOut(BaseModel):
    """How far a run is: audience = planned + held, planned = sent + failed + unknown + waiting."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [_REPORT]})

    run: str
    state: str = Field(description="As the list of runs has it: `finished` and `stopped` are the end.")
    audience: int
    planned: dict[str, int] = Field(description="By first choice.")
    held: dict[str, int] = Field(description="By reason.")
    sent: dict[str, int] = Field(description="By the channel that took it.")
    failed: dict[str, int]
    unknown: int
    waiting: dict[str, int]
    cost: dict[str, Any]
    saved: dict[str, Any] = Field(
        description="Letters that did not leave, because the message before was answered."
    )
    co_mailed: dict[str, Any] | None = Field(
        default=None,
        description="`letters` in the envelope of another one, and the postage saved (`amount`); where there are any.",
    )
    in_full: dict[str, dict[str, int]] | None = Field(
        default=None,
        description="Letters and invoices laid out one by one instead of filled in, by cause; where there are any.",
    )


class RunOut(BaseModel):
    """A run in a list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "run": "autumn-2026",
                    "kind": "campaign",
                    "brand": "nordlys",
                    "title": "Autumn offer",
                    "purpose": "offer",
                    "mode": "live",
                    "state": "finished",
                    "audience": 1200,
                    "already_sent": 0,
                    "requested_by": "key:crm",
                    "released_by": None,
                    "repeats": None,
                    "starts_at": "2026-11-21T09:00:00Z",
                    "created_at": "2026-11-20T15:00:00Z",
                    "finished_at": "2026-11-21T09:04:00Z",
                }
            ]
        }
    )

    run: str
    kind: str
    brand: str
    title: str
    purpose: str
    mode: str
    state: str
    audience: int
    already_sent: int
    requested_by: str
    released_by: str | None
    repeats: str | None
    starts_at: datetime
    created_at: datetime
    finished_at: datetime | None


class ActionIn(BaseModel):
    """Why somebody steps in."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"because": "wrong price in the offer"}]}
    )

    because: Because


class ChangedOut(BaseModel):
    """What became of a run."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"run": "autumn-2026", "state": "stopped", "cancelled": 812}]}
    )

    run: str
    state: str
    cancelled: int = Field(description="Messages that will not be sent any more.")


class Action(StrEnum):
    """What can be done to a run; releasing needs a person."""

    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


def started(run: Started) -> Reply:
    """Return the answer for a run that was started, with where to look for it."""
    where = f"/v1/runs/{run.run}"
    return Reply(status=202, body={"run": run.run, "repeats": run.repeats, "report": where}, location=where)


def kinds_of(caller: Key) -> tuple[str, ...]:
    """Return the kinds of runs that a key has to do with: billing has no offers, marketing no invoices."""
    match caller.role:
        case Role.MARKETING:
            return ("campaign",)
        case Role.BILLING:
            return ("invoice_run",)
    return ("campaign", "invoice_run")


@router.get("/runs", summary="Runs, the newest first")
def list_runs(request: Request, caller: Caller, part: Part) -> Page[RunOut]:
    """Return campaigns' and invoice runs; a marketing key sees the ones, a billing key the others."""
    with site_of(request).reading.connect() as connection:
        rows = listing.runs(connection, kinds=kinds_of(caller), after=part.after, limit=part.most)
    return run_page(part, rows, RunOut.model_validate)


def run_page(part: Part, rows: listing.Rows, shape: Callable[..., Any]) -> Page[Any]:
    """Return runs as a page."""
    return part.page(
        rows,
        lambda row: (row.created_at.isoformat(), row.run),
        lambda row: shape(row, from_attributes=True),
    )


@router.get("/runs/{id}", summary="The report of a run", response_model=ReportOut)
def read_run(request: Request, caller: Caller, run: RunId) -> Response:
    """Return state, audience, planned, held, sent, failed, unknown, waiting and cost; the sums always agree."""
    site = site_of(request)
    with site.reading.connect() as connection:
        known = listing.run(connection, run)
        if known is not None and known.kind not in kinds_of(caller):
            raise Refused(404, f"There is no run {run!r} of yours.", field="id", value=run)
        try:
            found = _NOTHING_SAVED | dict(site.wiring.report(connection, run))
        except Problem as error:
            raise Refused(404, str(error), field="id", value=run) from error
    return plain({**found, "state": known.state if known else ""})


@router.post("/runs/{id}/{action}", summary="Pause, resume or stop a run", responses={409: {}})
def change_run(request: Request, caller: Caller, run: RunId, action: Action, body: ActionIn) -> ChangedOut:
    """Every worker heeds it within a second. What is handed over already cannot be taken back."""
    from work.control import ACTIONS

    site = site_of(request)
    with site.installation.engine.begin() as connection:
        found = listing.run(connection, run)
        if found is None or found.kind not in kinds_of(caller):
            raise Refused(404, f"There is no run {run!r} of yours.", field="id", value=run)
        try:
            changed = ACTIONS[action](connection, run, by=f"key:{caller.name}", because=body.because)
        except Problem as error:
            raise Refused(409, str(error), field="id", value=run) from error
    return ChangedOut(run=changed.run, state=changed.state, cancelled=changed.cancelled)


def plain(value: Mapping[str, Any]) -> Response:
    """Return a value of `work` as JSON: instants in ISO 8601, all else that JSON lacks as text."""
    body = json.dumps(value, ensure_ascii=False, default=_text)
    return JSONResponse(json.loads(body))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
