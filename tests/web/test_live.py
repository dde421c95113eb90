"""Live parts: one reader for all who look, told only what changed, over when it is final."""

import asyncio
from itertools import count
from types import SimpleNamespace

import pytest

from web.live import AT_ONCE, Part, live

SESSIONS = count()


class Looked:
    """What is read: each of the parts in turn, the last for ever; counts how often it was read."""

    def __init__(self, *parts):
        self.parts, self.times = parts, 0

    def __call__(self):
        self.times += 1
        part = self.parts[min(self.times, len(self.parts)) - 1]
        if isinstance(part, Exception):
            raise part
        return part


async def heard(door, read, *, most=100):
    """Return what somebody hears, events only."""
    answer = live(SimpleNamespace(app=door.app), "subject", read, session=str(next(SESSIONS)), every=0.01)
    told = []
    async for text in answer.body_iterator:
        told.append(text)
        if len(told) == most:
            break
    await answer.body_iterator.aclose()
    return [text for text in told if not text.startswith((":", "retry"))]


@pytest.mark.parametrize("watchers", [1, 5], ids=["one looks", "five look"])
def test_a_subject_is_read_once_for_all_and_told_only_when_it_changed(door, watchers):
    one, two = Part(text="<p>1</p>"), Part(text="<p>2</p>", final=True)
    read = Looked(one, one, two)

    async def all_of_them():
        return await asyncio.gather(*(heard(door, read) for _ in range(watchers)))

    for told in asyncio.run(all_of_them()):
        assert told == ["data: <p>1</p>\n\n", "data: <p>2</p>\n\n", "event: end\ndata: end\n\n"]
    assert read.times == 3
    assert door.app.state.site.watched == {}


def test_what_cannot_be_read_ends_the_stream_and_the_browser_calls_again(door):
    told = asyncio.run(heard(door, Looked(Part(text="a"), OSError("gone"))))

    assert told == ["data: a\n\n"]
    assert door.app.state.site.watched == {}


def test_nobody_reads_any_more_when_everybody_has_gone(door):
    asyncio.run(heard(door, Looked(Part(text="a")), most=2))

    assert door.app.state.site.watched == {}


def test_a_session_has_only_so_many_pages_that_move(door):
    async def opened(session):
        return live(
            SimpleNamespace(app=door.app), "subject", Looked(Part(text="a")), session=session, every=9
        )

    async def all_of_them():
        streams = [await opened("one") for _ in range(AT_ONCE)]
        for stream in streams:
            await anext(stream.body_iterator)
        refused, other = await opened("one"), await opened("another")
        assert (refused.status_code, other.status_code) == (429, 200)
        await streams[0].body_iterator.aclose()
        assert (await opened("one")).status_code == 200
        for stream in streams[1:]:
            await stream.body_iterator.aclose()

    asyncio.run(all_of_them())
    assert (door.app.state.site.streams, door.app.state.site.watched) == ({}, {})
