"""What SMS and WhatsApp share at Twilio: https://www.twilio.com/docs/messaging/api/message-resource."""

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import structlog
from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels.calls import CONNECTIONS, in_doubt, left, quiet
from channels.contract import Doubt
from channels.punctual import PunctualAdapter, session
from channels.retry_after import asked_wait
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from tidings.settings import TwilioSettings
from tidings.whole_number import whole_number

log = structlog.get_logger()

WORKERS = 8
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
SKEW = timedelta(minutes=1)
"""How far Twilio's clock and ours may differ."""
PAGE = 100
LONGEST_LIST = 1000
"""Messages to one number that are looked through; behind them nothing is concluded."""
TRIAL = "Sent from your Twilio trial account - "
"""What a trial account puts before every text."""
WAIT: Mapping[ErrorClass, timedelta] = {
    ErrorClass.TRANSIENT: timedelta(minutes=1),
    ErrorClass.THROTTLE: timedelta(seconds=5),
    ErrorClass.CONFIG: timedelta(minutes=10),
}


def _each(kind: ErrorClass, *codes: int) -> dict[int, ErrorClass]:
    return dict.fromkeys(codes, kind)


ERRORS: Mapping[int, ErrorClass] = {
    # the number: invalid, unreachable for ever, a short code, ourselves, no mobile, a landline, blocked, unknown
    **_each(ErrorClass.ADDRESS, 21211, 21214, 21217, 21265, 21266, 21614, 21635, 30004, 30005, 30006),
    # the number on WhatsApp: not found, not a valid recipient, ourselves
    **_each(ErrorClass.ADDRESS, 63003, 63024, 63031),
    # replied STOP; blocked us on WhatsApp
    **_each(ErrorClass.OPT_OUT, 21610, 63014, 63033),
    # unreachable, unknown, validity over, carrier's time-out; WhatsApp's own trouble, or its choice for today
    **_each(ErrorClass.TRANSIENT, 30003, 30008, 30036, 30410, 63009, 63010, 63012, 63023, 63032, 63049),
    # Twilio is under maintenance, or could not put off what may not be sent at this hour: neither was queued
    **_each(ErrorClass.TRANSIENT, 21730, 30047),
    # the customer's 24 hours were over, and it was no approved template
    **_each(ErrorClass.TRANSIENT, 63016),
    # too many requests, our queue is full, queue overflow, carrier's limit, WhatsApp's limit
    **_each(ErrorClass.THROTTLE, 20429, 21611, 30001, 30022, 30023, 63018),
    # who we are: authentication, account, service, billing
    **_each(ErrorClass.CONFIG, 20003, 20005, 20404, 21608, 30002, 63038, 63051, 63112),
    # our sender: invalid, missing, not ours, names on trial, no service, service without sender, not registered
    **_each(ErrorClass.CONFIG, 21212, 21219, 21267, 21601, 21603, 21606, 21607, 21609),
    **_each(ErrorClass.CONFIG, 21616, 21659, 21660, 21661, 21701, 21703, 21704, 21705),
    **_each(ErrorClass.CONFIG, 30024, 30032, 30034, 63001, 63002, 63007, 63008, 63020, 63022),
    # our set-up for this country: not allowed, From does not reach To
    **_each(ErrorClass.CONFIG, 21408, 21612),
    # this message: empty, no To, too long, too dear, filtered, a loop
    **_each(ErrorClass.DATA, 21602, 21604, 21617, 21658, 30007, 30010, 30038, 30039),
    # its content template: missing, wrong variables, no such language, paused, rejected, not accepted
    **_each(ErrorClass.DATA, 21654, 21655, 21656, 63005, 63013, 63015, 63019, 63021, 63027, 63028, 63029, 63030),
    **_each(ErrorClass.DATA, 63040, 63041, 63042),
}  # fmt: skip
"""https://www.twilio.com/docs/api/errors; what is missing here is judged by its HTTP status."""

BY_STATUS: Mapping[int, ErrorClass] = {
    HTTPStatus.UNAUTHORIZED: ErrorClass.CONFIG,
    HTTPStatus.FORBIDDEN: ErrorClass.CONFIG,
    HTTPStatus.NOT_FOUND: ErrorClass.CONFIG,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorClass.DATA,
    HTTPStatus.TOO_EARLY: ErrorClass.TRANSIENT,
    HTTPStatus.TOO_MANY_REQUESTS: ErrorClass.THROTTLE,
}
"""By status, where no code says more."""
FIRST_CODE = 10_000
"""The library gives the status as the code of an answer that has none; Twilio's have five digits."""

