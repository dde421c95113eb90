"""Addresses that must not be used."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from store import listing
from store.suppressions import suppress
from tidings.channel import Channel
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import site_of
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.whom import Because, Instant, check_brand
from work.care import LIFTABLE, lifted

router = APIRouter(prefix="/v1", tags=["suppressions"], route_class=StrictRoute)

_Number = Annotated[int, InPath(alias="id", ge=1, le=2**63 - 1)]


class SuppressionIn(BaseModel):
    """An address that must not be used from now on."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"channel": "email", "value": "ada@example.org", "reason": "hard_bounce", "proof": "mail log"}
            ]
        },
    )

    channel: Literal["email", "sms", "whatsapp", "push", "letter"]
    value: str = Field(
        min_length=1, max_length=4096, description="As addresses have it; e-mail and phone in any form."
    )
    brand: str = Field(default="all", max_length=31)
    reason: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$", examples=["hard_bounce"])
    proof: str = Field(default="", max_length=2000)
    at: Instant | None = None


class SuppressionOut(BaseModel):
    """An address that must not be used, or was not to be."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 5,
                    "brand": "all",
                    "channel": "email",
                    "value": "ada@example.org",
                    "reason": "hard_bounce",
                    "source": "api",
                    "proof": "mail log",
                    "actor": "key:crm",
                    "at": "2026-11-21T09:30:00Z",
                    "recorded_at": "2026-11-21T09:30:01Z",
                    "lifted_at": None,
                }
            ]
        }
    )

    id: int
    brand: str
    channel: str
    value: str
    reason: str
    source: str
    proof: str
    actor: str
    at: datetime
    recorded_at: datetime
    lifted_at: datetime | None = Field(description="null: it is in force.")


class LiftIn(BaseModel):
    """Why an address may be used again."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"because": "the mailbox works again, call 4711"}]}
    )

    because: Because


@router.get("/suppressions", summary="Addresses that must not be used, the newest first")
def list_suppressions(
    request: Request,
    caller: Caller,
    part: Part,
    channel: Annotated[Channel | None, Query()] = None,
    value: Annotated[str, Query(max_length=4096, description="One address.")] = "",
    active: Annotated[bool | None, Query(description="In force, or lifted; both when left out.")] = None,
) -> Page[SuppressionOut]:
    """Return suppressions of every brand, with why and since when."""
    del caller
    with site_of(request).reading.connect() as connection:
        rows = listing.suppressions(
            connection,
            channel=str(channel or ""),
            value=value,
            active=active,
            after=part.after,
            limit=part.most,
        )
    return part.page(
        rows, lambda row: (row.id,), lambda row: SuppressionOut.model_validate(row, from_attributes=True)
    )


@router.post(
    "/suppressions",
    status_code=201,
    summary="Let an address not be used",
    responses={200: {"model": SuppressionOut, "description": "It is in force already."}},
)
def add_suppression(
    request: Request, response: Response, caller: Caller, body: SuppressionIn
) -> SuppressionOut:
    """Suppress an address at a brand or at all; messages that are planned heed it."""
    site = site_of(request)
    value = _normal(body)
    with site.installation.engine.begin() as connection:
        before = _active(connection, body, value)
        if before is None:
            suppress(
                connection,
                [
                    {
                        "brand": check_brand(site, body.brand),
                        "channel": body.channel,
                        "value": value,
                        "reason": body.reason,
                        "source": "api",
                        "proof": body.proof,
                        "actor": f"key:{caller.name}",
                        "at": body.at or site.clock(),
                    }
                ],
            )
        found = before or _active(connection, body, value)
        assert found is not None
    response.status_code = 200 if before else 201
    return SuppressionOut.model_validate(found, from_attributes=True)


@router.post("/suppressions/{id}/lift", summary="Let an address be used again", responses={409: {}})
def lift_suppression(request: Request, caller: Caller, number: _Number, body: LiftIn) -> SuppressionOut:
    """Lift a suppression, with the reason in the audit. What a customer asked for themselves only they take back."""
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        found = listing.suppression(connection, number)
        if found is None:
            raise Refused(404, f"There is no suppression {number}.", field="id", value=str(number))
        if found.reason not in LIFTABLE:
            raise Refused(
                409,
                f"Suppression {number} is or may be the customer's own word ({found.reason}); only they take it back.",
                field="id",
                value=str(number),
            )
        if found.lifted_at is None:
            lifted(
                connection,
                number,
                {"reason": found.reason, "channel": found.channel},
                actor=f"key:{caller.name}",
                because=body.because,
                subject=f"suppression:{number}",
                now=site.clock(),
            )
        found = listing.suppression(connection, number)
    return SuppressionOut.model_validate(found, from_attributes=True)


def _active(connection: Connection, body: SuppressionIn, value: str) -> object | None:
    rows = listing.suppressions(
        connection, channel=body.channel, value=value, active=True, after=None, limit=200
    )
    return next((row for row in rows if (row.brand, row.reason) == (body.brand, body.reason)), None)


def _normal(body: SuppressionIn) -> str:
    """Return the address in its one normal form; one that is none suppresses nothing, so it is refused."""
    if body.channel in {"push", "letter"}:
        return body.value
    from tidings.address import judge_email, judge_phone

    found = judge_email(body.value) if body.channel == "email" else judge_phone(body.value, "")
    if found.problem in {"email_invalid", "phone_invalid", "phone_no_country"}:
        raise wrong("not an address of this channel", "value", value=body.value)
    return found.value
