"""Letters by a print API of the shape of Pingen's: https://api.pingen.com/documentation (JSON:API).

Three requests a letter: where to upload, the upload, and the letter, which carries the key. Only the last one makes it.
"""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

from channels.calls import Calls
from channels.contract import Call, Capability, Forged, Heard
from channels.letter import printapi
from channels.letter.piece import Piece
from channels.letter.printapi import before
from tidings.channel import Channel
from tidings.message import Parcel
from tidings.outcome import ErrorClass, Outcome, Refused, Unknown
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from tidings.settings import PingenSettings

ERRORS: Mapping[str, ErrorClass] = {
    "address_invalid": ErrorClass.ADDRESS,
    "address_incomplete": ErrorClass.ADDRESS,
    "country_not_supported": ErrorClass.ADDRESS,
    "access_denied": ErrorClass.CONFIG,
    "missing_credits": ErrorClass.CONFIG,
    "invalid_client": ErrorClass.CONFIG,
    "too_many_requests": ErrorClass.THROTTLE,
}
"""The service publishes no list of codes that we could find (2026-11): these are what its answers are taken to say, and
the status decides where one says otherwise. Other codes of status 422 are about this letter's file or fields."""
EVENTS: Mapping[str, ReceiptKind] = {
    "webhook_sent": ReceiptKind.POSTED,
    "webhook_delivered": ReceiptKind.DELIVERED,
    "webhook_undeliverable": ReceiptKind.RETURNED,
    "webhook_issues": ReceiptKind.REJECTED,
}
CONTENT_TYPE = "application/vnd.api+json"
OLDEST = timedelta(days=2)
"""The service goes on trying for a day or so; its signature says nothing of the time, the event inside it does."""
AHEAD = timedelta(minutes=5)
EARLIER = timedelta(minutes=5)
"""A token is renewed that long before it ends."""


class Pingen:
    """Three requests a letter; our key makes it one letter, however often it is sent."""

    name = "pingen"
    channel = Channel.LETTER
    capability = Capability.KEY
    key_life = printapi.KEY_LIFE
    platforms: frozenset[str] = frozenset()

    def __init__(self, settings: PingenSettings) -> None:
        """Make the one client; the service is contacted by the first letter.

        Raises:
            Problem: no client, no secret or no organisation.
        """
        needed = {
            "CLIENT_ID": settings.client_id,
            "CLIENT_SECRET": settings.client_secret.get_secret_value(),
            "ORGANISATION": settings.organisation,
        }
        for name, value in needed.items():
            if not value:
                raise Problem(
                    f"TIDINGS_LETTER is pingen, but TIDINGS_PINGEN__{name} is not set.",
                    todo="The service's settings show clients of the API and the organisation's id.",
                )
        self.rate = settings.rate
        self.call_timeout = settings.timeout * 4
        self._settings = settings
        self._client = printapi.client(settings.timeout)
        self._lock = threading.Lock()
        self._token, self._token_ends = "", 0.0
        self._calls = Calls(
            lambda parcel: printapi.one(parcel, self._one), limit=self.call_timeout, workers=printapi.WORKERS
        )

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over letters. See `channels.contract.Provider.send`; `reference` is the service's id, a UUID."""
        if self._client.is_closed:
            self._client = printapi.client(self._settings.timeout)
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _one(self, parcel: Parcel, piece: Piece) -> Outcome:
        token = self._valid_token()
        if not isinstance(token, str):
            return token
        place = self._upload(token, piece.letter.pdf)
        if not isinstance(place, tuple):
            return place
        attributes = {
            "file_original_name": f"{parcel.attempt}.pdf",
            "file_url": place[0],
            "file_url_signature": place[1],
            "address_position": "left",
            "auto_send": True,
            "delivery_product": self._product(piece.letter.postage),
            "print_mode": "duplex",
            "print_spectrum": "color" if self._settings.color else "grayscale",
        }
        path = f"/organisations/{self._settings.organisation}/letters"
        answer = printapi.called(
            lambda: self._client.post(
                self._settings.endpoint + path,
                content=json.dumps({"data": {"type": "letters", "attributes": attributes}}).encode(),
                headers={
                    "Authorization": f"Bearer {token}",
                    "Content-Type": CONTENT_TYPE,
                    "Idempotency-Key": piece.key,
                },
            )
        )
        return answer if isinstance(answer, Refused | Unknown) else self._told(answer)

    def _product(self, postage: str) -> str:
        return self._settings.product if postage == "standard" else postage

    def _told(self, answer: Any) -> Outcome:
        if answer.status_code == HTTPStatus.UNAUTHORIZED:
            self._token = ""  # taken back before its time; the next letter asks for another one
        return printapi.told(answer, ERRORS, code_of=_code, reference_of=lambda body: body["data"]["id"])

    def _upload(self, token: str, pdf: bytes) -> tuple[str, str] | Outcome:
        """Return address and signature of an uploaded file, or why there is none."""
        url = f"{self._settings.endpoint}/file-upload"
        answer = printapi.called(lambda: self._client.get(url, headers={"Authorization": f"Bearer {token}"}))
        if isinstance(answer, Refused | Unknown):
            return before(answer)
        if not answer.is_success:
            return before(self._told(answer))
        try:
            found = answer.json()["data"]["attributes"]
            place = (str(found["url"]), str(found["url_signature"]))
        except (ValueError, KeyError, TypeError):
            return before(Unknown(code="no_upload_url"))
        put = printapi.called(
            lambda: self._client.put(place[0], content=pdf, headers={"Content-Type": "application/pdf"})
        )
        if isinstance(put, Refused | Unknown):
            return before(put)
        return place if put.is_success else before(Unknown(code=f"upload_{put.status_code}"))

    def _valid_token(self) -> str | Outcome:
        """Return a token of OAuth 2.0 (RFC 6749, 4.4), from before if it still holds."""
        with self._lock:
            if self._token and time.monotonic() < self._token_ends:
                return self._token
            answer = printapi.called(
                lambda: self._client.post(
                    f"{self._settings.identity}/auth/access-tokens",
                    data={
                        "grant_type": "client_credentials",
                        "client_id": self._settings.client_id,
                        "client_secret": self._settings.client_secret.get_secret_value(),
                    },
                )
            )
            if isinstance(answer, Refused | Unknown):
                return before(answer)
            if not answer.is_success:
                if answer.status_code == HTTPStatus.BAD_REQUEST:  # RFC 6749, 5.2: our client, scope or grant
                    wait = printapi.WAIT[ErrorClass.CONFIG]
                    return Refused(error=ErrorClass.CONFIG, code="invalid_client", wait=wait)
                return before(self._told(answer))
            try:
                body = answer.json()
                self._token = str(body["access_token"])
                holds = float(body.get("expires_in", 0)) - EARLIER.total_seconds()
            except (ValueError, KeyError, TypeError):
                return before(Unknown(code="no_token"))
            self._token_ends = time.monotonic() + holds
            return self._token


