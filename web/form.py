"""The preference form: a signed link, no login, no script, five languages; saved answers take effect at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tidings.organisation import Brand
from web.answers import HORIZON, LONGEST, check, offered, places_of, today
from web.language import LANGUAGES, day_names, wording_digest, words
from web.render import moment
from web.renewal import opened, renew
from web.site import site_of
from web.visit import Visit, fields_of, find, page
from work.asking import confirm_saved
from work.history import history, undo
from work.preference import Saved, channels_in, save, stop_marketing, unsaved
from work.replay import replay
from work.scribe import CHOICES, FREQUENCIES, HOUSEHOLDS, MANNERS, MARKETING, questions
from work.wishes import NONE

VERSION = "3"
"""Of the questions and what they mean; the wording has its own digest. Both are part of the proof."""
_SHORTEST_REFERENCE = 6
_DIGITS = 4
_WISHES = {"best_days": "days", "frequency": "frequency", "household": "household"}
_LOOKING = frozenset({"preview", "edit"})
"""Buttons that save nothing."""


def routes() -> list[Route]:
    """Return the form's routes."""
    return [
        Route("/p/{token}", show, methods=["GET"]),
        Route("/p/{token}", submit, methods=["POST"]),
        Route("/p/{token}/history", look_back, methods=["GET"]),
    ]


def show(request: Request) -> Response:
    """Show the form, or with `?saved=` what holds from now on; a link that is over leads to a new one."""
    visit = opened(request)
    if isinstance(visit, Response):
        return visit
    if (saved := request.query_params.get("saved")) is not None:
        return _confirm(request, visit, changed=saved == "1")
    return _page(request, visit, answers=visit.known.answers, shown=visit.known.answers, errors={})


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


async def submit(request: Request) -> Response:
    """Save the answers, or show first what they would have changed; a wrong one is told at its field."""
    return await run_in_threadpool(_submit, request, await fields_of(request))


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
    return _page(request, visit, answers={**known, **told.answers}, shown=before, errors=told.errors)


def _save(connection: Connection, visit: Visit, fields: Mapping[str, str]) -> Saved | _Told | None:
    """Save what was posted, and confirm it where the customer is reached now; what is wrong comes back."""
    told = _told(visit, fields)
    if told.errors:
        return told
    saved = _saved(connection, visit, fields, told)
    if saved and saved.changed:
        confirm_saved(
            connection,
            saved=visit.known,
            changed=saved.changed,
            language=visit.language,
            now=visit.site.clock(),
        )
    return saved


def _saved(connection: Connection, visit: Visit, fields: Mapping[str, str], told: _Told) -> Saved | None:
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
    if "undo" in fields:
        return undo(connection, customer=customer, brand=brand, proof=proof, policy=policy, now=now)
    return save(
        connection,
        customer=customer,
        brand=brand,
        answers=told.answers,
        shown=told.shown,
        proof=proof,
        policy=policy,
        now=now,
        held=visit.known,
    )


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


def _page(
    request: Request,
    visit: Visit,
    *,
    answers: Mapping[str, str],
    shown: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    known, now = visit.known, visit.site.clock()
    day = today(known, now)
    topics = questions(visit.brand)
    return page(
        request,
        visit,
        "form",
        status=422 if errors else 200,
        version=VERSION,
        shown_at=now.isoformat(timespec="seconds"),
        shown=shown,
        answers=answers,
        errors=errors,
        labels={key: _label(key, visit) for key in errors},
        topics={topic: title_of(topic, visit) for topic in topics},
        parts={key: [topic for topic in topics if topic.startswith(f"{key}.")] for key in CHOICES},
        marketing=MARKETING,
        manners=MANNERS,
        days=day_names(visit.language),
        often=list(dict.fromkeys((*FREQUENCIES, *filter(None, (answers["frequency"],))))),
        households=HOUSEHOLDS,
        places={topic: places_of(answers[topic]) for topic in topics},
        ways=known.ways,
        most=sum(not way.problem for way in known.ways),
        digits=known.reference[-_DIGITS:] if len(known.reference) >= _SHORTEST_REFERENCE else "",
        tongues=[(code, words(code)["page"]["name"]) for code in offered(visit.brand, known)],
        first_day=(day + timedelta(days=1)).isoformat(),
        last_day=(day + HORIZON).isoformat(),
    )


def _confirm(request: Request, visit: Visit, *, changed: bool) -> Response:
    known = visit.known
    paused = known.answers["pause_until"]
    topics = [topic for topic in questions(visit.brand) if topic in CHOICES or known.answers[topic]]
    return page(
        request,
        visit,
        "saved",
        changed=changed,
        topics={topic: title_of(topic, visit) for topic in topics},
        chosen={topic: channels_in(known.answers[topic]) or (NONE,) for topic in topics},
        answers=known.answers,
        manners=[key for key in MANNERS if known.answers[key] == "on"],
        masked={NONE: "", **{way.channel: way.shown for way in known.ways}},
        paused=date.fromisoformat(paused) if paused else None,
        wished_days=", ".join(
            name
            for day, name in day_names(visit.language).items()
            if day in known.answers["best_days"].split(",")
        ),
        planned=known.planned,
    )


def title_of(topic: str, visit: Visit) -> str:
    """Return what a topic is called on the page: ours for purposes, the brand's for parts of them."""
    wording = words(visit.language)
    if topic in CHOICES:
        return str(wording["form"][topic]["title"])
    purposes: Mapping[str, str] = wording["preview"]["purpose"]
    return purposes.get(topic) or _part(topic, visit.brand, visit.language)


def _part(topic: str, brand: Brand, language: str) -> str:
    names = brand.topics.get(topic, {})
    tried = (language, language.partition("_")[0], *brand.languages)
    return next((names[one] for one in tried if one in names), next(iter(names.values()), topic))


def _label(key: str, visit: Visit) -> str:
    form, wish = words(visit.language)["form"], words(visit.language)["wish"]
    if key in questions(visit.brand):
        return title_of(key, visit)
    if key in _WISHES:
        return str(wish[_WISHES[key]])
    return str(form[{"language": "language", "pause_until": "pause"}.get(key, "quiet")])


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
