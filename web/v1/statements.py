"""What a customer asked for, word for word: how, when, in which language. Never permission."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette.requests import Request
from starlette.responses import Response

from preferences.statement import MOST_OFTEN
from store import listing, statements
from store.statements import Statement
from tidings.channel import Channel
from web.auth import Caller
from web.site import site_of
from web.v1.behalf import Mandate, Spokesperson, spoken_for
from web.v1.paging import Page, Part
from web.v1.strict import StrictRoute
from web.v1.tags import IfMatch, must_match, tag_of
from web.v1.whom import Instant, Ref, Source, Topic, check_brand, check_topic, customer_of, locked

router = APIRouter(prefix="/v1/customers/{ref}", tags=["statements"], route_class=StrictRoute)

Clock = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_FITTING = {
    "order": {"channels", "only"},
    "pause": {"until_at", "resume"},
    "quiet_hours": {"quiet_from", "quiet_until", "channels"},
    "language": {"language"},
    "tracking": {"tracking"},
    "best_days": {"days"},
    "frequency": {"at_most", "per"},
    "household": {"letters"},
}
_SAYS = frozenset().union(*_FITTING.values()) - {"until_at"}


class StatementIn(BaseModel):
    """One thing that a customer asked for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"kind": "order", "topic": "offer", "channels": ["sms", "email"], "proof": "call 4711"},
                {"kind": "pause", "topic": "offer", "until_at": "2027-01-07T00:00:00Z", "proof": "call 4711"},
                {
                    "kind": "frequency",
                    "at_most": 1,
                    "per": "month",
                    "spoken_by": "relative",
                    "mandate": "M-17",
                },
                {"kind": "quiet_hours", "quiet_from": "21:00", "quiet_until": "08:00", "proof": "letter"},
            ]
        },
    )

    kind: Literal[
        "order", "pause", "quiet_hours", "language", "tracking", "best_days", "frequency", "household"
    ]
    brand: str = Field(default="all", max_length=31)
    topic: Topic = "all"
    channels: list[Channel] = Field(
        default=[], max_length=len(Channel), description="order: most wished first."
    )
    only: bool = Field(default=False, description="order: no other channel is wanted.")
    resume: bool = Field(default=False, description="pause: go on, whatever pause stands.")
    quiet_from: str | None = Field(default=None, pattern=Clock)
    quiet_until: str | None = Field(default=None, pattern=Clock)
    language: str | None = Field(default=None, pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    tracking: bool | None = Field(default=None, description="May opened links be remembered?")
    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] = Field(
        default=[],
        max_length=7,
        description="best_days: offers and news wait for one of them; none: any day.",
    )
    at_most: int | None = Field(default=None, ge=1, le=MOST_OFTEN, description="frequency: so many at most.")
    per: Literal["day", "week", "month", "quarter", "year"] | None = None
    letters: Literal["one", "own"] | None = Field(
        default=None, description="household: one letter for all of it, or each their own."
    )
    from_at: Instant | None = None
    until_at: Instant | None = Field(default=None, description="Exclusive; null: until a newer word.")
    at: Instant | None = Field(default=None, description="When they said so; now when left out.")
    proof: str = Field(default="", max_length=2000)
    spoken_by: Spokesperson = ""
    mandate: Mandate = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = {name for name in _SAYS if getattr(self, name) not in (None, False, [])}
        if self.tracking is False:
            given.add("tracking")
        if strange := sorted(given - _FITTING[self.kind]):
            msg = f"{self.kind} does not go with {', '.join(strange)}"
            raise ValueError(msg)
        needed = {
            "order": bool(self.channels),
            "quiet_hours": bool(self.quiet_from and self.quiet_until),
            "language": self.language is not None,
            "tracking": self.tracking is not None,
            "frequency": bool(self.at_most and self.per),
            "household": self.letters is not None,
        }
        if not needed.get(self.kind, True):
            missing = sorted(_FITTING[self.kind] - {"only", "channels"}) or ["channels"]
            msg = f"{self.kind} needs {' and '.join(missing)}"
            raise ValueError(msg)
        spoken_for(self.spoken_by, self.mandate)
        if len(set(self.channels)) < len(self.channels):
            msg = "a channel stands twice"
            raise ValueError(msg)
        if self.from_at and self.until_at and self.from_at >= self.until_at:
            msg = "from_at must be before until_at"
            raise ValueError(msg)
        return self

    def value(self) -> dict[str, Any]:
        """Return what it says as `preferences.statement` reads it."""
        match self.kind:
            case "order":
                return {"only": True} if self.only else {}
            case "pause":
                return {"resume": True} if self.resume else {}
            case "quiet_hours":
                named = {"channels": [str(one) for one in self.channels]} if self.channels else {}
                return {"start": self.quiet_from, "end": self.quiet_until, **named}
            case "language":
                return {"language": self.language}
            case "best_days":
                return {"days": list(self.days)} if self.days else {}
            case "frequency":
                return {"at_most": self.at_most, "per": self.per}
            case "household":
                return {"letters": self.letters}
        return {"tracking": self.tracking}


