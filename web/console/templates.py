"""Templates: versions, languages, where they are used, what two versions differ in, and every channel and language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import drafts as stored
from store.editions import Recorded, recorded, use_counts
from templates.catalog import Template, all_templates, find, texts_of
from templates.foreign_process import MAX_BYTES, judged_bytes
from templates.preview import sample_subject
from templates.render import documents_of, render
from tidings.channel import Channel
from tidings.country import codes
from tidings.message import Content
from tidings.problem import Problem
from tidings.role import Role
from web.console.composer import Preview, preview_of
from web.console.email_frame import email_frame
from web.console.letter_preview import letter_preview
from web.staff import StaffRoute, Visit, page
from work.changes import changes
from work.matrix import matrix

READERS = frozenset({Role.MARKETING, Role.BILLING, Role.MANAGER})


def routes() -> list[StaffRoute]:
    """Return the routes of the templates."""
    place = "/templates/{purpose}/{name}"
    return [
        page("/templates", listed, roles=READERS),
        page("/templates/check", check, roles=READERS, methods=("POST",), largest=MAX_BYTES),
        page(place, one, roles=READERS),
        page(f"{place}/matrix", cells, roles=READERS),
        page(f"{place}/email", email, roles=READERS),
        page(f"{place}/letter", letter, roles=READERS),
    ]


@dataclass(frozen=True, kw_only=True)
class Edition:
    """A version to compare: one that was used, or what lies in the folder now."""

    key: str
    """Its number, or `now`."""
    version: str
    digest: str
    texts: Mapping[str, str]
    at: object
    runs: int


def listed(
    visit: Visit,
    *,
    judged: Mapping[str, Any] | None = None,
    problem: Problem | None = None,
    name: str = "",
    country: str = "",
) -> Response:
    """Show every template with what it is for and how often it was used, and what became of a PDF that was brought."""
    with visit.site.reading.connect() as connection:
        used = use_counts(connection)
    found = all_templates(visit.site.installation.own_templates)
    return visit.page(
        "templates",
        status=422 if problem else 200,
        found=found,
        used=used,
        judged=judged,
        problem=problem,
        name=name,
        country=country or visit.site.installation.organisation.country,
    )


def check(visit: Visit) -> Response:
    """Say whether a PDF that somebody brought may be printed for a country; nothing is kept of it."""
    upload, country = visit.fields.get("file"), str(visit.fields.get("country") or "").upper()
    found, problem, name = None, None, ""
    try:
        if not isinstance(upload, UploadFile) or not upload.filename:
            raise Problem("There is no file.")
        if country not in codes():
            raise Problem(f"There is no country {country[:10]!r}.")
        name = upload.filename[-120:]
        found = judged_bytes(upload.file.read(), country, enclosed=visit.fields.get("enclosed") == "1")
    except Problem as wrong:
        problem = wrong
    return listed(visit, judged=found, problem=problem, name=name, country=country)


def one(visit: Visit) -> Response:
    """Show one template in one language on every channel, its matrix, its versions and where it is used."""
    template, asked = _template(visit), visit.request.query_params
    language = asked["language"] if asked.get("language") in template.languages else template.languages[0]
    with visit.site.reading.connect() as connection:
        known = recorded(connection, template.name)
        runs = stored.used_in(connection, template.name)
        drafts = [
            one for one in stored.listed(connection) if one.draft.definition.get("template") == template.name
        ]
    editions = _editions(template, known)
    before, after = _compared(editions, asked.get("from", ""), asked.get("to", ""))
    return visit.page(
        "template",
        shown=template,
        text_language=language,
        facts={fact.value for fact in template.facts.values()},
        previews=_previews(visit, template, language),
        cells=matrix(template, _brand(visit)) if asked.get("checks") == "1" else None,
        editions=editions,
        before=before,
        after=after,
        changed=changes(before.texts, after.texts) if before and after else {},
        runs=runs,
        drafts=drafts,
        currency=visit.site.installation.organisation.costs.currency,
    )


def cells(visit: Visit) -> Response:
    """Answer with the matrix, every cell looked at: letters in five languages take a second, so it comes later."""
    template = _template(visit)
    return visit.page("template_matrix", shown=template, cells=matrix(template, _brand(visit)))


def email(visit: Visit) -> Response:
    """Show the e-mail with the template's sample, for a frame that can do nothing."""
    return email_frame(lambda: _rendered(visit, Channel.EMAIL))


def letter(visit: Visit) -> Response:
    """Show the letter with the template's sample (`web.console.letter_preview`)."""
    return letter_preview(visit, lambda: _rendered(visit, Channel.LETTER))


def _template(visit: Visit) -> Template:
    asked = visit.request.path_params
    try:
        return find(f"{asked['purpose']}/{asked['name']}", extra=visit.site.installation.own_templates)
    except Problem as problem:
        raise HTTPException(404) from problem


def _brand(visit: Visit) -> Any:
    return visit.site.installation.organisation.brands[0]


def _rendered(visit: Visit, channel: Channel) -> Content:
    template = _template(visit)
    asked = visit.request.query_params.get("language", "")
    language = asked if asked in template.languages else template.languages[0]
    subject = sample_subject(template, _brand(visit), language)
    return render(template, channel, subject, documents=documents_of(template, subject))


def _previews(visit: Visit, template: Template, language: str) -> list[Preview]:
    installation = visit.site.installation
    subject = sample_subject(template, _brand(visit), language)
    found = []
    for channel in template.channels:
        if channel.on_paper:
            found.append(Preview(channel=channel, note={}))
            continue
        try:
            content = render(template, channel, subject, documents=documents_of(template, subject))
            found.append(preview_of(channel, content, installation.organisation))
        except Problem as problem:
            found.append(Preview(channel=channel, note={}, problem=str(problem)))
    return found


def _editions(template: Template, known: list[Recorded]) -> list[Edition]:
    """Return what lies in the folder now, unless it was used as it is, and every version that was."""
    used = [
        Edition(
            key=str(one.id),
            version=one.version,
            digest=one.content_hash[:8],
            texts=one.texts,
            at=one.created_at,
            runs=one.runs,
        )
        for one in known
    ]
    if any(one.content_hash == template.content_hash for one in known):
        return used
    here = Edition(
        key="now",
        version=template.version,
        digest=template.content_hash[:8],
        texts=texts_of(template),
        at=None,
        runs=0,
    )
    return [here, *used]


def _compared(editions: list[Edition], before: str, after: str) -> tuple[Edition | None, Edition | None]:
    """Return the two versions to compare: those that are asked for, else the newest two; None where there is one."""
    by_key = {one.key: one for one in editions}
    if before in by_key and after in by_key:
        return by_key[before], by_key[after]
    return (editions[1], editions[0]) if len(editions) > 1 else (None, None)
