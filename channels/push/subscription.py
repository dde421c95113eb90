"""A browser's push subscription: https://www.w3.org/TR/push-api/#dom-pushsubscription-tojson. It is hostile input.

Whoever fills in our page can name any endpoint, so only the push services of the browsers' makers are ever called.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec

SERVICES = (
    "fcm.googleapis.com",
    "push.services.mozilla.com",
    "push.apple.com",
    "notify.windows.com",
)
"""Chrome and its kin, Firefox, Safari, Edge: these hosts and those below them."""
LONGEST = 4000
_ENDPOINT = re.compile(r"(https?)://([A-Za-z0-9.-]+)(:\d{1,5})?/[!-\[\]-~]*")
_BASE64 = re.compile(r"[A-Za-z0-9_-]+=*")
POINT, SECRET = 65, 16
"""Bytes of an uncompressed point of P-256 and of the shared secret (RFC 8291 2)."""


class BadSubscription(Exception):  # noqa: N818 -- a value that travels up two frames, not a failure of ours
    """No browser can be reached by it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Subscription:
    """Where to call, and the keys to encrypt for."""

    endpoint: str
    keys: Mapping[str, str]


def read(value: str, *, services: str, loopback: bool) -> Subscription:
    """Read a subscription as it is kept in `addresses.value`.

    Args:
        services: comma separated host names to allow besides SERVICES.
        loopback: whether this machine may be called, without TLS.

    Raises:
        BadSubscription: it cannot be one, or leads to no push service that we know.
    """
    try:
        given = json.loads(value) if len(value) <= LONGEST else None
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict) or not isinstance(given.get("keys"), dict):
        raise BadSubscription("not_a_subscription")
    endpoint = given.get("endpoint")
    found = _ENDPOINT.fullmatch(endpoint) if isinstance(endpoint, str) else None
    if found is None:
        raise BadSubscription("not_an_endpoint")
    if not _allowed(found, services, loopback=loopback):
        raise BadSubscription("not_a_push_service")
    point, secret = (_bytes(given["keys"].get(name)) for name in ("p256dh", "auth"))
    if len(secret) != SECRET or not _is_point(point):
        raise BadSubscription("not_a_key")
    keys = {name: str(given["keys"][name]).rstrip("=") for name in ("p256dh", "auth")}
    return Subscription(endpoint=str(endpoint), keys=keys)


def _allowed(endpoint: re.Match[str], services: str, *, loopback: bool) -> bool:
    scheme, host, port = endpoint[1], endpoint[2].lower(), endpoint[3]
    if loopback and host == "127.0.0.1":
        return True
    known = (*SERVICES, *(part.strip().lower() for part in services.split(",") if part.strip()))
    ours = any(host == name or host.endswith("." + name) for name in known)
    return ours and scheme == "https" and port in {None, ":443"}


def _bytes(text: object) -> bytes:
    if not isinstance(text, str) or not _BASE64.fullmatch(text):
        return b""
    try:
        return urlsafe_b64decode(text.rstrip("=") + "===")
    except ValueError:
        return b""


def _is_point(point: bytes) -> bool:
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == POINT
