"""A campaign from its file to a frozen audience. Its identity is `name` and `edition`; one edition runs once."""

import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError
from sqlalchemy import Connection

from preferences.policy import Policy
from store.messages import unfinished
from store.policies import current_policy
from store.runs import (
    Run,
    add_campaign,
    add_run,
    find_campaign,
    find_run,
    link_campaign,
    runs_of_campaign,
    set_run,
    template_id,
)
from store.undecided import freeze_campaign
from templates.catalog import Template, find, texts_of
from templates.values import check_data, link_values
from tidings.campaign import Campaign
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import Purpose, PurposeClass
from work.enclosures import taken
from work.installation import Installation
from work.learnt import pinned
from work.release import check_live_marketing
from work.segments import Reading, condition
from work.shards import MOST, least_of

FIRST_YEAR, LAST_YEAR = 2000, 2999
FIRST_ON_EARTH = timedelta(hours=14)
"""How far the earliest zone is ahead of UTC (Pacific/Kiritimati)."""

EXAMPLE = """\
# A campaign. Its identity is name and edition: what an edition sent is never sent again.
name = "autumn-offer"
edition = "2026"
title = "Autumn offer for garden customers"
# brand = "nordlys"            # default: the first brand of organisation.toml
topic = "offer"               # offer, news, or a topic below one, such as offer.garden
template = "offer/autumn"     # `tidings template list` shows them
channels = ["email", "sms", "push", "letter"]
tracking = true               # measured links; customers can switch them off for themselves
# priority = 5                 # 1 to 9: where a cap has room for one campaign the higher one goes first
# holdout = 0.05             # this share of customers gets nothing, always the same ones: what does it do?
# best_hour = true           # wait for the hour in which each customer answers, at most best_hour_within (P1D)
# enclosures = ["terms.pdf"]   # PDFs that go with each letter: from the template's assets/ or the home's enclosures/
# budget = { letters = 500 }   # or { amount = "1200.00" }: who gains most comes first, others take their next channel

[audience]                    # all, any, none hold rules; `everybody = true` selects all customers;
                              # `segment = "garden"` a saved one (`tidings segments list`)
all = [
  { field = "country", op = "in", value = ["NO", "SE", "PL", "BR", "GB"] },
  { field = "standing", op = "in", value = ["customer", "prospect"] },
]
none = [
  { did = "complained", within = "P365D" },
]

[schedule]                    # leave out to send now
# start = 2026-12-01T09:00:00 # without an offset: in `zone`, summer time or not
# own_time = true             # at that time of the day where each customer lives
zone = "Europe/Oslo"

[fallback_after]              # silence for so long moves a message to the customer's next channel
email = "P3D"

[data]                        # the values of the template, see `tidings template show offer/autumn`
code = "LYS25"
discount = 25
price = "66.75"
currency = "EUR"
valid_until = 2027-11-30
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The run that a call is about."""

    run: str
    repeats: str | None = None
    """The run that sent this edition already; then nothing is left to do."""
    starts_later: bool = False
    """Its start time has not come."""


