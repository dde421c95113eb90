"""Around every answer: a bound on what is read, headers that browsers obey, and no traceback for anybody."""

from __future__ import annotations

import traceback

import structlog
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.problems import problem

LIMITS = {"/v1/invoice-runs": 64 * 2**20, "/v1/": 4 * 2**20, "/hooks/": 2**20}
"""Most bytes of a body by the beginning of its path; the first that fits."""
LIMIT = 64 * 2**10
"""Most bytes of any other body."""
_HEADERS = {"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}

log = structlog.get_logger("web")


class TooLarge(Exception):  # noqa: N818 -- an answer, not a fault
    """The body is longer than its bound."""


class Guard:
    """ASGI middleware; the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        try:
            exchange.check_length()
            await self._app(scope, exchange.receive, exchange.send)
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

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.limit = next((size for start, size in LIMITS.items() if scope["path"].startswith(start)), LIMIT)
        self._scope = scope
        self._receive = receive
        self._send = send
        self._read = 0
        self._begun = False

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
                headers.setdefault(name, value)  # a frame of our own page says so itself
        await self._send(message)

    async def end(self, status: int, detail: str) -> None:
        """Answer with a problem; an answer that has begun can only be broken off."""
        if self._begun:
            msg = "the answer broke off"
            raise ConnectionAbortedError(msg)
        await problem(status, detail)(self._scope, self._receive, self.send)
