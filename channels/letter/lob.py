"""Letters by a print API of the shape of Lob's: https://docs.lob.com/#tag/Letters/operation/letter_create.

One keyed request a letter. The service remembers a key for 24 hours (its reference, 2026-11); with the same key it
answers with the letter that it made first.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from channels.calls import Calls
from channels.contract import Call, Capability, Forged, Heard
from channels.letter import printapi
from channels.letter.piece import Piece
from tidings.channel import Channel
from tidings.message import Letter, Parcel
from tidings.outcome import ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.problem import Problem
from tidings.receipt import Receipt, ReceiptKind
from tidings.settings import LobSettings

ERRORS: Mapping[str, ErrorClass] = {
    "failed_deliverability_strictness": ErrorClass.ADDRESS,
    "address_length_exceeds_limit": ErrorClass.ADDRESS,
    "unrecognized_endpoint": ErrorClass.CONFIG,
    "unsupported_lob_version": ErrorClass.CONFIG,
    "mail_use_type_can_not_be_null": ErrorClass.CONFIG,
    "foreign_return_address": ErrorClass.CONFIG,
    "custom_envelope_inventory_depleted": ErrorClass.CONFIG,
    "invalid_api_key": ErrorClass.CONFIG,
    "unauthorized": ErrorClass.CONFIG,
    "unauthorized_token": ErrorClass.CONFIG,
    "publishable_key_not_allowed": ErrorClass.CONFIG,
    "payment_method_unverified": ErrorClass.CONFIG,
    "billing_address_required": ErrorClass.CONFIG,
    "email_required": ErrorClass.CONFIG,
    "feature_limit_reached": ErrorClass.CONFIG,
    "rate_limit_exceeded": ErrorClass.THROTTLE,
}
"""The codes that the service's OpenAPI description and help.lob.com/developer-docs/error-reference name (read 2026-11).
Other codes of status 422 are about this letter's file or fields."""
EVENTS: Mapping[str, ReceiptKind] = {
    "letter.created": ReceiptKind.ACCEPTED,
    "letter.rendered_pdf": ReceiptKind.ACCEPTED,
    "letter.mailed": ReceiptKind.POSTED,
    "letter.in_transit": ReceiptKind.POSTED,
    "letter.in_local_area": ReceiptKind.POSTED,
    "letter.processed_for_delivery": ReceiptKind.POSTED,
    "letter.re-routed": ReceiptKind.DELAYED,
    "letter.delivered": ReceiptKind.DELIVERED,
    "letter.returned_to_sender": ReceiptKind.RETURNED,
    "letter.failed": ReceiptKind.REJECTED,
    "letter.deleted": ReceiptKind.REJECTED,
}
"""https://docs.lob.com/#tag/Events; `letter.certified.` says the same of a certified letter, others say nothing."""
FAILED: Mapping[ReceiptKind, ErrorClass] = {
    ReceiptKind.RETURNED: ErrorClass.ADDRESS,
    ReceiptKind.REJECTED: ErrorClass.DATA,
}
OLDEST = timedelta(minutes=5)
US_LAST_LINE = re.compile(r"(?P<city>.+?),?\s+(?P<state>[A-Z]{2})\s+(?P<zip>\d{5}(?:-\d{4})?)")


