"""`/docs`: the API's description as one page of our own: searched, with an example and a line to try for each call.

No script: the search is a form, and what is long is folded.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web.api import describe, operations
from web.site import site_of

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_LONGEST = 100


def reference(request: Request) -> Response:
    """Show the operations of `/openapi.json`, with `?q=` those that have all its words."""
    site = site_of(request)
    description = describe(request.app)
    asked = request.query_params.get("q", "")[:_LONGEST]
    words = asked.lower().split()
    base = site.installation.settings.public_url.rstrip("/")
    found = [
        _told(method, path, operation, description, base)
        for method, path, operation in operations(description)
        if all(word in _searched(method, path, operation) for word in words)
    ]
    groups = [
        (tag["name"], _prose(tag["description"]), [one for one in found if one["tag"] == tag["name"]])
        for tag in description["tags"]
    ]
    body = site.pages.part(
        "reference",
        language="en",
        asked=asked,
        count=len(found),
        about=_prose(description["info"]["description"]),
        groups=[group for group in groups if group[2]],
    )
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"}
    return HTMLResponse(body, headers=headers)


def _searched(method: str, path: str, operation: Mapping[str, Any]) -> str:
    told = (method, path, operation["operationId"], operation["summary"], operation.get("description", ""))
    return " ".join((*told, *operation["tags"])).lower()


def _told(
    method: str, path: str, operation: Mapping[str, Any], description: Mapping[str, Any], base: str
) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    bodies = [(kind, _pretty(part.get("example"))) for kind, part in content.items()]
    return {
        "id": operation["operationId"],
        "tag": operation["tags"][0],
        "method": method,
        "path": path,
        "summary": operation["summary"],
        "text": _prose(operation.get("description", "")),
        "roles": operation["x-roles"],
        "parameters": operation.get("parameters", []),
        "bodies": bodies,
        "answers": [_answer(code, answer, description) for code, answer in operation["responses"].items()],
        "curl": curl(base, method, path, operation),
    }


def curl(base: str, method: str, path: str, operation: Mapping[str, Any]) -> str:
    """Return a line for a shell that makes the call with the examples of the description."""
    parameters = operation.get("parameters", ())
    for one in parameters:
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", quote(str(one["example"]), safe=":"))
    parts = ["curl", *([] if method == "GET" else ["-X", method]), shlex.quote(base + path)]
    parts += ["-H", '"Authorization: Bearer $TIDINGS_KEY"']
    for one in parameters:
        if one["in"] == "header" and one["required"]:
            parts += ["-H", shlex.quote(f"{one['name']}: {one['example']}")]
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        example = json.dumps(content["application/json"]["example"], ensure_ascii=False)
        parts += ["-H", shlex.quote("Content-Type: application/json"), "-d", shlex.quote(example)]
    return " ".join(parts)


def _answer(code: str, answer: Mapping[str, Any], description: Mapping[str, Any]) -> dict[str, Any]:
    name = str(answer.get("$ref", "")).rpartition("/")[2]
    known = description["components"]["responses"].get(name, answer)
    examples = [part.get("example") for part in known.get("content", {}).values()]
    return {
        "code": code,
        "text": known["description"],
        "example": _pretty(examples[0]) if examples and not name else "",
    }


def _prose(text: str) -> list[Markup]:
    """Return the paragraphs of a text, with what stands in backticks as code."""
    return [
        Markup("").join(
            Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
            for place, part in enumerate(" ".join(paragraph.split()).split("`"))
        )
        for paragraph in text.split("\n\n")
    ]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
