"""How a customer can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store import devices, listing, people
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import site_of
from web.v1.strict import StrictRoute
from web.v1.whom import Instant, Ref, Source, Text, customer_of, locked

router = APIRouter(prefix="/v1/customers/{ref}", tags=["addresses"], route_class=StrictRoute)

_TOKEN = 4096
Number = Annotated[
    int, InPath(alias="id", ge=1, le=2**63 - 1, description="As the list of addresses has it.")
]


class PostalIn(BaseModel):
    """Where a letter goes; whose name stands on it is the customer's."""

    model_config = ConfigDict(extra="forbid")

    street: list[Text] = Field(default=[], max_length=4)
    postal_code: Annotated[str, Field(max_length=20)] = ""
    city: Text = ""
    area: Text = Field(default="", description="State, province, county: where letters there carry one.")
    country: str = Field(
        default="", pattern=r"^([A-Z]{2})?$", description="The customer's own when left out."
    )


class AddressIn(BaseModel):
    """One way to reach a customer."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"channel": "email", "value": "ada@example.org"},
                {
                    "channel": "letter",
                    "postal": {
                        "street": ["Storgata 1"],
                        "postal_code": "0155",
                        "city": "Oslo",
                        "country": "NO",
                    },
                },
            ]
        },
    )

    channel: Literal["email", "sms", "whatsapp", "letter"] = Field(description="Push: see `/devices/{id}`.")
    value: str = Field(default="", max_length=500, description="E-mail address or phone number.")
    postal: PostalIn | None = Field(default=None, description="Of a letter.")
    position: int = Field(default=0, ge=0, le=1000, description="0 is tried first.")
    verified_at: Instant | None = Field(
        default=None, description="When the customer proved that it is theirs."
    )


class AddressOut(BaseModel):
    """One way to reach a customer, and whether it can be used."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 31,
                    "channel": "email",
                    "value": "ada@example.org",
                    "postal": None,
                    "platform": "",
                    "device": "",
                    "state": "usable",
                    "problem": "",
                    "position": 0,
                    "suppressed": [],
                    "verified_at": None,
                    "created_at": "2026-01-05T08:00:00Z",
                }
            ]
        }
    )

    id: int
    channel: str
    value: str
    postal: dict[str, Any] | None
    platform: str
    device: str
    state: str = Field(description="`usable` or `unusable`.")
    problem: str = Field(description="Why not; '' when it can be used.")
    position: int
    suppressed: list[str] = Field(description="Why it must not be used, although it works.")
    verified_at: datetime | None
    created_at: datetime


class Addresses(BaseModel):
    """All of a customer's addresses."""

    items: list[AddressOut]


class DeviceIn(BaseModel):
    """A device with our app."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"token": "fcm-token", "platform": "fcm"}]}
    )

    token: str = Field(min_length=1, max_length=_TOKEN, pattern=r"^[\x21-\x7e]+$")
    platform: Literal["apns", "fcm", "web"]


class DeviceOut(BaseModel):
    """A registered device."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"customer": "K-1", "device": "phone", "platform": "fcm", "state": "usable"}]
        }
    )

    customer: str
    device: str
    platform: str
    state: str


@router.get("/addresses", summary="The addresses of a customer")
def list_addresses(request: Request, caller: Caller, ref: Ref, source: Source = "") -> Addresses:
    """Return the addresses that a customer has, by channel, in the order in which they are tried."""
    del caller
    with site_of(request).reading.connect() as connection:
        rows = listing.addresses(connection, customer_of(connection, ref, source))
    return Addresses(items=[AddressOut.model_validate(row, from_attributes=True) for row in rows])


@router.post(
    "/addresses",
    status_code=201,
    summary="Give a customer an address",
    responses={200: {"model": AddressOut, "description": "They had it."}},
)
def add_address(
    request: Request, response: Response, caller: Caller, ref: Ref, body: AddressIn, source: Source = ""
) -> AddressOut:
    """Add an address in its normal form; one that cannot be used is refused, with what is wrong with it."""
    del caller
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = locked(connection, ref, source)
        value, postal = _judged(connection, customer, body)
        number, new = people.add_address(
            connection,
            customer,
            channel=body.channel,
            value=value,
            postal=postal,
            position=body.position,
            verified_at=body.verified_at,
            now=site.clock(),
        )
        [row] = listing.addresses(connection, customer, only=number)
    response.status_code = 201 if new else 200
    response.headers["Location"] = f"/v1/customers/id:{customer}/addresses"
    return AddressOut.model_validate(row, from_attributes=True)


@router.delete("/addresses/{id}", status_code=204, summary="Take an address from a customer")
def remove_address(
    request: Request,
    caller: Caller,
    ref: Ref,
    number: Number,
    source: Source = "",
) -> None:
    """Remove an address; what was sent there stays in the history."""
    del caller
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = locked(connection, ref, source)
        if not people.remove_address(connection, customer, number, now=site.clock()):
            raise Refused(404, f"The customer has no address {number}.", field="id", value=str(number))


@router.put(
    "/devices/{id}",
    response_model=DeviceOut,
    summary="Register a device with our app",
    responses={201: {"model": DeviceOut, "description": "The address is new."}},
)
def register_device(
    request: Request,
    caller: Caller,
    ref: Ref,
    name: Annotated[str, InPath(alias="id", max_length=200)],
    body: DeviceIn,
    source: Source = "",
) -> Response:
    """Make the token the push address of this device.

    The device's older token is removed, and so is the same token at another customer.
    """
    del caller
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
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


def _judged(connection: Connection, customer: int, body: AddressIn) -> tuple[str, Mapping[str, Any] | None]:
    """Return the value as it is kept, and the postal address."""
    from tidings.address import PROBLEMS, REPAIRED, PostalAddress, judge_email, judge_phone, judge_postal

    country = str(listing.customer(connection, customer)["country"])
    if body.channel == "letter":
        if body.postal is None:
            raise wrong("a letter needs a postal address", "postal")
        written = body.postal.model_dump()
        place = PostalAddress.from_json(written | {"country": written["country"] or country})
        found = judge_postal(place)
        if found.problem and found.problem not in REPAIRED:
            told = PROBLEMS[found.problem].format(field=found.field, country=place.country, value="")
            raise wrong(told, "postal", found.field or "street", value=written.get(found.field, ""))
        return found.address.key, found.address.as_json()
    verdict = judge_email(body.value) if body.channel == "email" else judge_phone(body.value, country)
    if not verdict.usable:
        told = PROBLEMS[verdict.problem].format(country=country or "an unknown country")
        raise wrong(told, "value", value=body.value)
    return verdict.value, None
