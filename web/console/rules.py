"""The form in which a segment is clicked together: a tree of parts, read from fields, changed by buttons, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tidings.problem import Problem
from tidings.segment import Combine, Compare, Did, DidNot, Everybody, Node
from tidings.whole_number import whole_number

KINDS = (
    "compare",
    "did",
    "did_not",
    "has",
    "lacks",
    "prefers",
    "stated",
    "consent",
    "segment",
    "sql",
    "everybody",
)
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "not in", "contains", "exists", "missing")
_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "compare": {"field": "country", "op": "=", "value": ""},
    "did": {"did": "clicked", "purpose": "", "channel": "", "days": "90", "at_least": "1"},
    "did_not": {"did": "clicked", "purpose": "", "channel": "", "days": "90"},
    "has": {"channel": "email"},
    "lacks": {"channel": "email"},
    "prefers": {"channel": "letter", "topic": "invoice"},
    "stated": {"stated": "pause", "topic": "offer"},
    "consent": {"consent": "given", "topic": "offer", "channel": ""},
    "segment": {"segment": "", "version": ""},
    "sql": {"sql": "SELECT customer_id FROM customers WHERE country = 'NO'"},
    "everybody": {},
}
MOST = 1_000
"""Parts of a form; those that people fill in are too long to be sent (`web.staff.SMALL`) before there are so many."""
_FIELD = re.compile(r"^r\.(0(?:-\d{1,3}){0,10})\.([a-z_]{1,12})$")


@dataclass(frozen=True, kw_only=True)
class Part:
    """One rule as it stands in the form, complete or not; `mode` (all, any, none) is a group's."""

    kind: str
    values: Mapping[str, str] = field(default_factory=dict)
    mode: str = "all"
    parts: tuple[Part, ...] = ()


def begin() -> Part:
    """Return the form of a new segment: one rule to fill in."""
    return Part(kind="group", parts=(Part(kind="compare", values=_DEFAULTS["compare"]),))


def read(fields: Mapping[str, Any]) -> Part:
    """Return the tree that a form holds; unknown fields and kinds are left out."""
    found: dict[str, dict[str, str]] = {}
    for name, value in fields.items():
        match = _FIELD.match(name)
        if match and isinstance(value, str) and (match[1] in found or len(found) < MOST):
            found.setdefault(match[1], {})[match[2]] = value.strip()
    return _read(found, "0") or begin()


def _read(found: Mapping[str, Mapping[str, str]], path: str) -> Part | None:
    values = found.get(path, {})
    kind = values.get("kind", "group" if path == "0" else "")
    if kind == "group":
        inner = sorted(
            (one for one in found if one.rpartition("-")[0] == path),
            key=lambda one: int(one.rpartition("-")[2]),
        )
        mode = values.get("mode", "all")
        parts = tuple(part for one in inner if (part := _read(found, one)) is not None)
        return Part(kind="group", mode=mode if mode in {"all", "any", "none"} else "all", parts=parts)
    if kind not in KINDS:
        return None
    return Part(kind=kind, values={key: values.get(key, default) for key, default in _DEFAULTS[kind].items()})


def changed(part: Part, action: str, kind: str) -> Part:
    """Return the tree after a button: `add 0-1` a rule of a kind to that group, `group 0-1`, `remove 0-1`."""
    verb, _, path = action.partition(" ")
    steps = [int(step) for step in path.split("-")[1:]] if re.fullmatch(r"0(-\d{1,3}){0,10}", path) else None
    if steps is None:
        return part
    return _changed(part, verb, steps, kind if kind in KINDS else "compare")


def _changed(part: Part, verb: str, steps: list[int], kind: str) -> Part:
    if part.kind != "group":
        return part
    if not steps:
        added = {
            "add": Part(kind=kind, values=_DEFAULTS[kind]),
            "group": Part(kind="group", mode="any", parts=begin().parts),
        }.get(verb)
        return replace(part, parts=(*part.parts, added)) if added else part
    place, *rest = steps
    if place >= len(part.parts):
        return part
    if verb == "remove" and not rest:
        return replace(part, parts=part.parts[:place] + part.parts[place + 1 :])
    inner = _changed(part.parts[place], verb, rest, kind)
    return replace(part, parts=(*part.parts[:place], inner, *part.parts[place + 1 :]))


def rule_of(part: Part) -> dict[str, Any]:
    """Return the tree as `tidings.segment.Node` is written.

    Raises:
        Problem: a rule is not complete; says which value.
    """
    if part.kind == "group":
        if not part.parts:
            raise Problem("A group without a rule selects nobody.")
        inner = [rule_of(one) for one in part.parts]
        return inner[0] if part.mode != "none" and len(inner) == 1 else {part.mode: inner}
    write = _WRITTEN.get(part.kind)
    return write(part.values) if write else {key: value for key, value in part.values.items() if value}


