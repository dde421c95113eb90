"""What the preference form shows: its questions, what was saved, and what a topic is called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from tidings.organisation import Brand
from web.answers import HORIZON, offered, places_of, today
from web.language import day_names, words
from web.visit import Visit, page
from work.own_stop import OwnStop, stopped, stops_of
from work.preference import channels_in
from work.scribe import CHOICES, FREQUENCIES, HOUSEHOLDS, MANNERS, MARKETING, questions
from work.wishes import NONE

VERSION = "3"
"""Of the questions and what they mean; the wording has its own digest. Both are part of the proof."""
_WISHES = {"best_days": "days", "frequency": "frequency", "household": "household"}


def form_page(
    request: Request,
    visit: Visit,
    *,
    answers: Mapping[str, str],
    shown: Mapping[str, str],
    errors: Mapping[str, str],
) -> Response:
    """Return the form with these answers, a wrong one (422) told at its field; `shown` is what it had shown before."""
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
        stops=_stops(visit, now),
        titles=lambda allowed: ", ".join(title_of(topic, visit) for topic in allowed),
        most=sum(not way.problem for way in known.ways),
        tongues=[(code, words(code)["page"]["name"]) for code in offered(visit.brand, known)],
        first_day=(day + timedelta(days=1)).isoformat(),
        last_day=(day + HORIZON).isoformat(),
    )


def _stops(visit: Visit, now: datetime) -> tuple[OwnStop, ...]:
    if not stopped(visit.known):
        return ()
    with visit.site.reading.connect() as connection:
        return stops_of(connection, visit.known, visit.brand, policy=visit.site.policy, now=now)


def saved_page(request: Request, visit: Visit, *, changed: bool, undoable: bool) -> Response:
    """Return what holds from now on, with a button that takes the last change of answers back."""
    known = visit.known
    paused = known.answers["pause_until"]
    topics = [topic for topic in questions(visit.brand) if topic in CHOICES or known.answers[topic]]
    return page(
        request,
        visit,
        "saved",
        changed=changed,
        undoable=undoable,
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


def notice_text(visit: Visit) -> str:
    """Return the words of the form about choices that are consent: the text that is hashed for their record."""
    wording = words(visit.language)
    form, rank = wording["form"], wording["rank"]
    lines = [form["title"], form["intro"]]
    for topic in questions(visit.brand):
        lines += [title_of(topic, visit), *([form[topic]["hint"]] if topic in CHOICES else [])]
    lines += [str(wording["channel"][way.channel]) for way in visit.known.ways]
    lines += [rank["never"], form["save"], form["stop_title"], form["stop_hint"], form["stop"]]
    return "\n".join(lines)


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
