"""`Idempotency-Key`: the same request with the same key is carried out once and answered the same every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Header
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from store import keys
from store.keys import Answered, Key
from web.problems import Refused
from web.site import site_of

_STALE = timedelta(minutes=10)
"""A claim so old without an answer was left by a process that died; what it started is idempotent by itself."""
_LONGEST = 255
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        description="A new one with each new request, the same one with each repetition; kept for ever.",
        examples=["8f14e45f-ceea-467f-a8d3-5a7c1f0e2b11"],
    ),
]
"""For a route's signature, so that the description has it; `once` reads it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a request is answered with."""

    status: int
    body: dict[str, Any]
    location: str = ""
    kept: bool = False
    """`keep` wrote it in the transaction of what it tells."""


def once(request: Request, caller: Key, request_hash: str, carry_out: Callable[[], Reply]) -> Response:
    """Carry out a request unless its key was used before.

    Args:
        request: with the header `Idempotency-Key`, 1 to 255 characters.
        caller: two API keys never share an idempotency key.
        request_hash: equal for equal requests.
        carry_out: may raise; then the key is free again for the corrected request. What would happen twice when it is
            carried out twice keeps its answer by `keep`.

    Raises:
        Refused: 400 without a key, 409 while the same request is being carried out, 422 for another body.
    """
    idempotency_key = _key_of(request)
    if not 1 <= len(idempotency_key) <= _LONGEST:
        wrong = "is missing" if not idempotency_key else f"is longer than {_LONGEST} characters"
        raise Refused(
            400,
            f"Idempotency-Key {wrong}: send a new one (a UUID will do) with each new request, the same one with each "
            "repetition.",
            field="Idempotency-Key",
            value=idempotency_key[:_LONGEST],
        )
    site = site_of(request)
    now = site.clock()
    with site.installation.engine.begin() as connection:
        known = keys.claim(
            connection,
            key=caller.id,
            idempotency_key=idempotency_key,
            request_hash=request_hash,
            stale_before=now - _STALE,
            at=now,
        )
    if isinstance(known, Answered):
        return _answer(Reply(**known.answer), replayed=True)
    if isinstance(known, keys.InProgress):
        raise Refused(
            409,
            f"The request with Idempotency-Key {idempotency_key!r} is being carried out.",
            headers={"Retry-After": "2"},
        )
    if isinstance(known, keys.OtherBody):
        raise Refused(
            422,
            f"Idempotency-Key {idempotency_key!r} was used for another request; send a new one with a new request.",
            field="Idempotency-Key",
            value=idempotency_key,
        )
    try:
        reply = carry_out()
    except BaseException:
        with site.installation.engine.begin() as connection:
            keys.give_up(connection, key=caller.id, idempotency_key=idempotency_key)
        raise
    if not reply.kept:
        with site.installation.engine.begin() as connection:
            keep(connection, request, caller, reply)
    return _answer(reply, replayed=False)


def keep(connection: Connection, request: Request, caller: Key, reply: Reply) -> Reply:
    """Keep the answer to a request in the transaction that carries it out: a power cut leaves both, or neither."""
    kept = {"status": reply.status, "body": reply.body, "location": reply.location}
    keys.answer(connection, key=caller.id, idempotency_key=_key_of(request), status=reply.status, body=kept)
    return replace(reply, kept=True)


def _key_of(request: Request) -> str:
    return request.headers.get("idempotency-key", "").strip().strip('"')


def _answer(reply: Reply, *, replayed: bool) -> Response:
    headers = {"Idempotency-Replayed": "true" if replayed else "false"}
    if reply.location:
        headers["Location"] = reply.location
    return JSONResponse(reply.body, status_code=reply.status, headers=headers)