class StatementOut(BaseModel):
    """One thing that a customer asked for, as it was written down."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 9,
                    "kind": "order",
                    "brand": "all",
                    "topic": "offer",
                    "channels": ["sms", "email"],
                    "value": {},
                    "from_at": None,
                    "until_at": None,
                    "source": "api",
                    "proof": "call 4711",
                    "actor": "key:crm",
                    "on_behalf": "",
                    "at": "2026-11-21T09:30:00Z",
                    "recorded_at": "2026-11-21T09:30:01Z",
                }
            ]
        }
    )

    id: int
    kind: str
    brand: str
    topic: str
    channels: list[str]
    value: dict[str, Any]
    from_at: datetime | None
    until_at: datetime | None
    source: str
    proof: str
    actor: str
    on_behalf: str
    at: datetime
    recorded_at: datetime


@router.get("/statements", summary="What a customer asked for")
def list_statements(
    request: Request, response: Response, caller: Caller, part: Part, ref: Ref, source: Source = ""
) -> Page[StatementOut]:
    """Return every word, the newest first; `ETag` names this state, which an addition must name."""
    del caller
    with site_of(request).reading.connect() as connection:
        customer = customer_of(connection, ref, source)
        rows = listing.statements(connection, customer, after=part.after, limit=part.most)
        response.headers["ETag"] = tag_of([customer, listing.last_statement(connection, customer)])
    return part.page(
        rows, lambda row: (row.id,), lambda row: StatementOut.model_validate(row, from_attributes=True)
    )


@router.post(
    "/statements",
    status_code=201,
    summary="Write down what a customer asked for",
    responses={412: {}, 428: {}},
)
def add_statement(
    request: Request,
    response: Response,
    caller: Caller,
    ref: Ref,
    body: StatementIn,
    source: Source = "",
    if_match: IfMatch = "",
) -> StatementOut:
    """Add one; nothing is ever changed. It holds for messages that are planned too."""
    site = site_of(request)
    with site.installation.engine.begin() as connection:
        customer = locked(connection, ref, source)
        must_match(if_match, tag_of([customer, listing.last_statement(connection, customer)]))
        statements.append(
            connection,
            [
                Statement(
                    customer=customer,
                    kind=body.kind,
                    brand=check_brand(site, body.brand),
                    topic=check_topic(body.topic),
                    channels=tuple(str(one) for one in body.channels) if body.kind == "order" else (),
                    value=body.value(),
                    from_at=body.from_at,
                    until_at=body.until_at,
                    source="api",
                    proof=body.proof,
                    actor=f"key:{caller.name}",
                    on_behalf=spoken_for(body.spoken_by, body.mandate),
                    at=body.at or site.clock(),
                )
            ],
        )
        [row] = listing.statements(connection, customer, limit=1)
    response.headers["ETag"] = tag_of([customer, row.id])
    response.headers["Location"] = f"/v1/customers/id:{customer}/statements"
    return StatementOut.model_validate(row, from_attributes=True)
