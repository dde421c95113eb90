"""The preference form: a signed link, no login, no script, five languages; saved answers take effect at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from store.trips import one_trip
from web.answers import LONGEST, check
from web.form_pages import VERSION, form_page, notice_text, saved_page, title_of
from web.language import LANGUAGES, day_names, wording_digest, words
from web.render import moment
from web.renewal import opened, renew
from web.site import site_of
from web.visit import Visit, fields_of, find, page
from work.asking import confirm_saved
from work.consent_records import notice, receipt
from work.history import history, undo
from work.preference import Saved, save, stop_marketing, unsaved
from work.replay import replay
from work.scribe import MARKETING

_LOOKING = frozenset({"preview", "edit"})
"""Buttons that save nothing."""
_SAVERS = 4
"""Forms handled at one moment; more threads and connections would get in each other's way, the others wait."""
_saving: RunVar[CapacityLimiter] = RunVar("forms being saved")


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
        return saved_page(request, visit, changed=saved == "1")
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
    return await to_thread.run_sync(_submit, request, await fields_of(request), limiter=_savers())


def _savers() -> CapacityLimiter:
    """Return what lets so many in, of this event loop."""
    limiter = _saving.get(None)
    if limiter is None:
        limiter = CapacityLimiter(_SAVERS)
        _saving.set(limiter)
    return limiter


def _submit(request: Request, fields: Mapping[str, str]) -> Response:
    if fields.keys() & _LOOKING:
        return _look(request, fields)
    with site_of(request).installation.engine.begin() as connection:
        found = find(request, holding=connection)
        saved = _save(connection, found[0], fields) if found and not found[1] else None
    if found is None:
        return site_of(request).pages.missing(request)
    visit, over = found
    if over:
        return renew(request, visit, fields)
    if isinstance(saved, _Told):
        return _again(request, visit, saved)
    changed = "1" if saved and saved.changed else "0"
    return RedirectResponse(f"{visit.home}?lang={visit.language}&saved={changed}", status_code=303)


def _look(request: Request, fields: Mapping[str, str]) -> Response:
    """Show the answers again, or what they would have changed."""
    visit = opened(request, fields)
    if isinstance(visit, Response):
        return visit
    told = _told(visit, fields)
    if told.errors or "edit" in fields:
        return _again(request, visit, told)
    return _preview(request, visit, fields, told)


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What somebody posted."""

    answers: Mapping[str, str]
    errors: Mapping[str, str]
    shown: Mapping[str, str]
    """What the form had shown, where it said so."""


def _told(visit: Visit, fields: Mapping[str, str]) -> _Told:
    answers, errors = check(fields, visit.known, visit.brand, visit.language, visit.site.clock())
    shown = {key.removeprefix("shown."): value for key, value in fields.items() if key.startswith("shown.")}
    return _Told(answers=answers, errors=errors, shown=shown)


def _again(request: Request, visit: Visit, told: _Told) -> Response:
    known = visit.known.answers
    before = {**known, **{key: told.shown[key] for key in told.shown if key in known}}
    return form_page(request, visit, answers={**known, **told.answers}, shown=before, errors=told.errors)


def _save(connection: Connection, visit: Visit, fields: Mapping[str, str]) -> Saved | _Told | None:
    """Save what was posted, and confirm it where the customer is reached now; what is wrong comes back."""
    told = _told(visit, fields)
    if told.errors:
        return told
    if fields.get("stop") == "marketing" or "undo" in fields:
        saved = _taken_back(connection, visit, fields)
        _confirm(connection, visit, saved)
        return saved
    with one_trip(connection):  # what it has to know is in `visit` already
        saved = save(
            connection,
            customer=visit.customer,
            brand=visit.brand,
            answers=told.answers,
            shown=told.shown,
            proof=_proof(fields, visit),
            policy=visit.site.policy,
            now=visit.site.clock(),
            held=visit.known,
            record=notice(connection, notice_text(visit), language=visit.language, now=visit.site.clock()),
        )
        _confirm(connection, visit, saved)
    return saved


def _confirm(connection: Connection, visit: Visit, saved: Saved | None) -> None:
    if saved and saved.changed:
        confirm_saved(
            connection,
            saved=visit.known,
            changed=saved.changed,
            language=visit.language,
            now=visit.site.clock(),
        )


def _taken_back(connection: Connection, visit: Visit, fields: Mapping[str, str]) -> Saved | None:
    """Stop all marketing, or undo what was saved last."""
    now, proof = visit.site.clock(), _proof(fields, visit)
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
    told: _Told,
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


def _proof(fields: Mapping[str, str], visit: Visit) -> str:
    """Say what the customer saw: the form's version, its language and exact wording, and when it was shown."""
    shown_at = fields.get("shown_at", "")[:LONGEST]
    try:
        when = datetime.fromisoformat(shown_at).isoformat(timespec="seconds")
    except ValueError:
        when = "unknown"
    answered = "stop marketing" if fields.get("stop") else "undo" if "undo" in fields else "answers"
    return (
        f"form {VERSION}, {visit.language}, wording {wording_digest(visit.language)}, brand {visit.brand.id}, "
        f"shown {when}, {answered}"
    )
