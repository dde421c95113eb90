"""What was known of a customer on a day, and what was allowed then."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from tidings.problem import Problem
from web.auth import Caller
from web.problems import wrong
from web.site import site_of
from web.v1.decisions import ChannelOut, Language
from web.v1.runs import plain
from web.v1.strict import StrictRoute
from web.v1.whom import Ref, Source, check_brand, customer_of

router = APIRouter(prefix="/v1/customers/{ref}", tags=["decisions"], route_class=StrictRoute)


class KnownOut(BaseModel):
    """What had been recorded by an instant, and what would have been decided of it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "as_of": "2026-03-04T23:59:59.999999Z",
                    "brand": "nordlys",
                    "topic": "offer",
                    "purpose_class": "marketing",
                    "policy": 1,
                    "state": "held",
                    "reason": "no_consent",
                    "sentence": "You have not agreed to this kind of message on any channel that reaches you.",
                    "channel": None,
                    "due_at": None,
                    "channels": [
                        {
                            "channel": "email",
                            "rank": None,
                            "reason": "channel_no_consent",
                            "sentence": "You have not agreed to this kind of message by e-mail.",
                            "evidence": {},
                        }
                    ],
                    "statements": [],
                    "consents": [],
                    "unknown": ["policy"],
                }
            ]
        }
    )

    customer: str
    as_of: datetime
    brand: str
    topic: str
    purpose_class: str
    policy: int | None = Field(description="The version that was in use; null: no run of that time says it.")
    state: str
    reason: str
    sentence: str
    channel: str | None
    due_at: datetime | None
    channels: list[ChannelOut]
    statements: list[dict[str, Any]] = Field(
        description="Wishes that had been recorded by then, the newest first."
    )
    consents: list[dict[str, Any]] = Field(
        description="Permissions that had been recorded by then, the newest first."
    )
    unknown: list[str] = Field(description="What cannot be known as it was then.")


@router.get(
    "/decisions",
    response_model=KnownOut,
    summary="What was known and allowed on a day",
    responses={404: {}, 409: {}},
)
def decided_as_of(
    request: Request,
    caller: Caller,
    ref: Ref,
    as_of: Annotated[
        AwareDatetime | date,
        Query(description="An instant, or a day: its end (UTC). What was recorded later is not looked at."),
    ],
    topic: Annotated[
        str, Query(max_length=120, description="A purpose, or a topic below one; not needed with `run`.")
    ] = "",
    run: Annotated[str, Query(max_length=200, description="Asks what this run asked.")] = "",
    brand: Annotated[str, Query(max_length=31, description="The first brand when left out.")] = "",
    source: Source = "",
    lang: Language = "en",
) -> Response:
    """Decide again from what had been recorded by an instant, with the policy of that time; nothing is written."""
    del caller
    from work.as_of import FIRST_DAY, end_of, of_customer

    site = site_of(request)
    moment = as_of.astimezone(UTC) if isinstance(as_of, datetime) else end_of(as_of)
    if not (moment.date() >= FIRST_DAY and moment <= end_of(site.clock().date())):
        raise wrong("name a day from 2000 until today", "as_of", value=str(as_of))
    if brand:
        check_brand(site, brand, also_all=False)
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
        try:
            found = of_customer(
                connection,
                site.installation,
                customer,
                as_of=moment,
                run=run,
                topic=topic,
                brand=brand,
                language=lang,
            )
        except Problem as error:
            named = "run" if run else "topic"
            raise wrong(str(error), named, value=run or topic) from error
    return plain({"customer": ref, **found})
