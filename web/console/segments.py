"""Segments: clicked together, shown as a sentence, counted as they are made, saved by name and version."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import tomli_w
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from store import segments as stored
from store.views import SECONDS, columns_of
from tidings.channel import Channel
from tidings.problem import Problem
from tidings.purpose import Purpose
from tidings.role import Role
from tidings.segment import FIELDS, Node
from tidings.whole_number import whole_number
from web.console import rules
from web.console.rules import Part
from web.language import words
from web.sentences import sentence
from web.staff import StaffRoute, Visit, page
from work import segments as work
from work.segments import Reading

READERS = frozenset({Role.MARKETING, Role.MANAGER})
WRITERS = frozenset({Role.MARKETING})
RESERVED = frozenset({"new", "build", "count", "save"})
"""Names that are pages."""


def routes() -> list[StaffRoute]:
    """Return the routes of the segments."""
    return [
        page("/segments", listed, roles=READERS),
        page("/segments/new", new, roles=WRITERS),
        page("/segments/build", build, roles=READERS, methods=("POST",)),
        page("/segments/count", count, roles=READERS, methods=("POST",)),
        page("/segments/save", save, roles=WRITERS, methods=("POST",)),
        page("/segments/{name}", one, roles=READERS),
    ]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A segment as a list shows it."""

    name: str
    title: str
    version: int
    sentence: str
    by: str
    at: object


def listed(visit: Visit) -> Response:
    """Show every segment, as a sentence."""
    with visit.site.reading.connect() as connection:
        found = lines(stored.all_segments(connection), visit.language)
    return visit.page("segments", found=found, may_write=visit.may(*WRITERS))


def lines(found: Iterable[stored.Segment], language: str) -> list[Line]:
    """Return segments with their sentences."""
    return [
        Line(
            name=segment.name,
            title=segment.title,
            version=segment.version,
            sentence=sentence(work.parse_rule(segment.rule), language),
            by=segment.created_by.removeprefix("staff:"),
            at=segment.created_at,
        )
        for segment in found
    ]


def new(visit: Visit) -> Response:
    """Begin a segment."""
    return _builder(visit, rules.begin(), name="", title="")


def one(visit: Visit) -> Response:
    """Show a segment's newest version, or the one that is asked for."""
    asked = visit.request.query_params.get("version", "")
    version = whole_number(asked, digits=9)
    with visit.site.reading.connect() as connection:
        found = stored.newest(connection, visit.request.path_params["name"], version)
    if found is None:
        raise HTTPException(404)
    part = rules.shown(work.parse_rule(found.rule))
    return _builder(visit, part, name=found.name, title=found.title, version=found.version)


def build(visit: Visit) -> Response:
    """Show the form again after a button of it: a rule more, a rule less, or only counted."""
    part = rules.read(visit.fields)
    action = _text(visit, "do")
    kind = _text(visit, f"new.{action.partition(' ')[2]}")
    part = rules.changed(part, action, kind)
    return _builder(visit, part, name=_text(visit, "name"), title=_text(visit, "title"))


def count(visit: Visit) -> Response:
    """Answer with the part of the page that says how many and whom."""
    return visit.page("segment_count", **counted(visit, rules.read(visit.fields)))


def save(visit: Visit) -> Response:
    """Save the form as the next version of its name."""
    part, name, title = rules.read(visit.fields), _text(visit, "name"), _text(visit, "title")
    try:
        if name in RESERVED:
            raise Problem(f"{name!r} is the name of a page; choose another one.")
        rule = work.parse_rule(rules.rule_of(part))
        with visit.site.installation.engine.begin() as connection:
            reading = Reading(connection=connection, engine=visit.site.installation.engine)
            work.save(reading, name=name, title=title[:200], rule=rule, actor=visit.actor, now=visit.now)
    except Problem as problem:
        wrong = "name" if "name" in problem.what else "rules"
        return _builder(visit, part, name=name, title=title, errors={wrong: str(problem)}, status=422)
    return visit.back(f"/segments/{name}", "saved")


def counted(visit: Visit, part: Part) -> dict[str, Any]:
    """Return how many customers the form selects now, its sentence, and how long that took; or what is wrong."""
    begun = time.perf_counter()
    installation = visit.site.installation
    try:
        rule = work.parse_rule(rules.rule_of(part))
        with installation.engine.begin() as connection:
            reading = Reading(connection=connection, engine=installation.engine)
            number = work.count(reading, rule, now=visit.now)
    except Problem as problem:
        return {"problem": str(problem), "rule": None}
    took = max(round((time.perf_counter() - begun) * 1000), 1)
    told = sentence(rule, visit.language)
    return {"problem": "", "rule": rule, "count": number, "sentence": told, "ms": took}


def _builder(
    visit: Visit,
    part: Part,
    *,
    name: str,
    title: str,
    version: int | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    with visit.site.reading.connect() as connection:
        versions = lines(stored.versions(connection, name), visit.language) if name else []
        choices = _choices(connection, visit.language)
    newest = versions[0] if versions else None
    found = counted(visit, part)
    return visit.page(
        "segment",
        status=status,
        root=part,
        name=name,
        title=title,
        version=version or (newest.version if newest else None),
        versions=versions,
        newest=newest,
        errors=errors or {},
        kinds=rules.KINDS,
        choices=choices,
        views=columns_of(),
        seconds=SECONDS,
        as_file=_as_file(found["rule"]),
        may_write=visit.may(*WRITERS),
        **found,
    )


def _as_file(rule: Node | None) -> str:
    return tomli_w.dumps({"audience": work.plain(rule)}) if rule is not None else ""


def _choices(connection: Connection, language: str) -> dict[str, list[tuple[str, str]]]:
    """Return what can be picked in each field, with its words."""
    known, console = words(language)["segments"], words(language)["console"]
    attributes = stored.attribute_names(connection)
    channels = [(channel.value, console["channel"][channel.value]) for channel in Channel]
    purposes = [(purpose.value, console["purpose"][purpose.value]) for purpose in Purpose]
    kinds = list(dict.fromkeys([*known["touch"], *stored.touchpoint_kinds(connection)]))
    return {
        "fields": [(name, known["field"][name]) for name in FIELDS]
        + [(f"attributes.{name}", f"“{name}”") for name in attributes],
        "ops": [(op, known["op"][op]) for op in rules.OPERATORS],
        "touches": [(kind, known["touch"].get(kind, kind)) for kind in kinds],
        "channels": channels,
        "any_channels": [("", known["any_channel"]), *channels],
        "purposes": [("", known["any_purpose"]), *purposes],
        "topics": [("all", known["every_topic"]), *purposes],
        "wishes": list(known["wish"].items()),
        "actions": list(known["action"].items()),
        "segments": [
            ("", ""),
            *((segment.name, segment.name) for segment in stored.all_segments(connection)),
        ],
    }


def _text(visit: Visit, name: str) -> str:
    value = visit.fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""
