"""POST to an address that somebody else chose: to the internet only, never to a machine of ours.

The name is looked up once, each of its addresses is judged, and the connection is made to exactly the address that
was judged: a name that answers differently the next moment (DNS rebinding) gains nothing. Redirects are not followed,
proxies of the environment are not asked.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from tidings.problem import Problem

_READ = 64 * 1024
"""Bytes of an answer that are read at most; nothing in it matters."""
_LONGEST = 2000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OF_CLOUDS = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("168.63.129.16/32"))
"""Where machines of Oracle and Azure ask for their own secrets; they look like any other of the internet."""


class Unreachable(Exception):  # noqa: N818 -- an outcome of a call
    """Nothing was said, or the address is not one that we may call; in one word or two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the other side answered."""

    status: int
    retry_after: int | None
    """Seconds that it asks us to wait."""


def check(url: str, *, loopback: bool = False) -> None:
    """Refuse a URL that is not of the internet as far as its text tells; `post` judges where its name leads.

    Raises:
        Problem: says what is wrong with it.
    """
    try:
        _parts(url, loopback=loopback)
    except Unreachable as error:
        raise Problem(
            f"{url[:200]!r} cannot be called: {error}.",
            todo="Give an https address of a server on the internet.",
        ) from error


def post(
    url: str, body: bytes, headers: Mapping[str, str], *, timeout: timedelta, loopback: bool = False
) -> Said:
    """Send one request and return what was said; any status, redirects too.

    Args:
        url: https, or http where `loopback`.
        body: the bytes.
        headers: beside Host and Content-Length.
        timeout: the longest silence: of the connection, and between two parts of the answer. All of it may take twice
            as long; who answers a byte at a time is not waited for.
        loopback: whether this machine may be called, without TLS: for tests.

    Raises:
        Unreachable: no answer, or no address that may be called.
    """
    parts = _parts(url, loopback=loopback)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path, seconds = parts.path or "/", timeout.total_seconds()
    try:
        address = _address(parts.hostname, port, loopback=loopback)
        with _line(address, port, seconds) as line, _no_longer(line, 2 * seconds):
            connection = _connection(parts, line, seconds)
            try:
                connection.request(
                    "POST", f"{path}?{parts.query}" if parts.query else path, body=body, headers=dict(headers)
                )
                answer = connection.getresponse()
                answer.read(_READ)
                wait = answer.headers.get("Retry-After", "")
                return Said(
                    status=answer.status,
                    retry_after=int(wait) if wait.isascii() and wait.isdigit() else None,
                )
            finally:
                connection.close()
    except TimeoutError as error:
        msg = "no answer in time"
        raise Unreachable(msg) from error
    except ssl.SSLError as error:
        msg = "its certificate is not to be trusted"
        raise Unreachable(msg) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreachable(type(error).__name__) from error


def _parts(url: str, *, loopback: bool) -> SplitResult:
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        msg = "it is too long, or has characters that no URL has"
        raise Unreachable(msg)
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises where it is none
    except ValueError as error:
        msg = "it is no URL"
        raise Unreachable(msg) from error
    if parts.scheme != "https" and not (loopback and parts.scheme == "http"):
        msg = "only https is called"
        raise Unreachable(msg)
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        msg = "it needs a host, and no user, password or fragment"
        raise Unreachable(msg)
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not _allowed(literal, loopback=loopback):
        msg = "its address is not on the internet"
        raise Unreachable(msg)
    return parts


def _address(host: str, port: int, *, loopback: bool) -> tuple[socket.AddressFamily, str]:
    """Look a name up; every address that it has must be one that may be called."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(family, str(where[0])) for family, _, _, _, where in found]
    if not addresses or not all(
        _allowed(ipaddress.ip_address(one.partition("%")[0]), loopback=loopback) for _, one in addresses
    ):
        msg = "its address is not on the internet"
        raise Unreachable(msg)
    return addresses[0]


def _allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address, *, loopback: bool) -> bool:
    """Return whether an address may be called: global, and what is mapped or translated into it too."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is None and address.teredo is not None:
            inner = address.teredo[1]
        if inner is not None:
            return _allowed(inner, loopback=loopback)
        if address.is_site_local:
            return False
    if address.is_loopback:
        return loopback
    if any(address in network for network in _OF_CLOUDS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _line(address: tuple[socket.AddressFamily, str], port: int, seconds: float) -> socket.socket:
    """Connect to the judged address."""
    family, where = address
    line = socket.socket(family, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect((where, port))
    except BaseException:
        line.close()
        raise
    return line


@contextmanager
def _no_longer(line: socket.socket, seconds: float) -> Iterator[None]:
    """Break a line that is still in use after so long: a byte at a time never runs into a time-out."""

    def hang_up() -> None:
        with suppress(OSError):
            same.shutdown(socket.SHUT_RDWR)

    with line.dup() as same:
        late = Timer(seconds, hang_up)
        late.daemon = True
        late.start()
        try:
            yield
        finally:
            late.cancel()


def _connection(parts: SplitResult, line: socket.socket, seconds: float) -> http.client.HTTPConnection:
    """Speak HTTP on a line; certificate and Host are those of the name."""
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    connection.sock = line
    if parts.scheme == "https":
        connection.default_port = 443
        connection.sock = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    return connection
