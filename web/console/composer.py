"""What the composer's pages are made of: the form as a draft's content, the numbers, the previews, the choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection

from store import drafts as stored
from store import segments as saved
from store.addressed import Addressed
from templates.catalog import Template, all_templates
from tidings.channel import Channel
from tidings.message import Content as Message
from tidings.message import Email, Letter, Push, Sms, WhatsApp
from tidings.organisation import Organisation
from tidings.problem import Problem
from tidings.purpose import PurposeClass
from web.language import words
from web.sentences import sentence
from web.staff import Visit
from web.told import told
from work import drafts, segments, showing
from work.build import parts_and_cost
from work.drafts import WORDS, Content, Ready
from work.enclosures import library
from work.forecast import Forecast, forecast
from work.installation import Installation

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


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """What stands beside the form; `problem` instead, where the draft cannot be counted yet."""

    problem: Problem | None = None
    forecast: Forecast | None = None
    why: showing.Why | None = None
    previews: tuple[Preview, ...] = ()
    customer: Addressed | None = None
    language: str = ""
    """That the customer's message is written in."""
    version: str = ""
    """Of what is shown: an address with it is loaded anew when something changes."""
    missing: tuple[str, ...] = ()
    """Values that the template needs and nobody has filled in: nothing can be shown before."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """One channel: `note` counts and costs, `problem` where it cannot be made."""

    channel: str
    sender: str = ""
    title: str = ""
    text: str = ""
    note: Mapping[str, Any]
    problem: str = ""


def content_from(fields: Mapping[str, Any], before: Content) -> Content:
    """Return what the form says; what it does not ask for stays as it was.

    Raises:
        Problem: a value is too long, or of no kind that can be kept.
    """
    given = {name: value.strip() for name, value in fields.items() if isinstance(value, str)}
    plain = (
        *("name", "edition", "title", "brand", "topic", "template", "segment", "start", "zone"),
        *("budget_letters", "budget_amount"),
    )
    raw = before.model_dump(mode="json") | {name: given[name] for name in plain if name in given}
    raw["channels"] = [channel for channel in Channel if channel in _listed(fields, "channels")]
    raw["own_time"] = "own_time" in given
    raw["tracking"] = "tracking" in given
    raw["wait_days"] = given.get("wait_days", "0") or "0"
    raw["priority"] = given.get("priority") or before.priority
    raw["version"] = None
    if "library" in given:  # the form asked for enclosures
        raw["enclosures"] = _listed(fields, "enclosures")
    if raw["segment"]:
        raw["audience"] = None
    raw["data"] = {name[5:]: value for name, value in given.items() if name.startswith("data.") and value}
    return drafts.parse_content(raw)


def with_words(content: Content, fields: Mapping[str, Any], source: Template) -> Content:
    """Return the content with the texts of one language as the form has them, without what the template says.

    Raises:
        Problem: a text is too long.
    """
    language = fields.get("language", "")
    if language not in source.blocks:
        return content
    known = source.blocks[language].source
    said = {
        block: text.replace("\r\n", "\n").strip()
        for block in WORDS
        if isinstance(text := fields.get(f"words.{block}"), str)
    }
    if any(len(text) > _LONGEST for text in said.values()):
        raise Problem("A text has 20,000 characters at most.")
    own = {block: text for block, text in said.items() if text and text != known.get(block, "")}
    texts = {key: value for key, value in content.texts.items() if key != language and key in source.blocks}
    return content.model_copy(update={"texts": texts | ({language: own} if own else {})})


_LONGEST = 20_000


_FIELDS = {
    "budget.amount": "budget_amount",
    "budget.letters": "budget_letters",
    "schedule.start": "start",
    "schedule.zone": "zone",
    "fallback_after.email": "wait_days",
}
"""Of the form, by what a campaign's file calls them."""
_FOR_FILES = "`tidings campaign example`"


