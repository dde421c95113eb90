"""SMS by Twilio: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.calls import Calls, quiet
from channels.contract import Capability
from tidings.channel import Channel
from tidings.message import Parcel, Sms
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.settings import TwilioSettings

WORKERS = 8
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
E164 = re.compile(r"\+[1-9]\d{6,14}")
WAIT: Mapping[ErrorClass, timedelta] = {
    ErrorClass.TRANSIENT: timedelta(minutes=1),
    ErrorClass.THROTTLE: timedelta(seconds=5),
    ErrorClass.CONFIG: timedelta(minutes=10),
}
ERRORS: Mapping[int, ErrorClass] = {
    21211: ErrorClass.ADDRESS,  # invalid To number
    21214: ErrorClass.ADDRESS,  # To cannot be reached
    21217: ErrorClass.ADDRESS,  # does not appear to be valid
    21614: ErrorClass.ADDRESS,  # not a mobile number
    21635: ErrorClass.ADDRESS,  # a landline
    21610: ErrorClass.OPT_OUT,  # replied STOP
    20429: ErrorClass.THROTTLE,  # too many requests
    20003: ErrorClass.CONFIG,  # authenticate
    20005: ErrorClass.CONFIG,  # account not active
    20404: ErrorClass.CONFIG,  # account or service not found
    21212: ErrorClass.CONFIG,  # invalid From
    21408: ErrorClass.DATA,  # the account may not send to this country
    21603: ErrorClass.CONFIG,  # From is required
    21606: ErrorClass.CONFIG,  # From is not ours
    21609: ErrorClass.CONFIG,  # invalid StatusCallback
    21611: ErrorClass.THROTTLE,  # our queue is full
    21612: ErrorClass.DATA,  # this From does not reach this To
    21659: ErrorClass.CONFIG,  # From is not a Twilio number
    21703: ErrorClass.CONFIG,  # service without sender
    21705: ErrorClass.CONFIG,  # invalid messaging service
    21602: ErrorClass.DATA,  # no body
    21604: ErrorClass.DATA,  # no To
    21617: ErrorClass.DATA,  # longer than 1,600 signs
    30001: ErrorClass.THROTTLE,  # queue overflow
    30002: ErrorClass.CONFIG,  # account suspended
    30003: ErrorClass.TRANSIENT,  # handset unreachable
    30004: ErrorClass.ADDRESS,  # blocked by the recipient's carrier
    30005: ErrorClass.ADDRESS,  # unknown handset
    30006: ErrorClass.ADDRESS,  # landline or unreachable carrier
    30007: ErrorClass.DATA,  # filtered as spam
    30034: ErrorClass.CONFIG,  # sender not registered
    63038: ErrorClass.CONFIG,  # daily limit of the account
}
"""https://www.twilio.com/docs/api/errors; what is missing here is judged by its HTTP status."""


