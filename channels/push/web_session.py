"""An HTTP session that reaches public addresses only: no redirect, no retry, no proxy of the environment.

A name is looked up once, every address it has is judged, and the socket is judged again after it is connected, before
a byte is written: a name that changes its address in between leads nowhere.
"""

import ipaddress
import socket
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from channels import punctual
from channels.punctual import Punctual, PunctualAdapter


class Forbidden(Exception):  # noqa: N818 -- urllib3 would take an OSError for a broken line
    """The name leads to an address that is not public."""


def public(address: str) -> bool:
    """Return whether an IP address is one of the open internet.

    >>> [public(address) for address in ("8.8.8.8", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1")]
    [True, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    site_local = isinstance(found, ipaddress.IPv6Address) and found.is_site_local
    return found.is_global and not found.is_multicast and not site_local


class _Guarded(Punctual, HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except OSError:
            found = []  # told by the line below, in urllib3's own words
        if not all(public(str(entry[4][0])) for entry in found):
            raise Forbidden
        connected = super()._new_conn()
        if not public(str(connected.getpeername()[0])):
            connected.close()
            raise Forbidden
        return connected


class _GuardedPool(HTTPSConnectionPool):
    ConnectionCls = _Guarded


class _Guard(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HTTPConnectionPool, "https": _GuardedPool}


def session(*, connections: int, loopback: bool) -> requests.Session:
    """Return a session for several threads.

    Args:
        connections: to keep to a service.
        loopback: whether plain HTTP to this machine is allowed.
    """
    made = punctual.session()
    made.trust_env = False
    made.max_redirects = 0
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    made.adapters.clear()
    made.mount("https://", _Guard(pool_maxsize=connections, max_retries=0))
    if loopback:
        made.mount("http://127.0.0.1", PunctualAdapter(pool_maxsize=connections, max_retries=0))
    return made
