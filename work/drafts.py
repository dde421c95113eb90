"""A campaign before it is one: written, asked for, approved by a second person, and only then a run.

`draft -> waiting_approval -> approved`, and back to `draft` with every change. Approving opens the run in the same
transaction (`work.campaign.open_in`), so nothing is sent that was not approved, and nothing approved is forgotten.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection

from preferences.policy import Policy
from store import drafts as stored
from store import staff
from store.audit import note
from store.runs import find_run, notify, set_run
from templates.catalog import Template, find
from templates.rewriting import rewritten, write_copy
from tidings.campaign import USUAL_PRIORITY, Campaign
from tidings.channel import Channel
from tidings.problem import Problem
from work import segments
from work.campaign import checked, open_in, parse_campaign
from work.installation import Installation

WORDS = ("subject", "preheader", "headline", "body", "short")
"""Blocks that a campaign may say in its own words."""
BEGUN = frozenset({"planning", "waiting_release", "sending", "paused"})


class Content(BaseModel):
    """What a person has written so far, as text; any part may be missing or wrong, `campaign_of` says what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(default="", max_length=61)
    edition: str = Field(default="1", max_length=61)
    title: str = Field(default="", max_length=200)
    brand: str = ""
    topic: str = Field(default="offer", max_length=100)
    template: str = ""
    segment: str = ""
    version: int | None = None
    """Of the segment; set when approval is asked, so that what was approved is what is sent."""
    audience: dict[str, Any] | None = None
    """A rule of its own, of a campaign that came from a file; instead of a segment."""
    channels: tuple[Channel, ...] = tuple(Channel)
    start: str = ""
    """`2026-12-01T09:00`, on the clock of `zone` or of each customer; '' is at once when it is approved."""
    zone: str = "UTC"
    own_time: bool = True
    wait_days: int = Field(default=0, ge=0, le=60)
    """Silence for so long on e-mail moves a message to the next channel; 0 never."""
    data: dict[str, str] = {}
    texts: dict[str, dict[str, str]] = {}
    """Language to block (WORDS) to what this campaign says instead of its template."""
    tracking: bool = True
    priority: int = Field(default=USUAL_PRIORITY, ge=1, le=9)
    budget_letters: str = Field(default="", max_length=10)
    """As text; '' is as many as it takes."""
    budget_amount: str = Field(default="", max_length=15)
    enclosures: tuple[str, ...] = Field(default=(), max_length=10)
    """PDFs that go with each letter (`work.enclosures`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A draft that can be looked at: the campaign, and its template with the draft's own words."""

    campaign: Campaign
    template: Template
    source: Template
    """The template without them."""


def content_of(draft: stored.Draft) -> Content:
    """Return what a draft says."""
    return Content.model_validate(draft.definition)


def template_of(installation: Installation, content: Content) -> tuple[Template, Template]:
    """Return the template in the draft's own words, and without them.

    Raises:
        Problem: no template is chosen, there is no such, or a text of the draft cannot be used.
    """
    if not content.template:
        raise Problem("template: choose one.")
    source = find(content.template, extra=installation.own_templates)
    if not content.texts:
        return source, source
    return rewritten(source, own_name(content, source), content.texts), source


def own_name(content: Content, source: Template) -> str:
    """Return the name of the template that holds a draft's own words."""
    return f"{source.purpose}/{content.name or 'draft'}.{content.edition.lower()}"


def ready(installation: Installation, content: Content) -> Ready:
    """Return the campaign that a draft would be.

    Raises:
        Problem: something is missing or wrong; begins with the field: `name: ...`.
    """
    template, source = template_of(installation, content)
    raw: dict[str, Any] = {
        "name": content.name,
        "edition": content.edition,
        "title": content.title,
        "brand": content.brand or None,
        "topic": content.topic,
        "template": template.name,
        "audience": _audience(content),
        "channels": [str(channel) for channel in content.channels],
        "schedule": {"zone": content.zone or "UTC"},
        "fallback_after": {"email": f"P{content.wait_days}D"} if content.wait_days else {},
        "data": _typed(template, content.data),
        "tracking": content.tracking,
        "priority": content.priority,
        "enclosures": list(content.enclosures),
    }
    limits = {"letters": content.budget_letters, "amount": _with_point(content.budget_amount)}
    raw["budget"] = {name: text for name, text in limits.items() if text} or None
    if content.start:
        raw["schedule"] |= {"start": content.start, "own_time": content.own_time}
    if not content.name:
        raise Problem("name: every campaign has one.", todo="Lower-case letters, digits, dots and dashes.")
    if not content.channels:
        raise Problem("channels: choose at least one.")
    return Ready(campaign=parse_campaign(raw, where="draft"), template=template, source=source)


def create(connection: Connection, content: Content, *, actor: str, now: datetime) -> int:
    """Write a new draft; returns its id.

    Raises:
        Problem: there is one of this name and edition.
    """
    made = stored.add(
        connection,
        name=content.name,
        edition=content.edition,
        definition=content.model_dump(mode="json"),
        actor=actor,
        now=now,
    )
    _note(connection, made, "draft_campaign", actor, content)
    return made


