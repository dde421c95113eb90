"""What was noticed: how often customers answer on each channel, and in which hours; never what they chose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from store.persons import members
from web.auth import Caller
from web.site import site_of
from web.v1.strict import StrictRoute
from web.v1.whom import Ref, Source, customer_of
from work.noticed import Share, base_rates, noticed

router = APIRouter(prefix="/v1", tags=["behaviour"], route_class=StrictRoute)


class ShareOut(BaseModel):
    """How many of the messages on a channel are answered."""

    channel: str
    purpose_class: str = Field(description="`required` or `marketing`.")
    observations: int = Field(description="Messages that reached somebody.")
    share: float = Field(description="Answered, 0 to 1, with the base rate blended in.")
    between: tuple[float, float] = Field(description="The interval that decisions use.")
    enough: bool = Field(description="Whether it was seen often enough to count.")


class SeenOut(ShareOut):
    """The same of one customer."""

    last_engaged_at: datetime | None


class HourOut(BaseModel):
    """One hour of the week on the customer's own clock."""

    weekday: int = Field(description="Monday is 0.")
    hour: int
    weight: float = Field(description="Reactions in it; those of half a year ago count half.")


_SHARE: dict[str, Any] = {
    "channel": "email",
    "purpose_class": "marketing",
    "observations": 24,
    "share": 0.18,
    "between": [0.08, 0.28],
    "enough": True,
}


class BehaviourOut(BaseModel):
    """What was noticed of a customer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "channels": [_SHARE | {"last_engaged_at": "2026-11-02T18:20:00Z"}],
                    "time_zone": "Europe/Oslo",
                    "reactions": 12,
                    "hours": [{"weekday": 1, "hour": 19, "weight": 7.5}],
                }
            ]
        }
    )

    customer: str
    channels: list[SeenOut]
    time_zone: str
    reactions: int
    hours: list[HourOut] = Field(description="Most often first.")


class BaseRatesOut(BaseModel):
    """What the whole population does, as decisions take it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"version": 7, "learnt_at": "2026-11-21T02:00:00Z", "rates": [_SHARE], "hours": []}]
        }
    )

    version: int = Field(description="0 while nothing was learnt: then the policy's own rates hold.")
    learnt_at: datetime | None
    rates: list[ShareOut]
    hours: list[float] = Field(
        description="168 counts: 24 * weekday (Monday 0) + hour; empty while nothing was seen."
    )


def _plain(one: Share) -> dict[str, Any]:
    return {
        "channel": one.channel,
        "purpose_class": one.purpose_class,
        "observations": one.observations,
        "share": round(one.share, 4),
        "between": (round(one.low, 4), round(one.high, 4)),
        "enough": one.enough,
    }


@router.get(
    "/customers/{ref}/behaviour", response_model=BehaviourOut, summary="What was noticed of a customer"
)
def read_behaviour(request: Request, caller: Caller, ref: Ref, source: Source = "") -> dict[str, Any]:
    """Return how often they answer on each channel, how sure that is, and in which hours they react."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        records = members(connection, customer_of(connection, ref, source))
        found = noticed(connection, records, site.installation.policy, now=site.clock())
    return {
        "customer": ref,
        "channels": [_plain(one) | {"last_engaged_at": one.last_engaged_at} for one in found.shares],
        "time_zone": found.time_zone,
        "reactions": found.reactions,
        "hours": [
            {"weekday": one.weekday, "hour": one.hour, "weight": round(one.weight, 3)} for one in found.hours
        ],
    }


@router.get("/base-rates", response_model=BaseRatesOut, summary="What the whole population does")
def read_base_rates(request: Request, caller: Caller) -> dict[str, Any]:
    """Return the base rate of each purpose class and channel, and in which hours customers react."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        known, rates = base_rates(connection, site.installation.policy)
    return {
        "version": known.version if known else 0,
        "learnt_at": known.learnt_at if known else None,
        "rates": [_plain(one) for one in rates],
        "hours": list(known.hours) if known else [],
    }
