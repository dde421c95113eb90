"""What happened with customers elsewhere: as our own objects, or as CloudEvents 1.0 in any of its three modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store import touchpoints
from store.keys import Key
from store.offers import REDEEMED, withdraw
from store.touchpoints import Touchpoint
from web.auth import Caller
from web.problems import Refused, pointer, wrong_fields
from web.site import Site, site_of
from web.v1.cloud_events import CloudEvent, binary, place_of, read_event, values_of
from web.v1.strict import StrictRoute, load, must_be_json
from web.v1.whom import Instant

router = APIRouter(prefix="/v1", tags=["touchpoints"], route_class=StrictRoute)

MOST_TOUCHPOINTS = 5000
_EVENT = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"


class TouchpointIn(BaseModel):
    """One thing that happened with a customer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id": "order-4711",
                    "customer": "K-1",
                    "channel": "web",
                    "kind": "bought",
                    "at": "2026-11-21T09:30:00Z",
                    "detail": {"order": "4711"},
                }
            ]
        },
    )

    id: str = Field(
        min_length=1,
        max_length=200,
        validation_alias=AliasChoices("id", "external_id"),
        description="Unique in its source; sent twice, it is kept once. Also `external_id`.",
    )
    customer: str = Field(
        min_length=1,
        max_length=200,
        validation_alias=AliasChoices("customer", "reference"),
        description="The customer's reference. Also `reference`.",
    )
    customer_source: str = Field(default="", max_length=60, description="The system that gave the reference.")
    source: str = Field(
        default="", max_length=200, description="Who reports it; the key's name when left out."
    )
    channel: str = Field(min_length=1, max_length=40, description="A channel, or call, visit, web, payment.")
    kind: str = Field(
        min_length=1,
        max_length=60,
        description="opened, clicked, replied, paid, called, ...; `redeemed` with `offer` or `code` in its detail"
        " ends reminders of that offer.",
    )
    direction: str = Field(default="in", pattern="^(in|out)$")
    purpose: str = Field(default="", max_length=60)
    brand: str = Field(default="all", max_length=31)
    machine: bool = False
    message: UUID | None = None
    at: Instant | None = Field(default=None, description="With an offset; now when left out.")
    detail: dict[str, Any] = {}


class TouchpointsIn(BaseModel):
    """Many things that happened with customers."""

    model_config = ConfigDict(extra="forbid")

    touchpoints: list[TouchpointIn] = Field(min_length=1, max_length=MOST_TOUCHPOINTS)


