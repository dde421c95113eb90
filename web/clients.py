"""Who is at the other end: the address that limits count by. What a stranger writes into a header is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

_CLIENT_NETWORK = 64
"""Bits of an IPv6 address that a household or a company has for itself: it may use any address in it."""


def client_of(connection: HTTPConnection, proxies: Sequence[str]) -> str:
    """Return the client's address, IPv6 as its network of 64 bits; '' when there is none.

    Behind our own proxies (`TIDINGS_PROXIES`) it is the last address in X-Forwarded-For that none of them is: what
    stands before it the client may have written itself.
    """
    peer = _address(connection.client.host) if connection.client else None
    trusted = _networks(tuple(proxies))
    forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))
    for part in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if (
            peer is None
            or not any(peer in network for network in trusted)
            or (named := _address(part)) is None
        ):
            break
        peer = named
    return _counted(peer)


def key_of(connection: HTTPConnection) -> str:
    """Return the API key that a request carries, as a bearer or in `X-API-Key`; '' when there is none."""
    scheme, _, value = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and value.strip():
        return value.strip()
    return connection.headers.get("x-api-key", "").strip()


@lru_cache(maxsize=8)
def _networks(proxies: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(proxy, strict=False) for proxy in proxies)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that is meant, without the port that some proxies add; IPv4 also where IPv6 wraps it."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    try:
        address = ip_address(bare.partition(":")[0] if bare.count(":") == 1 else bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _counted(address: IPv4Address | IPv6Address | None) -> str:
    if not isinstance(address, IPv6Address):
        return str(address or "")
    return str(ip_network(f"{str(address).partition('%')[0]}/{_CLIENT_NETWORK}", strict=False))
