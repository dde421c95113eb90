"""Why a message took this way, and which way one would take now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, JsonValue
from starlette.requests import Request
from starlette.responses import Response

from tidings.channel import Channel
from tidings.problem import Problem
from web.auth import Caller
from web.language import LANGUAGES
from web.problems import wrong
from web.site import site_of
from web.v1.messages import MessageId, unknown
from web.v1.runs import plain
from web.v1.strict import StrictRoute
from web.v1.whom import Topic, check_topic, customer_of

router = APIRouter(prefix="/v1", tags=["decisions"], route_class=StrictRoute)

Language = Annotated[
    str, Query(pattern=f"^({'|'.join(LANGUAGES)})$", description="Of the sentences.", alias="lang")
]
_CHANNELS: list[JsonValue] = [
    {
        "channel": "email",
        "rank": 1,
        "reason": "stated_all",
        "sentence": "You asked for this for all messages on March 3, 2026 (form).",
        "evidence": {"statement": 9, "said_at": "2026-03-03T10:00:00Z", "source": "form"},
    },
    {
        "channel": "sms",
        "rank": None,
        "reason": "no_address",
        "sentence": "There is no address.",
        "evidence": {},
    },
]


class ChannelOut(BaseModel):
    """A channel's place, and why."""

    channel: str
    rank: int | None = Field(description="1 is first; null: it is not possible.")
    reason: str
    sentence: str
    evidence: dict[str, Any]


class DecisionOut(BaseModel):
    """What would be decided now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "state": "ready",
                    "reason": "",
                    "sentence": "You asked for this for all messages.",
                    "channel": "email",
                    "language": "nb",
                    "due_at": "2026-11-21T09:30:00Z",
                    "channels": _CHANNELS,
                }
            ]
        }
    )

    customer: str
    state: str = Field(description="`ready`, or `held`.")
    reason: str = Field(description="Why it is held or waits; '' when neither.")
    sentence: str
    channel: str | None
    language: str
    due_at: datetime | None
    channels: list[ChannelOut]


class ExplanationOut(BaseModel):
    """What was decided for a message, and whether it would be decided so now."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "message": "01932b1e-0000-7000-8000-000000000000",
                    "customer": 17,
                    "run": "autumn-2026",
                    "document": "autumn/2026",
                    "state": "done",
                    "reason": "",
                    "sentence": "You asked for this for all messages.",
                    "channel": "email",
                    "policy": 1,
                    "decided_at": "2026-11-21T08:59:00Z",
                    "due_at": "2026-11-21T09:00:00Z",
                    "proved": True,
                    "differs": [],
                    "unknown": [],
                    "facts_changed": False,
                    "today": None,
                    "channels": _CHANNELS,
                    "envelope": None,
                }
            ]
        }
    )

    message: str
    customer: int
    run: str
    document: str
    state: str
    reason: str
    sentence: str
    channel: str | None
    policy: int
    decided_at: datetime
    due_at: datetime | None
    proved: bool = Field(
        description="Asked again of the facts as they were, by that policy, it is the same answer."
    )
    differs: list[dict[str, Any]] = Field(description="channel, what, stored, computed, where it is not.")
    unknown: list[str] = Field(description="What cannot be known as it was when it was decided.")
    facts_changed: bool
    today: dict[str, Any] | None = Field(description="state, reason, channel where they would differ now.")
    channels: list[ChannelOut]
    envelope: dict[str, Any] | None = Field(
        default=None,
        description="Of a letter that shared its envelope: with_message, with_purpose, with_document, sheets, saved, "
        "inside, reason, sentence.",
    )


class DecisionIn(BaseModel):
    """What would be sent."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"customer": "K-1", "topic": "offer.garden"}]}
    )

    customer: str = Field(min_length=1, max_length=300, description="As `{ref}` in paths.")
    source: str = Field(default="", max_length=60)
    topic: Topic = Field(description="A purpose, or a topic below one.")
    brand: str = Field(default="", max_length=31, description="The first brand when left out.")
    channels: list[Channel] = Field(
        default=[], max_length=len(Channel), description="None: all that the brand writes on."
    )


@router.get("/messages/{id}/decision", response_model=ExplanationOut, summary="Why a message took this way")
def explain_message(request: Request, caller: Caller, message: MessageId, lang: Language = "en") -> Response:
    """Return the ranked list as it was decided, each place with its reason, its evidence and a sentence."""
    del caller
    from work.explain import explain_message as explain

    site = site_of(request)
    with site.installation.engine.begin() as connection:
        found = explain(connection, site.installation, str(message), now=site.clock(), language=lang)
    if found is None:
        raise unknown(message)
    return plain(found)


@router.post(
    "/decisions",
    response_model=DecisionOut,
    summary="Which way a message would take now",
    responses={404: {}, 409: {}},
)
def decide(request: Request, caller: Caller, body: DecisionIn, lang: Language = "en") -> Response:
    """Decide for a customer as a run would; nothing is written, and nothing is sent."""
    del caller
    from work.decide_now import decide_now

    site = site_of(request)
    if check_topic(body.topic) == "all":
        raise wrong("a message has a purpose", "topic", value=body.topic)
    try:
        brand = site.installation.organisation.brand(body.brand or None)
    except Problem as error:
        raise wrong(str(error), "brand", value=body.brand) from error
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, body.customer, body.source)
        found = decide_now(
            connection,
            site.installation.organisation,
            customer,
            topic=body.topic,
            brand=brand,
            channels=[str(one) for one in body.channels],
            policy=site.policy,
            now=site.clock(),
            language=lang,
        )
    return plain({"customer": body.customer, **found})
