"""The preference form: a signed link, no login, no script, five languages; saved answers take effect at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.answers import LONGEST
from web.form_pages import form_page, notice_text, saved_page, title_of
from web.form_saving import Outcome, Post, Told, proof_of, save_all, told_by
from web.language import LANGUAGES, day_names, words
from web.render import moment
from web.renewal import opened
from web.site import Site, site_of
from web.together import Together
from web.visit import Visit, fields_of, find, page
from work.asking import confirm_saved, confirmation
from work.consent_records import keep, notice, receipt
from work.history import history, undo
from work.own_stop import take_back
from work.preference import Saved, stop_marketing, unsaved
from work.replay import replay
from work.scribe import MARKETING

_STARTED = "started"
"""Of `?saved=`: a STOP was taken back."""
_LOOKING = frozenset({"preview", "edit"})
"""Buttons that save nothing."""
_MOST = 32
"""Forms in a transaction: so long does a sender wait for the customers of all of them."""
_PACE = 0.02
"""Seconds between the beginnings of two transactions with forms."""
_AT_ONCE = 4
"""Such transactions at one moment: the others need not wait for one that waits for a sender."""


def routes() -> list[Route]:
    """Return the form's routes."""
    return [
        Route("/p/{token}", show, methods=["GET"]),
        Route("/p/{token}", submit, methods=["POST"]),
        Route("/p/{token}/history", look_back, methods=["GET"]),
        Route("/p/{token}/receipt", take_receipt, methods=["GET"]),
    ]


def show(request: Request) -> Response:
    """Show the form, or with `?saved=` what holds from now on; a link that is over leads to a new one."""
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    if (saved := request.query_params.get("saved")) is not None:
        return saved_page(request, visit, changed=saved in ("1", _STARTED), undoable=saved == "1")
    return form_page(request, visit, answers=visit.known.answers, shown=visit.known.answers, errors={})


def look_back(request: Request) -> Response:
    """Show what was chosen when, and from where."""
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    with visit.site.reading.connect() as connection:
        entries = history(connection, customer=visit.customer, brand=visit.brand)
    return page(
        request,
        visit,
        "history",
        entries=entries,
        when=lambda at: moment(at, visit.known.zone, visit.language),
        title_of=lambda topic: title_of(topic, visit),
        tongues={code: words(code)["page"]["name"] for code in LANGUAGES},
        days=day_names(visit.language),
    )


def take_receipt(request: Request) -> Response:
    """Hand out the customer's consent records as a receipt to keep (ISO/IEC TS 27560)."""
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    site = visit.site
    with site.reading.connect() as connection:
        found = receipt(connection, site.installation.organisation, customer=visit.customer, now=site.clock())
    headers = {"Content-Disposition": 'attachment; filename="consents.json"', "Cache-Control": "no-store"}
    text = json.dumps(found, indent=2, ensure_ascii=False)
    return Response(text, media_type="application/json", headers=headers)


async def submit(request: Request) -> Response:
    """Save the answers, or show first what they would have changed; a wrong one is told at its field."""
    site, fields = site_of(request), await fields_of(request)
    link = site.installation.links.open_preferences(request.path_params["token"])
    if link is None:
        return await run_in_threadpool(site.pages.missing, request)
    if link.over(site.clock()) or fields.keys() & _LOOKING:
        return await run_in_threadpool(_look, request, fields)
    if fields.get("stop") == "marketing" or fields.keys() & {"undo", "unstop"}:
        return await run_in_threadpool(_without_answers, request, fields)
    outcome = await _savers(site).answer(Post(request=request, link=link, fields=fields))
    if outcome.visit is None or outcome.told is None:
        return await run_in_threadpool(site.pages.missing, request)
    if outcome.saved is None:
        return await run_in_threadpool(_again, request, outcome.visit, outcome.told)
    return _leads_to(outcome.visit, outcome.saved)


