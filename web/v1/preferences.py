"""What the customer's own form says: read, and changed on their behalf by whoever has their word for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
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
from web.auth import Caller
from web.language import LANGUAGES
from web.problems import Refused, wrong
from web.site import Site, site_of
from web.v1.strict import StrictRoute
from web.v1.tags import IfMatch, must_match, tag_of, unchanged
from web.v1.whom import Ref, Source, customer_of
from work import preference
from work.preference import Preferences
from work.scribe import CHOICES, MARKETING
from work.wishes import NONE

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
            answers=_checked(body.answers, before),
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
    return tag_of([found.customer, found.brand, dict(found.answers)])


def _shown(ref: str, found: Preferences) -> dict[str, Any]:
    return {
        "customer": ref,
        "brand": found.brand,
        "answers": dict(found.answers),
        "ways": [Way(channel=way.channel, shown=way.shown, problem=way.problem) for way in found.ways],
    }


def _checked(answers: Mapping[str, str], before: Preferences) -> dict[str, str]:
    """Return answers that the form could have given.

    Raises:
        Refused: 422 with the answer's pointer.
    """
    for question, answer in answers.items():
        if question not in before.answers:
            raise wrong(f"there is no such question; known: {', '.join(before.answers)}", "answers", question)
        if told := _fault(question, answer, before):
            raise wrong(told, "answers", question, value=answer)
    quiet = {key: answers.get(key, before.answers[key]) for key in ("quiet_from", "quiet_until")}
    if bool(quiet["quiet_from"]) != bool(quiet["quiet_until"]):
        raise wrong("quiet hours have a beginning and an end, or neither", "answers", "quiet_until")
    return dict(answers)


def _fault(question: str, answer: str, before: Preferences) -> str:
    if question in CHOICES:
        possible = [*sorted(before.usable), *([NONE] if question in MARKETING else [])]
        return "" if answer in possible else f"possible are {', '.join(possible) or 'no channels'}"
    pattern, told = _FORMS.get(question, (_SHORT, "at most 100 characters"))
    if not pattern.fullmatch(answer):
        return told
    if question == "pause_until" and answer:
        return _day(answer)
    return ""


def _day(answer: str) -> str:
    try:
        date.fromisoformat(answer)
    except ValueError:
        return "not a day of the calendar"
    return ""


_SHORT = re.compile(r"[^\n]{0,100}")
_CLOCK = (re.compile(r"(([01][0-9]|2[0-3]):[0-5][0-9])?"), "a time such as 21:00, or '' for none")
_FORMS = {
    "language": (re.compile("|".join(LANGUAGES)), f"possible are {', '.join(LANGUAGES)}"),
    "pause_until": (re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})?"), "a day such as 2027-01-07, or ''"),
    "quiet_from": _CLOCK,
    "quiet_until": _CLOCK,
    "tracking": (re.compile("on|off"), "on or off"),
}
