"""Signed links: short, without a login, each good for one thing only.

    /l/  a link of a message      message, name          opens the target stored with the template, measures
    /d/  the message's document   message, day           shows the invoice for 14 days, after a second factor
    /p/  the customer's wishes    customer, brand, day   the preference form for 30 days
    /u/  one-click unsubscribe    message, customer, purpose   RFC 8058; for ever, and it can only remove
    /c/  a new address            number of its code     confirms it while the code lives

One that is over leads to a page that sends a new one to the addresses that are known. The day is the one on which the
link was made, in days since 2020, so that a link is the same in every attempt of its message. Releases before 4 gave
links to the form and to documents without a day: they count as over.

A token is its body and 96 bits of MAC over kind and body, base64url (`tidings.signing`); it holds numbers, never a name
or an address. With a public URL of up to 25 characters the unsubscribe URL stays under 76, so that its header line is
never folded (design/content.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from tidings.problem import Problem
from tidings.purpose import Purpose
from tidings.signing import sign, verify

LINK = "link"
DOCUMENT = "document"
PREFERENCES = "pref"
DAYLESS = "preferences"
"""Links to the form as they were before release 4."""
UNSUBSCRIBE = "unsubscribe"
CONFIRM = "confirm"

PREFERENCES_LIVE = timedelta(days=30)
DOCUMENT_LIVE = timedelta(days=14)
_FIRST_DAY = date(2020, 1, 1)
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_DAY_BYTES = 2

_PURPOSES = tuple(Purpose)
_KINDS = {purpose.value: bytes([number]) for number, purpose in enumerate(_PURPOSES)}
_MESSAGE_BYTES = 16
_CODE_BYTES = 2
_LONGEST_TOKEN = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedLink:
    """What a `/l/` token says; `code` belongs to one name: `link_code`."""

    message: str
    code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedDocument:
    """What a `/d/` token says."""

    message: str
    issued_on: date

    def over(self, now: datetime) -> bool:
        """Tell whether it opens nothing any more."""
        return now.astimezone(UTC).date() > self.issued_on + DOCUMENT_LIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedPreferences:
    """What a `/p/` token says; `brand` is '' for the organisation's first."""

    customer: int
    brand: str
    issued_on: date

    def over(self, now: datetime) -> bool:
        """Tell whether it only leads to a new one."""
        return now.astimezone(UTC).date() > self.issued_on + PREFERENCES_LIVE


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedUnsubscribe:
    """What a `/u/` token says."""

    message: str
    customer: int
    purpose: str