class Twilio:
    """One HTTPS call per SMS through the `twilio` client, with our own transport: time-outs, no log, no retry."""

    name = "twilio"
    channel = Channel.SMS
    capability = Capability.LIST
    platforms: frozenset[str] = frozenset()
    rate = 0.0

    def __init__(self, settings: TwilioSettings, *, public_url: str) -> None:
        """Make the one client; the service is contacted by the first message.

        Args:
            settings: account and sender.
            public_url: where Twilio reports what became of a message; a loopback address is not told to it.

        Raises:
            Problem: no account or no token.
        """
        for name, value in (
            ("ACCOUNT_SID", settings.account_sid),
            ("AUTH_TOKEN", settings.auth_token.get_secret_value()),
        ):
            if not value:
                msg = f"TIDINGS_SMS is twilio, but TIDINGS_TWILIO__{name} is not set."
                raise Problem(msg, todo="Twilio's console shows it under Account Info.")
        quiet()
        self.call_timeout = settings.timeout * 2
        self._service = settings.messaging_service_sid
        self._callback = "" if urlsplit(public_url).hostname in LOOPBACK else public_url.rstrip("/")
        self._transport = _Transport(settings)
        token = settings.auth_token.get_secret_value()
        self._client = Client(settings.account_sid, token, http_client=self._transport, environment={"": ""})
        self._calls = Calls(self._one, limit=self.call_timeout, workers=WORKERS)

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over SMS. See `channels.contract.Provider.send`; `reference` is the message SID."""
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._transport.session.close()

    def _one(self, parcel: Parcel) -> Outcome:
        sms = parcel.content
        if not isinstance(sms, Sms):
            return Rejected(error=ErrorClass.DATA, code="not_an_sms")
        if not E164.fullmatch(sms.to):  # Twilio also takes whatsapp: and client: addresses
            return Rejected(error=ErrorClass.ADDRESS, code="not_e164")
        try:
            message = self._client.messages.create(**self._request(parcel, sms))
        except TwilioException as error:
            return _refusal(error)
        except (requests.ConnectionError, requests.Timeout) as error:
            return _broken(error)
        except (requests.RequestException, json.JSONDecodeError) as error:
            return Unknown(code=type(error).__name__)
        return Accepted(reference=message.sid) if message.sid else Unknown(code="no_sid")

    def _request(self, parcel: Parcel, sms: Sms) -> dict[str, Any]:
        """Return the arguments of `messages.create`; the text is taken as it is (no smart encoding)."""
        sender = {"messaging_service_sid": self._service} if self._service else {"from_": sms.sender}
        arguments: dict[str, Any] = {"to": sms.to, "body": sms.text, "smart_encoded": False, **sender}
        if self._callback:
            query = urlencode({"attempt": parcel.attempt})
            arguments["status_callback"] = f"{self._callback}/hooks/twilio?{query}"
        return arguments


class _Transport(HttpClient):  # type: ignore[misc]  # the library has no types
    """Sends a request once. The library's own client has no time-out by default and logs headers."""

    def __init__(self, settings: TwilioSettings) -> None:
        self.session = requests.Session()
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=WORKERS, max_retries=0)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)
        self._endpoint = (settings.endpoint or "").rstrip("/")
        seconds = settings.timeout.total_seconds()
        self._timeouts = (seconds / 2, seconds)

    def request(
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 -- ours is always set
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002 -- the library's signature
    ) -> Response:
        """Send one request and return the answer, whatever its status."""
        parts = urlsplit(uri)
        url = f"{self._endpoint}{parts.path}" if self._endpoint else uri
        answer = self.session.request(
            method,
            url,
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=self._timeouts,
            allow_redirects=False,
        )
        return Response(answer.status_code, answer.text, answer.headers)


def _refusal(error: TwilioException) -> Outcome:
    """Return the outcome of an answer that is not 2xx. Twilio's text names the number and stays out."""
    status = int(getattr(error, "status", 0))
    code = int(getattr(error, "code", 0) or 0)
    detail = f"HTTP {status}"
    kind = ERRORS.get(code)
    if kind is None and status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = ErrorClass.THROTTLE
    if kind is None and status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
        kind = ErrorClass.CONFIG
    if kind is None and not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown(code=str(code or status), detail=detail)
    kind = kind or ErrorClass.DATA
    if kind in WAIT:
        return Refused(error=kind, code=str(code or status), wait=WAIT[kind], detail=detail)
    return Rejected(error=kind, code=str(code or status), detail=detail)


def _broken(error: requests.RequestException) -> Outcome:
    """Return the outcome of a missing answer: only a connection that never came about carried nothing."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    name = type(reason or error).__name__
    if isinstance(error, requests.ConnectTimeout) or name in {"NewConnectionError", "NameResolutionError"}:
        return Refused(error=ErrorClass.TRANSIENT, code=name, wait=WAIT[ErrorClass.TRANSIENT])
    return Unknown(code=name)