def read_campaign(path: Path) -> Campaign:
    """Read a campaign file.

    Raises:
        Problem: the file cannot be read, is not TOML, or a value is wrong; names the key.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Problem(
            f"{path} cannot be read: {error.strerror}.",
            todo="`tidings campaign example` prints a complete file.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Problem(f"{path} is not valid TOML: {error}.", todo="Correct that line.") from error
    return parse_campaign(raw, where=str(path))


def parse_campaign(raw: Mapping[str, Any], *, where: str) -> Campaign:
    """Check a campaign's values.

    Raises:
        Problem: a value is wrong; names `where`, the key and the value.
    """
    if (unstorable := next(_unstorable(raw), None)) is not None:
        raise Problem(
            f"{where}: {unstorable}: holds a character (NUL, half a surrogate pair) that no text can hold."
        )
    try:
        campaign = Campaign.model_validate(raw)
    except ValidationError as error:
        # A rule is tried as each kind of rule there is: what is wrong tells more than what another kind would need.
        first = min(error.errors(), key=lambda one: one["type"] in {"missing", "extra_forbidden"})
        parts = [str(part) for part in first["loc"]]
        key = ".".join(part for part in parts if not part[:1].isupper() and "[" not in part)
        shown = "" if first["type"] == "missing" else f" (value {str(first['input'])[:80]!r})"
        raise Problem(
            f"{where}: {key or 'file'}: {first['msg']}{shown}.",
            todo="`tidings campaign example` prints a complete file.",
        ) from error
    if campaign.purpose not in set(Purpose):
        raise Problem(
            f"{where}: topic: {campaign.topic!r} does not begin with a purpose.",
            todo=f"Known purposes: {', '.join(Purpose)}.",
        )
    starts(campaign, now=datetime.now(UTC), where=where)
    return campaign


def _unstorable(value: Any, path: str = "file") -> Iterator[str]:
    """Yield where a text stands that no database can hold."""
    if isinstance(value, str):
        if "\0" in value or value != value.encode("utf-8", "replace").decode():
            yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _unstorable(str(key), path)
            yield from _unstorable(item, str(key) if path == "file" else f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _unstorable(item, path)


def starts(campaign: Campaign, *, now: datetime, where: str = "campaign") -> datetime:
    """Return when the campaign starts, in UTC; a start in the hour that summer time skips is an hour later.

    One in the customers' own time starts where that time comes first on earth; `work.own_time` holds the others.

    Raises:
        Problem: there is no such time zone, or no such year.
    """
    start = campaign.schedule.start
    if start is None:
        return now
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise Problem(f"{where}: schedule.start: {start.isoformat()} is not a time that anybody plans for.")
    if start.tzinfo is not None:
        return start.astimezone(UTC)
    if campaign.schedule.own_time:
        return start.replace(tzinfo=UTC) - FIRST_ON_EARTH
    try:
        zone = ZoneInfo(campaign.schedule.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Problem(
            f"{where}: schedule.zone: there is no time zone {campaign.schedule.zone!r}.",
            todo="Write an IANA name, for example Europe/Oslo.",
        ) from error
    return start.replace(tzinfo=zone).astimezone(UTC)


def open_campaign(
    installation: Installation,
    campaign: Campaign,
    policy: Policy,
    *,
    actor: str,
    now: datetime,
    rehearse: bool = False,
) -> Opened:
    """Find the run that goes on with this edition, or make one.

    An edition that was interrupted, waits or has something due goes on. One that is through gets a run that repeats it:
    the same audience, all of it already sent.

    Raises:
        Problem: the file differs from the one that ran under this name and edition; the template is unknown, of
            another purpose, lacks a value or leads nowhere; live marketing is not allowed yet.
    """
    template = checked(installation, campaign, now=now)
    with installation.engine.begin() as connection:
        return open_in(
            connection, installation, campaign, template, policy, actor=actor, now=now, rehearse=rehearse
        )


def checked(
    installation: Installation, campaign: Campaign, *, now: datetime, template: Template | None = None
) -> Template:
    """Return the campaign's template, when everything about both can be used.

    Args:
        template: that is not written to its folder yet.

    Raises:
        Problem: the template is unknown, of another purpose, for an invoice, lacks a value or leads nowhere; a rule of
            the audience fits no value or names no segment.
    """
    brand = installation.organisation.brand(campaign.brand)
    template = template or find(campaign.template, extra=installation.own_templates)
    if template.purpose != campaign.purpose:
        raise Problem(
            f"campaign: template {template.name!r} is for {template.purpose}, the topic is {campaign.topic!r}.",
            todo="Choose a template of the topic's purpose.",
        )
    if not {"invoice", "invoice?"}.isdisjoint(template.model.values()):
        raise Problem(
            f"campaign: template {template.name!r} is for an invoice, which is one customer's own.",
            todo="Send invoices with an invoice run; a campaign says the same to everybody.",
        )
    if campaign.budget is not None and template.purpose_class != PurposeClass.MARKETING:
        raise Problem(
            f"campaign: budget: {campaign.purpose} is owed to every customer, so nothing may be saved on it.",
            todo="Leave the budget out.",
        )
    with installation.engine.connect() as connection:
        # A rule that fits no value, or names no segment, is told now, and not when the run begins.
        condition(Reading(connection=connection, engine=installation.engine), campaign.audience, now=now)
    # One sentence now, instead of a failure for each customer, or a dead link in each message, later.
    link_values(template, check_data(template, campaign.data), brand, {})
    return template


def open_in(
    connection: Connection,
    installation: Installation,
    campaign: Campaign,
    template: Template,
    policy: Policy,
    *,
    actor: str,
    now: datetime,
    rehearse: bool = False,
) -> Opened:
    """Do what `open_campaign` does with a campaign that was looked at (`checked`), inside a transaction."""
    brand = installation.organisation.brand(campaign.brand)
    definition = campaign.model_dump(mode="json")
    digest = _digest(definition)
    _refuse_changed(connection, campaign, definition, digest)
    if not rehearse:
        check_live_marketing(connection, installation, brand.id, template.purpose_class)
    values = _run_values(connection, installation, campaign, template, policy, actor, now, rehearse)
    if rehearse:
        return Opened(run=add_run(connection, values, stem=f"rehearsal-{campaign.name}-{campaign.edition}"))
    campaign_id = add_campaign(
        connection,
        {
            "brand": brand.id,
            "name": campaign.name,
            "edition": campaign.edition,
            "digest": digest,
            "definition": definition,
            "created_by": actor,
            "starts_at": values["starts_at"],
        },
    )
    _refuse_changed(connection, campaign, definition, digest)  # another process may have been first
    first = next((run for run in runs_of_campaign(connection, campaign_id) if run.repeats is None), None)
    stem = f"{campaign.name}-{campaign.edition}"
    if first is None:
        run_id = add_run(connection, values, stem=stem)
        link_campaign(connection, run_id, campaign_id)
        return Opened(run=run_id, starts_later=values["starts_at"] > now)
    if first.state not in {"finished", "sending"} or unfinished(connection, first.id, now=now):
        return Opened(run=first.id, starts_later=first.state == "scheduled" and first.starts_at > now)
    again = add_run(connection, values | _repeat_of(first), stem=stem)
    link_campaign(connection, again, campaign_id)
    return Opened(run=again, repeats=first.id)


def freeze(installation: Installation, run: Run, campaign: Campaign, *, now: datetime) -> None:
    """Select the audience of a scheduled run, once; running it again changes nothing."""
    with installation.engine.begin() as connection:
        current = find_run(connection, run.id, lock=True)
        if current is None or current.state != "scheduled":
            return
        document = f"{campaign.name}/{campaign.edition}"
        prefix = f"rehearsal:{run.id}" if run.mode == "rehearsal" else f"{run.brand}:{run.purpose}:{document}"
        frozen = freeze_campaign(
            connection,
            run=run.id,
            audience=condition(
                Reading(connection=connection, engine=installation.engine), campaign.audience, now=now
            ),
            document=document,
            key_prefix=f"{prefix}:",
            shard_size=least_of(campaign.channels),
            most_shards=MOST,
            now=now,
        )
        set_run(
            connection,
            run.id,
            state="planning",
            audience=frozen.audience,
            already_sent=frozen.audience - frozen.added,
            shards=frozen.shards,
            options={
                **run.options,
                **pinned(connection, run.purpose_class, policy=installation.policy, campaign=campaign),
            },
        )


def campaign_of(run: Run) -> Campaign:
    """Return the campaign that a run belongs to."""
    return Campaign.model_validate(run.options["campaign"])


def _run_values(
    connection: Connection,
    installation: Installation,
    campaign: Campaign,
    template: Template,
    policy: Policy,
    actor: str,
    now: datetime,
    rehearse: bool,  # noqa: FBT001 -- the only caller names it
) -> dict[str, Any]:
    brand = installation.organisation.brand(campaign.brand)
    return {
        "kind": "campaign",
        "brand": brand.id,
        "title": campaign.title or f"{campaign.name} {campaign.edition}",
        "purpose": campaign.purpose,
        "topic": campaign.topic,
        "purpose_class": template.purpose_class,
        "template_id": template_id(connection, template_row(template)),
        "policy_version": current_policy(connection, policy),
        "mode": "rehearsal" if rehearse else installation.mode,
        "state": "scheduled",
        "options": {
            "channels": list(campaign.channels),
            "data": json.loads(campaign.model_dump_json(include={"data"}))["data"],
            "fallback_after": {
                channel: wait.total_seconds() for channel, wait in campaign.fallback_after.items()
            },
            "tracking": campaign.tracking and installation.organisation.tracking.get(campaign.purpose, True),
            "currency": installation.organisation.costs.currency,
            "letter_price": str(installation.organisation.costs.expected(Channel.LETTER)),
            "time_zone": policy.time_zone,
            "campaign": campaign.model_dump(mode="json"),
            **pinned(connection, template.purpose_class, policy=policy, campaign=campaign),
            **taken(installation, campaign.enclosures, template, brand),
        },
        "requested_by": actor,
        "starts_at": now if rehearse else starts(campaign, now=now),
    }


def template_row(template: Template) -> dict[str, Any]:
    """Return the row of `templates` for a template version."""
    return {
        "brand": "all",
        "name": template.name,
        "version": template.version,
        "purpose": template.purpose,
        "purpose_class": template.purpose_class,
        "content_hash": template.content_hash,
        "links": dict(template.links),
        "texts": texts_of(template),
    }


def _repeat_of(first: Run) -> dict[str, Any]:
    return {
        "state": "finished",
        "audience": first.audience,
        "already_sent": first.audience,
        "repeats": first.id,
    }


def _refuse_changed(
    connection: Connection, campaign: Campaign, definition: Mapping[str, Any], digest: str
) -> None:
    known = find_campaign(connection, campaign.name, campaign.edition)
    if known is None or known[1] == digest:
        return
    changes = "; ".join(_differences(known[2], definition))
    raise Problem(
        f"Campaign {campaign.name!r}, edition {campaign.edition!r} exists with other content: {changes}.",
        todo="Undo the change, or give the file a new edition.",
    )


def _differences(old: Any, new: Any, path: str = "") -> list[str]:
    """Return each key whose value differs, as `key: old -> new`."""
    if isinstance(old, dict) and isinstance(new, dict):
        found = []
        for key in sorted({*old, *new}):
            found += _differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
        return found
    return [] if old == new else [f"{path}: {json.dumps(old)} -> {json.dumps(new)}"]


def _digest(definition: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(definition, sort_keys=True).encode()).hexdigest()
