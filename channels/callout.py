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
from enum import Enum
from http import HTTPStatus
from threading import Timer
from urllib.parse import SplitResult, urlsplit

from channels.retry_after import asked_wait
from tidings.problem import Problem

_READ = 64 * 1024
"""Bytes of an answer that are read at most; nothing in it matters."""
_LONGEST = 2000
_BEFORE = frozenset(range(100, 200)) - {HTTPStatus.SWITCHING_PROTOCOLS}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_OF_CLOUDS = tuple(
    ipaddress.ip_network(one)
    for one in ("192.0.0.0/24", "168.63.129.16/32", "100.100.100.200/32", "fd00:ec2::254/128")
)
"""Where machines of Oracle, Azure, Alibaba and Amazon ask for their own secrets, beside the link's own addresses."""


class Reach(Enum):
    """Whom a call may reach; nobody reaches where machines of a cloud ask for their secrets."""

    INTERNET = "internet"
    """Servers of the internet, by https."""
    LOOPBACK = "loopback"
    """This machine as well, without TLS: for tests."""
    INSIDE = "inside"
    """The machines of our own network as well, without TLS: a setting of ours chose the address."""


class Unreachable(Exception):  # noqa: N818 -- an outcome of a call
    """Nothing was said, or the address is not one that we may call; in one word or two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What the other side answered."""

    status: int
    retry_after: timedelta | None
    """How long it asks us to wait."""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES


def check(url: str, *, loopback: bool = False) -> None:
    """Refuse a URL that is not of the internet as far as its text tells; `post` judges where its name leads.

    Raises:
        Problem: says what is wrong with it.
    """
    try:
        _parts(url, _reach(loopback=loopback))
    except Unreachable as error:
        raise Problem(
            f"{url[:200]!r} cannot be called: {error}.",
            todo="Give an https address of a server on the internet.",
        ) from error


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: timedelta,
    loopback: bool = False,
    inside: bool = False,
) -> Said:
    """Send one request and return what was said; any status, redirects too.

    Args:
        url: https, or http where `loopback` or `inside`.
        body: the bytes.
        headers: beside Host and Content-Length.
        timeout: the longest silence: of the connection, and between two parts of the answer. All of it may take twice
            as long; who answers a byte at a time is not waited for.
        loopback: whether this machine may be called, without TLS: for tests.
        inside: whether the machines of our own network may be: a setting of ours chose the address.

    Raises:
        Unreachable: no answer, or no address that may be called.
    """
    reach = Reach.INSIDE if inside else _reach(loopback=loopback)
    parts = _parts(url, reach)
    assert parts.hostname is not None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    path, seconds = parts.path or "/", timeout.total_seconds()
    try:
        address = _address(parts.hostname, port, reach)
        with _line(address, port, seconds) as line, no_longer(line, 2 * seconds):
            connection = _connection(parts, line, seconds)
            try:
                connection.request(
                    "POST", f"{path}?{parts.query}" if parts.query else path, body=body, headers=dict(headers)
                )
                answer = connection.getresponse()
                answer.read(_READ)
                told = {name.lower(): value for name, value in answer.headers.items()}
                return Said(status=answer.status, retry_after=asked_wait(told))
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


def _reach(*, loopback: bool) -> Reach:
    return Reach.LOOPBACK if loopback else Reach.INTERNET


def _parts(url: str, reach: Reach) -> SplitResult:
    if len(url) > _LONGEST or not url.isascii() or not url.isprintable() or " " in url:
        msg = "it is too long, or has characters that no URL has"
        raise Unreachable(msg)
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 -- raises where it is none
    except ValueError as error:
        msg = "it is no URL"
        raise Unreachable(msg) from error
    if parts.scheme != "https" and not (reach is not Reach.INTERNET and parts.scheme == "http"):
        msg = "only https is called"
        raise Unreachable(msg)
    if not parts.hostname or parts.username is not None or parts.password is not None or parts.fragment:
        msg = "it needs a host, and no user, password or fragment"
        raise Unreachable(msg)
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return parts
    if not _allowed(literal, reach):
        msg = "its address is not on the internet"
        raise Unreachable(msg)
    return parts


def _address(host: str, port: int, reach: Reach) -> tuple[socket.AddressFamily, str]:
    """Look a name up; every address that it has must be one that may be called."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [(family, str(where[0])) for family, _, _, _, where in found]
    if not addresses or not all(
        _allowed(ipaddress.ip_address(one.partition("%")[0]), reach) for _, one in addresses
    ):
        msg = "its address is not on the internet"
        raise Unreachable(msg)
    return addresses[0]


def _allowed(address: ipaddress.IPv4Address | ipaddress.IPv6Address, reach: Reach) -> bool:
    """Return whether an address may be called, and what is mapped or translated into it too."""
    if isinstance(address, ipaddress.IPv6Address):
        if (inner := _inner(address)) is not None:
            return _allowed(inner, reach)
        if address.is_site_local:
            return False
    if address.is_loopback:
        return reach is not Reach.INTERNET
    if address.is_multicast or any(address in network for network in _OF_CLOUDS):
        return False
    return (
        not address.is_link_local if reach is Reach.INSIDE else address.is_global and not address.is_reserved
    )


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]


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
def no_longer(line: socket.socket, seconds: float) -> Iterator[None]:
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


class _Final(http.client.HTTPResponse):
    """The answer itself: what is said before it (103 Early Hints: RFC 9110, 15.2) is none yet."""

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while status in _BEFORE:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


def _connection(parts: SplitResult, line: socket.socket, seconds: float) -> http.client.HTTPConnection:
    """Speak HTTP on a line; certificate and Host are those of the name."""
    assert parts.hostname is not None
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
    connection.response_class = _Final
    connection.sock = line
    if parts.scheme == "https":
        connection.default_port = 443
        connection.sock = ssl.create_default_context().wrap_socket(line, server_hostname=parts.hostname)
    return connection