OUT_OF_REACH = frozenset({21408, 21612})
"""Our set-up keeps us from this country only: the number is not suppressed, and the lane goes on for the others."""


class Account:
    """One account: creates messages and looks them up, through the `twilio` client with our own transport."""

    def __init__(self, settings: TwilioSettings, *, public_url: str, channel: Channel) -> None:
        """Make the one client; the service is contacted by the first message.

        Args:
            settings: account and sender.
            public_url: where Twilio reports what became of a message; a loopback address is not told to it.
            channel: whose messages these are.

        Raises:
            Problem: no account or no token.
        """
        for name, value in (
            ("ACCOUNT_SID", settings.account_sid),
            ("AUTH_TOKEN", settings.auth_token.get_secret_value()),
        ):
            if not value:
                msg = f"TIDINGS_{channel.upper()} is twilio, but TIDINGS_TWILIO__{name} is not set."
                raise Problem(msg, todo="Twilio's console shows it under Account Info.")
        quiet()
        self._channel = channel
        self._callback = "" if urlsplit(public_url).hostname in LOOPBACK else public_url.rstrip("/")
        self._transport = _Transport(settings)
        token = settings.auth_token.get_secret_value()
        self._client = Client(settings.account_sid, token, http_client=self._transport, environment={"": ""})
        self.settle_after = settings.settle_after

    def create(self, attempt: str, **arguments: Any) -> Outcome:
        """Create one message; `reference` is its SID.

        Args:
            attempt: our id, which the status callback brings back.
            arguments: of `messages.create`.
        """
        if self._callback:
            query = urlencode({"attempt": attempt})
            arguments["status_callback"] = f"{self._callback}/hooks/twilio?{query}"
        try:
            message = self._client.messages.create(**arguments)
        except TwilioException as error:
            return _refusal(error, self._transport.answered)
        except (requests.RequestException, json.JSONDecodeError) as error:
            return _broken(error)
        return Accepted(reference=message.sid) if message.sid else Unknown(code="no_sid")

    def find(
        self,
        doubts: Sequence[Doubt],
        *,
        now: datetime,
        prefix: str = "",
        provider: str = "twilio",
        own_words: bool = True,
    ) -> Iterator[Receipt]:
        """Look for messages that may have been taken. See `channels.contract.Lists.find`.

        The list shows neither the callback nor any id of ours, so a message is known by the number, the minute and
        its text, compared by hash: two texts to one customer in one minute are told apart. The list is read by number
        alone: by day it would miss what is still queued and has no day yet.

        Args:
            doubts: attempts on this channel.
            now: the current instant.
            prefix: what stands before numbers, `whatsapp:`.
            provider: whose receipts these are.
            own_words: what is listed is what was handed over, so that another text is another message.
        """
        for doubt in doubts:
            try:
                found, whole = self._taken(doubt, prefix)
            except (TwilioException, requests.RequestException, json.JSONDecodeError) as error:
                log.warning("twilio could not be asked", error=type(error).__name__)
                return
            shared: dict[str, Any] = {
                "provider": provider,
                "channel": self._channel,
                "attempt": doubt.attempt,
            }
            match = next((message for message in found if _is_it(message, doubt)), None)
            if match is not None:
                yield Receipt(
                    **shared,
                    kind=ReceiptKind.ACCEPTED,
                    event_id=f"{match.sid}:found",
                    at=match.date_created,
                    provider_reference=match.sid,
                )
                continue
            others = not found or (
                own_words and doubt.own_words and all(_differs(message, doubt) for message in found)
            )
            if others and whole and now >= doubt.started_at + self.settle_after:
                yield Receipt(**shared, kind=ReceiptKind.ABSENT, event_id=f"{doubt.attempt}:absent", at=now)

    def _taken(self, doubt: Doubt, prefix: str) -> tuple[list[Any], bool]:
        """Return our messages to this number since the attempt began, and whether the list was read far enough."""
        to = prefix + doubt.address
        since = doubt.started_at - SKEW
        found: list[Any] = []
        for count, message in enumerate(self._client.messages.stream(to=to, page_size=PAGE), 1):
            ours = message.to == to and str(message.direction).startswith("outbound")
            if ours and (message.date_created is None or message.date_created >= since):
                found.append(message)
            if count >= LONGEST_LIST:
                return found, False
        return found, True

    def close(self) -> None:
        """Close idle connections."""
        self._transport.session.close()


