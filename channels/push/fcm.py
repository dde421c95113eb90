"""Push by Firebase Cloud Messaging, HTTP v1: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages."""

import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
import jwt

from channels.bounded import bounded
from channels.calls import PLAIN, Calls, on_time, quiet
from channels.contract import Capability
from channels.push.web_answers import WAIT, not_sent, retry_after
from tidings.channel import Channel
from tidings.message import Parcel, Push
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import FcmSettings

WORKERS = 8
HOST = "https://fcm.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TTL = timedelta(days=3)
"""After that FCM drops what it could not deliver; a notification is for now."""
EARLY = 120
"""Seconds before its end at which a token is no longer used."""
ERRORS: Mapping[str, ErrorClass] = {
    "UNREGISTERED": ErrorClass.ADDRESS,
    "INVALID_ARGUMENT": ErrorClass.DATA,
    "QUOTA_EXCEEDED": ErrorClass.THROTTLE,
    "SENDER_ID_MISMATCH": ErrorClass.CONFIG,
    "THIRD_PARTY_AUTH_ERROR": ErrorClass.CONFIG,
}
"""https://firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode; UNAVAILABLE and INTERNAL are in doubt."""
OF_ANOTHER_PROJECT = "SENDER_ID_MISMATCH"
"""This token was made for another sender: as we are set up it is out of reach, and the lane goes on for the others."""
STATUS: Mapping[int, ErrorClass] = {
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorClass.DATA,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorClass.THROTTLE,
}
"""What an answer without a code of FCM's own means; any other is our set-up."""
_FCM = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_NOT_A_TOKEN = "registration token is not a valid"  # noqa: S105 -- words of an answer
"""How INVALID_ARGUMENT says in its text that no device can have this token (2025)."""


