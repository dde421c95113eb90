"""Header fields of an e-mail that data cannot break (RFC 5322, 2047, 5890)."""

import binascii
import re
from datetime import UTC, datetime
from functools import lru_cache

from templates.safe import clean
from templates.subject import Subject
from tidings.problem import Problem

_ATOM = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$")
_PLAIN = re.compile(r"^[\x20-\x7e]*$")
_URL = re.compile(r"[!-+\--;=?-~]*")
"""Printable ASCII without blank, comma and angle brackets."""
_FOLD = 76
_SUBJECT = 10
"""Characters before the text of a Subject."""
CRLF_SPACE = "\r\n "
_WORD = 42
"""Bytes in one encoded word: 56 characters of base64, 68 with its frame."""
_NOT_IN_ADDRESS = re.compile(r"[ <>,;:\\]")
NO_TOKEN = re.compile(r"[^A-Za-z0-9._-]+")


def message_id(subject: Subject, sender: str) -> str:
    """Return the one Message-ID that this delivery has in every attempt."""
    left = f"{subject.message}.{subject.reference}"
    if NO_TOKEN.search(left):
        left = NO_TOKEN.sub("", left)
    return f"<{left}@{domain_of(sender)}>"


@lru_cache(maxsize=256)
def domain_of(address: str) -> str:
    """Return the domain of an address of ours, in ASCII."""
    return wire_address(address).rpartition("@")[2]


def ascii_url(url: str) -> str:
    """Return a URL that can stand in a header between angle brackets.

    Raises:
        Problem: it cannot.
    """
    if not _URL.fullmatch(url):
        raise Problem(f"The link {url!r} cannot stand in a header.")
    return url


@lru_cache(maxsize=4096)
def _wire_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    from idna import IDNAError, encode  # only here: its tables cost 10 ms

    try:
        return encode(domain, uts46=True).decode("ascii")
    except IDNAError as error:
        raise Problem(f"{domain!r} is not a domain name.") from error


def wire_address(address: str) -> str:
    """Return the address as it goes over the wire: the domain in ASCII (IDNA 2008), the local part as it is.

    A local part outside ASCII needs a provider that offers SMTPUTF8 (RFC 6531).

    Raises:
        Problem: no address at all, or characters that would end a header field.
    """
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or address != clean(address) or _NOT_IN_ADDRESS.search(address):
        raise Problem(f"{address!r} is not an e-mail address.")
    return f"{local}@{_wire_domain(domain)}"


def mailbox(name: str, address: str) -> str:
    """Return `name <address>` with the name as one phrase: bare, or as encoded words.

    A name that looks like an encoded word is encoded, so that it is read as the text it is.

    >>> mailbox("Ada Lovelace", "ada@example.org")
    'Ada Lovelace <ada@example.org>'
    >>> mailbox("Lovelace, Ada", "ada@example.org")
    '=?utf-8?b?TG92ZWxhY2UsIEFkYQ==?= <ada@example.org>'
    """
    name = " ".join(clean(name).split())
    if not name:
        return address
    bare = _ATOM.match(name) and "=?" not in name and len(name) + len(address) < _FOLD - 10
    phrase = name if bare else encoded_words(name, first=12)
    last = phrase.rpartition("\n")[2]
    fits = len(last) + len(address) < _FOLD - 12
    return f"{phrase}{' ' if fits or bare else CRLF_SPACE}<{address}>"


@lru_cache(maxsize=1024)
def unstructured(text: str) -> str:
    """Return the text of a Subject: as it is where that is safe, folded at spaces, else as encoded words."""
    text = " ".join([part for part in clean(text).split(" ") if part])
    if not text.isascii() or not _PLAIN.match(text) or "=?" in text:
        return encoded_words(text, first=_SUBJECT)
    if len(text) <= _FOLD - _SUBJECT:
        return text
    if max(map(len, text.split(" "))) < _FOLD:
        return _folded(text, first=_SUBJECT)
    return encoded_words(text, first=_SUBJECT)


def _folded(text: str, first: int) -> str:
    lines, room = [""], _FOLD - first
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append("")
            room = _FOLD - 1
        lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return CRLF_SPACE.join(lines)


def encoded_words(text: str, first: int = 0) -> str:
    """Return text as RFC 2047 encoded words: cut behind a space where there is one, never inside a character.

    (Readers drop the space between two encoded words; Python 3.11 keeps it in a name, where it then does no harm.)
    """
    left = text.encode()
    room = max(_WORD - first, 12)
    if len(left) <= room:
        return f"=?utf-8?b?{binascii.b2a_base64(left, newline=False).decode()}?="
    words: list[bytes] = []
    while len(left) > room:
        cut = room
        while left[cut] & 0xC0 == 0x80:  # noqa: PLR2004 -- inside a character (RFC 3629 3)
            cut -= 1
        cut = left.rfind(b" ", 0, cut) + 1 or cut
        words.append(left[:cut])
        left, room = left[cut:], _WORD
    coded = (binascii.b2a_base64(word, newline=False).decode() for word in [*words, left])
    return CRLF_SPACE.join(f"=?utf-8?b?{word}?=" for word in coded)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=256)
def date_header(at: datetime) -> str:
    """Return an instant as RFC 5322 writes it, in UTC."""
    at = at.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} +0000"
