"""What the print APIs have in common: one letter by one keyed request over HTTP, and its failures as outcomes."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import httpx2

from channels.bounded import bounded
from channels.calls import CONNECTIONS, PLAIN, in_doubt, on_time, quiet
from channels.letter.handover import piece_of
from channels.letter.piece import Piece
from channels.retry_after import asked_wait
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
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorClass.DATA,
    HTTPStatus.TOO_EARLY: ErrorClass.TRANSIENT,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorClass.THROTTLE,
}
"""What a status means where no table names the code; any other is our set-up."""
ABOUT_THE_LETTER = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
"""Where the service gives a code. Without one somebody on the way answers, who would say so of every letter."""
KEY_LIFE = timedelta(hours=23)
"""Lob remembers a key for 24 hours (support.lob.com, "prevent duplicate mailings", 2026-11); Pingen names no time that
we could find, and is taken to do no better. An hour is for the call itself."""
LONGEST_CODE = 80


def client(timeout: timedelta, **more: Any) -> httpx2.Client:
    """Return a client: no retries, no redirects, bounds to time and answers, nothing out of the environment."""
    quiet()
    limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    hooks: Mapping[str, Any] = {"request": [on_time], "response": [bounded]}
    return httpx2.Client(
        timeout=timeout.total_seconds(),
        limits=limits,
        trust_env=False,
        headers=PLAIN,
        event_hooks=hooks,
        **more,
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
        reference = _plain(_value(answer, reference_of))
        return Accepted(reference=reference) if reference else Unknown(code="no_reference")
    said = _value(answer, code_of)
    code = _plain(said) or str(answer.status_code)
    detail = f"HTTP {answer.status_code}"
    # 409: the same key is being worked on, and the letter may be made. A service that compares what came under a key
    # says 422 (draft-ietf-httpapi-idempotency-key-header, 2.7): then it is made, by an attempt before this one.
    of_the_key = answer.status_code == HTTPStatus.CONFLICT or "idempoten" in code.lower()
    if of_the_key or in_doubt(answer.status_code):
        return Unknown(code=code, detail=detail)
    about = (
        ErrorClass.DATA if said is not None and answer.status_code in ABOUT_THE_LETTER else ErrorClass.CONFIG
    )
    kind = table.get(code) or STATUS.get(answer.status_code, about)
    if kind in WAIT:
        return Refused(error=kind, code=code, wait=asked_wait(answer.headers) or WAIT[kind], detail=detail)
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


def _value(answer: httpx2.Response, place: Callable[[Any], Any]) -> object:
    try:
        return place(answer.json())
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def _plain(value: object) -> str:
    plain = str(value) if isinstance(value, str | int) else ""
    return plain if plain.isascii() and plain.isprintable() and len(plain) <= LONGEST_CODE else ""
