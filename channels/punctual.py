"""HTTP connections on which no byte of a request leaves once its call is over (`channels.calls.leaving`).

Asked before every piece that is written, after the name was looked up and the connection stands: what remains is the
instant between the question and the kernel.
"""

from http.client import HTTPConnection
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import connection, connectionpool

from channels.calls import leaving


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


class _Http(Punctual, connection.HTTPConnection):
    pass


class _Https(Punctual, connection.HTTPSConnection):
    pass


class _HttpPool(connectionpool.HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(connectionpool.HTTPSConnectionPool):
    ConnectionCls = _Https


class PunctualAdapter(HTTPAdapter):
    """An adapter of `requests`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
