"""Server-sent events: a part of a page that is sent again whenever it changed, until it is final.

However many people look, a subject is read once for all of them, in a thread, with a connection that is given back
before anything is sent. (Server-sent events: HTML Living Standard, 9.2.)
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from web.site import site_of

LONGEST = 300.0
"""Seconds after which a stream ends; the browser calls again, and has to be logged in still."""
_RETRY = "retry: 3000\n\n"
_END = "event: end\ndata: end\n\n"
_ALIVE = ":\n\n"
"""A comment: finds out whether the browser is still there, and keeps proxies from closing."""
AT_ONCE = 4
"""Streams that one session may have open: as many pages as a person looks at."""
_QUIET = 15.0
"""Seconds without a change before a comment is sent."""

log = structlog.get_logger("web")


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a subject looks like now; `final`: it will not change any more."""

    text: str
    final: bool = False


@dataclass(kw_only=True)
class _Subject:
    """One subject that somebody looks at: its newest part, and a bell that rings when there is a newer one."""

    watchers: int = 0
    number: int = 0
    over: bool = False
    """Nobody reads it any more."""
    part: Part | None = None
    bell: asyncio.Condition = field(default_factory=asyncio.Condition)
    reader: asyncio.Task[None] | None = None


def live(
    request: Request, subject: str, read: Callable[[], Part], *, session: str, every: float = 1.0
) -> Response:
    """Return a stream of what `read` returns, read every so many seconds for all who look at the subject.

    A session that has AT_ONCE of them open already gets 429, and a page that stands still.

    Args:
        request: of the page that listens (`data-live` in `console.js`).
        subject: what is shown and to whom: all who get the same subject get the very same text. It names the
            language, and what of it the roles of the reader hide.
        read: called in a thread; opens and closes its own connection.
        session: whose the page is.
        every: seconds between two looks.
    """
    site = site_of(request)
    if site.streams[session] >= AT_ONCE:
        return Response(status_code=429, headers={"Retry-After": str(int(LONGEST))})
    return StreamingResponse(
        _counted(site.streams, session, _stream(site.watched, subject, read, every)),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _counted(streams: Counter[str], session: str, told: AsyncGenerator[str]) -> AsyncIterator[str]:
    streams[session] += 1
    try:
        async with aclosing(told):
            async for text in told:
                yield text
    finally:
        streams[session] -= 1
        if not streams[session]:
            del streams[session]


async def _stream(
    subjects: dict[str, Any], name: str, read: Callable[[], Part], every: float
) -> AsyncGenerator[str]:
    subject = subjects.setdefault(name, _Subject())
    subject.watchers += 1
    if subject.reader is None:
        subject.reader = asyncio.create_task(_read(subject, read, every))
    try:
        yield _RETRY
        async for text in _news(subject):
            yield text
    finally:
        subject.watchers -= 1
        if not subject.watchers:
            subject.reader.cancel()
            if subjects.get(name) is subject:
                del subjects[name]


async def _news(subject: _Subject) -> AsyncIterator[str]:
    """Yield every newer part as an event, a comment while there is none, and the end."""
    seen, until = 0, asyncio.get_running_loop().time() + LONGEST
    while asyncio.get_running_loop().time() < until:
        try:
            async with asyncio.timeout(_QUIET), subject.bell:
                await subject.bell.wait_for(partial(_something, subject, seen))
        except TimeoutError:
            yield _ALIVE
            continue
        if subject.part is None or subject.number == seen:
            return  # it could not be read: the browser calls again
        seen, part = subject.number, subject.part
        yield event(part.text)
        if part.final:
            yield _END
            return


def _something(subject: _Subject, seen: int) -> bool:
    return subject.number > seen or subject.over


async def _read(subject: _Subject, read: Callable[[], Part], every: float) -> None:
    """Read a subject until it is final; what did not change is not told."""
    try:
        while subject.part is None or not subject.part.final:
            part = await run_in_threadpool(read)
            if part != subject.part:
                async with subject.bell:
                    subject.part = part
                    subject.number += 1
                    subject.bell.notify_all()
            await asyncio.sleep(every)
    except Exception as error:  # whatever it is, the page stays as it is and the browser calls again
        log.warning("a live page could not be read", error=type(error).__name__)
    async with subject.bell:
        subject.over = True
        subject.bell.notify_all()


def event(text: str) -> str:
    r"""Return a text as the data of one event.

    >>> event("<p>\nHello</p>")
    'data: <p>\ndata: Hello</p>\n\n'
    """
    return "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
