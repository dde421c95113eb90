"""The composer: a campaign as a form beside what it would do, until a second person approves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import token_urlsafe
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from store import drafts as stored
from store.runs import find_run
from templates.catalog import Template
from templates.inspection import Verdict
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.role import Role
from tidings.whole_number import whole_number
from web.console import composer
from web.console.composer import Numbers
from web.console.enclosing import LARGEST_PDF, brought
from web.console.letter_preview import letter_preview
from web.console.wording import in_plain_words
from web.language import words
from web.staff import StaffRoute, Visit, page
from work import control, drafts, seeds, showing
from work.drafts import Content
from work.preflight import Check, preflight

READERS = frozenset({Role.MARKETING, Role.MANAGER})
WRITERS = frozenset({Role.MARKETING})
LARGEST = 256 * 2**10
"""Of a form: five texts."""
TONES = {
    "draft": "",
    "waiting_approval": "wait",
    "approved": "wait",
    "scheduled": "good",
    "running": "good",
    "paused": "wait",
    "stopped": "bad",
    "done": "",
}
"""How a state is coloured."""
FRAME = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "Cache-Control": "private, max-age=60",
    "Referrer-Policy": "no-referrer",
}
"""A mail in its frame: its own style, the images that it brings, nothing that runs and nothing from elsewhere."""


def routes() -> list[StaffRoute]:
    """Return the routes of the composer."""

    def post(path: str, answer: Callable[[Visit], Response], roles: frozenset[Role] = WRITERS) -> StaffRoute:
        return page(path, answer, roles=roles, methods=("POST",), largest=LARGEST)

    return [
        page("/campaigns", listed, roles=READERS),
        page("/campaigns/new", new, roles=WRITERS),
        post("/campaigns/new", create),
        page("/campaigns/seeds", seed_list, roles=WRITERS),
        post("/campaigns/seeds", change_seeds),
        page("/campaigns/{draft:int}", one, roles=READERS),
        post("/campaigns/{draft:int}", save),
        post("/campaigns/{draft:int}/live", live),
        page(
            "/campaigns/{draft:int}/enclose", enclose, roles=WRITERS, methods=("POST",), largest=LARGEST_PDF
        ),
        page("/campaigns/{draft:int}/checks", checks, roles=READERS),
        page("/campaigns/{draft:int}/email", email, roles=READERS),
        page("/campaigns/{draft:int}/letter", letter, roles=READERS),
        post("/campaigns/{draft:int}/approve", approve, READERS),
        post("/campaigns/{draft:int}/back", send_back, READERS),
        post("/campaigns/{draft:int}/drop", drop),
        post("/campaigns/{draft:int}/copy", copy),
        post("/campaigns/{draft:int}/run", change_run, READERS),
    ]


def listed(visit: Visit) -> Response:
    """Show every draft with its state and its run."""
    with visit.site.reading.connect() as connection:
        found = stored.listed(connection)
    rows = [(one.draft, drafts.content_of(one.draft), composer.listed_state(one), one) for one in found]
    return visit.page("campaigns", rows=rows, tone=TONES, may_write=visit.may(*WRITERS))


def new(visit: Visit) -> Response:
    """Begin a campaign: its name, its template and whom it is for."""
    asked = visit.request.query_params
    content = Content(
        template=asked.get("template", "")[:100],
        segment=asked.get("segment", "")[:61],
        zone=visit.site.installation.organisation.time_zone,
    )
    return _begin(visit, content)


def create(visit: Visit) -> Response:
    """Write the new draft and go on in the composer."""
    zone = visit.site.installation.organisation.time_zone
    content = Content(zone=zone)
    try:
        content = composer.content_from(visit.fields, content).model_copy(
            update={"channels": tuple(Channel), "own_time": True, "tracking": True, "zone": zone}
        )
        template, _ = drafts.template_of(visit.site.installation, content)
        content = content.model_copy(update={"topic": template.topic})
        drafts.ready(visit.site.installation, content)
        with visit.site.installation.engine.begin() as connection:
            made = drafts.create(connection, content, actor=visit.actor, now=visit.now)
    except Problem as problem:
        return _begin(visit, content, problem)
    return visit.back(f"/campaigns/{made}")


def _begin(visit: Visit, content: Content, problem: Problem | None = None) -> Response:
    with visit.site.reading.connect() as connection:
        choices = composer.choices(visit, connection, content)
    labels = composer.labels_of(visit.language, None)
    return visit.page(
        "campaign_new",
        status=422 if problem else 200,
        content=content,
        choices=choices,
        labels=labels,
        errors=composer.wrong(problem, labels) if problem else {},
    )


def one(visit: Visit) -> Response:
    """Show a draft: the form, the numbers, the previews, the checks, and what can be done next."""
    return _composer(visit, _found(visit))


def save(visit: Visit) -> Response:
    """Save the form, then do what the button says: nothing more, ask for approval, or send the tests."""
    draft = _found(visit)
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
        return _composer(visit, _found(visit), content=content, problem=problem)
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
    draft, installation = _found(visit), visit.site.installation
    content = drafts.content_of(draft)
    try:
        names = tuple(dict.fromkeys((*content.enclosures, brought(visit, content.brand))))
        content = drafts.parse_content(content.model_dump(mode="json") | {"enclosures": names})
        with installation.engine.begin() as connection:
            drafts.save(connection, draft.id, content, actor=visit.actor, now=visit.now)
    except Problem as problem:
        return _composer(visit, draft, problem=problem)
    return visit.back(f"/campaigns/{draft.id}", "saved")


def live(visit: Visit) -> Response:
    """Answer with the numbers and previews of the form as it stands; a draft is saved on the way."""
    draft = _found(visit)
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
    draft = _found(visit)
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
    try:
        return HTMLResponse(showing.html_of(_rendered(visit, Channel.EMAIL)), headers=FRAME)
    except Problem as problem:
        raise HTTPException(404, str(problem)) from problem


def letter(visit: Visit) -> Response:
    """Show the real letter (`web.console.letter_preview`)."""
    cost = visit.site.installation.organisation.costs.expected(Channel.LETTER)
    return letter_preview(visit, lambda: _rendered(visit, Channel.LETTER), cost)


def _rendered(visit: Visit, channel: Channel) -> Any:
    """Return the draft's message to the customer whom the address names.

    Raises:
        Problem: it cannot be made.
    """
    installation, asked = visit.site.installation, visit.request.query_params
    ready = drafts.ready(installation, drafts.content_of(_found(visit)))
    with visit.site.reading.connect() as connection:
        someone = showing.customer_of(connection, asked.get("as", ""), None)
    language = asked.get("language", "") if asked.get("language") in ready.template.languages else ""
    return showing.shown(installation, ready.template, ready.campaign, channel, someone, language=language)


def approve(visit: Visit) -> Response:
    """Let the draft become a run."""

    def work() -> None:
        drafts.approve(
            visit.site.installation,
            visit.site.policy,
            _number(visit),
            actor=visit.actor,
            now=visit.now,
            seen=str(visit.fields.get("seen", "")),
        )

    return _done(visit, work)


def send_back(visit: Visit) -> Response:
    """Give the draft back, or take an approval back before its run begins."""

    def work() -> None:
        because = str(visit.fields.get("because", ""))
        with visit.site.installation.engine.begin() as connection:
            drafts.send_back(connection, _number(visit), actor=visit.actor, because=because)

    return _done(visit, work)


def drop(visit: Visit) -> Response:
    """Put the draft away."""

    def work() -> None:
        with visit.site.installation.engine.begin() as connection:
            drafts.drop(connection, _number(visit), actor=visit.actor)

    return _done(visit, work, to="/campaigns")


def copy(visit: Visit) -> Response:
    """Make a new draft of one that was sent, under the next free edition."""
    content = drafts.content_of(_found(visit))
    with visit.site.installation.engine.begin() as connection:
        taken = {(one.draft.name, one.draft.edition) for one in stored.listed(connection, limit=10_000)}
        number = next(n for n in range(2, 10_000) if (content.name, f"{content.edition}.{n}") not in taken)
        fresh = content.model_copy(
            update={"edition": f"{content.edition}.{number}"[:61], "start": "", "version": None}
        )
        made = drafts.create(connection, fresh, actor=visit.actor, now=visit.now)
    return visit.back(f"/campaigns/{made}")


def change_run(visit: Visit) -> Response:
    """Pause, resume or stop the draft's run."""
    draft = _found(visit)
    action = control.ACTIONS.get(str(visit.fields.get("do", "")))
    if action is None or draft.run_id is None:
        raise HTTPException(404)
    run_id = draft.run_id

    def work() -> None:
        because = str(visit.fields.get("because", ""))[:500]
        with visit.site.installation.engine.begin() as connection:
            action(connection, run_id, by=visit.staff.name, because=because)

    return _done(visit, work)


