"""The composer: a campaign as a form beside what it would do, and the parts that it loads later."""

from __future__ import annotations

from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import drafts as stored
from store.runs import find_run
from templates.catalog import Template
from templates.inspection import Verdict
from tidings.channel import Channel
from tidings.message import Content as Message
from tidings.problem import Problem
from tidings.role import Role
from web.console import composer
from web.console.composer import Numbers
from web.console.email_frame import email_frame
from web.console.enclosing import LARGEST_PDF, brought
from web.console.letter_preview import letter_preview
from web.console.wording import in_plain_words
from web.language import words
from web.staff import StaffRoute, Visit, page
from work import drafts, seeds, showing
from work.drafts import Content
from work.preflight import Check, preflight

READERS = frozenset({Role.MARKETING, Role.MANAGER})
WRITERS = frozenset({Role.MARKETING})
LARGEST = 256 * 2**10
"""Bytes of a form: five texts."""


def routes() -> list[StaffRoute]:
    """Return the routes of one draft's page and of its parts."""
    place, post = "/campaigns/{draft:int}", ("POST",)
    return [
        page(place, one, roles=READERS),
        page(place, save, roles=WRITERS, methods=post, largest=LARGEST),
        page(f"{place}/live", live, roles=WRITERS, methods=post, largest=LARGEST),
        page(f"{place}/enclose", enclose, roles=WRITERS, methods=post, largest=LARGEST_PDF),
        page(f"{place}/checks", checks, roles=READERS),
        page(f"{place}/email", email, roles=READERS),
        page(f"{place}/letter", letter, roles=READERS),
    ]


def one(visit: Visit) -> Response:
    """Show a draft: the form, the numbers, the previews, the checks, and what can be done next."""
    return composed(visit, draft_of(visit))


def save(visit: Visit) -> Response:
    """Save the form, then do what the button says: nothing more, ask for approval, or send the tests."""
    draft = draft_of(visit)
    action = str(visit.fields.get("do", "save"))
    content = drafts.content_of(draft)
    try:
        content = _written(visit, content)
        _keep(visit, draft, content)
        if action == "ask":
            _ask(visit, draft.id, content)
        elif action == "test":
            return _test(visit, content)
    except Problem as problem:
        return composed(visit, draft_of(visit), content=content, problem=problem)
    if action not in {"save", "ask"}:  # another language of the words
        return visit.back(f"/campaigns/{draft.id}?language={action.removeprefix('language ')}")
    return visit.back(f"/campaigns/{draft.id}", "saved")


def _written(visit: Visit, before: Content) -> Content:
    """Return the form's content with the words of the language that it shows."""
    content = composer.content_from(visit.fields, before)
    if content.template != before.template:
        return content.model_copy(update={"texts": {}, "data": {}})
    _, source = drafts.template_of(visit.site.installation, content.model_copy(update={"texts": {}}))
    return composer.with_words(content, visit.fields, source)


def _ask(visit: Visit, draft_id: int, content: Content) -> None:
    found = composer.numbers(visit, content)
    if found.problem:
        raise found.problem
    known = words(visit.language)["campaigns"]
    if found.missing:
        labels = (known["data"].get(name, name) for name in found.missing)
        raise Problem(f"{known['to_fill']}: {', '.join(labels)}")
    wrong = [check for check in _checks(visit, content, found) if check.verdict is Verdict.BLOCK]
    if wrong:
        raise Problem(f"{known['check'][wrong[0].name][Verdict.BLOCK]} {wrong[0].detail}".rstrip())
    drafts.ask(visit.site.installation, draft_id, actor=visit.actor, now=visit.now)


def enclose(visit: Visit) -> Response:
    """Put a PDF into the library and into the envelope of the draft's letters."""
    draft, installation = draft_of(visit), visit.site.installation
    content = drafts.content_of(draft)
    try:
        names = tuple(dict.fromkeys((*content.enclosures, brought(visit, content.brand))))
        content = drafts.parse_content(content.model_dump(mode="json") | {"enclosures": names})
        with installation.engine.begin() as connection:
            drafts.save(connection, draft.id, content, actor=visit.actor, now=visit.now)
    except Problem as problem:
        return composed(visit, draft, problem=problem)
    return visit.back(f"/campaigns/{draft.id}", "saved")


def live(visit: Visit) -> Response:
    """Answer with the numbers and previews of the form as it stands; a draft is saved on the way."""
    draft = draft_of(visit)
    content = drafts.content_of(draft)
    based = _based(visit)
    try:
        content = _written(visit, content)
        if draft.state == "draft" and content.name:
            _keep(visit, draft, content)
            based = drafts.version_of(content)
        found = composer.numbers(visit, content, customer=str(visit.fields.get("as", "")).strip())
    except Problem as problem:
        found = Numbers(problem=problem)
    return visit.page("campaign_live", **_shown(visit, draft, content, found) | {"based": based})


def checks(visit: Visit) -> Response:
    """Answer with the preflight list: letters in five languages take a second, so it comes later."""
    draft = draft_of(visit)
    content = drafts.content_of(draft)
    found = composer.numbers(visit, content)
    return visit.page(
        "campaign_checks",
        checks=_checks(visit, content, found),
        currency=visit.site.installation.organisation.costs.currency,
    )


def _checks(visit: Visit, content: Content, found: Numbers) -> list[Check]:
    if found.forecast is None:
        return []
    ready = drafts.ready(visit.site.installation, content)
    return preflight(visit.site.installation, ready.campaign, ready.template, found.forecast, now=visit.now)


def email(visit: Visit) -> Response:
    """Show the e-mail as the customer would see it, for a frame that can do nothing."""
    return email_frame(lambda: _rendered(visit, Channel.EMAIL))


