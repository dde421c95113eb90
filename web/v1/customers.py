"""Customers: made, changed and read by the reference that a system of the organisation gave them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from store import listing, people
from store.touchpoints import customers_of
from tidings.country import language_of, zone_of
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import Site, site_of
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.tags import tag_of, unchanged
from web.v1.whom import Instant, Ref, Source, Text, customer_of

router = APIRouter(prefix="/v1", tags=["customers"], route_class=StrictRoute)

Standing = Literal["prospect", "customer", "former", "deceased"]
_LARGEST_ATTRIBUTES = 200


class CustomerIn(BaseModel):
    """What a system knows of a customer; what is left out stays as it is."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "first_name": "Ada",
                    "last_name": "Berg",
                    "language": "nb",
                    "country": "NO",
                    "attributes": {"segment": "garden"},
                }
            ]
        },
    )

    first_name: Text | None = None
    last_name: Text | None = None
    company: Text | None = None
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$", examples=["pt_BR"])
    time_zone: Annotated[str, Field(max_length=60, examples=["Europe/Oslo"])] | None = None
    country: str | None = Field(default=None, pattern=r"^([A-Z]{2})?$", description="ISO 3166-1 alpha-2.")
    standing: Standing | None = None
    attributes: dict[str, Any] = Field(
        default={},
        max_length=_LARGEST_ATTRIBUTES,
        description="Merged into what is known; null removes one.",
    )


class NewCustomer(CustomerIn):
    """A customer with the reference that their system gave them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reference": "K-1", "source": "crm", "first_name": "Ada", "country": "NO"}]
        }
    )

    reference: str = Field(min_length=1, max_length=200)
    source: str = Field(
        default="", max_length=60, description="The system that gave it; the key's name when left out."
    )

    @model_validator(mode="after")
    def _plain(self) -> NewCustomer:
        if self.reference.strip() != self.reference or self.source.strip() != self.source:
            msg = "reference and source begin and end without spaces"
            raise ValueError(msg)
        return self


class Referred(BaseModel):
    """A reference that a system gave a customer."""

    source: str
    reference: str


class CustomerOut(BaseModel):
    """A customer. How to reach them: `/addresses`; what they asked for: `/preferences`, `/statements`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 17,
                    "references": [{"source": "crm", "reference": "K-1"}],
                    "first_name": "Ada",
                    "last_name": "Berg",
                    "company": "",
                    "language": "nb",
                    "time_zone": "Europe/Oslo",
                    "country": "NO",
                    "standing": "customer",
                    "holds": [],
                    "attributes": {"segment": "garden"},
                    "created_at": "2026-01-05T08:00:00Z",
                    "updated_at": "2026-11-21T09:30:00Z",
                }
            ]
        }
    )

    id: int = Field(description="Ours, for ever; paths take it as `id:17`.")
    references: list[Referred]
    first_name: str
    last_name: str
    company: str
    language: str
    time_zone: str
    country: str
    standing: str
    holds: list[str] = Field(description="Open matters: complaint, dispute, dunning, bereavement.")
    attributes: dict[str, Any]
    created_at: datetime
    updated_at: datetime


@router.get("/customers", summary="Customers by when they last changed")
def list_customers(
    request: Request,
    caller: Caller,
    part: Part,
    updated_since: Annotated[
        Instant | None, Query(description="Only those that changed then or later.")
    ] = None,
) -> Page[CustomerOut]:
    """Return customers, the one that changed longest ago first: begin where the last call ended to keep up."""
    del caller
    with site_of(request).reading.connect() as connection:
        rows = listing.customers(connection, since=updated_since, after=part.after, limit=part.most)
    return part.page(
        rows,
        lambda row: (row.updated_at.isoformat(), row.id),
        lambda row: CustomerOut.model_validate(row, from_attributes=True),
    )


@router.post("/customers", status_code=201, summary="Make a customer", responses={409: {}})
def make_customer(request: Request, response: Response, caller: Caller, body: NewCustomer) -> CustomerOut:
    """Make a customer; 409 when their system gave this reference before."""
    source = body.source or caller.name
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        made = _make(connection, site, source, body.reference, body)
        if made is None:
            raise Refused(
                409,
                f"{source} has a customer {body.reference!r} already; PUT changes them.",
                field="reference",
                value=body.reference,
            )
        response.headers["Location"] = f"/v1/customers/id:{made}"
        return _read(connection, made)


@router.put(
    "/customers/{ref}",
    summary="Make or change a customer",
    responses={201: {"model": CustomerOut, "description": "The customer is new."}, 409: {}},
)
def save_customer(
    request: Request, response: Response, caller: Caller, ref: Ref, body: CustomerIn, source: Source = ""
) -> CustomerOut:
    """Change what the body gives of the customer, or make one with this reference: 201, else 200.

    `ref` is the reference alone, or `id:` and our number. A new customer's reference is of the system `source`, or of
    the key's own name when that is left out.
    """
    site, new = site_of(request), False
    with site.installation.engine.begin() as connection:
        known = _known(connection, ref, source)
        if known is None:
            known = _make(connection, site, source or caller.name, ref, body)
            new = known is not None
        if not new:
            known = known or _known(connection, ref, source or caller.name)
            assert known is not None
            people.change(connection, known, values=_values(body), attributes=body.attributes)
        assert known is not None
        if new:
            response.status_code = 201
            response.headers["Location"] = f"/v1/customers/id:{known}"
        return _read(connection, known)


def _known(connection: Connection, ref: str, source: str) -> int | None:
    """Return the customer with this very reference; an address is none.

    Raises:
        Refused: 409 when systems gave it to several, 404 for a number that nobody has.
    """
    [found] = customers_of(connection, [(ref, source)])
    if len(found) > 1:
        raise Refused(
            409, f"{ref!r} is the reference of {len(found)} customers; give source.", field="ref", value=ref
        )
    if not found and ref.startswith("id:"):
        return customer_of(connection, ref)
    return found[0] if found else None


@router.get(
    "/customers/{ref}", summary="A customer", responses={304: {"description": "It is as you have it."}}
)
def read_customer(
    request: Request, response: Response, caller: Caller, ref: Ref, source: Source = ""
) -> CustomerOut:
    """Return who they are; `ETag` names this state of it."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = _read(connection, customer_of(connection, ref, source))
    response.headers["ETag"] = tag_of(found.model_dump(mode="json"))
    if unchanged(request, response.headers["ETag"]):
        return Response(status_code=304, headers=response.headers)  # type: ignore[return-value]
    return found


def _make(connection: Connection, site: Site, source: str, reference: str, body: CustomerIn) -> int | None:
    values = _values(body)
    country = values.get("country", "")
    values = {
        "country": country,
        "language": language_of(country, ""),
        "time_zone": zone_of(country, ""),
        **values,
    }
    return people.make(
        connection,
        source,
        reference,
        values=values,
        attributes={key: item for key, item in body.attributes.items() if item is not None},
        now=site.clock(),
    )


def _values(body: CustomerIn) -> dict[str, str]:
    """Return what the body gives of the customer's own columns."""
    from zoneinfo import available_timezones

    if body.time_zone is not None and body.time_zone not in available_timezones():
        raise wrong("not a time zone such as Europe/Oslo", "time_zone", value=body.time_zone)
    given = body.model_dump(include=set(people.COLUMNS), exclude_none=True)
    return {name: str(value) for name, value in given.items()}


def _read(connection: Connection, customer: int) -> CustomerOut:
    return CustomerOut.model_validate(dict(listing.customer(connection, customer)))
