"""`/v1`: the doors for the organisation's own systems. Every route and its roles stand in `web.auth.ROLES`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store import devices, touchpoints
from store.customers import find
from store.keys import Key
from store.touchpoints import Touchpoint
from tidings.campaign import Campaign
from tidings.problem import Problem
from web.auth import Caller
from web.idempotency import Reply, once
from web.problems import Refused, wrong_fields
from web.site import Site, site_of
from web.wiring import Billing, Started

router = APIRouter(prefix="/v1")

MOST_TOUCHPOINTS = 5000
_TOKEN = 4096


class InvoicesIn(BaseModel):
    """Documents of a billing run."""

    model_config = ConfigDict(extra="forbid")

    invoices: list[dict[str, Any]] = Field(min_length=1, description="Each as tidings.invoice.Invoice.")
    brand: str | None = None
    source: str = Field(default="", description="The system whose customer references are used.")


class TouchpointIn(BaseModel):
    """One thing that happened with a customer."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(
        min_length=1,
        max_length=200,
        validation_alias=AliasChoices("id", "external_id"),
        description="Unique in its source; sent twice, it is kept once.",
    )
    customer: str = Field(
        min_length=1,
        max_length=200,
        validation_alias=AliasChoices("customer", "reference"),
        description="The customer's reference.",
    )
    customer_source: str = Field(default="", max_length=60, description="The system that gave the reference.")
    source: str = Field(
        default="", max_length=60, description="Who reports it; the key's name when left out."
    )
    channel: str = Field(min_length=1, max_length=40, description="A channel, or call, visit, web, payment.")
    kind: str = Field(min_length=1, max_length=60, description="opened, clicked, replied, paid, called, ...")
    direction: str = Field(default="in", pattern="^(in|out)$")
    purpose: str = Field(default="", max_length=60)
    brand: str = Field(default="all", max_length=31)
    machine: bool = False
    message: UUID | None = None
    at: AwareDatetime | None = Field(default=None, description="With an offset; now when left out.")
    detail: dict[str, Any] = {}


class DeviceIn(BaseModel):
    """A device with our app."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=1, max_length=_TOKEN, pattern=r"^[\x21-\x7e]+$")
    platform: str = Field(pattern="^(apns|fcm|web)$")


_ONE = TypeAdapter(TouchpointIn)
_INVOICES = TypeAdapter(InvoicesIn)


def _body(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": schema}}


@router.post(
    "/invoice-runs",
    status_code=202,
    summary="Send the invoices of a billing run",
    openapi_extra=_body(
        {
            "application/json": {"schema": InvoicesIn.model_json_schema()},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "mapping": {"type": "string", "format": "binary"},
                        "source": {"type": "string"},
                        "brand": {"type": "string"},
                    },
                }
            },
        }
    ),
)
async def invoice_runs(request: Request, caller: Caller) -> Response:
    """Take in documents as JSON, or a file with its mapping (multipart), as `tidings invoices run` reads them.

    Wrong documents are held and named in the run's report; the others go on.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind == "multipart/form-data":
        billing, digest = await _uploaded(request)
    else:
        raw = await request.body()
        given = await run_in_threadpool(_parse, _INVOICES, raw)
        digest = hashlib.sha256(raw).hexdigest()
        billing = Billing(documents=given.invoices, source=given.source, brand=given.brand)

    def start() -> Reply:
        site = site_of(request)
        return _started(
            site.wiring.start_invoices(
                site.installation, site.policy, billing, f"key:{caller.name}", site.clock()
            )
        )

    return await run_in_threadpool(once, request, caller, f"invoice-runs {digest}", start)


@router.post("/campaigns", status_code=202, summary="Start or schedule a campaign")
def campaigns(request: Request, caller: Caller, campaign: Campaign) -> Response:
    """Take in a campaign, the same values as its TOML file. With a start in the future it starts then."""
    canonical = json.dumps(campaign.model_dump(mode="json"), sort_keys=True)
    digest = hashlib.sha256(canonical.encode()).hexdigest()

    def start() -> Reply:
        site = site_of(request)
        return _started(
            site.wiring.start_campaign(
                site.installation, site.policy, campaign, f"key:{caller.name}", site.clock()
            )
        )

    return once(request, caller, f"campaigns {digest}", start)


@router.get("/runs/{id}", summary="The report of a run")
def runs(request: Request, caller: Caller, run: Annotated[str, InPath(alias="id")]) -> Response:
    """Return audience, planned, held, sent, failed, unknown, waiting and cost; the sums always agree."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        try:
            found = site.wiring.report(connection, run)
        except Problem as error:
            raise Refused(404, str(error), field="id", value=run) from error
    return _json(found)


@router.get("/customers/{ref}/timeline", summary="Everything that happened with a customer")
def timeline(request: Request, caller: Caller, ref: str, source: str = "") -> Response:
    """Return all channels, both directions, newest as `tidings timeline` orders them."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        customer = _customer(site, ref, source)
        found = site.wiring.timeline(connection, customer)
    return _json({"customer": ref, "timeline": list(found)})


