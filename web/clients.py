"""Who is at the other end: the address that limits count by. What a stranger writes into a header is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from starlette.requests import HTTPConnection

_CLIENT_NETWORK = 64
"""Bits of an IPv6 address that a household or a company has for itself: it may use any address in it."""


def client_of(connection: HTTPConnection, proxies: Sequence[str]) -> str:
    """Return the client's address, IPv6 as its network of 64 bits; '' when there is none.

    Behind our own proxies (`TIDINGS_PROXIES`) it is the last address in X-Forwarded-For that none of them is: what
    stands before it the client may have written itself.
    """
    peer = connection.client.host if connection.client else ""
    trusted = _networks(tuple(proxies))
    if not trusted or not _is_ours(peer, trusted):
        return _counted(peer)
    forwarded = ",".join(connection.headers.getlist("x-forwarded-for"))
    for part in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_address(part):
            break
        peer = part
        if not _is_ours(part, trusted):
            break
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


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_ours(address: str, networks: Sequence[IPv4Network | IPv6Network]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _counted(address: str) -> str:
    if ":" not in address or not _is_address(address):
        return address
    return str(ip_network(f"{address.partition('%')[0]}/{_CLIENT_NETWORK}", strict=False))
