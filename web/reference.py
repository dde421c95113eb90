"""`/docs`: the API's description as one page of our own, without anything from elsewhere."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from web.api import describe
from web.auth import ROLES
from web.site import site_of


def reference(request: Request) -> Response:
    """Show every operation of `/openapi.json` with its roles, its parameters and its body."""
    description = describe(request.app)
    operations = [
        _operation(method.upper(), path, operation, description)
        for path, item in description["paths"].items()
        for method, operation in item.items()
    ]
    return site_of(request).pages.answer(request, "reference", language="en", operations=operations)


def _operation(
    method: str, path: str, operation: dict[str, Any], description: dict[str, Any]
) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    bodies = [
        (kind, json.dumps(_resolved(part["schema"], description), indent=2)) for kind, part in content.items()
    ]
    return {
        "method": method,
        "path": path,
        "summary": operation.get("summary", ""),
        "text": operation.get("description", ""),
        "roles": sorted(ROLES.get((method, path), ())),
        "parameters": operation.get("parameters", []),
        "bodies": bodies,
    }


def _resolved(schema: dict[str, Any], description: dict[str, Any]) -> dict[str, Any]:
    """Return a schema by itself; a reference into the description is followed once."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found = description.get("components", {}).get("schemas", {}).get(name, schema)
    return dict(found)