class PingenHook:
    """Reads `/hooks/pingen`: `Signature` is the HMAC-SHA256 of the body."""

    name = "pingen"

    def __init__(self, settings: PingenSettings) -> None:
        self._secret = settings.webhook_secret.get_secret_value().encode()

    def hear(self, call: Call, *, now: datetime) -> Heard | Forged:
        """See `channels.contract.Hook.hear`."""
        signed = hmac.new(self._secret, call.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signed.encode(), call.headers.get("signature", "").encode()):
            return Forged(code="signature")
        try:
            receipts = _receipts(json.loads(call.body))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Forged(code="syntax")
        if any(not now - OLDEST <= receipt.at <= now + AHEAD for receipt in receipts):
            return Forged(code="age")
        return Heard(receipts=receipts)


def _code(body: Any) -> Any:
    errors = body["errors"]
    return (errors[0] if isinstance(errors, list) else errors)["code"]


def _receipts(body: Any) -> list[Receipt]:
    kind = EVENTS.get(str(body["data"]["type"]))
    if kind is None:
        return []
    related = body["data"]["relationships"]
    included = {(entry["type"], entry["id"]): entry["attributes"] for entry in body.get("included", [])}
    event_id = str(related["event"]["data"]["id"])
    event = included.get(("letters_events", event_id), {})
    letter = str(related["letter"]["data"]["id"])
    name = str(included.get(("letters", letter), {}).get("file_original_name", ""))
    at = datetime.fromisoformat(event.get("emitted_at") or body["data"]["attributes"]["created_at"])
    return [
        Receipt(
            provider="pingen",
            event_id=event_id,
            kind=kind,
            channel=Channel.LETTER,
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            attempt=printapi.ours(name.removesuffix(".pdf")),
            provider_reference=letter,
            error=_error(kind, str(event.get("code", ""))),
            code=str(event.get("code", ""))[:80],
        )
    ]


def _error(kind: ReceiptKind, code: str) -> ErrorClass | None:
    if kind is ReceiptKind.RETURNED or "address" in code:
        return ErrorClass.ADDRESS
    return ErrorClass.DATA if kind is ReceiptKind.REJECTED else None
