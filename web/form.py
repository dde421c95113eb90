"""The preference form: a signed link, no login, no script, five languages; saved answers take effect at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tidings.organisation import Brand
from web.language import LANGUAGES, wording_digest, words
from web.renewal import renew
from web.site import site_of
from web.visit import Visit, fields_of, find, page
from work.preference import Preferences, save, stop_marketing
from work.scribe import CHOICES, MARKETING
from work.wishes import NONE, zone_of

VERSION = "1"
"""Of the questions and what they mean; the wording has its own digest. Both are part of the proof."""
_HORIZON = timedelta(days=731)
_SHORTEST_REFERENCE = 6
_DIGITS = 4
_LONGEST = 100


def routes() -> list[Route]:
    """Return the form's routes."""
    return [
        Route("/p/{token}", show, methods=["GET"]),
        Route("/p/{token}", submit, methods=["POST"]),
    ]


def show(request: Request) -> Response:
    """Show the form, or with `?saved=` what holds from now on; a link that is over leads to a new one."""
    found = find(request)
    if found is None:
        return site_of(request).pages.missing(request)
    visit, over = found
    if over:
        return renew(request, visit)
    if (saved := request.query_params.get("saved")) is not None:
        return _confirm(request, visit, changed=saved == "1")
    return _page(request, visit, answers=visit.known.answers, errors={})


async def submit(request: Request) -> Response:
    """Save the answers; a wrong one is told at its field, and nothing is saved."""
    return await run_in_threadpool(_submit, request, await fields_of(request))


def _submit(request: Request, fields: Mapping[str, str]) -> Response:
    found = find(request)
    if found is None:
        return site_of(request).pages.missing(request)
    visit, over = found
    if over:
        return renew(request, visit, fields)
    site, known = visit.site, visit.known
    now = site.clock()
    answers, errors = _check(fields, known, visit, now)
    if errors:
        return _page(request, visit, answers={**known.answers, **answers}, errors=errors)
    shown = {key.removeprefix("shown."): value for key, value in fields.items() if key.startswith("shown.")}
    proof = _proof(fields, visit)
    with site.installation.engine.begin() as connection:
        if fields.get("stop") == "marketing":
            saved = stop_marketing(
                connection,
                customer=visit.customer,
                brand=visit.brand,
                purposes=MARKETING,
                proof=proof,
                now=now,
            )
        else:
            saved = save(
                connection,
                customer=visit.customer,
                brand=visit.brand,
                answers=answers,
                shown=shown,
                proof=proof,
                policy=site.policy,
                now=now,
            )
    changed = "1" if saved and saved.changed else "0"
    return RedirectResponse(f"{request.url.path}?lang={visit.language}&saved={changed}", status_code=303)


def _page(
    request: Request, visit: Visit, *, answers: Mapping[str, str], errors: Mapping[str, str]
) -> Response:
    known, now = visit.known, visit.site.clock()
    wording = words(visit.language)
    today = _today(known, now)
    return page(
        request,
        visit,
        "form",
        status=422 if errors else 200,
        version=VERSION,
        shown_at=now.isoformat(timespec="seconds"),
        shown=known.answers,
        answers=answers,
        errors=errors,
        labels={key: _label(key, wording) for key in errors},
        choices=tuple(CHOICES),
        marketing=MARKETING,
        ways=known.ways,
        digits=known.reference[-_DIGITS:] if len(known.reference) >= _SHORTEST_REFERENCE else "",
        tongues=[(code, words(code)["page"]["name"]) for code in _offered(visit.brand, known)],
        first_day=(today + timedelta(days=1)).isoformat(),
        last_day=(today + _HORIZON).isoformat(),
    )


def _confirm(request: Request, visit: Visit, *, changed: bool) -> Response:
    known = visit.known
    paused = known.answers["pause_until"]
    return page(
        request,
        visit,
        "saved",
        changed=changed,
        choices=tuple(CHOICES),
        answers=known.answers,
        masked={NONE: "", **{way.channel: way.shown for way in known.ways}},
        paused=date.fromisoformat(paused) if paused else None,
        planned=known.planned,
    )


def _label(key: str, wording: Mapping[str, Mapping[str, object]]) -> str:
    form = wording["form"]
    if key in CHOICES:
        topic = form[key]
        return str(topic["title"]) if isinstance(topic, Mapping) else key
    return str(form[{"language": "language", "pause_until": "pause"}.get(key, "quiet")])


def _offered(brand: Brand, known: Preferences) -> list[str]:
    """Return the languages a customer can ask for: the brand's, and the one that is set."""
    return [code for code in LANGUAGES if code in brand.languages or code == known.answers["language"]]


def _today(known: Preferences, now: datetime) -> date:
    return now.astimezone(zone_of(known.zone)).date()


def _proof(fields: Mapping[str, str], visit: Visit) -> str:
    """Say what the customer saw: the form's version, its language and exact wording, and when it was shown."""
    shown_at = fields.get("shown_at", "")[:_LONGEST]
    try:
        when = datetime.fromisoformat(shown_at).isoformat(timespec="seconds")
    except ValueError:
        when = "unknown"
    answered = "stop marketing" if fields.get("stop") else "answers"
    return (
        f"form {VERSION}, {visit.language}, wording {wording_digest(visit.language)}, brand {visit.brand.id}, "
        f"shown {when}, {answered}"
    )


def _check(
    fields: Mapping[str, str], known: Preferences, visit: Visit, now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the answers that were given, and for each wrong one what is wrong with it."""
    answers = {key: fields[key].strip()[:_LONGEST] for key in known.answers if key in fields}
    if "form" in fields:  # the whole form: a box that is not ticked is not sent
        answers["tracking"] = "on" if fields.get("tracking") == "on" else "off"
    errors: dict[str, str] = {}
    wording = words(visit.language)["error"]
    for key in CHOICES:
        allowed = {*known.usable, *([NONE] if key in MARKETING else [])}
        if key in answers and answers[key] not in allowed:
            errors[key] = wording["choice"]
    if "language" in answers and answers["language"] not in _offered(visit.brand, known):
        errors["language"] = wording["language"]
    if answers.get("tracking", "on") not in ("on", "off"):
        answers["tracking"] = "off"
    pause = answers.get("pause_until", "")
    if pause != known.answers["pause_until"] and (wrong := _wrong_day(pause, _today(known, now))):
        errors["pause_until"] = wording[wrong].format(example=_today(known, now) + timedelta(days=30))
    if wrong := _wrong_hours(answers):
        errors["quiet_from"] = wording[wrong]
    return answers, errors


def _wrong_day(text: str, today: date) -> str | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return "date"
    if day <= today:
        return "past"
    return "far" if day > today + _HORIZON else None


def _wrong_hours(answers: dict[str, str]) -> str | None:
    """Check both times and bring them into the form HH:MM."""
    hours = [answers.get("quiet_from", ""), answers.get("quiet_until", "")]
    if not any(hours):
        return None
    try:
        answers["quiet_from"], answers["quiet_until"] = (
            time.fromisoformat(hour).isoformat(timespec="minutes") for hour in hours
        )
    except ValueError:
        return "time"
    return "same" if answers["quiet_from"] == answers["quiet_until"] else None