def wrong(problem: Problem, labels: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with a draft by the field of the form that it is about, '' where it is about none.

    Args:
        problem: of `work.drafts` or `work.campaign`; begins with its field where it is about one.
        labels: of `labels_of`.
    """
    said = str(problem if not problem.todo.startswith(_FOR_FILES) else problem.what).removeprefix("draft: ")
    name, _, text = said.partition(": ")
    if text.startswith("Input should"):  # the value stands in the field
        text = text.partition(" (value ")[0].removesuffix(".")
    field = next((one for one in (_FIELDS.get(name, name), f"data-{name}") if one in labels), "")
    return {field: text[:1].upper() + text[1:]} if field and text else {"": said}


def labels_of(language: str, source: Template | None) -> dict[str, str]:
    """Return the label of each field of the form that may be wrong, by its id."""
    known: Mapping[str, Any] = words(language)["campaigns"]
    plain = (
        *("title", "zone", "edition", "template", "topic", "wait_days", "priority", "channels"),
        *("budget_letters", "budget_amount"),
    )
    values = {f"data-{name}": known["data"].get(name, name) for name in (source.model if source else ())}
    return {name: known[name] for name in plain} | {"name": known["id"], "start": known["send_at"]} | values


def _listed(fields: Mapping[str, Any], name: str) -> list[str]:
    found = fields.getlist(name) if hasattr(fields, "getlist") else fields.get(name, [])
    return [str(one) for one in found]


def numbers(visit: Visit, content: Content, *, customer: str = "", exact: bool = False) -> Numbers:
    """Return the numbers, the reason and the previews of a draft as it stands in the form. Under 0.3 s by a sample."""
    installation, policy = visit.site.installation, visit.site.policy
    try:
        found = drafts.ready(installation, content)
        parts = _sms_parts(installation, found)
        counted = forecast(
            installation,
            policy,
            found.campaign,
            found.template,
            now=visit.now,
            exact=exact,
            sms_parts=parts,
        )
        with installation.engine.begin() as connection:
            someone = showing.customer_of(connection, customer, counted.example)
            why = someone and showing.why(
                connection,
                installation,
                policy,
                found.campaign,
                found.template,
                someone,
                now=visit.now,
                language=visit.language,
            )
    except Problem as problem:
        return Numbers(problem=problem)
    brand = installation.organisation.brand(content.brand or None)
    missing = tuple(
        name
        for name, kind in found.template.model.items()
        if not kind.endswith("?") and name not in content.data
    )
    return Numbers(
        forecast=counted,
        why=why or None,
        previews=() if missing else previews(installation, found, someone),
        customer=someone,
        language=showing.written_in(found.template, brand, someone),
        version=drafts.version_of(content),
        missing=missing,
    )


def previews(installation: Installation, found: Ready, someone: Addressed | None) -> tuple[Preview, ...]:
    """Return the channels of a campaign; the letter and the e-mail's page have routes of their own."""
    brand = installation.organisation.brand(found.campaign.brand)
    allowed = [channel for channel in found.campaign.channels if channel in found.template.channels]
    return tuple(
        _preview(installation, found, someone, channel) for channel in allowed if channel in brand.channels
    )


def _preview(
    installation: Installation, found: Ready, someone: Addressed | None, channel: Channel
) -> Preview:
    if channel.on_paper:  # typeset by its own route: it takes as long as all the others together
        cost = installation.organisation.costs.expected(channel)
        return Preview(channel=channel, note={"cost": cost})
    try:
        content = showing.shown(installation, found.template, found.campaign, channel, someone)
    except Problem as problem:
        return Preview(channel=channel, note={}, problem=str(problem))
    return preview_of(channel, content, installation.organisation)


def preview_of(channel: Channel, content: Message, organisation: Organisation) -> Preview:
    """Return what a channel shows of a finished message."""
    parts, cost = parts_and_cost(content, organisation)
    match content:
        case Email():
            sender, subject = showing.headers_of(content)
            note = {"subject": len(subject), "cost": cost}
            text = showing.preheader_of(content)
            return Preview(channel=channel, sender=sender, title=subject, text=text, note=note)
        case Sms():
            note = {
                "characters": len(content.text),
                "parts": parts,
                "encoding": content.encoding,
                "cost": cost,
            }
            return Preview(channel=channel, sender=content.sender, text=content.text, note=note)
        case Push():
            note = {"title": len(content.title), "bytes": len(content.payload.encode()), "cost": cost}
            return Preview(channel=channel, title=content.title, text=content.body, note=note)
        case WhatsApp():
            note = {"characters": len(content.text), "cost": cost}
            return Preview(channel=channel, sender=content.sender, text=content.text, note=note)
        case Letter():
            return Preview(channel=channel, note={"cost": cost})


def _sms_parts(installation: Installation, found: Ready) -> int:
    """Return how many parts one SMS of a campaign has; 1 where there is none, or it cannot be made."""
    if Channel.SMS not in found.campaign.channels or Channel.SMS not in found.template.channels:
        return 1
    try:
        content = showing.shown(installation, found.template, found.campaign, Channel.SMS, None)
    except Problem:
        return 1
    return parts_and_cost(content, installation.organisation)[0]


def choices(visit: Visit, connection: Connection, content: Content) -> dict[str, Any]:
    """Return what can be picked in each field of the form."""
    installation = visit.site.installation
    known = words(visit.language)
    copies = {
        f"{one.draft.name}.{one.draft.edition.lower()}" for one in stored.listed(connection, limit=10_000)
    }
    marketing = [
        template
        for template in all_templates(installation.own_templates)
        if template.purpose_class is PurposeClass.MARKETING and template.name.partition("/")[2] not in copies
    ]
    topics = sorted({template.topic for template in marketing} | {content.topic})
    segments_ = [(one.name, one.title or one.name) for one in saved.all_segments(connection)]
    nobody = [] if content.audience is None else [("", known["campaigns"]["own_rule"])]
    everyone = [("", known["segments"]["sentence"]["all_customers"])] if content.audience is None else nobody
    return {
        "brands": [(brand.id, brand.name) for brand in installation.organisation.brands],
        "templates": [(template.name, f"{template.title} ({template.version})") for template in marketing],
        "topics": [(topic, _topic(topic, known)) for topic in topics],
        "segments": everyone + segments_,
        "channels": [
            (channel.value, known["console"]["channel"][channel.value]) for channel in _usable(visit, content)
        ],
        "zones": _zones(content.zone, installation.organisation.time_zone),
        "enclosures": list(dict.fromkeys([*library(installation), *content.enclosures])),
    }


def _usable(visit: Visit, content: Content) -> tuple[Channel, ...]:
    """Return what the draft's brand writes on."""
    organisation = visit.site.installation.organisation
    known = {brand.id: brand.channels for brand in organisation.brands}
    return known.get(content.brand, organisation.brands[0].channels)


def _topic(topic: str, known: Mapping[str, Any]) -> str:
    root, _, rest = topic.partition(".")
    return f"{known['console']['purpose'].get(root, root)}{f' ({rest})' if rest else ''}"


def _zones(*first: str) -> list[str]:
    return list(dict.fromkeys([*(zone for zone in first if zone), "UTC", *sorted(available_timezones())]))


def audience_sentence(visit: Visit, connection: Connection, content: Content) -> str:
    """Return whom the draft selects, in words; the problem where its segment is gone."""
    known = words(visit.language)["segments"]["sentence"]
    try:
        if content.segment:
            found = segments.find(connection, content.segment, content.version)
            return sentence(segments.parse_rule(found.rule), visit.language)
        if content.audience is not None:
            return sentence(segments.parse_rule(content.audience), visit.language)
    except Problem as problem:
        return told(problem, visit.language)
    return str(known["all_customers"])


def texts_of(content: Content, source: Template | None, language: str) -> tuple[str, dict[str, str]]:
    """Return the language whose words are shown, and what each block says in it."""
    if source is None:
        return "", {}
    chosen = language if language in source.blocks else next(iter(source.blocks))
    known = source.blocks[chosen].source
    own = content.texts.get(chosen, {})
    return chosen, {block: own.get(block, known.get(block, "")) for block in WORDS}


def listed_state(one: stored.Listed) -> str:
    """Return the state of a draft with its run."""
    return drafts.state_of(one.draft, one.run_state)
