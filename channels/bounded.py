"""Answers of HTTP services are taken in up to a bound: so many bytes, not unpacked, while their call lasts.

Whoever gave a call up no longer reads, but its thread does: without a bound an answer that never ends fills the memory,
and one that unpacks to a thousand times its size does so at once.
"""

from collections.abc import Iterator

from httpx2 import ReadError, Response, SyncByteStream

from channels.calls import LARGEST, over


def bounded(answer: Response) -> None:
    """Bound what is read of an answer: an event hook of `httpx2.Client`, called before its body is read."""
    answer.headers.pop("Content-Encoding", None)
    assert isinstance(answer.stream, SyncByteStream)
    answer.stream = _Bounded(answer.stream)


class _Bounded(SyncByteStream):
    def __init__(self, stream: SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        taken = 0
        for part in self._stream:
            taken += len(part)
            if taken > LARGEST or over():
                msg = "the answer has no end"
                raise ReadError(msg)
            yield part

    def close(self) -> None:
        self._stream.close()
