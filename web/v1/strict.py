"""JSON as it comes through the door: one meaning for everybody, storable, and no deeper than anybody needs."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from web.auth import caller
from web.problems import Refused, pointer

DEEPEST = 64
LONGEST_NUMBER = 40
"""Digits; no amount, id or date of ours has so many."""


def load(raw: bytes) -> Any:
    """Return the value of a JSON body.

    Raises:
        Refused: 400 when it is not JSON (RFC 8259) or too deep; 422, with a pointer, for a key that stands twice in an
            object, a number without end, and characters that no database stores.
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
    for path in _unstorable(value):
        raise Refused(
            422,
            "A value has a character (NUL, half a surrogate pair) that cannot be stored.",
            errors=[{"pointer": pointer(path), "detail": "cannot be stored"}],
        )
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        shown = twice[:80].encode("utf-8", "replace").decode()
        raise Refused(
            422, f"The key {shown!r} stands twice in one object: systems differ in which they believe."
        )
    return found


def _constant(name: str) -> Any:
    msg = f"{name} is no JSON number"
    raise ValueError(msg)


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise Refused(422, f"A number has {len(digits)} digits; at most {LONGEST_NUMBER} can be meant.")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number) or len(digits) > 10 * LONGEST_NUMBER:
        raise Refused(422, f"The number {digits[:40]} is larger than anything that can be stored.")
    return number


def _unstorable(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield where a text stands that no database can hold; deeper than DEEPEST is refused."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), value)]
    while waiting:
        path, one = waiting.pop()
        if len(path) > DEEPEST:
            raise Refused(400, f"The body is deeper than {DEEPEST} levels.")
        if isinstance(one, str):
            if not _storable(one):
                yield path
        elif isinstance(one, dict):
            if not all(map(_storable, one)):
                yield path
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
    """A route that takes JSON only as `load` does."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler behind a look at the body."""
        handler = super().get_route_handler()

        async def strict(request: Request) -> Response:
            given = _Given(request.scope, request.receive)
            if _is_json(request.headers.get("content-type", "")):
                await run_in_threadpool(caller, request)  # nobody else's body is read
                if raw := await given.body():
                    given.given = await run_in_threadpool(load, raw)
            return await handler(given)

        return strict


def _is_json(kind: str) -> bool:
    name = kind.partition(";")[0].strip().lower()
    return name == "application/json" or name.endswith("+json")
