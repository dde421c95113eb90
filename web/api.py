"""`/v1` as a whole: its routers, and its description (OpenAPI 3.1). Routes and their roles: `web.auth.ROLES`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI

from web.auth import ROLES
from web.problems import MEDIA_TYPE
from web.v1 import (
    addresses,
    as_of,
    behaviour,
    campaigns,
    consents,
    customers,
    decisions,
    erasure,
    exports,
    invoice_facts,
    invoice_runs,
    letters,
    messages,
    offers,
    preferences,
    rehearsals,
    runs,
    segments,
    statements,
    suppressions,
    templates,
    timeline,
    touchpoints,
    webhooks,
)
from web.v1.cloud_events import CloudEvent
from web.v1.invoice_runs import InvoicesIn
from web.v1.touchpoints import MOST_TOUCHPOINTS, TouchpointIn, TouchpointsIn

_MODULES = (
    customers,
    addresses,
    preferences,
    statements,
    consents,
    offers,
    timeline,
    behaviour,
    touchpoints,
    segments,
    letters,
    templates,
    rehearsals,
    campaigns,
    invoice_facts,
    invoice_runs,
    runs,
    messages,
    decisions,
    as_of,
    suppressions,
    exports,
    erasure,
    webhooks,
)

router = APIRouter(generate_unique_id_function=lambda route: route.name)
for _module in _MODULES:
    router.include_router(_module.router)

_ABOUT = f"""\
Send the key as `Authorization: Bearer KEY` or `X-API-Key: KEY`; `tidings keys add NAME --role ROLE` makes one.

What goes wrong is a problem (RFC 9457) with a JSON pointer for each wrong value. Lists come a page at a time: give
`next_cursor` back as `cursor`. What sends needs an `Idempotency-Key`, which is kept for ever. What a customer asked for
is changed with `If-Match`. Runs are answered with 202 and a `Location`. A request has at most {MOST_TOUCHPOINTS}
touchpoints.
"""
_PROBLEMS: Mapping[int, tuple[str, str]] = {
    400: ("The request cannot be read.", "The body is not JSON: Expecting value: line 1 column 1 (char 0)."),
    401: ("There is no key in force.", "This API key is unknown or revoked."),
    403: ("The key may not do this.", "The key 'erp' has the role billing; this needs marketing or system."),
    404: ("There is no such thing.", "There is no customer 'K-9'."),
    406: ("`Accept` leaves JSON out.", "The answer is application/json, which Accept leaves out."),
    409: (
        "It does not go with how things stand.",
        "'K-1' is the reference of 2 customers in different systems.",
    ),
    410: ("It has been there.", "The export has expired; ask for a new one."),
    412: (
        "It was changed since you read it.",
        "It was changed since you read it: GET it again, and decide again.",
    ),
    413: ("The body is too large.", "The body may have at most 4194304 bytes."),
    415: (
        "The body is of a kind that is not read.",
        "The body must be application/json; its Content-Type says 'text/csv'.",
    ),
    422: ("A value cannot be used.", "topic: topics begin with invoice, offer, news (value 'ofer')."),
    428: ("`If-Match` is missing.", "If-Match is missing: GET it first, and send its ETag with the change."),
    429: ("Too many requests; `Retry-After` says when to go on.", "At most 600 requests a minute."),
    500: ("A fault of ours.", "This is a fault of ours; nothing is half done."),
    503: ("The database does not answer; try again.", "The database does not answer; try again."),
}
_EVERYWHERE = (400, 401, 403, 406, 413, 422, 429, 500, 503)
_PARAMETERS: Mapping[str, Any] = {
    "number": "2026-1",
    "ref": "K-1",
    "source": "crm",
    "id": "autumn-2026",
    "cursor": "WyIvdjEvcnVucyJd",
    "limit": 50,
    "until": "2026-12-24T00:00:00Z",
    "as_of": "2026-03-04",
    "topic": "offer.garden",
    "run": "autumn-2026",
    "seed": 0,
    "brand": "nordlys",
    "name": "autumn-offer",
    "edition": "2026",
    "purpose": "offer",
    "offer": "autumn-offer:2026",
    "action": "pause",
    "lang": "en",
    "channel": "email",
    "country": "SE",
    "window": "c5-h2",
    "enclosed": False,
    "value": "ada@example.org",
    "active": True,
    "since": "2026-11-21T09:30:00Z",
    "updated_since": "2026-11-21T09:30:00Z",
    "type": ["message.failed"],
    "If-Match": '"9f86d081884c7d659a2feaa0"',
    "Idempotency-Key": "8f14e45f-ceea-467f-a8d3-5a7c1f0e2b11",
}
_HEADERS: Mapping[str, Any] = {
    "RateLimit": {
        "description": "How many requests are left, and for how long (draft-ietf-httpapi-ratelimit-headers).",
        "schema": {"type": "string"},
        "example": '"key";r=598;t=1',
    },
    "RateLimit-Policy": {
        "description": "How many requests a window has, in seconds.",
        "schema": {"type": "string"},
        "example": '"key";q=600;w=60',
    },
}
"""Of every answer."""
_NEEDED = {"If-Match", "Idempotency-Key"}
"""Headers that are asked for in a sentence of ours when they are missing."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description of the app's API; made once.

    Every operation has an id, an example of what goes in and out, its roles (`x-roles`), and the problems it may
    answer with.
    """
    if not hasattr(app.state, "description"):
        app.state.description = _described(app.openapi())
    made: dict[str, Any] = app.state.description
    return made


def _described(found: dict[str, Any]) -> dict[str, Any]:
    found["info"] |= {
        "summary": "Each customer decides how a company reaches them.",
        "description": _ABOUT,
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    }
    found["servers"] = [{"url": "/", "description": "This installation."}]
    about = {module.router.tags[0]: (module.__doc__ or "").splitlines()[0] for module in _MODULES}
    found["tags"] = [{"name": tag, "description": told} for tag, told in about.items()]
    parts = found["components"]
    for name in ("HTTPValidationError", "ValidationError"):
        parts["schemas"].pop(name, None)
    for model in (TouchpointIn, TouchpointsIn, CloudEvent, InvoicesIn):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}", by_alias=False)
        schema.pop("$defs", None)
        parts["schemas"][model.__name__] = schema
    parts["schemas"]["Problem"] = _problem_schema()
    parts["headers"] = _HEADERS
    parts["responses"] = {f"Problem{status}": _problem_response(status) for status in _PROBLEMS}
    for method, path, operation in operations(found):
        _complete(method, path, operation, parts)
    return found


def operations(description: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield (METHOD, path, operation) of a description."""
    for path, item in description["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def _complete(method: str, path: str, operation: dict[str, Any], parts: dict[str, Any]) -> None:
    operation["x-roles"] = sorted(ROLES.get((method, path), ()))
    for parameter in operation.get("parameters", ()):
        parameter.setdefault("example", _example_of(parameter, path))
        parameter["required"] = parameter.get("required", False) or parameter["name"] in _NEEDED
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _exemplify(content, parts)
    answers = operation["responses"]
    own = {int(code) for code in answers if int(code) in _PROBLEMS}
    also = {404} if "{" in path else set()
    also |= {409} if "{ref}" in path else set()
    also |= {415} if "requestBody" in operation else set()
    for code in sorted({*own, *also, *_EVERYWHERE}):
        answers[str(code)] = {"$ref": f"#/components/responses/Problem{code}"}
    for code, answer in answers.items():
        for content in answer.get("content", {}).values():
            _exemplify(content, parts)
        if "$ref" in answer:
            continue
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS}
        if code == "202" or (code == "201" and method == "POST"):
            answer["headers"] |= {
                "Location": {
                    "description": "Where to look.",
                    "schema": {"type": "string"},
                    "example": "/v1/runs/x",
                }
            }


