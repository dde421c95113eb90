"""`/hooks/<name>`: providers call us. Who calls is checked by the provider's adapter before anything is believed.

A call is answered with 2xx only when its news is committed, so a provider that hears nothing calls again, and what
comes twice is kept once. Who is not the provider learns nothing but 403.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from threading import BoundedSemaphore, Lock
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from channels.contract import Call, Forged
from web.site import Site, site_of

log = structlog.get_logger("web")

AT_ONCE = 8
"""Calls that are worked on at the same time; the rest of the threads are for people."""
FORGED_A_MINUTE = 30
"""Calls of one host that fail the check within a minute, before it is told to wait and the log is spared."""
forged: Counter[tuple[str, str]] = Counter()
"""Calls that failed the check since this process began, by hook and code: few words, all of them ours."""
_HOSTS = 1000
_METHODS = ["GET", "POST"]


class Strangers:
    """Hosts whose calls failed the check, and how often within a minute. Kept in memory, and bounded."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._seen)

    def forget(self) -> None:
        """Begin anew."""
        self._seen.clear()

    def too_many(self, host: str, now: float) -> bool:
        """Tell whether a host has to wait; `now` is in seconds of a clock that only goes on."""
        with self._lock:
            since, count = self._seen.get(host, (now, 0))
            return now - since < 60 and count >= FORGED_A_MINUTE  # noqa: PLR2004 -- a minute

    def failed(self, host: str, now: float) -> int:
        """Count a call that failed the check; returns how many within this minute."""
        with self._lock:
            since, count = self._seen.pop(host, (now, 0))
            if now - since >= 60:  # noqa: PLR2004
                since, count = now, 0
            self._seen[host] = (since, count + 1)
            while len(self._seen) > _HOSTS:
                self._seen.popitem(last=False)
            return count + 1


strangers = Strangers()
_turn = BoundedSemaphore(AT_ONCE)


def routes() -> list[Route]:
    """Return the routes of the providers' calls."""
    return [
        Route("/hooks/{name}", called, methods=_METHODS),
        Route("/hooks/{name}/{rest:path}", called, methods=_METHODS),
    ]


async def called(request: Request) -> Response:
    """Take a call in."""
    body = await request.body()
    return await run_in_threadpool(_heard, request, body)


def _heard(request: Request, body: bytes) -> Response:
    site = site_of(request)
    name, host = request.path_params["name"], request.client.host if request.client else ""
    if name not in site.hooks:
        return Response(status_code=404)
    if not _turn.acquire(timeout=5):
        return _later()
    try:
        return _answer(site, name, request, body, host)
    except (SQLAlchemyError, ConnectionError) as error:
        log.warning(
            "a call could not be kept; its provider calls again", hook=name, error=type(error).__name__
        )
        return _later()
    finally:
        _turn.release()


def _answer(site: Site, name: str, request: Request, body: bytes, host: str) -> Response:
    from work.gather import take  # only here: most page servers hear nobody

    now = site.clock()
    call = Call(
        path=request.scope["path"],
        query=request.scope["query_string"].decode("latin-1"),  # what is not ASCII there is a stranger's
        headers={key.lower(): value for key, value in request.headers.items()},
        body=body,
    )
    heard = site.hooks[name].hear(call, now=now)
    if isinstance(heard, Forged):
        return _refuse(name, heard.code, host)
    take(site.installation, heard.receipts, now=now)
    return Response(heard.answer, media_type=heard.content_type)


def _refuse(name: str, code: str, host: str) -> Response:
    """Answer a call that failed the check, and only such a one.

    Nobody is turned away for the host he calls from: a provider calls for all its customers from the same ones, a
    proxy may show all of us as one, and Twilio does not say a second time what a customer answered.
    """
    forged[name, code] += 1
    if strangers.too_many(host, monotonic()):
        return Response(status_code=429, headers={"Retry-After": "60"})
    strangers.failed(host, monotonic())
    log.warning("a call was refused", hook=name, code=code)
    return Response(status_code=403)


def _later() -> Response:
    return Response(status_code=503, headers={"Retry-After": "10"})