class Fcm:
    """One HTTPS call per notification; a duplicate replaces itself by its collapse key and tag."""

    name = "fcm"
    channel = Channel.PUSH
    capability = Capability.NONE
    platforms = frozenset({"fcm"})

    def __init__(self, settings: FcmSettings) -> None:
        """Read the service account; nothing is contacted before the first message.

        Raises:
            Problem: no file, or none of a service account.
        """
        quiet()
        self.call_timeout = settings.timeout * 4
        self.rate = settings.rate
        self._timeout = settings.timeout.total_seconds()
        self._client = self._new_client()
        self._access = _Access(_service_account(settings.credentials), patience=settings.timeout)
        self._url = f"{settings.endpoint or HOST}/v1/projects/{self._access.project}/messages:send"
        self._calls = Calls(self._one, limit=self.call_timeout, workers=WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over notifications. See `channels.contract.Provider.send`; `reference` is FCM's message name."""
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()
        self._client = self._new_client()

    def _new_client(self) -> httpx2.Client:
        hooks: Mapping[str, Any] = {"request": [on_time], "response": [bounded]}
        return httpx2.Client(timeout=self._timeout, follow_redirects=False, headers=PLAIN, event_hooks=hooks)

    def _one(self, parcel: Parcel) -> Outcome:
        push = parcel.content
        if not isinstance(push, Push):
            return Rejected(error=ErrorClass.DATA, code="not_a_push")
        if push.platform != "fcm":
            return Rejected(error=ErrorClass.DATA, code="platform_not_supported", detail=push.platform)
        token = self._access.token(self._client)
        if not isinstance(token, str):
            return token
        try:
            answer = self._client.post(
                self._url,
                content=json.dumps(request(push, parcel.attempt), ensure_ascii=False).encode(),
                headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            )
        except httpx2.HTTPError as error:
            return not_sent(error) or Unknown(code=type(error).__name__)
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._access.forget(token)
        return outcome_of(answer)


def request(push: Push, attempt: str) -> dict[str, Any]:
    """Return the body of a call: the frozen payload, the device, how long it counts, and our attempt id as a label."""
    message = json.loads(push.payload)
    android = {**message.get("android", {}), "ttl": f"{int(TTL.total_seconds())}s"}
    label = {**message.get("fcm_options", {}), "analytics_label": attempt}
    return {"message": {**message, "android": android, "fcm_options": label, "token": push.to}}


def outcome_of(answer: httpx2.Response) -> Outcome:
    """Return what an answer of FCM means."""
    body = _json(answer)
    if answer.status_code == HTTPStatus.OK:
        reference = body.get("name")
        return Accepted(reference=str(reference)) if reference else Unknown(code="no_name")
    error = body.get("error")
    error = error if isinstance(error, dict) else {}
    details = [one for one in error.get("details") or [] if isinstance(one, dict)]
    named = next((str(one.get("errorCode", "")) for one in details if one.get("@type") == _FCM), "")
    code = named or str(error.get("status") or answer.status_code)
    unsure = answer.status_code == HTTPStatus.REQUEST_TIMEOUT
    if unsure or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.is_success:
        return Unknown(code=code, detail=f"HTTP {answer.status_code}")
    # Without an error of FCM's form somebody on the way answers, who would say so of every message.
    own = bool(error) and answer.status_code == HTTPStatus.BAD_REQUEST
    kind = ERRORS.get(named) or STATUS.get(answer.status_code, ErrorClass.DATA if own else ErrorClass.CONFIG)
    if code == OF_ANOTHER_PROJECT:
        return Rejected(error=kind, code=code, detail=f"HTTP {answer.status_code}")
    if kind is ErrorClass.DATA and _about_the_token(error, details):
        kind = ErrorClass.ADDRESS
    if kind in {ErrorClass.ADDRESS, ErrorClass.DATA}:
        return Rejected(error=kind, code=code, detail=f"HTTP {answer.status_code}")
    return Refused(error=kind, code=code, wait=retry_after(answer.headers, kind))


def _about_the_token(error: Mapping[str, Any], details: Sequence[Mapping[str, Any]]) -> bool:
    fields = [
        violation.get("field")
        for one in details
        for violation in one.get("fieldViolations") or []
        if isinstance(violation, dict)
    ]
    return "message.token" in fields or _NOT_A_TOKEN in str(error.get("message", ""))


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _service_account(path: Path | None) -> Mapping[str, str]:
    if path is None:
        msg = "TIDINGS_PUSH is fcm, but TIDINGS_FCM__CREDENTIALS is not set."
        raise Problem(msg, todo="Name the JSON file of a service account of your Firebase project.")
    todo = "Make a key of a service account: Firebase console, project settings, service accounts."
    try:
        account = json.loads(path.read_bytes())
        jwt.encode({}, account["private_key"], algorithm="RS256")
        return {key: str(account[key]) for key in ("project_id", "client_email", "private_key", "token_uri")}
    except OSError as error:
        raise Problem(f"TIDINGS_FCM__CREDENTIALS: {path} cannot be read.", todo=todo) from error
    except (ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise Problem(f"TIDINGS_FCM__CREDENTIALS: {path} is no service account.", todo=todo) from error


def _seconds(told: object) -> float:
    """Return how long a token holds; nothing that can be meant: it is used once."""
    return float(told) if isinstance(told, int | float) else 0.0


def _no_token(code: str) -> Refused:
    return Refused(error=ErrorClass.TRANSIENT, code=code, wait=WAIT[ErrorClass.TRANSIENT], detail="no token")


class _Access:
    """The access token of a service account, fetched when it is needed and used until shortly before its end.

    RFC 7523; https://developers.google.com/identity/protocols/oauth2/service-account.
    """

    def __init__(self, account: Mapping[str, str], *, patience: timedelta) -> None:
        self.project = account["project_id"]
        self._patience = patience.total_seconds()
        self._account = account
        self._lock = threading.Lock()
        self._token = ""
        self._ends = 0.0

    def token(self, client: httpx2.Client) -> str | Outcome:
        """Return a token, or why there is none: nothing was sent then."""
        if not self._lock.acquire(
            timeout=self._patience
        ):  # another thread fetches it, and Google takes its time
            return _no_token("timeout")
        try:
            if self._token and time.time() < self._ends - EARLY:
                return self._token
            form = {"grant_type": GRANT, "assertion": self._assertion()}
            return self._taken(client.post(self._account["token_uri"], data=form))
        except httpx2.HTTPError as error:
            return _no_token(type(error).__name__)
        finally:
            self._lock.release()

    def forget(self, token: str) -> None:
        """Fetch another one next time, unless somebody did meanwhile."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _taken(self, answer: httpx2.Response) -> str | Outcome:
        body = _json(answer)
        if answer.status_code == HTTPStatus.OK and body.get("access_token"):
            self._token = str(body["access_token"])
            self._ends = time.time() + _seconds(body.get("expires_in"))
            return self._token
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            kind = ErrorClass.TRANSIENT
        else:
            throttled = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
            kind = ErrorClass.THROTTLE if throttled else ErrorClass.CONFIG
        return Refused(error=kind, code="no_access_token", wait=retry_after(answer.headers, kind))

    def _assertion(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self._account["client_email"],
            "scope": SCOPE,
            "aud": self._account["token_uri"],
            "iat": now,
            "exp": now + 3600,
        }
        return jwt.encode(claims, self._account["private_key"], algorithm="RS256")
