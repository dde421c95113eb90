"""Offers in force for one customer: for shop, call centre and web."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from web.auth import Caller
from web.problems import Refused
from web.site import site_of
from web.v1.strict import StrictRoute
from web.v1.whom import Instant, Ref, Source, customer_of
from work.redemption import offers_in_force, redeem

router = APIRouter(prefix="/v1/customers/{ref}", tags=["offers"], route_class=StrictRoute)

_MESSAGE = "01932b1e-0000-7000-8000-000000000000"


class SentOut(BaseModel):
    """A message that carried the offer."""

    message: str
    channel: str | None
    at: datetime | None


class OfferOut(BaseModel):
    """An offer that the customer may use."""

    offer: str = Field(description="Campaign and edition: `autumn-offer:2026`.")
    code: str
    title: str
    brand: str
    valid_until: str | None = Field(
        description="Its last day where the customer lives; null: no end was told."
    )
    facts: dict[str, str] = Field(description="What every channel said, as it was written to the customer.")
    sent: list[SentOut]


class OffersOut(BaseModel):
    """The offers in force for a customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "offers": [
                        {
                            "offer": "autumn-offer:2026",
                            "code": "LYS25",
                            "title": "Autumn offer",
                            "brand": "nordlys",
                            "valid_until": "2027-11-30",
                            "facts": {"code": "LYS25", "discount": "25 %", "price": "€66.75"},
                            "sent": [{"message": _MESSAGE, "channel": "email", "at": "2026-11-21T09:00:00Z"}],
                        }
                    ],
                }
            ]
        }
    )

    customer: str
    offers: list[OfferOut]


class RedemptionIn(BaseModel):
    """Where and when an offer was used."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"channel": "visit", "at": "2026-11-21T09:30:00Z"}]}
    )

    channel: str = Field(default="visit", pattern=r"^[a-z][a-z0-9_]{0,39}$", description="visit, web, call.")
    at: Instant | None = Field(default=None, description="Now when left out.")


class RedemptionOut(BaseModel):
    """What a redemption did."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "offer": "autumn-offer:2026",
                    "redeemed_at": "2026-11-21T09:30:00Z",
                    "again": False,
                    "cancelled": [_MESSAGE],
                }
            ]
        }
    )

    customer: str
    offer: str
    redeemed_at: datetime
    again: bool = Field(description="It had been used before: `redeemed_at` says when.")
    cancelled: list[str] = Field(description="Messages of the same offer that are not sent any more.")


Offer = Annotated[str, InPath(max_length=130, description="`offer` of the list: `autumn-offer:2026`.")]


@router.get("/offers", summary="The offers in force for a customer")
def list_offers(request: Request, caller: Caller, ref: Ref, source: Source = "") -> OffersOut:
    """Return what the customer was sent and has not used, with the facts that were sent, the last sent first."""
    del caller
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
        found = offers_in_force(connection, site.installation, customer, now=site.clock())
    return OffersOut.model_validate({"customer": ref, "offers": found})


@router.post("/offers/{offer}/redemption", summary="Say that a customer used an offer")
def redeem_offer(
    request: Request,
    caller: Caller,
    ref: Ref,
    offer: Offer,
    body: RedemptionIn,
    source: Source = "",
) -> RedemptionOut:
    """Write it into the history once, and cancel every reminder of the same offer, on every channel.

    What is planned is cancelled, fallbacks stop, letters that wait are recalled. Said twice, it is kept once.
    """
    site = site_of(request)
    now = site.clock()
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
        done = redeem(
            connection,
            customer,
            offer,
            channel=body.channel,
            at=body.at or now,
            by=f"key:{caller.name}",
            now=now,
        )
    if done is None:
        raise Refused(404, f"The customer was never sent an offer {offer!r}.", field="offer", value=offer)
    return RedemptionOut(
        customer=ref,
        offer=done.offer,
        redeemed_at=done.redeemed_at,
        again=done.again,
        cancelled=list(done.cancelled),
    )