def version_of(content: Content) -> str:
    """Return 12 hex digits that name what a draft says; which version of its segment it keeps is no word of it."""
    said = content.model_dump(mode="json", exclude={"version"})
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def save(
    connection: Connection,
    draft_id: int,
    content: Content,
    *,
    actor: str,
    now: datetime,
    based: str = "",
    typing_on: bool = False,
) -> bool:
    """Write what somebody changed; returns whether that took an approval, or the asking for one, back.

    Args:
        connection: in a transaction.
        draft_id: which.
        content: what it says from now on.
        actor: who.
        now: this moment.
        based: `version_of` what they changed; '' when that is not known.
        typing_on: the last change came from the same page, which need not have heard of it yet.

    Raises:
        Problem: there is no such draft, it has begun, or it was changed meanwhile, on another page.
    """
    draft = _locked(connection, draft_id)
    before = content_of(draft)
    if based not in ("", version_of(before)) and not typing_on:
        raise Problem(
            f"{draft.updated_by.removeprefix('staff:')} changed this campaign while it lay open here.",
            todo="Open it anew, or save once more to write over that.",
        )
    if before.model_copy(update={"version": None}) == content.model_copy(update={"version": None}):
        return False
    taken_back = draft.state != "draft"
    _take_back(connection, draft)
    stored.change(
        connection,
        draft_id,
        name=content.name,
        edition=content.edition,
        definition=content.model_copy(update={"version": None}).model_dump(mode="json"),
        updated_by=actor,
        updated_at=now,
        **_UNASKED,
    )
    if taken_back:
        _note(connection, draft_id, "take_back_campaign", actor, content, because="changed")
    return taken_back


def ask(installation: Installation, draft_id: int, *, actor: str, now: datetime) -> None:
    """Ask for approval of what the draft says now: its words are written, its segment keeps its version.

    Raises:
        Problem: there is no such draft, it does not wait for an asking, or something in it cannot be used.
    """
    with installation.engine.begin() as connection:
        draft = _locked(connection, draft_id)
        if draft.state != "draft":
            raise Problem("Approval was asked for already.")
        content = content_of(draft)
        found = ready(installation, content)
        checked(installation, found.campaign, now=now, template=found.template)
        if content.texts:
            write_copy(
                found.source,
                own_name(content, found.source),
                content.texts,
                folder=installation.own_templates,
            )
        if content.segment:
            version = segments.find(connection, content.segment).version
            content = content.model_copy(update={"version": version})
        stored.change(
            connection,
            draft_id,
            definition=content.model_dump(mode="json"),
            state="waiting_approval",
            asked_for=_digest(installation, content),
            asked_by=actor,
            asked_at=now,
            note="",
        )
        _note(connection, draft_id, "ask_campaign_approval", actor, content)


def approve(
    installation: Installation, policy: Policy, draft_id: int, *, actor: str, now: datetime, seen: str = ""
) -> str:
    """Let a draft become a run, which starts by itself when its time comes; returns the run.

    Args:
        installation: whose.
        policy: of the organisation.
        draft_id: which.
        actor: who approves.
        now: this moment.
        seen: `asked_for` of the draft as the approver saw it; '' when that is not known.

    Raises:
        Problem: it does not wait for approval, is not what was asked for or seen any more (its template was edited, it
            was taken back and asked for with other words), or the approver asked for it themselves and is not alone in
            the organisation.
    """
    with installation.engine.begin() as connection:
        draft = _locked(connection, draft_id)
        if draft.state != "waiting_approval":
            raise Problem("This does not wait for approval.")
        alone = is_alone(connection)
        if actor == draft.asked_by and not alone:
            raise Problem("You asked for this approval; somebody else must give it.")
        if seen not in ("", draft.asked_for):
            raise Problem("It was changed since you looked at it.", todo="Look at it as it is now.")
        content = content_of(draft)
        if _digest(installation, content) != draft.asked_for:
            raise Problem("Its template was changed since approval was asked for.", todo="Ask once more.")
        found = as_written(installation, content)
        opened = open_in(
            connection, installation, found.campaign, found.template, policy, actor=draft.asked_by, now=now
        )
        if opened.repeats:
            raise Problem(f"This edition was sent by run {opened.repeats}.", todo="Give it another edition.")
        by = actor.removeprefix("staff:")
        set_run(connection, opened.run, released_by=by, released_at=now)
        stored.change(
            connection, draft_id, state="approved", approved_by=actor, approved_at=now, run_id=opened.run
        )
        _note(connection, draft_id, "approve_campaign", actor, content, run=opened.run, alone=alone)
        notify(connection, opened.run)
    return opened.run


def send_back(connection: Connection, draft_id: int, *, actor: str, because: str) -> None:
    """Give a draft back to whoever asked, or take back an approval before the run begins.

    Raises:
        Problem: there is nothing to send back, or it has begun.
    """
    draft = _locked(connection, draft_id)
    if draft.state == "draft":
        raise Problem("This is a draft; nobody asked for approval.")
    _take_back(connection, draft)
    stored.change(connection, draft_id, **{**_UNASKED, "note": " ".join(because.split())[:500]})
    _note(connection, draft_id, "send_back_campaign", actor, content_of(draft), because=because)


