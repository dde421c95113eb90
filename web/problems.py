"""What went wrong, as `application/problem+json` (RFC 9457): one sentence, and where and what the wrong values are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

_SHOWN = 200
MEDIA_TYPE = "application/problem+json"


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
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def wrong(detail: str, *path: str | int, value: object = "", status: int = 422) -> Refused:
    """Return the refusal of one value of the body.

    Args:
        detail: one sentence without the field's name.
        path: where the value stands in the body.
        value: what stands there.
        status: HTTP status.
    """
    field, shown = ".".join(map(str, path)), str(value)[:_SHOWN]
    one = {"pointer": pointer(path), "detail": detail, "field": field, "problem": detail, "value": shown}
    told = f"{field}: {detail.removesuffix('.')}" + (f" (value {shown!r})." if shown else ".")
    return Refused(status, told, errors=[one], field=field, value=shown)


def pointer(path: Sequence[str | int]) -> str:
    """Return a JSON pointer (RFC 6901) into the body, as a fragment, the way RFC 9457 shows it.

    >>> pointer(["invoices", 0, "a/b"])
    '#/invoices/0/a~1b'
    """
    return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def wrong_fields(errors: Sequence[Mapping[str, Any]]) -> tuple[str, list[dict[str, str]]]:
    """Return one sentence about the first error of pydantic, and all of them with what was there.

    Each has `field`, `problem` (also as `detail`), `value`, and `pointer` into the body or the `parameter`'s name.
    """
    told = [_told(error) for error in errors]
    one = told[0]
    shown = f" (value {one['value']!r})" if one["value"] else ""
    return f"{one['field']}: {one['problem']}{shown}.", told


def _told(error: Mapping[str, Any]) -> dict[str, str]:
    place, *inside = error["loc"] or ("body",)
    if place in {"query", "path", "header", "cookie"}:
        where = {"parameter": ".".join(map(str, inside))}
    else:
        where = {"pointer": pointer(_keys(error["loc"] if place != "body" else inside))}
    return {
        **where,
        "detail": str(error["msg"]),
        "field": ".".join(str(part) for part in error["loc"] if part != "body") or "body",
        "problem": str(error["msg"]),
        "value": "" if error["type"] == "missing" else _shown(error.get("input", "")),
    }


def _shown(value: object) -> str:
    return str(value)[:_SHOWN].encode("utf-8", "replace").decode()


def _keys(parts: Sequence[Any]) -> list[str | int]:
    """Leave out what pydantic says about which of several models it tried: `Compare`, `function-after[...]`."""
    *before, last = parts or [""]
    kept = [part for part in before if isinstance(part, int) or not (part[:1].isupper() or "[" in part)]
    return [*kept, last] if parts else []