class Links:
    """Makes and opens the tokens of one installation.

    Args:
        key: the installation's signing key, 32 bytes (`tidings.signing.signing_key`).
        public_url: what links begin with, for example `https://t.example.org`.
        made_at: when the life of every link of a message begins, whenever its delivery was made; for the demo, whose
            clock stands still on another day than its reader's.
    """

    def __init__(self, key: bytes, public_url: str, *, made_at: datetime | None = None) -> None:
        self._key = key
        self._made_at = made_at
        self._url = public_url.rstrip("/")

    def for_message(
        self,
        message_id: str,
        customer_id: int,
        purpose: str,
        names: Sequence[str] = ("action",),
        brand: str = "",
        *,
        issued_at: datetime | None = None,
        document: bool = True,
    ) -> dict[str, str]:
        """Return the URLs of a message: one `/l/` for each name of the template's links, and the fixed three.

        The keys are `names`, `document`, `preferences` and `unsubscribe`. The same arguments give the same URLs for
        ever. About 2 us for each. `issued_at` is when the life of the links begins: for a message when its delivery was
        made, so that every attempt has the same bytes; left out it is this moment. Without `document` that key is
        missing: most messages have none, and nothing in them leads there.

        Raises:
            Problem: two names of one template share a code (one pair in 65,536); rename one.
        """
        message = bytes.fromhex(message_id.replace("-", ""))
        customer = _number(customer_id)
        day = _day(self._made_at or issued_at)
        urls = {
            name: f"{self._url}/l/{sign(self._key, LINK, message + code)}"
            for name, code in _codes(tuple(names))
        }
        if document:
            urls["document"] = f"{self._url}/d/{sign(self._key, DOCUMENT, message + day)}"
        urls["preferences"] = self._preferences(day, customer, brand)
        kind = _KINDS[purpose]
        urls["unsubscribe"] = f"{self._url}/u/{sign(self._key, UNSUBSCRIBE, message + kind + customer)}"
        return urls

    def preferences(self, customer_id: int, brand: str = "", *, issued_at: datetime | None = None) -> str:
        """Return the URL of a customer's preference form at a brand; '' means the first brand."""
        return self._preferences(_day(issued_at), _number(customer_id), brand)

    def _preferences(self, day: bytes, customer: bytes, brand: str) -> str:
        body = b"%b%c%b%b" % (day, len(customer), customer, brand.encode())
        return f"{self._url}/p/{sign(self._key, PREFERENCES, body)}"

    def renewal(self, customer_id: int, brand: str = "") -> str:
        """Return a URL that only offers to send a link to the form: for who holds no more than an unsubscribe link."""
        return self.preferences(customer_id, brand, issued_at=_LONG_AGO)

    def document(self, message_id: str, *, issued_at: datetime) -> str:
        """Return the URL of a message's document."""
        message = bytes.fromhex(message_id.replace("-", ""))
        return f"{self._url}/d/{sign(self._key, DOCUMENT, message + _day(issued_at))}"

    def confirm(self, code: int) -> str:
        """Return the URL that confirms the new address to which a code (`store.codes`) went."""
        return f"{self._url}/c/{sign(self._key, CONFIRM, _number(code))}"

    def open_confirm(self, token: str) -> int | None:
        """Return the code of a `/c/` token, None when it is not one of ours."""
        body = self._open(CONFIRM, token)
        return int.from_bytes(body) if body else None

    def open_link(self, token: str) -> OpenedLink | None:
        """Return what a `/l/` token says, None when it is not one of ours."""
        body = self._open(LINK, token)
        if body is None or len(body) != _MESSAGE_BYTES + _CODE_BYTES:
            return None
        return OpenedLink(
            message=str(UUID(bytes=body[:_MESSAGE_BYTES])), code=int.from_bytes(body[_MESSAGE_BYTES:])
        )

    def open_document(self, token: str) -> OpenedDocument | None:
        """Return what a `/d/` token says, None when it is not one of ours."""
        body = self._open(DOCUMENT, token)
        if body is None or len(body) not in (_MESSAGE_BYTES, _MESSAGE_BYTES + _DAY_BYTES):
            return None
        return OpenedDocument(
            message=str(UUID(bytes=body[:_MESSAGE_BYTES])), issued_on=_date(body[_MESSAGE_BYTES:])
        )

    def open_preferences(self, token: str) -> OpenedPreferences | None:
        """Return what a `/p/` token says, None when it is not one of ours."""
        body = self._open(PREFERENCES, token)
        if body is None and (dayless := self._open(DAYLESS, token)) is not None:
            body = bytes(_DAY_BYTES) + dayless
        if not body or len(body) <= _DAY_BYTES or len(body) < (start := _DAY_BYTES + 1) + body[_DAY_BYTES]:
            return None
        end = start + body[_DAY_BYTES]
        return OpenedPreferences(
            customer=int.from_bytes(body[start:end]),
            brand=body[end:].decode("utf-8", "replace"),
            issued_on=_date(body[:_DAY_BYTES]),
        )

    def open_unsubscribe(self, token: str) -> OpenedUnsubscribe | None:
        """Return what a `/u/` token says, None when it is not one of ours."""
        body = self._open(UNSUBSCRIBE, token)
        if body is None or len(body) <= _MESSAGE_BYTES + 1 or body[_MESSAGE_BYTES] >= len(_PURPOSES):
            return None
        return OpenedUnsubscribe(
            message=str(UUID(bytes=body[:_MESSAGE_BYTES])),
            customer=int.from_bytes(body[_MESSAGE_BYTES + 1 :]),
            purpose=_PURPOSES[body[_MESSAGE_BYTES]].value,
        )

    def _open(self, kind: str, token: str) -> bytes | None:
        if len(token) > _LONGEST_TOKEN or not token.isascii():
            return None
        return verify(self._key, kind, token)


def link_code(name: str) -> int:
    """Return the 16 bits that stand for a link's name in a token."""
    return zlib.crc32(name.encode()) & 0xFFFF


def _number(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8 or 1)


def _day(moment: datetime | None) -> bytes:
    """Return the day of a moment, in UTC, as two bytes; 0, which is always over, for whatever lies before."""
    return _day_of(moment or datetime.now(UTC))


@lru_cache(maxsize=256)
def _day_of(moment: datetime) -> bytes:
    day = moment.astimezone(UTC).date()
    return min(max((day - _FIRST_DAY).days, 0), 0xFFFF).to_bytes(_DAY_BYTES)


def _date(day: bytes) -> date:
    return _FIRST_DAY + timedelta(days=int.from_bytes(day))


@lru_cache(maxsize=1024)
def _codes(names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    codes = {link_code(name): name for name in names}
    if len(codes) != len(set(names)):
        raise Problem(
            f"Two of the links {', '.join(sorted(names))} cannot be told apart.", todo="Rename one of them."
        )
    return tuple((name, link_code(name).to_bytes(_CODE_BYTES)) for name in names)
