"""What Twilio reports and what customers answer, by SMS and WhatsApp: `/hooks/twilio`.

https://www.twilio.com/docs/usage/security#validating-requests
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

from channels.contract import Call, Forged, Heard
from channels.inbound import answer, attempt_id
from channels.twilio import STATUS, status_receipt
from tidings.channel import Channel
from tidings.keywords import Keyword
from tidings.problem import Problem
from tidings.receipt import Receipt
from tidings.settings import TwilioSettings

MOST_FIELDS = 200
WHATSAPP = "whatsapp:"
PORTS = {"https": 443, "http": 80}
NO_ANSWER = b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
"""TwiML that sends nothing: what we answer comes from a person."""
PROVIDER = {Channel.SMS: "twilio", Channel.WHATSAPP: "twilio-whatsapp"}
"""Whose attempts they are."""
OPT_OUT_TYPES = {"STOP": Keyword.STOP, "START": Keyword.START, "HELP": Keyword.HELP}
"""What Twilio's Advanced Opt-Out understood, in whatever words the account has set up."""


class TwilioHook:
    """Status callbacks and inbound messages, signed with the account's auth token.

    The signature covers the address as Twilio was told it, which is `TIDINGS_PUBLIC_URL`: what a proxy makes of it on
    the way does not matter. There is no time stamp in it: what comes twice has the same event id and is kept once.
    """

    name = "twilio"

    def __init__(self, settings: TwilioSettings, *, public_url: str) -> None:
        """Take the token.

        Raises:
            Problem: there is no token; everybody could sign with an empty one.
        """
        self._token = settings.auth_token.get_secret_value().encode()
        if not self._token:
            raise Problem(
                "TIDINGS_TWILIO__AUTH_TOKEN is not set.", todo="Twilio's console shows it under Account Info."
            )
        self._public_url = public_url.rstrip("/")

    def hear(self, call: Call, *, now: datetime) -> Heard | Forged:
        """Check the signature, then translate. See `channels.contract.Hook.hear`."""
        fields = _fields(call)
        if fields is None:
            return Forged(code="syntax")
        if not self._signed(call, fields):
            return Forged(code="signature")
        values = {name: listed[-1] for name, listed in fields.items()} or _json(call)
        if _is_status(values):
            attempt = parse_qs(call.query).get("attempt", [""])[-1]
            return Heard(receipts=tuple(_status(values, attempt, now)))
        return Heard(receipts=tuple(_said(values, now)), content_type="text/xml", answer=NO_ANSWER)

    def _signed(self, call: Call, fields: Mapping[str, list[str]]) -> bool:
        given = call.headers.get("x-twilio-signature", "").encode()
        digest = parse_qs(call.query).get("bodySHA256", [""])[0]
        whole = True
        text = "".join(name + value for name in sorted(fields) for value in sorted(set(fields[name])))
        if not _is_form(call):  # such a body is covered by its digest alone, which the signature covers
            whole = hmac.compare_digest(
                hashlib.sha256(call.body).hexdigest().encode(), digest.lower().encode()
            )
        url = self._public_url + call.path + (f"?{call.query}" if call.query else "")
        if not url.isprintable():
            return False  # a line end, which taking an address apart would leave out unsigned
        made = [self._signature(address + text) for address in _spellings(url)]
        return any([hmac.compare_digest(one, given) for one in made]) and whole

    def _signature(self, text: str) -> bytes:
        return base64.b64encode(hmac.digest(self._token, text.encode(), "sha1"))


def _is_form(call: Call) -> bool:
    return (
        not call.body
        or call.headers.get("content-type", "").partition(";")[0].strip().lower()
        == "application/x-www-form-urlencoded"
    )


def _fields(call: Call) -> dict[str, list[str]] | None:
    """Return what was posted by name, None when it cannot be read; a body that is no form has no fields."""
    if not _is_form(call):
        return {}
    try:
        listed = parse_qsl(
            call.body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        return None
    fields: dict[str, list[str]] = {}
    for name, value in listed:
        fields.setdefault(name, []).append(value)
    return fields


def _json(call: Call) -> dict[str, str]:
    """Return the texts of a JSON object that was posted; anything else says nothing."""
    try:
        given = json.loads(call.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return {str(k): str(v) for k, v in given.items() if v is not None} if isinstance(given, dict) else {}


def _spellings(url: str) -> tuple[str, ...]:
    """Return an address without and with its port: Twilio signs either (its own validator tries both)."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = host.rpartition(":")[0] if parts.port else host
    port = parts.port or PORTS.get(parts.scheme, 443)
    user = parts.netloc[: -len(host)] if host else ""
    return tuple(parts._replace(netloc=user + spelt).geturl() for spelt in (bare, f"{bare}:{port}"))


def _is_status(values: Mapping[str, str]) -> bool:
    return values.get("MessageStatus", "") in STATUS or values.get("SmsStatus", "") in STATUS


def _status(values: Mapping[str, str], attempt: str, now: datetime) -> Iterator[Receipt]:
    status = values.get("MessageStatus") or values["SmsStatus"]
    sid = values.get("MessageSid") or values.get("SmsSid", "")
    channel, _ = _address(values.get("To", ""))
    receipt = status_receipt(
        status,
        values.get("ErrorCode", ""),
        provider=PROVIDER[channel],
        channel=channel,
        sid=sid,
        attempt=attempt_id(attempt),
        at=now,
    )
    if sid and receipt is not None:
        yield receipt


def _said(values: Mapping[str, str], now: datetime) -> Iterator[Receipt]:
    """Yield what a customer said; a message that names no sender says nothing."""
    sid = values.get("MessageSid") or values.get("SmsMessageSid", "")
    channel, address = _address(values.get("From", ""))
    if not sid or not address:
        return
    said = answer(
        provider=PROVIDER[channel],
        message=sid,
        channel=channel,
        address=address,
        text=values.get("Body", ""),
        at=now,
        said=OPT_OUT_TYPES.get(values.get("OptOutType", "").upper()),
        quoted=values.get("OriginalRepliedMessageSid", ""),
    )
    kinds = [value for name, value in values.items() if name.startswith("MediaContentType") and value]
    if kinds:  # a picture alone is no empty letter to the service desk
        left = f"[attached, and still at Twilio: {', '.join(kinds)[:200]}]"
        said = replace(said, text=f"{said.text}\n\n{left}".strip())
    yield said


def _address(value: str) -> tuple[Channel, str]:
    """Return channel and number of a party: WhatsApp's have a prefix."""
    if value.startswith(WHATSAPP):
        return Channel.WHATSAPP, value.removeprefix(WHATSAPP)
    return Channel.SMS, value