class Lob:
    """One request a letter; our key makes it one letter, however often it is sent."""

    name = "lob"
    channel = Channel.LETTER
    capability = Capability.KEY
    key_life = printapi.KEY_LIFE
    platforms: frozenset[str] = frozenset()

    def __init__(self, settings: LobSettings) -> None:
        """Make the one client; the service is contacted by the first letter.

        Raises:
            Problem: no key, or no return address.
        """
        for name, value in (("KEY", settings.key.get_secret_value()), ("SENDER", settings.sender)):
            if not value:
                raise Problem(
                    f"TIDINGS_LETTER is lob, but TIDINGS_LOB__{name} is not set.",
                    todo="The service's dashboard shows API keys and the ids of addresses.",
                )
        self.rate = settings.rate
        self.call_timeout = settings.timeout * 2
        self._settings = settings
        self._client = self._new_client()
        self._calls = Calls(
            lambda parcel: printapi.one(parcel, self._one), limit=self.call_timeout, workers=printapi.WORKERS
        )

    def send(self, parcels: Sequence[Parcel]) -> Iterator[tuple[str, Outcome]]:
        """Hand over letters. See `channels.contract.Provider.send`; `reference` is the service's id, `ltr_...`."""
        if self._client.is_closed:
            self._client = self._new_client()
        return self._calls.each(parcels)

    def close(self) -> None:
        """Close idle connections."""
        self._client.close()

    def _new_client(self) -> Any:
        key = self._settings.key.get_secret_value()
        return printapi.client(self._settings.timeout, base_url=self._settings.endpoint, auth=(key, ""))

    def _one(self, parcel: Parcel, piece: Piece) -> Outcome:
        to = address(piece.letter)
        if to is None:
            return Rejected(error=ErrorClass.ADDRESS, code="address_incomplete")
        fields = {
            **{f"to[{name}]": value for name, value in to.items()},
            "from": self._settings.sender,
            "color": str(self._settings.color).lower(),
            "double_sided": "true",
            "address_placement": "top_first_page",
            "use_type": "operational",
            "metadata[message]": parcel.message,
            "metadata[attempt]": parcel.attempt,
        }
        answer = printapi.called(
            lambda: self._client.post(
                "/v1/letters",
                data=fields,
                files={"file": ("letter.pdf", piece.letter.pdf, "application/pdf")},
                headers={"Idempotency-Key": piece.key},
            )
        )
        if isinstance(answer, Refused | Unknown):
            return answer
        return printapi.told(
            answer, ERRORS, code_of=lambda body: body["error"]["code"], reference_of=lambda body: body["id"]
        )


class LobHook:
    """Reads `/hooks/lob`: signed with HMAC-SHA256 over time and body, https://docs.lob.com/#tag/Webhooks."""

    name = "lob"

    def __init__(self, settings: LobSettings) -> None:
        self._secret = settings.webhook_secret.get_secret_value().encode()

    def hear(self, call: Call, *, now: datetime) -> Heard | Forged:
        """See `channels.contract.Hook.hear`."""
        stamp = call.headers.get("lob-signature-timestamp", "")
        signed = hmac.new(self._secret, f"{stamp}.".encode() + call.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signed.encode(), call.headers.get("lob-signature", "").encode()):
            return Forged(code="signature")
        if not _is_fresh(stamp, now):
            return Forged(code="age")
        try:
            return Heard(receipts=_receipts(json.loads(call.body)))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return Forged(code="syntax")


def address(letter: Letter) -> dict[str, str] | None:
    """Return an address as the service wants it, from the lines in the window; None when it is incomplete."""
    first, *lines = letter.address or ("",)
    if letter.country == "US":
        lines = [line for line in lines if line.upper() not in {"USA", "UNITED STATES"}]
        last = US_LAST_LINE.fullmatch(lines[-1]) if len(lines) > 1 else None
        if last is None:
            return None
        town = {f"address_{name}": value for name, value in last.groupdict().items()}
        lines = lines[:-1]
    else:
        town = {}
    if not lines:
        return None
    street = {"address_line1": lines[0]} | ({"address_line2": ", ".join(lines[1:])} if lines[1:] else {})
    return {"name": first, **street, **town, "address_country": letter.country}


def _is_fresh(stamp: str, now: datetime) -> bool:
    """Whether a time in milliseconds (or seconds, in older documents) is at most five minutes away."""
    if not stamp.isascii() or not stamp.isdecimal() or len(stamp) > 13:  # noqa: PLR2004 -- digits of milliseconds
        return False
    seconds = int(stamp) / (1000 if len(stamp) > 11 else 1)  # noqa: PLR2004 -- digits of seconds, for 3,000 years
    return abs(now - datetime.fromtimestamp(seconds, UTC)) <= OLDEST


def _receipts(event: Any) -> list[Receipt]:
    kind = EVENTS.get(str(event["event_type"]["id"]).replace(".certified.", "."))
    if kind is None:
        return []
    letter = event["body"]
    attempt = (letter.get("metadata") or {}).get("attempt")
    at = datetime.fromisoformat(event["date_created"])
    return [
        Receipt(
            provider="lob",
            event_id=str(event["id"]),
            kind=kind,
            channel=Channel.LETTER,
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            attempt=printapi.ours(attempt),
            provider_reference=str(letter["id"]),
            error=FAILED.get(kind),
            code=str(event["event_type"]["id"])[:80],
        )
    ]