def _done(visit: Visit, work: Callable[[], None], *, to: str = "") -> Response:
    draft = _found(visit)
    try:
        work()
    except Problem as problem:
        return _composer(visit, _found(visit), problem=problem)
    return visit.back(to or f"/campaigns/{draft.id}", "done")


def seed_list(visit: Visit) -> Response:
    """Show the colleagues who get tests."""
    return _seeds(visit, {})


def change_seeds(visit: Visit) -> Response:
    """Add a colleague to the list, or remove one."""
    fields = visit.fields
    installation = visit.site.installation
    remove = whole_number(str(fields.get("remove", "")))
    try:
        if remove is not None:
            with installation.engine.begin() as connection:
                stored.remove_seed(connection, remove)
        else:
            seeds.add(
                installation,
                name=str(fields.get("name", "")),
                channel=str(fields.get("channel", "")),
                address=str(fields.get("address", ""))[:300],
                actor=visit.actor,
            )
    except Problem as problem:
        return _seeds(visit, {"address": str(problem)}, status=422)
    return visit.back("/campaigns/seeds", "saved")


def _seeds(visit: Visit, errors: Mapping[str, str], status: int = 200) -> Response:
    with visit.site.reading.connect() as connection:
        found = stored.all_seeds(connection)
    channels = [channel for channel in Channel if not channel.on_paper]
    return visit.page(
        "seeds", status=status, found=found, channels=channels, errors=errors, fields=visit.fields
    )


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
    return _composer(visit, _found(visit), sent=sent)


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


def _number(visit: Visit) -> int:
    return int(visit.request.path_params["draft"])


def _found(visit: Visit) -> stored.Draft:
    number = _number(visit)
    with visit.site.reading.connect() as connection:
        draft = stored.find(connection, number)
    if draft is None:
        raise HTTPException(404)
    return draft


def _composer(
    visit: Visit,
    draft: stored.Draft,
    *,
    content: Content | None = None,
    problem: Problem | None = None,
    sent: list[seeds.Sent] | None = None,
) -> Response:
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
        tone=TONES,
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
