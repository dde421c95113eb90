"""How often somebody may ask: buckets that fill again, by client, by signed link, by API key.

They are counted in the memory of the page server: a counter in the store would cost every page a write, and there is
one page server for a home. Whoever runs several behind a balancer allows so many times as much; what must be exact,
tries to log in and codes of documents, is counted in the store.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from math import ceil, floor

from starlette.requests import HTTPConnection

from tidings.settings import Settings
from web.clients import client_of, key_of

WINDOW = 60
"""Seconds in which a bucket fills from empty."""
WRONG_KEYS = 60
"""API keys that are none, by client in a window; then none of its keys is looked up until the bucket fills again."""
STRANGER = "stranger"
_MOST = 100_000
"""Buckets that are remembered; a forgotten one is full."""
_SIGNED = ("/p/", "/d/", "/u/", "/l/", "/c/", "/welcome/")
_FREE = ("/hooks/", "/healthz", "/readyz", "/metrics", "/static/")
"""Called by machines that prove who they are, or that cost next to nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """What somebody has left of what they may ask."""

    policy: str
    """`client`, `link`, `key` or `stranger`."""
    quota: int
    """Requests in a window."""
    left: int
    full_in: int
    """Seconds until everything is there again."""
    wait: int = 0
    """Seconds until the next request may come; 0: this one is served."""

    def headers(self) -> Mapping[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers-10, and Retry-After (RFC 9110, 10.2.3)."""
        fields = {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.full_in}',
        }
        return fields | {"Retry-After": str(self.wait)} if self.wait else fields


class Buckets:
    """How full every bucket is, in the memory of one process and one thread."""

    def __init__(self) -> None:
        self._levels: OrderedDict[tuple[str, bytes], tuple[float, float]] = OrderedDict()

    def take(self, policy: str, key: bytes, quota: int, now: float) -> Share:
        """Take one from a bucket that holds `quota` and fills in a window; `now` in seconds."""
        level = self._level(policy, key, quota, now)
        served = level >= 1
        level -= served
        self._levels[policy, key] = (level, now)
        self._levels.move_to_end((policy, key))
        if len(self._levels) > _MOST:
            self._levels.popitem(last=False)
        return _share(policy, quota, level, served=served)

    def look(self, policy: str, key: bytes, quota: int, now: float) -> Share:
        """Return what `take` would, and take nothing."""
        level = self._level(policy, key, quota, now)
        return _share(policy, quota, level, served=level >= 1)

    def _level(self, policy: str, key: bytes, quota: int, now: float) -> float:
        level, at = self._levels.get((policy, key), (float(quota), now))
        return min(float(quota), level + max(now - at, 0.0) * quota / WINDOW)


def _share(policy: str, quota: int, level: float, *, served: bool) -> Share:
    return Share(
        policy=policy,
        quota=quota,
        left=floor(level),
        full_in=ceil((quota - level) * WINDOW / quota),
        wait=0 if served else max(1, ceil((1 - level) * WINDOW / quota)),
    )


def shares(buckets: Buckets, connection: HTTPConnection, settings: Settings, now: float) -> list[Share]:
    """Take one from each bucket that a request counts for and return what is left; one with a `wait` refuses it."""
    path, limits = connection.scope["path"], settings.limits
    if path.startswith(_FREE):
        return []
    client = client_of(connection, settings.proxies)
    if path.startswith("/v1/"):
        unknown = [buckets.look(STRANGER, client.encode(), WRONG_KEYS, now)] if _tells_apart(client) else []
        if any(share.wait for share in unknown):
            return unknown
        return [buckets.take("key", _digest(key_of(connection)), limits.key, now)] if limits.key else []
    taken = []
    if limits.client and _tells_apart(client):
        taken.append(buckets.take("client", client.encode(), limits.client, now))
    if limits.link and path.startswith(_SIGNED):
        token = path.split("/", 3)[2]
        taken.append(buckets.take("link", _digest(token), limits.link, now))
    return taken


def stranger(buckets: Buckets, connection: HTTPConnection, settings: Settings, now: float) -> None:
    """Count a call with a key that is none: made-up keys are looked up WRONG_KEYS times a window for a client."""
    client = client_of(connection, settings.proxies)
    if _tells_apart(client):
        buckets.take(STRANGER, client.encode(), WRONG_KEYS, now)


@lru_cache(maxsize=4096)
def _tells_apart(client: str) -> bool:
    """Return whether an address stands for one client: on this machine a proxy of ours stands for all of them."""
    try:
        return not ip_address(client.partition("/")[0]).is_loopback
    except ValueError:
        return False


def _digest(secret: str) -> bytes:
    return hashlib.blake2b(secret.encode("utf-8", "replace"), digest_size=16).digest()
