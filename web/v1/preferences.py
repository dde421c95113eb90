"""What the customer's own form says: read, and changed on their behalf by whoever has their word for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from store.preference import lock
from tidings.organisation import Brand
from tidings.problem import Problem
from web.answers import check
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import Site, site_of
from web.v1.strict import StrictRoute
from web.v1.tags import IfMatch, must_match, tag_of, unchanged
from web.v1.whom import Ref, Source, customer_of
from work import preference
from work.preference import Preferences

router = APIRouter(prefix="/v1/customers/{ref}", tags=["preferences"], route_class=StrictRoute)

OfBrand = Annotated[
    str, Query(alias="brand", max_length=31, description="Whose form; the first brand when left out.")
]
_EXAMPLE: JsonDict = {"offer": "sms", "pause_until": "2027-01-07"}


class Way(BaseModel):
    """A channel as the form offers it."""

    channel: str
    shown: str = Field(description="The address, masked; '' when there is none.")
    problem: str = Field(description="'' when it can be chosen, else `missing` or `unusable`.")


class PreferencesOut(BaseModel):
    """What a customer's form shows."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "customer": "K-1",
                    "brand": "nordlys",
                    "answers": {
                        "invoice": "letter",
                        "offer": "email",
                        "news": "none",
                        "language": "nb",
                        "pause_until": "",
                        "quiet_from": "",
                        "quiet_until": "",
                        "tracking": "on",
                    },
                    "ways": [{"channel": "email", "shown": "a…@example.org", "problem": ""}],
                }
            ]
        }
    )

    customer: str
    brand: str
    answers: dict[str, Any] = Field(description="Question to answer, as the form has them.")
    ways: list[Way]


class PreferencesIn(BaseModel):
    """Answers that the customer gave, and what proves it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"answers": _EXAMPLE, "proof": "call 4711 on 2026-11-21"}]},
    )

    answers: dict[str, str] = Field(
        min_length=1, description="Only what the customer wants changed; the others stay."
    )
    proof: str = Field(
        min_length=1,
        max_length=2000,
        description="What shows that the customer said so (GDPR art. 7(1)): a choice for offers or news is consent.",
    )


class PreferencesSaved(PreferencesOut):
    """What the form shows now, and what that changed."""

    changed: dict[str, str]


@router.get(
    "/preferences",
    summary="What the customer's form shows",
    responses={304: {"description": "It is as you have it."}},
)
def read_preferences(
    request: Request,
    response: Response,
    caller: Caller,
    ref: Ref,
    source: Source = "",
    brand: OfBrand = "",
) -> PreferencesOut:
    """Return the answers as they hold now; `ETag` names this state, which a change must name."""
    del caller
    site = site_of(request)
    with site.reading.connect() as connection:
        found = _read(connection, site, customer_of(connection, ref, source), _brand(site, brand))
    response.headers["ETag"] = _tag(found)
    if unchanged(request, response.headers["ETag"]):
        return Response(status_code=304, headers=response.headers)  # type: ignore[return-value]
    return PreferencesOut(**_shown(ref, found))


@router.put(
    "/preferences",
    summary="Change what the customer's form says",
    responses={412: {}, 428: {}},
)
def save_preferences(
    request: Request,
    response: Response,
    caller: Caller,
    ref: Ref,
    body: PreferencesIn,
    source: Source = "",
    brand: OfBrand = "",
    if_match: IfMatch = "",
) -> PreferencesSaved:
    """Write what changed as statements and consents, with your proof; it holds for messages that are planned too."""
    site = site_of(request)
    of_brand = _brand(site, brand)
    with site.installation.engine.begin() as connection:
        customer = customer_of(connection, ref, source)
        lock(connection, customer)
        before = _read(connection, site, customer, of_brand)
        must_match(if_match, _tag(before))
        saved = preference.save(
            connection,
            customer=customer,
            brand=of_brand,
            answers=_checked(body.answers, before, of_brand, site.clock()),
            shown={},
            proof=body.proof,
            policy=site.policy,
            now=site.clock(),
            actor=f"key:{caller.name}",
        )
        assert saved is not None
        after = _read(connection, site, customer, of_brand)
    response.headers["ETag"] = _tag(after)
    return PreferencesSaved(**_shown(ref, after), changed=dict(saved.changed))


def _brand(site: Site, name: str) -> Brand:
    try:
        return site.installation.organisation.brand(name or None)
    except Problem as error:
        raise Refused(422, str(error), field="brand", value=name) from error


def _read(connection: Connection, site: Site, customer: int, brand: Brand) -> Preferences:
    found = preference.read(connection, customer=customer, brand=brand, policy=site.policy, now=site.clock())
    assert found is not None
    return found


def _tag(found: Preferences) -> str:
    ways = [(way.channel, way.shown, way.problem) for way in found.ways]
    return tag_of([found.customer, found.brand, dict(found.answers), ways])


def _shown(ref: str, found: Preferences) -> dict[str, Any]:
    return {
        "customer": ref,
        "brand": found.brand,
        "answers": dict(found.answers),
        "ways": [Way(channel=way.channel, shown=way.shown, problem=way.problem) for way in found.ways],
    }


def _checked(answers: Mapping[str, str], before: Preferences, brand: Brand, now: datetime) -> dict[str, str]:
    """Return answers that the form could have given.

    Raises:
        Refused: 422 with the answer's pointer.
    """
    for question in answers:
        if question not in before.answers:
            raise wrong(f"there is no such question; known: {', '.join(before.answers)}", "answers", question)
    hours = {key: before.answers[key] for key in ("quiet_from", "quiet_until") if answers.keys() & _HOURS}
    found, faults = check({**hours, **answers}, before, brand, "en", now)
    for question, told in faults.items():
        raise wrong(told.rstrip("."), "answers", question, value=answers.get(question, ""))
    return {question: found[question] for question in answers}


_HOURS = {"quiet_from", "quiet_until"}
