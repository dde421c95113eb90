"""What is posted to the preference form: read, checked and saved, of several customers in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, IntegrityError
from starlette.requests import Request

from store.slips import Confirmation
from store.trips import one_trip
from tidings.organisation import Brand
from web.answers import LONGEST, check, shown_in
from web.form_pages import VERSION, notice_text
from web.language import wording_digest
from web.site import Site
from web.visit import Visit, brand_of, visit_to
from work import consent_records, scribe
from work.asking import confirm_saved, confirmation
from work.consent_records import Notice, notice
from work.links import OpenedPreferences
from work.preference import Preferences, Saved, hold_all, said
from work.scribe import Sheet


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A form that came by a link of ours that is not over."""

    request: Request
    link: OpenedPreferences
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What somebody posted."""

    answers: Mapping[str, str]
    errors: Mapping[str, str]
    shown: Mapping[str, str]
    """What the form had shown, where it said so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of a post."""

    visit: Visit | None = None
    """None: the link names nobody, or no brand of today's."""
    told: Told | None = None
    saved: Saved | None = None
    """None: something is wrong with what was told, nothing is saved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Draft:
    """A post that is to be saved."""

    outcome: Outcome
    sheet: Sheet
    notice: Notice
    confirmation: Confirmation | None


def save_all(site: Site, posts: Sequence[Post]) -> list[Outcome | Exception | None]:
    """Save several forms in one transaction, each read under its customer's lock.

    What cannot be stored of one does not keep the others from it. None: the customer, or another record of the same
    person, came before in `posts`, whose answers are not to be seen yet; the post belongs into another transaction.
    """
    try:
        with site.installation.engine.begin() as connection:
            return _saved(connection, site, posts)
    except (DataError, IntegrityError, UnicodeEncodeError) as error:
        if len(posts) == 1:
            return [error]
    return [outcome for post in posts for outcome in save_all(site, [post])]


def _saved(connection: Connection, site: Site, posts: Sequence[Post]) -> list[Outcome | Exception | None]:
    now = site.clock()
    brands: dict[int, Brand] = {}
    for post in posts:
        if brand := brand_of(site, post.link.brand):
            brands.setdefault(post.link.customer, brand)
    held = hold_all(connection, brands, policy=site.policy, now=now)
    seen: set[int] = set()
    drafts = [_draft(post, brand_of(site, post.link.brand), held, seen, now) for post in posts]
    _write(connection, [draft for draft in drafts if isinstance(draft, _Draft)], now)
    return [draft.outcome if isinstance(draft, _Draft) else draft for draft in drafts]


def _draft(
    post: Post, brand: Brand | None, held: Mapping[int, Preferences], seen: set[int], now: datetime
) -> _Draft | Outcome | Exception | None:
    known = held.get(post.link.customer)
    if brand is None or known is None:
        return Outcome()
    if not seen.isdisjoint(known.known.members):
        return None
    seen.update(known.known.members)
    try:
        visit = visit_to(post.request, brand, known, home=f"/p/{post.request.path_params['token']}")
        return _answered(visit, post.fields, now)
    except Exception as error:  # of this post only
        return error


def _answered(visit: Visit, fields: Mapping[str, str], now: datetime) -> _Draft | Outcome:
    told = told_by(visit, fields)
    if told.errors:
        return Outcome(visit=visit, told=told)
    shown = notice(notice_text(visit), visit.language)
    saved, sheet = said(
        visit.known,
        brand=visit.brand,
        answers=told.answers,
        shown=told.shown,
        proof=proof_of(visit, fields),
        now=now,
        record=shown.record,
    )
    there = confirmation(saved=visit.known, changed=saved.changed, language=visit.language)
    return _Draft(
        outcome=Outcome(visit=visit, told=told, saved=saved),
        sheet=sheet,
        notice=shown,
        confirmation=there if saved.changed else None,
    )


def _write(connection: Connection, drafts: Sequence[_Draft], now: datetime) -> None:
    changed = [draft for draft in drafts if draft.sheet.touchpoints]
    if changed:
        with one_trip(connection):
            consent_records.keep(connection, {draft.notice for draft in changed}, now=now)
            scribe.keep(connection, [draft.sheet for draft in changed])
            confirm_saved(connection, [draft.confirmation for draft in changed], now=now)


def told_by(visit: Visit, fields: Mapping[str, str]) -> Told:
    """Return what somebody posted."""
    answers, errors = check(fields, visit.known, visit.brand, visit.language, visit.site.clock())
    return Told(answers=answers, errors=errors, shown=shown_in(fields))


def proof_of(visit: Visit, fields: Mapping[str, str]) -> str:
    """Say what the customer saw: the form's version, its language and exact wording, and when it was shown."""
    shown_at = fields.get("shown_at", "")[:LONGEST]
    try:
        when = datetime.fromisoformat(shown_at).isoformat(timespec="seconds")
    except ValueError:
        when = "unknown"
    answered = "stop marketing" if fields.get("stop") else "answers"
    answered = next((word for word in ("undo", "unstop") if word in fields), answered)
    return (
        f"form {VERSION}, {visit.language}, wording {wording_digest(visit.language)}, brand {visit.brand.id}, "
        f"shown {when}, {answered}"
    )