def _comparison(values: Mapping[str, str]) -> dict[str, Any]:
    rule: dict[str, Any] = {"field": values["field"], "op": values["op"]}
    text = values["value"]
    if values["op"] in {"exists", "missing"}:
        return rule
    if not text:
        raise Problem(f"{values['field'].removeprefix('attributes.')}: what is it compared with?")
    if values["op"] in {"in", "not in"}:
        return rule | {"value": [one.strip() for one in text.split(",") if one.strip()]}
    if values["field"] == "created_at":
        return rule | {"value": _moment(text)}
    if values["op"] in {"<", "<=", ">", ">="} and values["field"].startswith("attributes."):
        return rule | {"value": _number(text)}
    return rule | {"value": text}


def _doing(kind: str, values: Mapping[str, str]) -> dict[str, Any]:
    rule: dict[str, Any] = {kind: values["did"]}
    rule |= {key: values[key] for key in ("purpose", "channel") if values[key]}
    if values["days"]:
        rule["within"] = f"P{_whole(values['days'])}D"
    if kind == "did" and values["at_least"] not in {"", "1"}:
        rule["at_least"] = _whole(values["at_least"])
    return rule


def _saved(values: Mapping[str, str]) -> dict[str, Any]:
    version = {"version": _whole(values["version"])} if values["version"] else {}
    return {"segment": values["segment"], **version}


_WRITTEN: Mapping[str, Callable[[Mapping[str, str]], dict[str, Any]]] = {
    "compare": _comparison,
    "did": lambda values: _doing("did", values),
    "did_not": lambda values: _doing("did_not", values),
    "has": lambda values: {"has": values["channel"]},
    "lacks": lambda values: {"lacks": values["channel"]},
    "prefers": lambda values: {"prefers": values["channel"], "topic": values["topic"] or "all"},
    "segment": _saved,
    "everybody": lambda _: {"everybody": True},
}
"""How a part's fields become a rule; the others' fields are the rule's own."""


def _whole(text: str) -> int:
    number = whole_number(text, digits=5)
    if number is None:
        raise Problem(f"{text!r} is no whole number.")
    return number


def _number(text: str) -> float | int | str:
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Problem(f"{text!r} is no date.", todo="Write 2026-12-31.") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def shown(rule: Node) -> Part:
    """Return the form of a rule; what it says is the same, also where a combination becomes several groups."""
    part = _shown(rule)
    return part if part.kind == "group" else Part(kind="group", parts=(part,))


def _shown(rule: Node) -> Part:
    match rule:
        case Combine():
            return _group(rule)
        case Compare():
            value = rule.value
            text = (
                ", ".join(map(str, value))
                if isinstance(value, tuple)
                else ""
                if value is None
                else str(value)
            )
            return Part(kind="compare", values={"field": rule.field, "op": rule.op, "value": text})
        case Did() | DidNot():
            return _done(rule)
        case Everybody():
            return Part(kind="everybody")
    plain = {key: str(value) for key, value in rule.model_dump(mode="json", exclude_none=True).items()}
    kind = next(iter(type(rule).model_fields))
    values = {"channel": plain.pop(kind), **plain} if kind in {"has", "lacks", "prefers"} else plain
    return Part(kind=kind, values={**dict.fromkeys(_DEFAULTS[kind], ""), **values})


def _group(rule: Combine) -> Part:
    groups = [(mode, tuple(map(_shown, getattr(rule, mode)))) for mode in ("all", "any", "none")]
    said = [(mode, parts) for mode, parts in groups if parts]
    if len(said) == 1:
        return Part(kind="group", mode=said[0][0], parts=said[0][1])
    inner = tuple(Part(kind="group", mode=mode, parts=parts) for mode, parts in said if mode != "all")
    return Part(kind="group", mode="all", parts=(*(groups[0][1]), *inner))


def _done(rule: Did | DidNot) -> Part:
    kind = "did" if isinstance(rule, Did) else "did_not"
    days = str(max(rule.within // timedelta(days=1), 1)) if rule.within else ""
    values = {
        "did": rule.did if isinstance(rule, Did) else rule.did_not,
        "purpose": rule.purpose or "",
        "channel": rule.channel or "",
        "days": days,
    }
    return Part(
        kind=kind, values=values | ({"at_least": str(rule.at_least)} if isinstance(rule, Did) else {})
    )