def letter(visit: Visit) -> Response:
    """Show the real letter (`web.console.letter_preview`)."""
    cost = visit.site.installation.organisation.costs.expected(Channel.LETTER)
    return letter_preview(visit, lambda: _rendered(visit, Channel.LETTER), cost)


def _rendered(visit: Visit, channel: Channel) -> Message:
    """Return the draft's message to the customer whom the address names.

    Raises:
        Problem: it cannot be made.
    """
    installation, asked = visit.site.installation, visit.request.query_params
    ready = drafts.ready(installation, drafts.content_of(draft_of(visit)))
    with visit.site.reading.connect() as connection:
        someone = showing.customer_of(connection, asked.get("as", ""), None)
    language = asked.get("language", "") if asked.get("language") in ready.template.languages else ""
    return showing.shown(installation, ready.template, ready.campaign, channel, someone, language=language)


def _test(visit: Visit, content: Content) -> Response:
    """Send the draft to the colleagues who are ticked, and say what became of each."""
    installation = visit.site.installation
    ready = drafts.as_written(installation, content, write=True)
    chosen = {str(one) for one in visit.fields.getlist("seed")}
    with visit.site.reading.connect() as connection:
        listed_seeds = [one for one in stored.all_seeds(connection) if str(one.id) in chosen]
    if not listed_seeds:
        raise Problem("Nobody is chosen for the test.", todo="Tick a colleague, or add one to the seed list.")
    sent = seeds.send_tests(
        installation,
        visit.site.policy,
        ready.campaign,
        listed_seeds,
        customer=str(visit.fields.get("as", "")).strip() or None,
        actor=visit.actor,
        now=visit.now,
    )
    return composed(visit, draft_of(visit), sent=sent)


def _keep(visit: Visit, draft: stored.Draft, content: Content) -> None:
    """Save what the form says, unless it was changed meanwhile on another page, also on one of the same person."""
    tab, writers = str(visit.fields.get("tab", "")), visit.site.writers
    with visit.site.installation.engine.begin() as connection:
        drafts.save(
            connection,
            draft.id,
            content,
            actor=visit.actor,
            now=visit.now,
            based=_based(visit),
            typing_on=bool(tab) and writers.get(draft.id) == tab,
        )
    writers[draft.id] = tab


def _based(visit: Visit) -> str:
    """Return what the draft said when the form was shown, as `drafts.version_of` names it."""
    return str(visit.fields.get("based", ""))


def number_of(visit: Visit) -> int:
    """Return the number of the draft that the address names."""
    return int(visit.request.path_params["draft"])


def draft_of(visit: Visit) -> stored.Draft:
    """Return the draft that the address names.

    Raises:
        HTTPException: 404, there is none.
    """
    number = number_of(visit)
    with visit.site.reading.connect() as connection:
        draft = stored.find(connection, number)
    if draft is None:
        raise HTTPException(404)
    return draft


def composed(
    visit: Visit,
    draft: stored.Draft,
    *,
    content: Content | None = None,
    problem: Problem | None = None,
    sent: list[seeds.Sent] | None = None,
) -> Response:
    """Answer with the whole page of a draft: as it is kept, or with a `content` that could not be saved and why."""
    asked = visit.request.query_params
    content = content or drafts.content_of(draft)
    found = composer.numbers(visit, content, customer=asked.get("as", ""), exact=asked.get("exact") == "1")
    with visit.site.reading.connect() as connection:
        run = find_run(connection, draft.run_id) if draft.run_id else None
        values = {
            "choices": composer.choices(visit, connection, content),
            "audience": composer.audience_sentence(visit, connection, content),
            "alone": drafts.is_alone(connection),
            "seeds": stored.all_seeds(connection),
        }
    source = _source(visit, content)
    language, texts = composer.texts_of(content, source, asked.get("language", "") or found.language)
    return visit.page(
        "campaign",
        status=422 if problem else 200,
        run=run,
        state=drafts.state_of(draft, run.state if run else ""),
        source=source,
        texts=texts,
        reads=_reads(visit, texts),
        text_language=language,
        checks=_checks(visit, content, found) if asked.get("checks") == "1" else None,
        errors=composer.wrong(problem, composer.labels_of(visit.language, source)) if problem else {},
        sent=sent or [],
        asked_as=asked.get("as", ""),
        tab=token_urlsafe(9),
        tone=composer.TONES,
        may_write=visit.may(*WRITERS),
        mode=visit.site.installation.mode,
        **values,
        **_shown(visit, draft, content, found),
    )


def _reads(visit: Visit, texts: Mapping[str, str]) -> dict[str, str]:
    """Return how the texts with tags read, by block."""
    known = words(visit.language)["campaigns"]
    names = {**known["data"], **known["tag"]}
    plain = {block: in_plain_words(text, names) for block, text in texts.items() if block != "body"}
    return {block: known["reads"].format(text=text) for block, text in plain.items() if text}


def _source(visit: Visit, content: Content) -> Template | None:
    try:
        return drafts.template_of(visit.site.installation, content.model_copy(update={"texts": {}}))[0]
    except Problem:
        return None


def _shown(visit: Visit, draft: stored.Draft, content: Content, found: Numbers) -> dict[str, Any]:
    kept = drafts.version_of(drafts.content_of(draft))
    labels = composer.labels_of(visit.language, _source(visit, content))
    return {
        "labels": labels,
        "lacking": composer.wrong(found.problem, labels) if found.problem else {},
        "based": kept,
        "draft": draft,
        "content": content,
        "numbers": found,
        "forecast": found.forecast,
        "unsaved": kept != drafts.version_of(content) and draft.state != "draft",
        "own": {part.channel: part for part in found.previews},
        "currency": visit.site.installation.organisation.costs.currency,
    }
