"""Around every answer: limits of what is read and how often, headers that browsers obey, no traceback for anybody."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import unquote

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.language import choose
from web.limits import Buckets, Share, shares, stranger
from web.problems import problem
from web.site import Site
from web.staff import SMALL, StaffRoute
from web.v1.strict import SLASH

LIMITS = {
    "/p/": SMALL,
    "/v1/invoice-runs": 64 * 2**20,
    "/v1/letters/check": 50_000_000,
    "/v1/": 4 * 2**20,
    "/hooks/": 2**20,
}
"""Most bytes of a body by the beginning of its path; the first that fits."""
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""Of every answer that does not say otherwise itself."""
_STRICT = "max-age=31536000"
"""A year of https only, for this host and not for others below it."""
_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""Of whatever a browser would read as a document and that has no policy of its own."""
_DOCUMENTS = ("text/html", "text/xml", "application/xml", "application/xhtml", "image/svg")
_PROBLEMS = ("/v1/", "/hooks/")
"""Where programs ask: they are told what is wrong as a problem, people as a page."""

log = structlog.get_logger("web")


def _unreadable(scope: Scope) -> str:
    """Return why nobody can tell what a request asks, '' for nearly all; hooks judge the query of theirs themselves."""
    if {b"content-length", b"transfer-encoding"} <= {name for name, _ in scope["headers"]}:
        return "A body has a length or chunks, not both."  # a proxy may see another request in it (RFC 9112, 6.3)
    try:
        scope["query_string"].decode()
    except UnicodeDecodeError:
        return "" if scope["path"].startswith("/hooks/") else "The query is no text in UTF-8."
    return ""


def _keep_slashes(scope: Scope) -> None:
    """Leave a slash that a program wrote as `%2F` within its part of the path: references of systems have them."""
    raw: bytes = scope.get("raw_path") or b""
    if scope["path"].startswith("/v1/") and b"%2f" in raw.lower():
        parts = re.split(b"%2f", raw, flags=re.IGNORECASE)
        scope["path"] = SLASH.join(unquote(part.decode("ascii", "replace")) for part in parts)


class TooLarge(Exception):  # noqa: N818 -- an answer, not a fault
    """The body is longer than its bound."""


class Guard:
    """ASGI middleware; the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._buckets = Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        site: Site = scope["app"].state.site
        _keep_slashes(scope)
        if scope["method"] == "HEAD" and scope["path"].startswith("/v1/"):
            scope = {**scope, "method": "GET"}  # the server leaves the body out, for its own scope says HEAD
        request = Request(scope)
        left = shares(self._buckets, request, site.installation.settings, site.clock().timestamp())
        count = partial(
            stranger, self._buckets, request, site.installation.settings, site.clock().timestamp()
        )
        exchange = _Exchange(scope, receive, send, left, count)
        if any(share.wait for share in left):
            await exchange.end(429, "Too many requests; wait for the seconds that Retry-After says.")
            return
        if wrong := _unreadable(scope):
            answer = problem(400, wrong, headers={"Connection": "close"})
            await answer(scope, exchange.receive, exchange.send)
            return
        try:
            exchange.check_length()
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return  # nobody waits for an answer
        except TooLarge:
            await exchange.end(413, f"The body may have at most {exchange.limit} bytes.")
        except Exception as error:
            # No personal data in a log: paths hold signed links, messages and variables hold what customers sent.
            where = [
                f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-6:]
            ]
            log.error(
                "request failed",
                method=scope["method"],
                kind=scope["path"][:3],
                error=type(error).__name__,
                where=where,
            )
            await exchange.end(500, "This is a fault of ours; nothing is half done.")


class _Exchange:
    """One request and its answer."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, left: Sequence[Share], unknown: Callable[[], None]
    ) -> None:
        self.limit = _largest(scope)
        self._scope = scope
        self._receive = receive
        self._send = send
        self._left = left
        self._read = 0
        self._begun = False
        self._unknown = unknown

    def check_length(self) -> None:
        """Refuse a body that says itself that it is too long."""
        for name, value in self._scope["headers"]:
            if name == b"content-length" and value.isdigit() and int(value[:20]) > self.limit:
                raise TooLarge

    async def receive(self) -> Message:
        """Hand on a part of the body, as long as there are not too many."""
        message = await self._receive()
        self._read += len(message.get("body", b""))
        if self._read > self.limit:
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with our headers."""
        if message["type"] == "http.response.start":
            self._begun = True
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers.setdefault(name, value)
            if headers.get("content-type", "").startswith(_DOCUMENTS):
                headers.setdefault("Content-Security-Policy", _POLICY)
            framed = "frame-ancestors 'self'" in headers.get("content-security-policy", "")
            headers["X-Frame-Options"] = "SAMEORIGIN" if framed else "DENY"
            site: Site = self._scope["app"].state.site
            if site.installation.settings.public_url.startswith("https:"):
                headers["Strict-Transport-Security"] = _STRICT
            self._say_what_is_left(headers)
            if message["status"] == 401 and self._scope["path"].startswith("/v1/"):  # noqa: PLR2004
                self._unknown()
        await self._send(message)

    def _say_what_is_left(self, headers: MutableHeaders) -> None:
        """Tell programs, always, and everybody who has to wait."""
        for share in self._left:
            if share.wait or self._scope["path"].startswith("/v1/"):
                headers.update(share.headers())

    async def end(self, status: int, detail: str) -> None:
        """Answer with a page or a problem; an answer that has begun can only be broken off."""
        if self._begun:
            msg = "the answer broke off"
            raise ConnectionAbortedError(msg)
        await self._told(status, detail)(self._scope, self._receive, self.send)

    def _told(self, status: int, detail: str) -> Response:
        if self._scope["path"].startswith(_PROBLEMS):
            return problem(status, detail)
        request = Request(self._scope)
        language = choose(request.query_params.get("lang"), None, request.headers.get("accept-language", ""))
        site: Site = self._scope["app"].state.site
        return site.pages.answer(request, "refused", language=language, status=status, problem=status)


def _largest(scope: Scope) -> int:
    """Return the most bytes that the body of a request may have."""
    for start, size in LIMITS.items():
        if scope["path"].startswith(start):
            return size
    if scope["method"] == "POST":
        for route in scope["app"].router.routes:
            if (
                isinstance(route, StaffRoute)
                and route.largest > SMALL
                and route.matches(scope)[0] is Match.FULL
            ):
                return route.largest
    return SMALL