def drop(connection: Connection, draft_id: int, *, actor: str) -> None:
    """Put a draft away.

    Raises:
        Problem: there is no such draft, or it has begun.
    """
    draft = _locked(connection, draft_id)
    _take_back(connection, draft)
    stored.change(connection, draft_id, state="dropped")
    _note(connection, draft_id, "drop_campaign", actor, content_of(draft))


def is_alone(connection: Connection) -> bool:
    """Tell whether the organisation has one account only: then whoever asks approves, and the audit says so."""
    return sum(account.removed_at is None for account in staff.listed(connection)) <= 1


def state_of(draft: stored.Draft, run_state: str) -> str:
    """Return draft, waiting_approval, scheduled, running, paused, stopped or done."""
    if draft.state != "approved" or not run_state:
        return draft.state
    return {"finished": "done", "scheduled": "scheduled", "stopped": "stopped", "paused": "paused"}.get(
        run_state, "running"
    )


_UNASKED: Mapping[str, Any] = {
    "state": "draft",
    "asked_for": "",
    "asked_by": "",
    "asked_at": None,
    "approved_by": "",
    "approved_at": None,
    "note": "",
}


def _locked(connection: Connection, draft_id: int) -> stored.Draft:
    draft = stored.find(connection, draft_id, lock=True)
    if draft is None:
        raise Problem(f"There is no draft {draft_id}.")
    return draft


def _take_back(connection: Connection, draft: stored.Draft) -> None:
    """Undo an approval: its run has not begun, or it is too late."""
    if draft.run_id is None:
        return
    run = find_run(connection, draft.run_id)
    if run is not None and not stored.withdraw_run(connection, draft.run_id):
        raise Problem(
            "This campaign has begun, so it cannot be changed.",
            todo="Stop it, and make one with another edition.",
        )


def as_written(installation: Installation, content: Content, *, write: bool = False) -> Ready:
    """Return the campaign with its own words as the folder has them, written now if asked: a run reads them there.

    Raises:
        Problem: as `ready`, or the words were not written yet.
    """
    found = ready(installation, content)
    if not content.texts:
        return found
    if write:
        write_copy(
            found.source, own_name(content, found.source), content.texts, folder=installation.own_templates
        )
    template = find(own_name(content, found.source), extra=installation.own_templates)
    return Ready(campaign=found.campaign, template=template, source=found.source)


def _digest(installation: Installation, content: Content) -> str:
    """Return a digest of all that an approval is about: the campaign, and the words as a run would read them."""
    found = as_written(installation, content)
    said = found.campaign.model_dump(mode="json")
    told = json.dumps([said, found.template.content_hash], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _audience(content: Content) -> dict[str, Any]:
    if content.audience is not None:
        return content.audience
    if not content.segment:
        return {"everybody": True}
    return {"segment": content.segment, **({"version": content.version} if content.version else {})}


def _typed(template: Template, data: Mapping[str, str]) -> dict[str, Any]:
    """Return the values that were typed, those that are empty left out, dates as dates."""
    values: dict[str, Any] = {}
    for name, text in data.items():
        kind = template.model.get(name, "").removesuffix("?")
        if not text.strip() or not kind:
            continue
        values[name] = text.strip()
        if kind == "date":
            try:
                values[name] = date.fromisoformat(text.strip())
            except ValueError as error:
                raise Problem(f"{name}: {text!r} is no date.", todo="Write 2026-12-31.") from error
        elif kind in _NUMBERS:
            values[name] = _with_point(text.strip())
            if not _NUMBER.fullmatch(values[name]):
                raise Problem(f"{name}: {text!r} is not an amount.", todo="Write it as 1234.50.")
    return values


_NUMBERS = frozenset({"number", "percent", "money"})
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def _with_point(text: str) -> str:
    """Return a number with a point where most of Europe and Brazil write a comma; `1,234` may be either and stays.

    >>> _with_point("1 234,50"), _with_point("1.234,5"), _with_point("12,5"), _with_point("1,234"), _with_point("ten")
    ('1234.50', '1234.5', '12.5', '1,234', 'ten')
    """
    plain = "".join(text.split())
    whole, comma, rest = plain.rpartition(",")
    if comma and rest.isdecimal() and len(rest) != 3 and "," not in whole:  # noqa: PLR2004 -- as thousands are parted
        plain = f"{whole.replace('.', '')}.{rest}"
    return plain if _NUMBER.fullmatch(plain) else text


def _note(
    connection: Connection, draft_id: int, action: str, actor: str, content: Content, **detail: object
) -> None:
    about = {"campaign": content.name, "edition": content.edition, **detail}
    note(connection, actor=actor, action=action, subject=f"draft:{draft_id}", detail=about)


def parse_content(raw: Mapping[str, Any]) -> Content:
    """Read what a form or an API sends.

    Raises:
        Problem: a value is not what it must be; begins with the field.
    """
    try:
        return Content.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        raise Problem(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
