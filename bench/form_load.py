"""Saves forms at a fixed rate, at moments that do not wait for answers, and asks for the null route in between."""

import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

POSTS = 300
"""Forms saved in a second."""
VISITORS = 24
"""Connections that these come by; after every tenth form its visitor asks the route that does nothing."""
NULL = b"GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n"
CHOICES = ("letter,email", "sms", "email,sms", "none")
"""What a customer chooses, one after the other, so that each form is a change."""


class Visitor:
    """One kept connection, as cheap as Python makes it, so that the server is what is measured."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 30)
        self._read = b""

    def get(self, path: str) -> bytes:
        """Return the body of a page."""
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: t\r\n\r\n".encode(), b"200")

    def ask(self, request: bytes, wanted: bytes) -> bytes:
        """Send a whole request; return the body of its answer.

        Raises:
            RuntimeError: the status is another than the wanted one.
            OSError: the connection broke.
        """
        self._socket.sendall(request)
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            self._more()
        head = self._read[:end].lower()
        if not head.startswith(b"http/1.1 " + wanted):
            raise RuntimeError(head.partition(b"\r\n")[0].decode())
        start = head.find(b"\r\ncontent-length:") + len("\r\ncontent-length:")
        end += 4 + int(head[start:].partition(b"\r\n")[0])
        while len(self._read) < end:
            self._more()
        body, self._read = self._read[len(head) + 4 : end], self._read[end:]
        return body

    def _more(self) -> None:
        part = self._socket.recv(64 * 1024)
        if not part:
            msg = "the server closed the connection"
            raise ConnectionError(msg)
        self._read += part

    def close(self) -> None:
        """End the connection."""
        self._socket.close()


@dataclass(frozen=True, kw_only=True)
class Saving:
    """What saving forms at a fixed rate showed; latencies in milliseconds, from the planned moment on."""

    rate: float
    errors: Sequence[str]
    saves: Sequence[float]
    """Sorted."""
    nulls: Sequence[float]
    """Of the null route meanwhile, sorted."""


@dataclass(kw_only=True)
class _Taken:
    saves: list[float] = field(default_factory=list)
    nulls: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def saved(port: int, paths: Sequence[str], *, seconds: float, first: int = 0) -> Saving:
    """Save POSTS forms a second; `first` is the number of the first one, for a second time of other choices."""
    requests = [
        _request(paths[number % len(paths)], number // len(paths)) for number in _numbers(first, seconds)
    ]
    taken = _Taken()
    start = time.monotonic() + 0.2
    visitors = [
        threading.Thread(target=_save, args=(port, requests, visitor, start, taken))
        for visitor in range(VISITORS)
    ]
    for visitor in visitors:
        visitor.start()
    for visitor in visitors:
        visitor.join()
    took = time.monotonic() - start
    return Saving(
        rate=len(taken.saves) / took,
        errors=taken.errors,
        saves=sorted(taken.saves),
        nulls=sorted(taken.nulls),
    )


def percentile(sorted_times: Sequence[float], share: float) -> float:
    """Return the time that a share of all stays under; infinite when nothing came back."""
    return sorted_times[int(len(sorted_times) * share)] if sorted_times else float("inf")


def _numbers(first: int, seconds: float) -> range:
    return range(first, first + int(POSTS * seconds))


def _request(path: str, turn: int) -> bytes:
    choice = CHOICES[turn % len(CHOICES)]
    body = f"offer={choice}&news={choice}"
    head = f"POST {path} HTTP/1.1\r\nHost: t\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def _save(port: int, requests: Sequence[bytes], first: int, start: float, taken: _Taken) -> None:
    visitor = Visitor(port)
    for number in range(first, len(requests), VISITORS):
        due = start + number / POSTS
        time.sleep(max(0.0, due - time.monotonic()))
        try:
            visitor.ask(requests[number], b"303")
            taken.saves.append((time.monotonic() - due) * 1000)
            if number % 10 == 0:
                began = time.monotonic()
                visitor.ask(NULL, b"200")
                taken.nulls.append((time.monotonic() - began) * 1000)
        except (OSError, RuntimeError) as error:
            taken.errors.append(str(error))
            visitor.close()
            visitor = Visitor(port)
    visitor.close()