def _savers(site: Site) -> Together[Post, Outcome]:
    """Return what saves the forms that come at the same time, of this event loop."""
    loop = asyncio.get_running_loop()
    savers: Together[Post, Outcome] | None = site.savers.get(loop)
    if savers is None:
        savers = Together(partial(save_all, site), most=_MOST, pace=_PACE, at_once=_AT_ONCE)
        site.savers[loop] = savers
    return savers


def _leads_to(visit: Visit, saved: Saved | None) -> Response:
    changed = "1" if saved and saved.changed else "0"
    return RedirectResponse(f"{visit.home}?lang={visit.language}&saved={changed}", status_code=303)


def _without_answers(request: Request, fields: Mapping[str, str]) -> Response:
    """Stop all marketing, undo what was saved last, or take back a STOP: one button each, no answers."""
    with site_of(request).installation.engine.begin() as connection:
        found = find(request, holding=connection)
        if found is None:
            return site_of(request).pages.missing(request)
        visit, _ = found
        if "unstop" in fields:
            return _start_again(connection, visit, fields)
        saved = _stopped_or_undone(connection, visit, fields)
        if saved and saved.changed:
            there = confirmation(saved=visit.known, changed=saved.changed, language=visit.language)
            confirm_saved(connection, [there], now=visit.site.clock())
    return _leads_to(visit, saved)


def _start_again(connection: Connection, visit: Visit, fields: Mapping[str, str]) -> Response:
    """Take back a STOP of the customer's own; one that is none, or was taken back already, changes nothing."""
    now, shown = visit.site.clock(), notice(notice_text(visit), visit.language)
    stop = take_back(
        connection,
        visit.known,
        fields["unstop"],
        brand=visit.brand,
        proof=proof_of(visit, fields),
        record=shown.record,
        policy=visit.site.policy,
        now=now,
    )
    if stop is not None:
        keep(connection, {shown}, now=now)
    return RedirectResponse(
        f"{visit.home}?lang={visit.language}&saved={_STARTED if stop else '0'}", status_code=303
    )


def _look(request: Request, fields: Mapping[str, str]) -> Response:
    """Show the answers again, or what they would have changed."""
    visit = opened(request, fields)
    if isinstance(visit, Response):
        return visit
    told = told_by(visit, fields)
    if told.errors or "edit" in fields:
        return _again(request, visit, told)
    return _preview(request, visit, fields, told)


def _again(request: Request, visit: Visit, told: Told) -> Response:
    known = visit.known.answers
    before = {**known, **{key: told.shown[key] for key in told.shown if key in known}}
    return form_page(request, visit, answers={**known, **told.answers}, shown=before, errors=told.errors)


def _stopped_or_undone(connection: Connection, visit: Visit, fields: Mapping[str, str]) -> Saved | None:
    """Stop all marketing, or undo what was saved last."""
    now, proof = visit.site.clock(), proof_of(visit, fields)
    customer, brand, policy = visit.customer, visit.brand, visit.site.policy
    if fields.get("stop") == "marketing":
        return stop_marketing(
            connection,
            customer=customer,
            brand=brand,
            purposes=MARKETING,
            proof=proof,
            policy=policy,
            now=now,
        )
    return undo(connection, customer=customer, brand=brand, proof=proof, policy=policy, now=now)


def _preview(
    request: Request,
    visit: Visit,
    fields: Mapping[str, str],
    told: Told,
) -> Response:
    """Show what the answers would have changed in the past year, and save nothing."""
    site, now = visit.site, visit.site.clock()
    with site.reading.connect() as connection:
        said = unsaved(
            connection,
            customer=visit.customer,
            brand=visit.brand,
            answers=told.answers,
            shown=told.shown,
            policy=site.policy,
            now=now,
        )
        found = replay(
            connection,
            site.installation.organisation,
            customer=visit.customer,
            brand=visit.brand,
            said=said,
            policy=site.policy,
            now=now,
        )
    fields = {key: value[:LONGEST] for key, value in fields.items() if key not in _LOOKING}
    return page(request, visit, "preview", replay=found, fields=fields)
