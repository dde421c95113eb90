"""What went wrong, as `application/problem+json` (RFC 9457): one sentence, and field and value where they are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

_SHOWN = 200


class Refused(Exception):  # noqa: N818 -- an answer, not a fault
    """A request that is answered with a problem.

    Args:
        status: HTTP status.
        detail: one sentence that names field and value, and what to do.
        headers: of the answer.
        more: further members of the problem, for example `errors`.
    """

    def __init__(
        self, status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """Return a problem as an answer."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def wrong_fields(errors: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, str]]]:
    """Return one sentence about the first error of pydantic, and all of them by field with what was there."""
    told = [
        {
            "field": ".".join(str(part) for part in error["loc"] if part != "body") or "body",
            "problem": str(error["msg"]),
            "value": "" if error["type"] == "missing" else str(error.get("input", ""))[:_SHOWN],
        }
        for error in errors
    ]
    one = told[0]
    shown = f" (value {one['value']!r})" if one["value"] else ""
    return f"{one['field']}: {one['problem']}{shown}.", told
