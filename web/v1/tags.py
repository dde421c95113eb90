"""Entity tags (RFC 9110): whoever changes what a customer asked for says which state they saw."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import Header
from starlette.requests import Request

from web.problems import Refused

IfMatch = Annotated[
    str,
    Header(
        alias="If-Match",
        description="The `ETag` of what you read before; 428 without one, 412 when somebody was faster.",
    ),
]


def tag_of(value: Any) -> str:
    """Return a strong entity tag: equal values have equal tags."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()
    return f'"{digest[:24]}"'


def unchanged(request: Request, tag: str) -> bool:
    """Return whether the caller has this state already (`If-None-Match`)."""
    known = _listed(request.headers.get("if-none-match", "").replace("W/", ""))
    return tag in known or known == ["*"]


def must_match(given: str, tag: str) -> None:
    """Let a change pass that was made to this very state.

    Raises:
        Refused: 428 when the caller names no state, 412 when it is another one.
    """
    if not given.strip():
        raise Refused(
            428, "If-Match is missing: GET it first, and send its ETag with the change.", field="If-Match"
        )
    if given.strip() != "*" and tag not in _listed(given):
        raise Refused(
            412,
            "It was changed since you read it: GET it again, and decide again.",
            headers={"ETag": tag},
            field="If-Match",
        )


def _listed(header: str) -> list[str]:
    return [one.strip() for one in header.split(",")]
