"""Permission, given and taken back: events that are added with their proof, and never changed by anybody."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from store import consents, listing
from store.consents import Consent
from tidings.channel import Channel
from web.auth import Caller
from web.site import site_of
from web.v1.behalf import Mandate, Spokesperson, spoken_for
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.whom import Instant, Ref, Source, Topic, check_brand, check_topic, customer_of, locked
from work.consent_records import receipt

router = APIRouter(prefix="/v1/customers/{ref}", tags=["consents"], route_class=StrictRoute)


class ConsentIn(BaseModel):
    """A customer gave permission, or took it back."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "topic": "offer",
                    "channel": "email",
                    "action": "given",
                    "proof": "double opt-in 2026-11-21 from 192.0.2.10",
                },
                {"topic": "news", "action": "withdrawn", "proof": "call 4711"},
            ]
        },
    )

    topic: Topic
    channel: Channel | Literal["all"] = "all"
    action: Literal["given", "withdrawn", "objected"]
    brand: str = Field(default="all", max_length=31)
    proof: Annotated[
        str,
        Field(max_length=2000, description="What shows it (GDPR art. 7(1)); `given` counts only with one."),
    ] = ""
    at: Instant | None = Field(default=None, description="When they said so; now when left out.")
    expires_at: Instant | None = Field(
        default=None, description="`given` counts until then; null: until it is taken back."
    )
    spoken_by: Spokesperson = ""
    mandate: Mandate = ""

    @model_validator(mode="after")
    def _proven(self) -> Self:
        if self.action == "given" and not self.proof.strip():
            msg = "given needs a proof"
            raise ValueError(msg)
        spoken_for(self.spoken_by, self.mandate)
        return self


class ConsentOut(BaseModel):
    """One event of a customer's permissions."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 4,
                    "brand": "all",
                    "topic": "offer",
                    "channel": "email",
                    "action": "given",
                    "source": "api",
                    "proof": "double opt-in 2026-11-21 from 192.0.2.10",
                    "actor": "key:shop",
                    "on_behalf": "",
                    "expires_at": None,
                    "at": "2026-11-21T09:30:00Z",
                    "recorded_at": "2026-11-21T09:30:01Z",
                }
            ]
        }
    )

    id: int
    brand: str
    topic: str
    channel: str
    action: str
    source: str
    proof: str
    actor: str
    on_behalf: str
    expires_at: datetime | None
    at: datetime
    recorded_at: datetime


class ReceiptOut(BaseModel):
    """A consent receipt."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "schema_version": "ISO/IEC TS 27560:2023",
                    "issued_at": "2026-11-21T09:30:00Z",
                    "issued_by": "Nordlys AS",
                    "records": [
                        {"record_id": "urn:tidings:0:consent:4", "purpose": "offer", "event": "given"}
                    ],
                }
            ]
        }
    )

    schema_version: str
    issued_at: datetime
    issued_by: str
    records: list[dict[str, Any]] = Field(description="docs/laws.md lists the fields.")


@router.get("/consents", summary="The permissions of a customer")
def list_consents(
    request: Request, caller: Caller, part: Part, ref: Ref, source: Source = ""
) -> Page[ConsentOut]:
    """Return every event, the newest first. What they add up to is in `/preferences`."""
    del caller
    with site_of(request).reading.connect() as connection:
        customer = customer_of(connection, ref, source)
        rows = listing.consents(connection, customer, after=part.after, limit=part.most)
    return part.page(
        rows, lambda row: (row.id,), lambda row: ConsentOut.model_validate(row, from_attributes=True)
    )


@router.get("/consents/receipt", summary="A receipt of a customer's consents")
def consent_receipt(request: Request, caller: Caller, ref: Ref, source: Source = "") -> ReceiptOut:
    """Return every consent in the fields of ISO/IEC TS 27560: controller, notice and its SHA-256, how to withdraw."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        customer = customer_of(connection, ref, source)
        found = receipt(connection, site.installation.organisation, customer=customer, now=site.clock())
    return ReceiptOut.model_validate(found)


@router.post("/consents", status_code=201, summary="Write down that permission was given or taken back")
def add_consent(
    request: Request, response: Response, caller: Caller, ref: Ref, body: ConsentIn, source: Source = ""
) -> ConsentOut:
    """Add an event. A wrong one is answered by another event; there is no way to change or delete one."""
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = locked(connection, ref, source)
        consents.append(
            connection,
            [
                Consent(
                    customer=customer,
                    topic=check_topic(body.topic),
                    channel=str(body.channel),
                    action=body.action,
                    brand=check_brand(site, body.brand),
                    source="api",
                    proof=body.proof,
                    actor=f"key:{caller.name}",
                    on_behalf=spoken_for(body.spoken_by, body.mandate),
                    expires_at=body.expires_at,
                    at=body.at or site.clock(),
                )
            ],
        )
        [row] = listing.consents(connection, customer, after=None, limit=1)
    response.headers["Location"] = f"/v1/customers/id:{customer}/consents"
    return ConsentOut.model_validate(row, from_attributes=True)
