"""Web Push with VAPID (RFC 8030, 8291, 8292) through pywebpush: browsers, reached by their makers' push services."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02, VapidException
from pywebpush import WebPushException, webpush

from channels.calls import CONNECTIONS, Calls, left, quiet
from channels.contract import Capability
from channels.push.subscription import BadSubscription, Subscription, read
from channels.push.web_answers import WAIT, retry_after
from channels.push.web_session import Forbidden, session
from tidings.channel import Channel
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import WebpushSettings

WORKERS = 8
TTL = timedelta(days=3)
"""After that the service drops what it could not deliver."""
STATUS: Mapping[int, ErrorClass] = {
    HTTPStatus.NOT_FOUND: ErrorClass.ADDRESS,
    HTTPStatus.GONE: ErrorClass.ADDRESS,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorClass.DATA,
    HTTPStatus.BAD_REQUEST: ErrorClass.DATA,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorClass.THROTTLE,
    HTTPStatus.UNAUTHORIZED: ErrorClass.CONFIG,
    HTTPStatus.FORBIDDEN: ErrorClass.CONFIG,
}
"""RFC 8030 5 and 8.4; any other refusal is our set-up, and every 5xx is in doubt."""
_OF_ANOTHER_KEY = re.compile(r"do(es)? not correspond to|mismatch", re.IGNORECASE)
"""How Google, Mozilla and Apple say (2026) that this browser subscribed with another key than ours."""
_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Webpush:
    """One HTTPS call per notification, encrypted for one browser; a duplicate replaces the first by its topic."""

    name = "webpush"
    channel = Channel.PUSH
    capability = Capability.NONE
    platforms = frozenset({"web"})

    def __init__(self, settings: WebpushSettings) -> None:
        """Read the key; nothing is contacted before the first message.

        Raises:
            Problem: no key, no subject, or none that can sign.
        """
        quiet()
        self.call_timeout = settings.timeout * 3
        self.rate = settings.rate
        self._key = _key(settings)
        self._settings = settings
        self._seconds = settings.timeout.total_seconds()
        self._session = session(connections=CONNECTIONS, loopback=settings.loopback)
        self._calls = Calls(self._one, limit=self.call_timeout, workers=WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over notifications. See `channels.contract.Provider.send`; `reference` is the service's name for it."""
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def _one(self, parcel: Parcel) -> Outcome:
        push = parcel.content
        if not isinstance(push, Push):
            return Rejected(error=ErrorClass.DATA, code="not_a_push")
        if push.platform != "web":
            return Rejected(error=ErrorClass.DATA, code="platform_not_supported", detail=push.platform)
        try:
            subscription = read(push.to, services=self._settings.services, loopback=self._settings.loopback)
            answer = self._post(subscription, push)
        except BadSubscription as error:
            return Rejected(error=ErrorClass.ADDRESS, code=error.code)
        except Forbidden:
            # only hosts that we know are called: what leads them home is our resolver or setting, not the browser
            return Refused(error=ErrorClass.CONFIG, code="not_a_public_address", wait=WAIT[ErrorClass.CONFIG])
        except WebPushException as error:
            if error.response is None or not error.response.ok:
                return refusal(error)
            answer = error.response  # 203 and more: for the library no success, for RFC 9110 one
        except requests.RequestException as error:
            return _broken(error)
        place = answer.headers.get("location", "").rstrip("/").rpartition("/")[2]
        return Accepted(reference=place or answer.headers.get("apns-id") or parcel.attempt)

    def _post(self, subscription: Subscription, push: Push) -> requests.Response:
        answer = webpush(
            subscription_info={"endpoint": subscription.endpoint, "keys": dict(subscription.keys)},
            data=push.payload,
            vapid_private_key=self._key,
            vapid_claims={"sub": self._settings.subject},
            ttl=int(TTL.total_seconds()),
            headers={"Topic": topic(push.collapse_id), "Urgency": "normal"},
            timeout=self._seconds,
            requests_session=self._session,
        )
        assert isinstance(answer, requests.Response)
        return answer


def topic(collapse_id: str) -> str:
    """Return a collapse id as RFC 8030 5.4 allows it: at most 32 characters of base64url.

    >>> topic("01900000-0000-7000-8000-000000000001")
    '01900000000070008000000000000001'
    """
    return _NAME.sub("", collapse_id.replace("-", ""))[:32]


def refusal(error: WebPushException) -> Outcome:
    """Return what a service's no means; its words, which may quote the subscription, stay out."""
    status = error.status_code
    if status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(code=str(status or "no_status"))
    kind = STATUS.get(status, ErrorClass.CONFIG)
    said = error.response.text if error.response is not None else ""
    if kind in {ErrorClass.CONFIG, ErrorClass.DATA} and _OF_ANOTHER_KEY.search(said):
        return Rejected(error=ErrorClass.CONFIG, code="subscribed_with_another_key", detail=f"HTTP {status}")
    if kind in {ErrorClass.ADDRESS, ErrorClass.DATA}:
        return Rejected(error=kind, code=str(status))
    headers = error.response.headers if error.response is not None else {}
    return Refused(error=kind, code=str(status), wait=retry_after(headers, kind))


def _broken(error: requests.RequestException) -> Outcome:
    """Return what a call without an answer means: what never had a connection carried nothing."""
    if not left():
        return Refused(error=ErrorClass.TRANSIENT, code=type(error).__name__, wait=WAIT[ErrorClass.TRANSIENT])
    return Unknown(code=type(error).__name__)


def _key(settings: WebpushSettings) -> Vapid02:
    if settings.key is None:
        msg = "TIDINGS_PUSH is webpush, but TIDINGS_WEBPUSH__KEY is not set."
        raise Problem(msg, todo="Make one: openssl ecparam -name prime256v1 -genkey -noout -out vapid.pem")
    try:
        key = serialization.load_pem_private_key(settings.key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _no_key(settings.key) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _no_key(settings.key)
    signer = Vapid02(key)
    try:
        signer.sign({"sub": settings.subject, "aud": "https://push.example.com"})
    except VapidException as error:
        todo = "Write mailto:somebody@your-domain, or an https address."
        raise Problem(f"TIDINGS_WEBPUSH__SUBJECT: {settings.subject!r} cannot be used.", todo=todo) from error
    return signer


def _no_key(path: Path) -> Problem:
    todo = "Name a PEM file with a private key on the curve P-256."
    return Problem(f"TIDINGS_WEBPUSH__KEY: {path} is no such key.", todo=todo)
