"""Segments: rules that select customers, saved under a name, and counted."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from starlette.requests import Request

from store import segments as stored
from tidings.problem import Problem
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import site_of
from web.v1.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["segments"], route_class=StrictRoute)

_Name = Annotated[str, InPath(max_length=61, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_RULE: JsonDict = {"all": [{"field": "country", "op": "in", "value": ["NO", "SE"]}, {"has": "email"}]}


class SegmentIn(BaseModel):
    """A rule and what people call it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Garden in Scandinavia", "rule": _RULE}]}
    )

    title: str = Field(default="", max_length=200)
    rule: dict[str, Any] = Field(description="As the audience of a campaign.")


class RuleIn(BaseModel):
    """A rule to count."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"rule": _RULE}]})

    rule: dict[str, Any] = Field(description="As the audience of a campaign.")


class SegmentOut(BaseModel):
    """A saved rule: its newest version."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "garden",
                    "version": 2,
                    "title": "Garden in Scandinavia",
                    "rule": _RULE,
                    "created_by": "key:crm",
                    "created_at": "2026-11-21T09:30:00Z",
                }
            ]
        }
    )

    name: str
    version: int
    title: str
    rule: dict[str, Any]
    created_by: str
    created_at: datetime


class Segments(BaseModel):
    """All segments."""

    items: list[SegmentOut]


class CountOut(BaseModel):
    """How many customers a rule selects now."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"customers": 812}]})

    customers: int


@router.get("/segments", summary="Saved segments")
def list_segments(request: Request, caller: Caller) -> Segments:
    """Return the newest version of each, by name."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = stored.all_segments(connection)
    return Segments(items=[SegmentOut.model_validate(one, from_attributes=True) for one in found])


@router.get("/segments/{name}", summary="A saved segment")
def read_segment(request: Request, caller: Caller, name: _Name) -> SegmentOut:
    """Return its newest version."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = stored.newest(connection, name)
    if found is None:
        raise Refused(404, f"There is no segment {name!r}.", field="name", value=name)
    return SegmentOut.model_validate(found, from_attributes=True)


@router.put("/segments/{name}", summary="Save a segment")
def save_segment(request: Request, caller: Caller, name: _Name, body: SegmentIn) -> SegmentOut:
    """Save the rule as the next version; what says the same as the newest stays that version."""
    from work import segments

    site = site_of(request)
    engine = site.installation.engine
    with engine.begin() as connection:
        try:
            segments.save(
                segments.Reading(connection=connection, engine=engine),
                name=name,
                title=body.title,
                rule=segments.parse_rule(body.rule),
                actor=f"key:{caller.name}",
                now=site.clock(),
            )
        except Problem as error:
            raise wrong(str(error), "rule") from error
        found = stored.newest(connection, name)
    return SegmentOut.model_validate(found, from_attributes=True)


@router.post("/segments/count", summary="How many customers a rule selects")
def count_segment(request: Request, caller: Caller, body: RuleIn) -> CountOut:
    """Count now; nothing is saved."""
    del caller
    from work import segments

    site = site_of(request)
    engine = site.installation.engine
    with engine.begin() as connection:
        reading = segments.Reading(connection=connection, engine=engine)
        try:
            found = segments.count(reading, segments.parse_rule(body.rule), now=site.clock())
        except Problem as error:
            raise wrong(str(error), "rule") from error
    return CountOut(customers=found)
