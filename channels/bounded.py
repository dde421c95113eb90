"""Answers that `httpx2` reads are taken in up to a bound, and not unpacked: a small one may unpack to all memory."""

from collections.abc import Iterator

from httpx2 import ReadError, Response, SyncByteStream

from channels.calls import EndlessError, within


def bounded(answer: Response) -> None:
    """Bound what is read of an answer: an event hook of `httpx2.Client`, called before its body is read."""
    answer.headers.pop("Content-Encoding", None)
    assert isinstance(answer.stream, SyncByteStream)
    answer.stream = _Bounded(answer.stream)


class _Bounded(SyncByteStream):
    def __init__(self, stream: SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from within(self._stream)
        except EndlessError as error:
            raise ReadError(str(error)) from error

    def close(self) -> None:
        self._stream.close()