class RecordedOut(BaseModel):
    """What became of the touchpoints of a request."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"received": 1, "recorded": 1, "known": 0, "problems": []}]}
    )

    received: int
    recorded: int
    known: int = Field(description="They had been sent before.")
    problems: list[dict[str, Any]] = Field(
        description="index, pointer, field, problem and value of each that was not taken."
    )


_FIELDS = frozenset(TouchpointIn.model_fields) | {"reference"}
_ONE = TypeAdapter(TouchpointIn)
_SCHEMA = {"$ref": "#/components/schemas/TouchpointIn"}
_CLOUD_SCHEMA = {"$ref": "#/components/schemas/CloudEvent"}


def _list_of(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": MOST_TOUCHPOINTS, "items": schema}


def _example(model: type[BaseModel]) -> Any:
    return model.model_json_schema()["examples"][0]


_NAMED = {"$ref": "#/components/schemas/TouchpointsIn"}
_BODIES = {
    "application/json": {
        "schema": {"anyOf": [_SCHEMA, _list_of(_SCHEMA), _NAMED]},
        "example": _example(TouchpointIn),
    },
    _EVENT: {"schema": _CLOUD_SCHEMA, "example": _example(CloudEvent)},
    _BATCH: {"schema": _list_of(_CLOUD_SCHEMA), "example": [_example(CloudEvent)]},
}


@router.post(
    "/touchpoints",
    response_model=RecordedOut,
    summary="Record what happened: one object, a list, {touchpoints: [...]}, or CloudEvents",
    openapi_extra={"requestBody": {"required": True, "content": _BODIES}},
)
async def record_touchpoints(request: Request, caller: Caller) -> Response:
    """Record touchpoints; one that is known by its id is left as it is. Good ones are kept when others are wrong.

    As CloudEvents: structured (`application/cloudevents+json`), binary (`ce-` headers, the data as JSON body), or a
    batch (`application/cloudevents-batch+json`).
    """
    must_be_json(request.headers, "")
    raw = await request.body()
    return await run_in_threadpool(_record, site_of(request), caller, raw, request.headers)


def _record(site: Site, caller: Key, raw: bytes, headers: Headers) -> Response:
    items, read, within = _items(raw, headers)
    if not 1 <= len(items) <= MOST_TOUCHPOINTS:
        raise Refused(422, f"Send 1 to {MOST_TOUCHPOINTS} touchpoints: one object, or a list of them.")
    good, problems = _read_each(items, read, within)
    with site.installation.engine.begin() as connection:
        found = touchpoints.customers_of(connection, [(one.customer, one.customer_source) for _, one in good])
        rows = []
        for (index, one), customers in zip(good, found, strict=True):
            if len(customers) == 1:
                rows.append(_touchpoint(one, customers[0], caller, site.clock()))
                continue
            why = "several customers; give customer_source" if customers else "there is no such customer"
            fault = {"field": "customer", "problem": why, "detail": why, "value": one.customer}
            problems.append(_located(index, within, {**_said(items[index], read), **fault}))
        recorded = touchpoints.record(connection, rows)
        if used := [row.customer for row in rows if row.kind == REDEEMED]:
            withdraw(connection, used, now=site.clock())
    if not rows:
        first = problems[0]
        detail = f"{first['field']}: {first['problem']} (value {first['value']!r})."
        raise Refused(422, detail, errors=problems, field=first["field"], value=first["value"])
    counts = {"received": len(items), "recorded": recorded, "known": len(rows) - recorded}
    return JSONResponse({**counts, "problems": sorted(problems, key=lambda one: one["index"])})


def _read_each(
    items: list[Any], read: Reader, within: list[str] | None
) -> tuple[list[tuple[int, TouchpointIn]], list[dict[str, Any]]]:
    """Return those that can be read, each with its place, and what is wrong with the others."""
    good: list[tuple[int, TouchpointIn]] = []
    problems: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        try:
            good.append((index, read(item)))
        except ValidationError as error:
            problems += [_located(index, within, one) for one in wrong_fields(error.errors())[1]]
        except Refused as refused:
            problems += [_located(index, within, one) for one in refused.more["errors"]]
    return good, problems


Reader = Callable[[Any], TouchpointIn]


def _items(raw: bytes, headers: Headers) -> tuple[list[Any], Reader, list[str] | None]:
    """Return what was sent, how each is read, and where in the body they stand (None: it is the only one)."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if "ce-specversion" in headers:
        return [binary(raw, headers)], _from_binary, None
    given = load(raw)
    if kind == _BATCH:
        if not isinstance(given, list):
            raise Refused(422, "A batch is a list of events.")
        return given, _from_event, []
    if kind == _EVENT:
        return [given], _from_event, None
    if isinstance(given, dict) and isinstance(given.get("touchpoints"), list):
        return given["touchpoints"], _from_ours, ["touchpoints"]
    if isinstance(given, list):
        return given, _from_ours, []
    return [given], _from_ours, None


def _from_ours(given: Any) -> TouchpointIn:
    return _ONE.validate_python(given)


def _from_event(given: Any) -> TouchpointIn:
    event = read_event(given)
    try:
        return _ONE.validate_python(values_of(event, _FIELDS))
    except ValidationError as error:
        _, told = wrong_fields(error.errors())
        errors = [{**one, "pointer": pointer(place_of(given, one["pointer"].split("/")[1:]))} for one in told]
        raise Refused(422, errors[0]["detail"], errors=errors) from error


def _from_binary(given: Any) -> TouchpointIn:
    try:
        return _from_event(given)
    except ValidationError as error:
        told = wrong_fields(error.errors())[1]
    except Refused as refused:
        told = refused.more["errors"]
    raise Refused(422, told[0]["detail"], errors=[_of_headers(one) for one in told])


def _of_headers(told: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with an event whose data are the body, and whose attributes are headers."""
    before, data, inside = told["pointer"].partition("/data")
    if data:
        return {**told, "pointer": before + inside}
    return {
        "parameter": told["pointer"].replace("#/", "ce-"),
        **{k: v for k, v in told.items() if k != "pointer"},
    }


def _said(item: Any, read: Reader) -> dict[str, str]:
    """Return where an item says whom it is about."""
    if read is _from_ours:
        return {"pointer": "#/reference" if "reference" in item else "#/customer"}
    place = {"pointer": pointer(place_of(item, ["customer"]))}
    return _of_headers(place) if read is _from_binary else place


def _located(index: int, within: list[str] | None, one: dict[str, Any]) -> dict[str, Any]:
    """Return a problem with its place in the whole body, where it is in the body."""
    if "pointer" not in one:
        return {"index": index, **one}
    inside = str(one.get("pointer", "#")).removeprefix("#")
    before = "#" if within is None else pointer([*within, index])
    return {"index": index, **one, "pointer": before + inside}


def _touchpoint(one: TouchpointIn, customer: int, caller: Key, now: datetime) -> Touchpoint:
    return Touchpoint(
        customer=customer,
        brand=one.brand,
        source=one.source or caller.name,
        external_id=one.id,
        direction=one.direction,
        channel=one.channel,
        kind=one.kind,
        purpose=one.purpose,
        machine=one.machine,
        message=str(one.message) if one.message else None,
        detail=one.detail,
        at=one.at or now,
    )