@router.put("/customers/{ref}/devices/{id}", summary="Register a device with our app")
def device(
    request: Request,
    caller: Caller,
    ref: str,
    name: Annotated[str, InPath(alias="id", max_length=200)],
    body: DeviceIn,
    source: str = "",
) -> Response:
    """Make the token the push address of this device.

    The device's older token is removed, and so is the same token at another customer.
    """
    del caller
    site = site_of(request)
    customer = _customer(site, ref, source)
    with site.installation.engine.begin() as connection:
        new = devices.register(
            connection,
            customer=customer,
            device=name,
            platform=body.platform,
            token=body.token,
            at=site.clock(),
        )
    answer = {"customer": ref, "device": name, "platform": body.platform, "state": "usable"}
    return JSONResponse(answer, status_code=201 if new else 200)


@router.post(
    "/touchpoints",
    summary="Record what happened: one object, a list, or {touchpoints: [...]}",
    openapi_extra=_body({"application/json": {"schema": TouchpointIn.model_json_schema()}}),
)
async def record_touchpoints(request: Request, caller: Caller) -> Response:
    """Record touchpoints; one that is known by its id is left as it is. Good ones are kept when others are wrong."""
    raw = await request.body()
    return await run_in_threadpool(_record, site_of(request), caller, raw)


def _record(site: Site, caller: Key, raw: bytes) -> Response:
    given = _load(raw)
    items = given.get("touchpoints", [given]) if isinstance(given, dict) else given
    if not isinstance(items, list) or not 1 <= len(items) <= MOST_TOUCHPOINTS:
        raise Refused(422, f"Send 1 to {MOST_TOUCHPOINTS} touchpoints: one object, or a list of them.")
    problems: list[dict[str, Any]] = []
    good: list[tuple[int, TouchpointIn]] = []
    for index, item in enumerate(items):
        try:
            good.append((index, _ONE.validate_python(item)))
        except ValidationError as error:
            problems += [{"index": index, **one} for one in wrong_fields(error.errors())[1]]
    with site.installation.engine.begin() as connection:
        found = touchpoints.customers_of(connection, [(one.customer, one.customer_source) for _, one in good])
        rows = []
        for (index, one), customers in zip(good, found, strict=True):
            if len(customers) == 1:
                rows.append(_touchpoint(one, customers[0], caller, site.clock()))
                continue
            why = "several customers; give customer_source" if customers else "there is no such customer"
            problems.append({"index": index, "field": "customer", "problem": why, "value": one.customer})
        recorded = touchpoints.record(connection, rows)
    if not rows:
        first = problems[0]
        detail = f"{first['field']}: {first['problem']} (value {first['value']!r})."
        raise Refused(422, detail, errors=problems, field=first["field"], value=first["value"])
    counts = {"received": len(items), "recorded": recorded, "known": len(rows) - recorded}
    return JSONResponse({**counts, "problems": sorted(problems, key=lambda one: one["index"])})


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


async def _uploaded(request: Request) -> tuple[Billing, str]:
    """Keep an uploaded file and its mapping under their hash; what a name says is never part of a path."""
    async with request.form() as form:
        file, mapping = form.get("file"), form.get("mapping")
        if not isinstance(file, UploadFile):
            raise Refused(
                422, "file: send the billing system's file in the part `file`.", field="file", value=""
            )
        content, sent_as = await file.read(), file.filename or ""
        rules = (await mapping.read()) if isinstance(mapping, UploadFile) else str(mapping or "").encode()
        source, brand = (str(form.get(key) or "") for key in ("source", "brand"))
    folder = site_of(request).installation.home / "incoming"
    digest = hashlib.sha256(b"\0".join([content, rules, source.encode(), brand.encode()])).hexdigest()
    suffix = Path(sent_as).suffix.lower()
    known = suffix if suffix in {".json", ".jsonl", ".csv", ".tsv", ".xlsx", ".ods", ".parquet"} else ".jsonl"

    def keep() -> tuple[Path, Path | None]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept, kept_rules = folder / f"{digest}{known}", folder / f"{digest}.mapping.toml"
        kept.write_bytes(content)
        if rules:
            kept_rules.write_bytes(rules)
        return kept, kept_rules if rules else None

    path, rules_path = await run_in_threadpool(keep)
    name = Path(sent_as or path.name).name[:120]
    return Billing(file=path, file_name=name, mapping=rules_path, source=source, brand=brand or None), digest


def _started(started: Started) -> Reply:
    where = f"/v1/runs/{started.run}"
    return Reply(
        status=202, body={"run": started.run, "repeats": started.repeats, "report": where}, location=where
    )


def _customer(site: Site, reference: str, source: str) -> int:
    with site.reading.connect() as connection:
        try:
            found = find(connection, reference, source)
        except Problem as error:
            raise Refused(409, str(error), field="ref", value=reference) from error
    if found is None:
        raise Refused(404, f"There is no customer {reference!r}.", field="ref", value=reference)
    return found


def _load(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is not JSON: {error}.") from error


def _parse(adapter: TypeAdapter[InvoicesIn], raw: bytes) -> InvoicesIn:
    try:
        return adapter.validate_python(_load(raw))
    except ValidationError as error:
        detail, errors = wrong_fields(error.errors())
        raise Refused(
            422, detail, errors=errors, field=errors[0]["field"], value=errors[0]["value"]
        ) from error


def _json(value: Mapping[str, Any]) -> Response:
    return Response(json.dumps(value, ensure_ascii=False, default=_plain), media_type="application/json")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
