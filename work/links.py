"""Signed links: short, without a login, each good for one thing only.

    /l/  a link of a message        message, name        opens the target stored with the template, measures
    /d/  the message's document     message              shows the invoice
    /p/  the customer's wishes      customer, brand      the preference form
    /u/  one-click unsubscribe      message, customer, purpose   RFC 8058

A token is its body and 96 bits of MAC over kind and body, base64url (`tidings.signing`); it holds numbers, never a name
or an address. With a public URL of up to 25 characters the unsubscribe URL stays under 76, so that its header line is
never folded (design/content.md).
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from tidings.problem import Problem
from tidings.purpose import Purpose
from tidings.signing import sign, verify

LINK = "link"
DOCUMENT = "document"
PREFERENCES = "preferences"
UNSUBSCRIBE = "unsubscribe"

_PURPOSES = tuple(Purpose)
_KINDS = {purpose: bytes([number]) for number, purpose in enumerate(_PURPOSES)}
_MESSAGE_BYTES = 16
_CODE_BYTES = 2
_LONGEST_TOKEN = 160


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedLink:
    """What a `/l/` token says; `code` belongs to one name: `link_code`."""

    message: str
    code: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedPreferences:
    """What a `/p/` token says; `brand` is '' for the organisation's first."""

    customer: int
    brand: str


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
    """

    def __init__(self, key: bytes, public_url: str) -> None:
        self._key = key
        self._url = public_url.rstrip("/")

    def for_message(
        self,
        message_id: str,
        customer_id: int,
        purpose: str,
        names: Sequence[str] = ("action",),
        brand: str = "",
    ) -> dict[str, str]:
        """Return the URLs of a message: one `/l/` for each name of the template's links, and the fixed three.

        The keys are `names`, `document`, `preferences` and `unsubscribe`. The same arguments give the same URLs for
        ever. About 10 us.

        Raises:
            Problem: two names of one template share a code (one pair in 65,536); rename one.
        """
        message = bytes.fromhex(message_id.replace("-", ""))
        customer = _number(customer_id)
        urls = {
            name: f"{self._url}/l/{sign(self._key, LINK, message + code)}"
            for name, code in _codes(tuple(names))
        }
        urls["document"] = f"{self._url}/d/{sign(self._key, DOCUMENT, message)}"
        urls["preferences"] = self.preferences(customer_id, brand)
        kind = _KINDS[Purpose(purpose)]
        urls["unsubscribe"] = f"{self._url}/u/{sign(self._key, UNSUBSCRIBE, message + kind + customer)}"
        return urls

    def preferences(self, customer_id: int, brand: str = "") -> str:
        """Return the URL of a customer's preference form at a brand; '' means the first brand."""
        number = _number(customer_id)
        body = bytes([len(number)]) + number + brand.encode()
        return f"{self._url}/p/{sign(self._key, PREFERENCES, body)}"

    def open_link(self, token: str) -> OpenedLink | None:
        """Return what a `/l/` token says, None when it is not one of ours."""
        body = self._open(LINK, token)
        if body is None or len(body) != _MESSAGE_BYTES + _CODE_BYTES:
            return None
        return OpenedLink(
            message=str(UUID(bytes=body[:_MESSAGE_BYTES])), code=int.from_bytes(body[_MESSAGE_BYTES:])
        )

    def open_document(self, token: str) -> str | None:
        """Return the message of a `/d/` token, None when it is not one of ours."""
        body = self._open(DOCUMENT, token)
        return str(UUID(bytes=body)) if body is not None and len(body) == _MESSAGE_BYTES else None

    def open_preferences(self, token: str) -> OpenedPreferences | None:
        """Return what a `/p/` token says, None when it is not one of ours."""
        body = self._open(PREFERENCES, token)
        if not body or len(body) < 1 + body[0]:
            return None
        end = 1 + body[0]
        return OpenedPreferences(
            customer=int.from_bytes(body[1:end]), brand=body[end:].decode("utf-8", "replace")
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
        body = verify(self._key, kind, token)
        # base64 ignores spare bits and foreign characters: only the one spelling that we wrote is ours.
        return body if body is not None and sign(self._key, kind, body) == token else None


def link_code(name: str) -> int:
    """Return the 16 bits that stand for a link's name in a token."""
    return zlib.crc32(name.encode()) & 0xFFFF


def _number(customer_id: int) -> bytes:
    return customer_id.to_bytes((customer_id.bit_length() + 7) // 8 or 1)


@lru_cache(maxsize=1024)
def _codes(names: tuple[str, ...]) -> tuple[tuple[str, bytes], ...]:
    codes = {link_code(name): name for name in names}
    if len(codes) != len(set(names)):
        raise Problem(
            f"Two of the links {', '.join(sorted(names))} cannot be told apart.", todo="Rename one of them."
        )
    return tuple((name, link_code(name).to_bytes(_CODE_BYTES)) for name in names)