def _example_of(parameter: Mapping[str, Any], path: str) -> Any:
    schema = parameter.get("schema", {})
    if schema.get("format") == "uuid":
        return "01932b1e-0000-7000-8000-000000000000"
    if schema.get("type") == "integer" and parameter["name"] == "id":
        return 17
    if parameter["name"] == "name" and "/templates/" in path:
        return "autumn"
    return _PARAMETERS[parameter["name"]]


def _exemplify(content: dict[str, Any], parts: Mapping[str, Any]) -> None:
    """Take the example of a body from its schema; a page shows one item."""
    if "example" in content or "examples" in content:
        return
    schema = content.get("schema", {})
    known = parts["schemas"].get(str(schema.get("$ref", "")).rpartition("/")[2], schema)
    if "examples" in known:
        content["example"] = known["examples"][0]
        return
    listed = known.get("properties", {}).get("items", {}).get("items", {})
    item = parts["schemas"].get(str(listed.get("$ref", "")).rpartition("/")[2], {})
    if "examples" in item:
        paged = {"next_cursor": None} if "next_cursor" in known["properties"] else {}
        content["example"] = {"items": [item["examples"][0]], **paged}


def _problem_schema() -> dict[str, Any]:
    one = {
        "type": "object",
        "properties": {
            "pointer": {"type": "string", "description": "Into the body (RFC 6901, as a fragment)."},
            "parameter": {"type": "string", "description": "Of the path, the query or a header."},
            "detail": {"type": "string"},
            "field": {"type": "string"},
            "problem": {"type": "string"},
            "value": {"type": "string"},
            "index": {"type": "integer", "description": "Which one of a list."},
        },
    }
    return {
        "title": "Problem",
        "description": "What went wrong (RFC 9457).",
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "One sentence, for a person."},
            "field": {"type": "string"},
            "value": {"type": "string"},
            "errors": {"type": "array", "items": one},
        },
    }


def _problem_response(status: int) -> dict[str, Any]:
    from http import HTTPStatus

    told, detail = _PROBLEMS[status]
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": body}
    return {"description": told, "content": {MEDIA_TYPE: content}}
