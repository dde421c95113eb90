"""HTTP connections on which no byte of a request leaves once its call is over (`channels.calls.leaving`).

Asked before every piece that is written, after the name was looked up and the connection stands: what remains is the
instant between the question and the kernel.
"""

from http.client import HTTPConnection
from typing import Any

from requests import ConnectionError, Response, Session
from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool

from channels.calls import PLAIN, READ, EndlessError, leaving, within


class Punctual(HTTPConnection):
    """Mixed into the connections of urllib3."""

    def send(self, data: Any) -> None:
        """Write a piece of a request.

        Raises:
            TooLateError: the call is over.
        """
        if self.sock is None and self.auto_open:  # as http.client does
            self.connect()
        leaving()
        super().send(data)


def session() -> Session:
    """Return a session whose answers are bounded; adapters are the caller's matter."""
    made = Session()
    made.headers.update(PLAIN)
    made.hooks["response"] = [_bounded]
    return made


class _Http(Punctual, connection.HTTPConnection):
    pass


class _Https(Punctual, connection.HTTPSConnection):
    pass


class _HttpPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Https


def _bounded(answer: Response, *_: object, **__: object) -> None:
    """Read an answer's body as `channels.bounded` lets another library do it.

    Raises:
        ConnectionError: of `requests`; the answer has no end.
    """
    try:
        body = b"".join(within(answer.raw.stream(READ, decode_content=False)))
    except EndlessError as error:
        raise ConnectionError(str(error)) from error
    answer.headers.pop("Content-Encoding", None)
    answer._content, answer._content_consumed = body, True  # noqa: SLF001 -- as its own `content` does


class PunctualAdapter(HTTPAdapter):
    """An adapter of `requests`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
