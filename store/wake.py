"""Wakes a waiting loop when another process says that there is something to do (LISTEN, NOTIFY)."""

import asyncio
from types import TracebackType
from typing import Self

import psycopg
from sqlalchemy import Engine

CHANNEL = "tidings"


class Waker:
    """Listens on a connection of its own. A lost connection is opened again; until then the loop looks by the clock."""

    def __init__(self, engine: Engine) -> None:
        url = engine.url.set(drivername="postgresql")
        self._address = url.render_as_string(hide_password=False)
        self._connection: psycopg.AsyncConnection | None = None

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def wait(self, seconds: float) -> None:
        """Return when notified, at the latest after `seconds`."""
        if self._connection is None or self._connection.closed:
            await self._connect()
        if self._connection is None:
            await asyncio.sleep(seconds)
            return
        try:
            async for _ in self._connection.notifies(timeout=seconds, stop_after=1):
                return
        except psycopg.OperationalError:
            self._connection = None
            await asyncio.sleep(min(seconds, 1.0))

    async def _connect(self) -> None:
        try:
            self._connection = await psycopg.AsyncConnection.connect(self._address, autocommit=True)
            await self._connection.execute(f"LISTEN {CHANNEL}")
        except psycopg.OperationalError:
            self._connection = None
