"""Endpoints that hear of events (Standard Webhooks), and the events themselves, to be fetched instead."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from store import events
from store.webhooks import registered
from tidings.problem import Problem
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import site_of
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.whom import Instant
from work import webhooks

router = APIRouter(prefix="/v1", tags=["webhooks"], route_class=StrictRoute)

_Name = Annotated[str, InPath(max_length=60)]
_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 -- the example of the standard


class WebhookIn(BaseModel):
    """An endpoint of yours."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "crm",
                    "url": "https://crm.example.com/tidings",
                    "events": ["message.failed", "preference.changed"],
                }
            ]
        },
    )

    name: str = Field(min_length=1, max_length=60)
    url: str = Field(min_length=1, max_length=2000, description="https, on the internet.")
    events: list[str] = Field(
        default=[], max_length=100, description=f"None: all. Known: {', '.join(events.KINDS)}."
    )
    personal: bool = Field(
        default=False, description="Send the customer's name and references beside the ids."
    )


class WebhookOut(BaseModel):
    """An endpoint, without its secret."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "crm",
                    "url": "https://crm.example.com/tidings",
                    "events": ["message.failed"],
                    "personal": False,
                    "created_at": "2026-11-21T09:30:00Z",
                    "failing_since": None,
                    "disabled_at": None,
                    "disabled_because": "",
                }
            ]
        }
    )

    name: str
    url: str
    events: list[str]
    personal: bool
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None = Field(description="Called no more; a replay enables it.")
    disabled_because: str


class Webhooks(BaseModel):
    """All endpoints."""

    items: list[WebhookOut]


class SecretOut(BaseModel):
    """What an endpoint checks signatures with; shown this once."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "crm", "secret": _SECRET}]})

    name: str
    secret: str


class ReplayIn(BaseModel):
    """What an endpoint shall hear of again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"since": "2026-11-21T09:00:00Z"}]}
    )

    since: Instant | None = None
    events: list[str] = Field(default=[], max_length=1000, description="Their `webhook-id`: `evt_17`.")


class ReplayedOut(BaseModel):
    """Of how many events an endpoint hears again."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": 12}]})

    events: int


class EventOut(BaseModel):
    """Something that happened, in ids."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "evt_17",
                    "type": "message.sent",
                    "timestamp": "2026-11-21T09:30:00+00:00",
                    "data": {"customer": "id:17", "message": "01932b1e-0000-7000-8000-000000000000"},
                }
            ]
        }
    )

    id: str
    type: str
    timestamp: datetime
    data: dict[str, Any]


@router.get("/webhooks", summary="The endpoints that hear of events")
def list_webhooks(request: Request, caller: Caller) -> Webhooks:
    """Return them by name, and since when one fails."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = registered(connection)
    return Webhooks(items=[WebhookOut(**webhooks.as_json(one)) for one in found])


@router.post("/webhooks", status_code=201, summary="Let an endpoint hear of events", responses={409: {}})
def add_webhook(request: Request, caller: Caller, body: WebhookIn) -> SecretOut:
    """Register an endpoint from now on; the answer has its secret, this once."""
    site = site_of(request)
    try:
        secret = webhooks.add(
            site.installation,
            name=body.name,
            url=body.url,
            kinds=body.events,
            personal=body.personal,
            actor=f"key:{caller.name}",
            now=site.clock(),
        )
    except Problem as error:
        field = "url" if "called" in error.what else "events" if "event" in error.what else "name"
        raise wrong(str(error), field, value=getattr(body, field)) from error
    return SecretOut(name=body.name.strip(), secret=secret)


@router.delete("/webhooks/{name}", status_code=204, summary="Remove an endpoint")
def remove_webhook(request: Request, caller: Caller, name: _Name) -> None:
    """Forget it, with what it has not heard."""
    try:
        webhooks.remove(site_of(request).installation, name, actor=f"key:{caller.name}")
    except Problem as error:
        raise _unknown(error, name) from error


@router.post("/webhooks/{name}/rotate", summary="Give an endpoint a new secret")
def rotate_webhook(request: Request, caller: Caller, name: _Name) -> SecretOut:
    """Sign with the new one, and for a day with the old one as well."""
    site = site_of(request)
    try:
        secret = webhooks.rotate(site.installation, name, actor=f"key:{caller.name}", now=site.clock())
    except Problem as error:
        raise _unknown(error, name) from error
    return SecretOut(name=name, secret=secret)


@router.post("/webhooks/{name}/replay", status_code=202, summary="Let an endpoint hear again")
def replay_webhook(request: Request, caller: Caller, name: _Name, body: ReplayIn) -> ReplayedOut:
    """Call it with what happened since a moment, or with these events; a disabled one is enabled. Kept for 30 days."""
    site = site_of(request)
    if body.since is None and not body.events:
        raise wrong("say since when, or which events", "since")
    try:
        ids = [webhooks.number_of(one) for one in body.events]
    except Problem as error:
        raise wrong(str(error), "events") from error
    try:
        count = webhooks.replay(
            site.installation,
            name,
            since=body.since,
            ids=ids,
            actor=f"key:{caller.name}",
            now=site.clock(),
        )
    except Problem as error:
        raise _unknown(error, name) from error
    return ReplayedOut(events=count)


@router.get("/events", summary="What happened, oldest first")
def list_events(
    request: Request,
    caller: Caller,
    part: Part,
    kind: Annotated[list[str], Query(alias="type", max_length=100, description="Only these kinds.")] = (),  # type: ignore[assignment]
) -> Page[EventOut]:
    """Return events of the last 30 days, for systems that cannot be called.

    They are written while an endpoint is registered.
    """
    del caller
    after = (int(part.after[0]), int(part.after[1])) if part.after else None
    with site_of(request).reading.connect() as connection:
        rows = events.listed(connection, after=after, kinds=kind, limit=part.most)
    return part.page(
        rows,
        lambda row: (row.transaction, row.id),
        lambda row: EventOut(
            id=webhooks.event_id(row.id), **webhooks.payload(row.kind, row.at, row.customer_id, row.data)
        ),
    )


def _unknown(error: Problem, name: str) -> Refused:
    return Refused(404, str(error), field="name", value=name)
