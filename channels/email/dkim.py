"""DKIM signatures (RFC 6376, 8301, 8463), relaxed/relaxed, by RSA or Ed25519.

Both are deterministic, and the time in a signature is the message's own Date: a message has the same bytes at every
attempt.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tidings.problem import Problem
from tidings.settings import DkimSettings

log = structlog.get_logger()

OVERSIGNED = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"mime-version",
    b"content-type",
)
"""Named once more than they are there: whoever adds another one breaks the signature."""
ALSO = (b"list-id", b"list-unsubscribe", b"list-unsubscribe-post", b"auto-submitted", b"feedback-id")
"""Signed where they are there; RFC 8058 4 demands it of the two that unsubscribe."""
SHORTEST_RSA = 1024
"""Bits that a receiver must accept (RFC 8301 3.2); shorter ones it must not."""
_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)\r\n")
_BLANKS = re.compile(rb"[ \t]+")
_DOMAIN = re.compile(rb"@([^@\s<>]+)>?$")
_WIDTH = 72

Field = tuple[bytes, bytes]
"""Name in lower case, value in relaxed form."""


class Signer:
    """Signs the mails of one domain and of those below it."""

    def __init__(self, settings: DkimSettings) -> None:
        """Read the key.

        Raises:
            Problem: a setting is missing, or the file holds no key that DKIM knows.
        """
        for name in ("domain", "selector", "key"):
            if not getattr(settings, name):
                raise Problem(
                    f"TIDINGS_DKIM__{name.upper()} is empty, but mail shall be signed.",
                    todo="Set TIDINGS_DKIM__DOMAIN, TIDINGS_DKIM__SELECTOR and TIDINGS_DKIM__KEY, or none of them.",
                )
        assert settings.key is not None
        self._key = _read(settings.key)
        self._domain = settings.domain.encode("idna").lower()
        algorithm = b"ed25519" if isinstance(self._key, Ed25519PrivateKey) else b"rsa"
        self._begin = b"v=1; a=%b-sha256; c=relaxed/relaxed; d=%b;\r\n s=%b" % (
            algorithm,
            self._domain,
            settings.selector.encode(),
        )

    def signed(self, raw: bytes) -> bytes:
        """Return a message with its signature before it, or as it is when its From is of another domain."""
        raw = raw if raw.endswith(b"\r\n") else raw + b"\r\n"  # as it will be on the wire
        head, _, body = raw.partition(b"\r\n\r\n")
        fields = [(name.lower(), _relaxed(value)) for name, value in _FIELD.findall(head + b"\r\n")]
        known = dict(fields)
        if not self._ours(known.get(b"from", b"")):
            return raw
        chosen = _chosen(fields)
        names = b":\r\n  ".join(b":".join(part) for part in _in_parts([name for name, _ in chosen]))
        digest = b64encode(sha256(relaxed_body(body)).digest())
        unsigned = b"%b; t=%d;\r\n h=%b;\r\n bh=%b;\r\n b=" % (
            self._begin,
            _seconds(known.get(b"date", b"")),
            names,
            digest,
        )
        # A name without a value stands for a field that is not there: nothing goes into the digest (3.5, 5.4.2).
        lines = [b"%b:%b\r\n" % (name, value) for name, value in chosen if value is not None]
        signature = self._sign(b"".join(lines) + b"dkim-signature:" + _relaxed(unsigned))
        folded = b"\r\n ".join(signature[at : at + _WIDTH] for at in range(0, len(signature), _WIDTH))
        return b"DKIM-Signature: %b%b\r\n%b" % (unsigned, folded, raw)

    def _ours(self, sender: bytes) -> bool:
        found = _DOMAIN.search(sender)
        return found is not None and f".{found[1].decode('latin-1').lower()}".endswith(
            f".{self._domain.decode()}"
        )

    def _sign(self, data: bytes) -> bytes:
        if isinstance(self._key, Ed25519PrivateKey):
            return b64encode(self._key.sign(sha256(data).digest()))  # RFC 8463 3: of the digest
        return b64encode(self._key.sign(data, PKCS1v15(), SHA256()))


def _read(path: Path) -> RSAPrivateKey | Ed25519PrivateKey:
    todo = "Name a PEM file with an RSA or Ed25519 key, see docs/providers/smtp.md."
    try:
        content = path.expanduser().read_bytes()
        key = load_pem_private_key(content, password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Problem(f"TIDINGS_DKIM__KEY: {path} cannot be read as a private key.", todo=todo) from error
    if isinstance(key, RSAPrivateKey) and key.key_size < SHORTEST_RSA:
        raise Problem(f"TIDINGS_DKIM__KEY: {key.key_size} bits are too few for DKIM.", todo=todo)
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise Problem(f"TIDINGS_DKIM__KEY: {path} holds a key of a kind that DKIM does not know.", todo=todo)
    if path.expanduser().stat().st_mode & 0o077:
        log.warning("others may read the DKIM key", path=str(path), todo=f"chmod 600 {path}")
    return key


def _chosen(fields: Sequence[Field]) -> list[tuple[bytes, bytes | None]]:
    """Return what is signed: of each name every field, the last one first (5.4.2), and the places of absent ones."""
    chosen: list[tuple[bytes, bytes | None]] = []
    for wanted in (*OVERSIGNED, *ALSO):
        chosen += [field for field in reversed(fields) if field[0] == wanted]
        if wanted in OVERSIGNED:
            chosen.append((wanted, None))
    return chosen


def _in_parts(names: list[bytes]) -> list[list[bytes]]:
    """Return the names in lines of at most five."""
    return [names[at : at + 5] for at in range(0, len(names), 5)]


def _relaxed(value: bytes) -> bytes:
    """Return the value of a field in relaxed form (3.4.2)."""
    return _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")


def relaxed_body(body: bytes) -> bytes:
    """Return a body in relaxed form (3.4.4). Whole replacements: line by line it takes ten times as long."""
    body = body.replace(b"\t", b" ")
    while b"  " in body:
        body = body.replace(b"  ", b" ")
    body = body.replace(b" \r\n", b"\r\n")
    while body.endswith(b"\r\n"):
        body = body[:-2]
    return body + b"\r\n" if body else b""


@lru_cache(maxsize=256)
def _seconds(date: bytes) -> int:
    """Return a Date as seconds since 1970; 0 where it says none."""
    try:
        at: datetime = parsedate_to_datetime(date.decode())
    except (ValueError, TypeError, UnicodeDecodeError):
        return 0
    return int(at.timestamp())