def _is_it(message: Any, doubt: Doubt) -> bool:
    body = str(message.body or "").removeprefix(TRIAL)
    if not body or message.date_created is None:
        return False
    return doubt.reference in body or hashlib.sha256(body.encode()).hexdigest() == doubt.content_hash


def _differs(message: Any, doubt: Doubt) -> bool:
    """Tell whether a message is certainly another one: its text is shown, ours is known, and they are not the same."""
    return bool(message.body) and doubt.content_hash is not None and not _is_it(message, doubt)


def status_receipt(
    status: str, code: str, *, provider: str, channel: Channel, sid: str, attempt: str | None, at: datetime
) -> Receipt | None:
    """Return what a status of a message means; None for one that says nothing new, or that nobody knows yet.

    https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
    """
    error: ErrorClass | None = None
    kind = STATUS.get(status)
    if kind in {ReceiptKind.BOUNCED, ReceiptKind.REJECTED}:
        error = ERRORS.get(int(code), ErrorClass.TRANSIENT) if code.isdecimal() else ErrorClass.TRANSIENT
        if error is ErrorClass.TRANSIENT:
            kind = ReceiptKind.EXPIRED
        elif error in {ErrorClass.CONFIG, ErrorClass.THROTTLE}:
            kind = ReceiptKind.REJECTED
    if kind is None:
        return None
    return Receipt(
        provider=provider,
        event_id=f"{sid}:{status}",
        kind=kind,
        channel=channel,
        at=at.astimezone(UTC),
        attempt=attempt,
        provider_reference=sid,
        error=error,
        code=code if error else "",
    )


STATUS: Mapping[str, ReceiptKind] = {
    "accepted": ReceiptKind.ACCEPTED,
    "scheduled": ReceiptKind.ACCEPTED,
    "queued": ReceiptKind.ACCEPTED,
    "sending": ReceiptKind.ACCEPTED,
    "sent": ReceiptKind.ACCEPTED,
    "delivered": ReceiptKind.DELIVERED,
    "partially_delivered": ReceiptKind.DELAYED,
    "read": ReceiptKind.READ,
    "undelivered": ReceiptKind.BOUNCED,
    "failed": ReceiptKind.REJECTED,
    "canceled": ReceiptKind.REJECTED,
}


class _Transport(HttpClient):  # type: ignore[misc]  # the library has no types
    """Sends a request once. The library's own client has no time-out by default and logs headers."""

    def __init__(self, settings: TwilioSettings) -> None:
        self.session = session()
        adapter = PunctualAdapter(pool_maxsize=CONNECTIONS, max_retries=0)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)
        self.answered = _Answered()
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
        query = f"?{parts.query}" if parts.query else ""
        url = f"{self._endpoint}{parts.path}{query}" if self._endpoint else uri
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
        self.answered.status, self.answered.headers = answer.status_code, answer.headers
        return Response(answer.status_code, answer.content.decode("utf-8", "replace"), answer.headers)


class _Answered(threading.local):
    """The last answer to this thread; the library's errors have the body's word for the status, and no headers."""

    status = 0
    headers: Mapping[str, str] = MappingProxyType({})


def _refusal(error: TwilioException, answered: _Answered) -> Outcome:
    """Return the outcome of an answer that is not 2xx. Twilio's text names the number and stays out."""
    status = answered.status
    code = whole_number(str(getattr(error, "code", "")), digits=len(str(FIRST_CODE))) or 0
    detail = f"HTTP {status}"
    if code in OUT_OF_REACH:
        return Rejected(error=ErrorClass.CONFIG, code=str(code), detail=detail)
    kind = ERRORS.get(code) or BY_STATUS.get(status)
    if kind is None and in_doubt(status):
        return Unknown(code=str(code or status), detail=detail)
    # Without a code of Twilio's somebody on the way answers, who would say so of every message.
    kind = kind or (ErrorClass.DATA if code >= FIRST_CODE else ErrorClass.CONFIG)
    if kind in WAIT:
        wait = asked_wait(answered.headers) or WAIT[kind]
        return Refused(error=kind, code=str(code or status), wait=wait, detail=detail)
    return Rejected(error=kind, code=str(code or status), detail=detail)


def _broken(error: Exception) -> Outcome:
    """Return the outcome of a missing answer: only a connection that never came about carried nothing."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    name = type(reason or error).__name__
    if not left():
        return Refused(error=ErrorClass.TRANSIENT, code=name, wait=WAIT[ErrorClass.TRANSIENT])
    return Unknown(code=name)
