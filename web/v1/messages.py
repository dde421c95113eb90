"""Messages: what one customer gets, how it went, why this way, and once more."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from store import listing
from store.runs import notify
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass
from tidings.role import Role
from web.auth import Caller
from web.idempotency import IdempotencyKey, Reply, keep, once
from web.problems import Refused
from web.site import site_of
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.whom import Because, Ref, Source, customer_of

router = APIRouter(prefix="/v1", tags=["messages"], route_class=StrictRoute)

MessageId = Annotated[
    UUID, InPath(alias="id", description="As the timeline and the list of messages have it.")
]
_ID = "01932b1e-0000-7000-8000-000000000000"


class AttemptOut(BaseModel):
    """One try at one provider."""

    attempt: str
    number: int
    provider: str
    state: str
    error_class: str
    code: str
    started_at: datetime
    ended_at: datetime | None


class DeliveryOut(BaseModel):
    """A message on one channel to one address."""

    number: int
    channel: str
    address: str
    state: str
    reference: str = Field(description="What stands on the letter and in the mail.")
    created_at: datetime
    attempts: list[AttemptOut]


class MessageOut(BaseModel):
    """What one customer gets, without its content."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "message": _ID,
                    "customer": 17,
                    "run": "autumn-2026",
                    "brand": "nordlys",
                    "purpose": "offer",
                    "document": "autumn/2026",
                    "state": "done",
                    "reason": "",
                    "channel": "email",
                    "language": "nb",
                    "copy": 0,
                    "copy_because": "",
                    "due_at": "2026-11-21T09:00:00Z",
                    "planned_at": "2026-11-21T08:59:00Z",
                    "updated_at": "2026-11-21T09:00:02Z",
                    "deliveries": [],
                }
            ]
        },
        populate_by_name=True,
    )

    message: str
    customer: int = Field(description="Paths take it as `id:` and the number.")
    run: str
    brand: str
    purpose: str
    document: str = Field(description="Invoice number, or campaign/edition.")
    state: str
    reason: str
    channel: str | None = Field(description="To try next, or that took it.")
    language: str
    copy_number: int = Field(alias="copy", description="0 is the original.")
    copy_because: str
    due_at: datetime | None
    planned_at: datetime
    updated_at: datetime
    deliveries: list[DeliveryOut]


class ResendIn(BaseModel):
    """Why it shall go out once more, and how."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"because": "lost it, asks for a letter", "channel": "letter"}]},
    )

    because: Because
    channel: Channel | None = Field(default=None, description="Where it went before when left out.")


class ResentOut(BaseModel):
    """A copy that is on its way."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"message": _ID, "copy_of": _ID}]})

    message: str
    copy_of: str


@router.get("/customers/{ref}/messages", summary="The messages of a customer")
def list_messages(
    request: Request, caller: Caller, part: Part, ref: Ref, source: Source = ""
) -> Page[MessageOut]:
    """Return a customer's messages, the last planned first."""
    del caller
    with site_of(request).reading.connect() as connection:
        customer = customer_of(connection, ref, source)
        rows = listing.messages(connection, customer, after=part.after, limit=part.most)
    return part.page(
        rows,
        lambda row: (row.planned_at.isoformat(), row.message),
        lambda row: MessageOut.model_validate(row._mapping),
    )


@router.get("/messages/{id}", summary="A message")
def read_message(request: Request, caller: Caller, message: MessageId) -> MessageOut:
    """Return how far a message is, with each delivery and each try."""
    del caller
    with site_of(request).reading.connect() as connection:
        found = listing.message(connection, str(message))
    if found is None:
        raise unknown(message)
    return MessageOut.model_validate(found._mapping)


@router.post(
    "/messages/{id}/resend",
    status_code=202,
    response_model=ResentOut,
    summary="Send a message once more",
    responses={409: {}},
)
def resend_message(
    request: Request, caller: Caller, message: MessageId, body: ResendIn, key: IdempotencyKey = ""
) -> Response:
    """Send a copy, by another channel where one is given. Consent and suppressions bind it as any message."""
    del key
    asked = f"resend {message} {hashlib.sha256(body.model_dump_json().encode()).hexdigest()}"

    def resend() -> Reply:
        from work.copy import ask_for_copy

        site = site_of(request)
        with site.installation.engine.begin() as connection:
            found = listing.message(connection, str(message))
            if found is None:
                raise unknown(message)
            if caller.role == Role.BILLING and Purpose(found.purpose).purpose_class is PurposeClass.MARKETING:
                raise Refused(403, f"The key {caller.name!r} has the role billing, which sends no offers.")
            try:
                made = ask_for_copy(
                    connection,
                    str(message),
                    by=f"key:{caller.name}",
                    because=body.because,
                    channel=body.channel,
                    now=site.clock(),
                )
            except Problem as error:
                raise Refused(409, str(error), field="id", value=str(message)) from error
            notify(connection, found.run)
            told = {"message": made, "copy_of": str(message)}
            reply = Reply(status=202, body=told, location=f"/v1/messages/{made}")
            return keep(connection, request, caller, reply)

    return once(request, caller, asked, resend)


def unknown(message: UUID) -> Refused:
    """Return the answer for a message that there is not."""
    return Refused(404, f"There is no message {message}.", field="id", value=str(message))
