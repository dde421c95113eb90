"""JSON as it comes through the door: one meaning for everybody, storable, and no deeper than anybody needs."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response

from web.auth import caller
from web.problems import Refused, pointer

SLASH = "\ufdd0"
"""Stands for a slash within one part of a path (`%2F`) while the route is looked for: no character, in no text."""
DEEPEST = 64
LONGEST_NUMBER = 40
"""Digits; no amount, id or date of ours has so many."""
_NONE = re.compile(r"q=0(\.0*)?")
_MOST_TOLD = 20
_UNSTORABLE = "A value has a character (NUL, half a surrogate pair) that cannot be stored."


def load(raw: bytes) -> Any:
    """Return the value of a JSON body.

    Raises:
        Refused: 400 when it is not JSON (RFC 8259) or too deep; 422, with pointers, for keys that stand twice in an
            object, numbers without end, and characters that no database stores.
    """
    try:
        value = json.loads(
            raw,
            object_pairs_hook=_once,
            parse_constant=_constant,
            parse_int=_whole,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"The body is not JSON: {error}.") from error
    if errors := [
        {"pointer": pointer(path), "detail": told} for path, told in islice(_faults(value), _MOST_TOLD)
    ]:
        raise Refused(422, errors[0]["detail"], errors=errors)
    return value


@dataclass(frozen=True, slots=True)
class _Fault:
    """Stands where a value is that has no meaning, until it is known where that is."""

    told: str
    key: tuple[str, ...] = ()
    """The key in the object, where the object is at fault for one of its keys."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Fault:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        shown = twice[:80].encode("utf-8", "replace").decode()
        return _Fault(
            f"The key {shown!r} stands twice in one object: systems differ in which they believe.", (shown,)
        )
    return found


def _constant(name: str) -> Any:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _whole(digits: str) -> int | _Fault:
    if len(digits) > LONGEST_NUMBER:
        return _Fault(f"A number has {len(digits)} digits; at most {LONGEST_NUMBER} can be meant.")
    return int(digits)


def _finite(digits: str) -> float | _Fault:
    number = float(digits)
    if not math.isfinite(number) or len(digits) > 10 * LONGEST_NUMBER:
        return _Fault(f"The number {digits[:40]} is larger than anything that can be stored.")
    return number


def _faults(value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield where something stands that has no meaning or that no database can hold, and what is wrong with it.

    Raises:
        Refused: 400 where it is deeper than DEEPEST.
    """
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        if len(path) > DEEPEST:
            raise Refused(400, f"The body is deeper than {DEEPEST} levels.")
        if isinstance(one, _Fault):
            yield (*path, *one.key), one.told
        elif isinstance(one, str) and not _storable(one):
            yield path, _UNSTORABLE
        elif isinstance(one, dict):
            if not all(map(_storable, one)):
                yield path, _UNSTORABLE
            waiting += [((*path, key), item) for key, item in one.items()]
        elif isinstance(one, list):
            waiting += [((*path, index), item) for index, item in enumerate(one)]


def _storable(text: str) -> bool:
    return "\0" not in text and (text.isascii() or not _halved(text))


def _halved(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


class _Given(Request):
    """A request whose JSON is read by `load`."""

    given: Any = None

    async def json(self) -> Any:
        return self.given


class StrictRoute(APIRoute):
    """A route that takes JSON only as `load` does and answers with it; a reference may have a slash."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind a look at the body."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            if not takes_json(",".join(request.headers.getlist("accept"))):
                raise Refused(406, "The answer is application/json, which Accept leaves out.")
            parts = request.scope["path_params"]
            request.scope["path_params"] = {name: part.replace(SLASH, "/") for name, part in parts.items()}
            given = _Given(request.scope, request.receive)
            wanted = self.body_field is not None and _has_body(request.headers)
            if wanted or _is_json(_kind_of(request.headers)):
                await run_in_threadpool(caller, request)  # nobody else's body is read
                must_be_json(request.headers)
                if raw := await given.body():
                    given.given = await run_in_threadpool(load, raw)
            return await handler(given)

        return strict


def takes_json(accept: str) -> bool:
    """Tell whether whoever sends this Accept (RFC 9110, 12.5.1) takes JSON; what cannot be read excludes nothing.

    >>> [takes_json(one) for one in ("", "text/html, */*;q=0.8", "application/json; charset=utf-8", "APPLICATION/*")]
    [True, True, True, True]
    >>> [takes_json(one) for one in ("text/csv", "*/*, application/json;q=0", "application/*;q=0.0, */*")]
    [False, False, False]
    """
    said = {}
    for one in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in one.split(";"))
        said[kind] = not any(_NONE.fullmatch(part) for part in parameters)
    ranges = ("application/json", "application/*", "*/*")
    return next((said[kind] for kind in ranges if kind in said), not any("/" in kind for kind in said))


def must_be_json(headers: Headers, *also: str) -> None:
    """Let a body pass that is JSON, or of one of some other media types ('': it does not say).

    Raises:
        Refused: 415 for any other, and for one that is packed.
    """
    if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refused(
            415,
            "The body is packed (Content-Encoding); send it as it is.",
            headers={"Accept-Encoding": "identity"},
        )
    if not _is_json(kind := _kind_of(headers)) and kind not in also:
        taken = ", ".join(["application/json", *filter(None, also)])
        said = repr(kind[:80]) if kind else "nothing"
        raise Refused(
            415, f"The body must be {taken}; its Content-Type says {said}.", headers={"Accept": taken}
        )


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _kind_of(headers: Headers) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")
