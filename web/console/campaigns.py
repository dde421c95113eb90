"""Campaigns: all of them, a new one, and what is done with one as a whole, until a second person approves it."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import drafts as stored
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.role import Role
from web.console import composer
from web.console.composer_page import LARGEST, READERS, WRITERS, composed, draft_of, number_of
from web.staff import StaffRoute, Visit, page
from work import control, drafts
from work.drafts import Content


def routes() -> list[StaffRoute]:
    """Return the routes of the list and of what is done with a draft as a whole."""

    def post(path: str, answer: Callable[[Visit], Response], roles: frozenset[Role] = WRITERS) -> StaffRoute:
        return page(path, answer, roles=roles, methods=("POST",), largest=LARGEST)

    return [
        page("/campaigns", listed, roles=READERS),
        page("/campaigns/new", new, roles=WRITERS),
        post("/campaigns/new", create),
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
    return visit.page("campaigns", rows=rows, tone=composer.TONES, may_write=visit.may(*WRITERS))


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


def approve(visit: Visit) -> Response:
    """Let the draft become a run."""

    def work() -> None:
        drafts.approve(
            visit.site.installation,
            visit.site.policy,
            number_of(visit),
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
            drafts.send_back(connection, number_of(visit), actor=visit.actor, because=because)

    return _done(visit, work)


def drop(visit: Visit) -> Response:
    """Put the draft away."""

    def work() -> None:
        with visit.site.installation.engine.begin() as connection:
            drafts.drop(connection, number_of(visit), actor=visit.actor)

    return _done(visit, work, to="/campaigns")


def copy(visit: Visit) -> Response:
    """Make a new draft of one that was sent, under the next free edition."""
    content = drafts.content_of(draft_of(visit))
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
    draft = draft_of(visit)
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
    draft = draft_of(visit)
    try:
        work()
    except Problem as problem:
        return composed(visit, draft_of(visit), problem=problem)
    return visit.back(to or f"/campaigns/{draft.id}", "done")
