"""What the print APIs have in common: one letter by one keyed request over HTTP, and its failures as outcomes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx2

from channels.calls import CONNECTIONS, on_time, quiet
from channels.letter.handover import piece_of
from channels.letter.piece import Piece
from tidings.message import Parcel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown

WORKERS = 8
WAIT: Mapping[ErrorClass, timedelta] = {
    ErrorClass.TRANSIENT: timedelta(minutes=1),
    ErrorClass.THROTTLE: timedelta(seconds=30),
    ErrorClass.CONFIG: timedelta(minutes=10),
}
NOT_SENT = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.UnsupportedProtocol,
)
STATUS: Mapping[int, ErrorClass] = {
    HTTPStatus.BAD_REQUEST: ErrorClass.DATA,
    HTTPStatus.UNAUTHORIZED: ErrorClass.CONFIG,
    HTTPStatus.PAYMENT_REQUIRED: ErrorClass.CONFIG,
    HTTPStatus.FORBIDDEN: ErrorClass.CONFIG,
    HTTPStatus.NOT_FOUND: ErrorClass.CONFIG,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorClass.DATA,
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorClass.DATA,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorClass.THROTTLE,
}
"""What a status means where no table names the code."""
UNSURE = {HTTPStatus.CONFLICT, HTTPStatus.REQUEST_TIMEOUT}
"""The same key is being worked on; the service took too long. In both cases the letter may be made."""
KEY_LIFE = timedelta(hours=23)
"""Lob remembers a key for 24 hours (support.lob.com, "prevent duplicate mailings", 2026-11); Pingen names no time that
we could find, and is taken to do no better. An hour is for the call itself."""
LONGEST_WAIT = 86400
LONGEST_CODE = 80


def client(timeout: timedelta, **more: Any) -> httpx2.Client:
    """Return a client: no retries, no redirects, time-outs set, no proxy or credentials out of the environment."""
    quiet()
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    hooks: Mapping[str, Any] = {"request": [on_time]}
    return httpx2.Client(
        timeout=timeout.total_seconds(), limits=limits, trust_env=False, event_hooks=hooks, **more
    )


def one(parcel: Parcel, hand_over: Callable[[Parcel, Piece], Outcome]) -> Outcome:
    """Return the outcome of one letter whose PDF was checked."""
    piece = piece_of(parcel)
    return piece if isinstance(piece, Rejected) else hand_over(parcel, piece)


def called(call: Callable[[], httpx2.Response]) -> httpx2.Response | Refused | Unknown:
    """Make a call; a connection that never came about carried nothing, one that broke may have."""
    try:
        return call()
    except NOT_SENT as error:
        return Refused(error=ErrorClass.TRANSIENT, code=type(error).__name__, wait=WAIT[ErrorClass.TRANSIENT])
    except (httpx2.HTTPError, httpx2.StreamError) as error:
        return Unknown(code=type(error).__name__)


def told(
    answer: httpx2.Response,
    table: Mapping[str, ErrorClass],
    *,
    code_of: Callable[[Any], Any],
    reference_of: Callable[[Any], Any],
) -> Outcome:
    """Return the outcome of an answer. The service's own words may name the customer and stay out.

    Args:
        answer: to the request that makes a letter.
        table: the service's codes.
        code_of: where the code of an error stands in the body.
        reference_of: where the letter's id stands in the body.
    """
    if answer.is_success:
        reference = _found(answer, reference_of)
        return Accepted(reference=reference) if reference else Unknown(code="no_reference")
    code = _found(answer, code_of) or str(answer.status_code)
    detail = f"HTTP {answer.status_code}"
    if answer.status_code in UNSURE or answer.is_server_error or answer.is_redirect:
        return Unknown(code=code, detail=detail)
    kind = table.get(code) or STATUS.get(answer.status_code, ErrorClass.CONFIG)
    if kind in WAIT:
        return Refused(error=kind, code=code, wait=_retry_after(answer) or WAIT[kind], detail=detail)
    return Rejected(error=kind, code=code, detail=detail)


def before(outcome: Outcome) -> Refused | Rejected:
    """Return the outcome of a request that made no letter yet: no doubt can come from it."""
    if isinstance(outcome, Refused | Rejected):
        return outcome
    code = outcome.code if isinstance(outcome, Unknown) else "no_answer"
    return Refused(error=ErrorClass.TRANSIENT, code=code, wait=WAIT[ErrorClass.TRANSIENT])


def ours(attempt: object) -> str | None:
    """Return what came back as our attempt's id, or None when it is none: a letter of somebody else's."""
    try:
        return str(UUID(str(attempt)))
    except ValueError:
        return None


def _found(answer: httpx2.Response, place: Callable[[Any], Any]) -> str:
    try:
        value = place(answer.json())
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return ""
    plain = str(value) if isinstance(value, str | int) else ""
    return plain if plain.isascii() and plain.isprintable() and len(plain) <= LONGEST_CODE else ""


def _retry_after(answer: httpx2.Response) -> timedelta | None:
    seconds = answer.headers.get("retry-after", "")
    return timedelta(seconds=int(seconds)) if seconds.isdecimal() and int(seconds) <= LONGEST_WAIT else None
