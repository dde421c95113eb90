"""What many people post at the same moment is handled together: one transaction for all of them.

Who comes alone is handled at once. Of who comes soon after somebody else, the first waits until a moment (`pace`) has
passed since the last batch began, and takes along whoever has come by then: so a crowd costs a fraction of a
transaction each, and never more transactions in a second than `1 / pace`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Post = TypeVar("Post")
Answer = TypeVar("Answer")


class Together(Generic[Post, Answer]):
    """A queue of one event loop.

    Args:
        work: answers several posts, in a thread; None or a missing answer means that the post has to come again with
            the next batch; an exception is that post's own. What it raises is everybody's.
        most: posts in a batch.
        pace: seconds between the beginnings of two batches.
        at_once: batches that are worked on at one moment; more threads and connections would get in each other's way.
    """

    def __init__(
        self,
        work: Callable[[Sequence[Post]], Sequence[Answer | Exception | None]],
        *,
        most: int,
        pace: float,
        at_once: int,
    ) -> None:
        self._work = work
        self._most = most
        self._pace = pace
        self._room = asyncio.Semaphore(at_once)
        self._waiting: list[tuple[Post, asyncio.Future[Answer]]] = []
        self._next = 0.0
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = False

    async def answer(self, post: Post) -> Answer:
        """Return the answer to a post, once its batch is done."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((post, future))
        self._wake()
        return await future

    def _wake(self) -> None:
        if self._waiting and not self._starting:
            self._starting = True
            self._keep(asyncio.ensure_future(self._start()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)

    async def _start(self) -> None:
        """Begin the next batch as soon as it may."""
        loop = asyncio.get_running_loop()
        await self._room.acquire()
        if (rest := self._next - loop.time()) > 0:
            await asyncio.sleep(rest)
        batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        self._next = loop.time() + self._pace
        self._starting = False
        self._wake()
        try:
            answers = await loop.run_in_executor(None, self._work, [post for post, _ in batch])
        except Exception as error:
            answers = [error] * len(batch)
        finally:
            self._room.release()
        for (post, future), answer in zip(batch, answers, strict=True):
            if future.done():  # whoever asked is gone
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            elif answer is None:
                self._waiting.insert(0, (post, future))
            else:
                future.set_result(answer)
        self._wake()
