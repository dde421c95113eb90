"""Templates: which there are, what they need, and how one reads on every channel."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from tidings.problem import Problem
from web.auth import Caller
from web.problems import Refused, wrong
from web.site import Site, site_of
from web.v1.strict import StrictRoute

router = APIRouter(prefix="/v1", tags=["templates"], route_class=StrictRoute)

_PART = Annotated[str, InPath(max_length=100)]


class TemplateOut(BaseModel):
    """What a template is for, and what it needs."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "offer/autumn",
                    "title": "Autumn offer",
                    "purpose": "offer",
                    "purpose_class": "marketing",
                    "version": "1",
                    "content_hash": "9f2c",
                    "channels": ["email", "sms"],
                    "languages": ["en", "nb"],
                    "data": {"code": "text", "discount": "percent", "valid_until": "date"},
                    "facts": ["code", "discount"],
                }
            ]
        }
    )

    name: str
    title: str
    purpose: str
    purpose_class: str
    version: str
    content_hash: str
    channels: list[str]
    languages: list[str]
    data: dict[str, str] = Field(description="Values that a campaign gives, with their type; `?`: optional.")
    facts: list[str] = Field(description="What every channel must say.")


class Templates(BaseModel):
    """All templates."""

    items: list[TemplateOut]


class PreviewIn(BaseModel):
    """What to show it with."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"language": "nb", "channels": ["sms", "email"]}]}
    )

    language: str = Field(default="en", pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")
    brand: str = Field(default="", max_length=31)
    channels: list[str] = Field(default=[], max_length=10, description="None: all that it has.")
    data: dict[str, Any] | None = Field(default=None, description="The sample's when left out.")


class PreviewOut(BaseModel):
    """What a customer would read."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "offer/autumn", "language": "nb", "texts": {"sms": {"text": "25 % ..."}}}]
        }
    )

    name: str
    language: str
    texts: dict[str, dict[str, str]] = Field(description="By channel and part: text, html, pdf, payload.")


@router.get("/templates", summary="The templates there are")
def list_templates(request: Request, caller: Caller) -> Templates:
    """Return the library's templates and the organisation's own."""
    del caller
    from templates.catalog import all_templates

    found = all_templates(site_of(request).installation.own_templates)
    return Templates(items=[_shown(one) for one in found])


@router.get("/templates/{purpose}/{name}", summary="A template")
def read_template(request: Request, caller: Caller, purpose: _PART, name: _PART) -> TemplateOut:
    """Return what it is for, and the values that it needs."""
    del caller
    return _shown(_find(site_of(request), f"{purpose}/{name}"))


@router.post("/templates/{purpose}/{name}/preview", summary="How a template reads")
def preview_template(
    request: Request, caller: Caller, purpose: _PART, name: _PART, body: PreviewIn
) -> PreviewOut:
    """Render it for an invented customer and return what they would read; nothing is sent."""
    del caller
    from templates.facts import outputs
    from templates.preview import sample_subject
    from templates.render import documents_of, render

    site = site_of(request)
    template = _find(site, f"{purpose}/{name}")
    strange = [one for one in body.channels if one not in template.channels]
    if strange:
        raise wrong(f"possible are {', '.join(template.channels)}", "channels", value=strange[0])
    brand = site.installation.organisation.brand(body.brand or None)
    subject = sample_subject(template, brand, body.language, data=body.data)
    made = documents_of(template, subject)
    return PreviewOut(
        name=template.name,
        language=body.language,
        texts={
            str(channel): dict(outputs(render(template, channel, subject, documents=made)))
            for channel in template.channels
            if not body.channels or channel in body.channels
        },
    )


def _find(site: Site, name: str) -> Any:
    from templates.catalog import find

    try:
        return find(name, extra=site.installation.own_templates)
    except Problem as error:
        raise Refused(404, str(error), field="name", value=name) from error


def _shown(template: Any) -> TemplateOut:
    return TemplateOut(
        name=template.name,
        title=template.title,
        purpose=template.purpose,
        purpose_class=template.purpose_class,
        version=template.version,
        content_hash=template.content_hash,
        channels=[str(channel) for channel in template.channels],
        languages=list(template.languages),
        data=dict(template.model),
        facts=list(template.facts),
    )
