"""E-mail as bytes: headers that data cannot break, a text part, an HTML part, attachments.

The message is written out directly (RFC 5322, 2045, 2047, 8058) and its headers are read back before it leaves; the
tests hold it against Python's own parser.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from templates.edition import Edition
from templates.safe import clean
from templates.subject import Subject
from tidings.message import Email
from tidings.problem import Problem

_ATOM = re.compile(r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+$")
_PLAIN = re.compile(r"^[\x20-\x7e]*$")
_FOLD = 76
CRLF_SPACE = "\r\n "
MAX_LINE = 998
"""Bytes of a line (RFC 5322 2.1.1)."""
_WORD = 42
"""Bytes in one encoded word: 56 characters of base64, 68 with its frame."""
_TOKEN = re.compile(r"[^A-Za-z0-9._-]+")
_FOLDED = (b" ", b"\t")

Header = tuple[str, str]


def make_email(
    *,
    edition: Edition,
    subject: Subject,
    title: str,
    html: str,
    text: str,
    name: str,
    unsubscribe: str,
    documents: Mapping[str, bytes],
) -> Email:
    """Return one e-mail. The bytes depend on the arguments alone.

    Raises:
        Problem: an address that cannot be one, or a header that would not read back as it was meant.
    """
    sender = edition.brand.senders
    to = wire_address(subject.to)
    headers = [
        ("From", mailbox(sender.email_name, wire_address(sender.email))),
        ("To", mailbox(name, to)),
        ("Subject", unstructured(title)),
        ("Date", date_header(subject.created_at)),
        ("Message-ID", message_id(subject, sender.email)),
        ("Reply-To", mailbox("", wire_address(sender.reply_to or sender.email))),
        *_list_headers(edition, sender.email, unsubscribe),
        ("Feedback-ID", _feedback_id(edition)),
        ("X-Tidings-Message", subject.message),
        ("MIME-Version", "1.0"),
    ]
    boundary = (
        "=_" + hashlib.blake2b(f"{subject.message}.{subject.reference}".encode(), digest_size=12).hexdigest()
    )
    body_type, body = _body(text, html, edition.pictures, documents, boundary)
    headers.append(("Content-Type", body_type))
    head = "".join(f"{key}: {value}\r\n" for key, value in headers).encode("utf-8")
    _read_back(head, headers)
    return Email(envelope_from=wire_address(sender.email), to=to, raw=head + b"\r\n" + body)


def _list_headers(edition: Edition, address: str, unsubscribe: str) -> Sequence[Header]:
    if not edition.marketing:
        return [("Auto-Submitted", "auto-generated")]
    domain = wire_address(address).rpartition("@")[2]
    topic = _TOKEN.sub("-", edition.template.topic)
    headers = [("List-ID", f"<{topic}.{edition.brand.id}.{domain}>")]
    if unsubscribe:
        headers.append(("List-Unsubscribe", f"<{_ascii_url(unsubscribe)}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def _feedback_id(edition: Edition) -> str:
    template = edition.template
    parts = (template.name, template.purpose, edition.brand.id, "tidings")
    return ":".join(_TOKEN.sub("-", part) for part in parts)


def message_id(subject: Subject, sender: str) -> str:
    """Return the one Message-ID that this delivery has in every attempt."""
    left = _TOKEN.sub("", f"{subject.message}.{subject.reference}")
    return f"<{left}@{wire_address(sender).rpartition('@')[2]}>"


def _ascii_url(url: str) -> str:
    if not _PLAIN.match(url) or any(mark in url for mark in "<> ,"):
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
    if (
        not at
        or not local
        or not domain
        or address != clean(address)
        or any(mark in address for mark in " <>,;:\\")
    ):
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


def unstructured(text: str) -> str:
    """Return the text of a Subject: as it is where that is safe, folded at spaces, else as encoded words."""
    text = " ".join(part for part in clean(text).split(" ") if part)
    if _PLAIN.match(text) and "=?" not in text and max(map(len, text.split(" ")), default=0) < _FOLD:
        return _folded(text, first=10)
    return encoded_words(text, first=10)


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
    words: list[str] = []
    room = max(_WORD - first, 12)
    while text:
        cut = _longest(text, room)
        if cut < len(text):
            cut = text.rfind(" ", 0, cut) + 1 or cut
        words.append(text[:cut])
        text, room = text[cut:], _WORD
    coded = (base64.b64encode(word.encode()).decode() for word in words or [""])
    return CRLF_SPACE.join(f"=?utf-8?b?{word}?=" for word in coded)


def _longest(text: str, room: int) -> int:
    """Return how many characters of a text have at most `room` bytes; at least one."""
    size = 0
    for index, character in enumerate(text):
        size += len(character.encode())
        if size > room:
            return max(index, 1)
    return len(text)


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_header(at: datetime) -> str:
    """Return an instant as RFC 5322 writes it, in UTC."""
    at = at.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} +0000"


def _read_back(head: bytes, headers: Sequence[Header]) -> None:
    """Read the lines as the world will (RFC 5322 2.2) and compare: the same fields, in the same order, and no more.

    Raises:
        Problem: they differ; nothing may be sent.
    """
    lines = head.split(b"\r\n")
    names = [
        line.partition(b":")[0].decode("ascii", "replace") for line in lines[:-1] if line[:1] not in _FOLDED
    ]
    same = names == [key for key, _ in headers] and not lines[-1] and all(lines[:-1])
    if (
        not same
        or max(map(len, lines)) > MAX_LINE
        or head.count(b"\r") + head.count(b"\n") != 2 * len(lines) - 2
    ):
        todo = "Nothing was sent."
        raise Problem("The headers of an e-mail do not read back as they were written.", todo=todo)


def _quoted(text: str) -> bytes:
    """Return text as quoted-printable with CRLF line ends."""
    encoded = binascii.b2a_qp(text.encode("utf-8"), istext=True)
    return encoded.replace(b"\n", b"\r\n")


def _body(
    text: str, html: str, pictures: bytes, documents: Mapping[str, bytes], boundary: str
) -> tuple[str, bytes]:
    """Return the Content-Type of the message and its body: mixed(related(alternative(text, html), images), files)."""
    kind, body = _multipart(
        "alternative", f"{boundary}a", (_text_part("plain", text), _text_part("html", html))
    )
    if pictures:
        mark = f"{boundary}r".encode()
        related = _multipart(
            "related", f"{boundary}r", (_nested(kind, body),), extra='type="multipart/alternative"'
        )
        end = len(mark) + 6  # the closing mark goes behind the images
        kind, body = related[0], related[1][:-end] + pictures.replace(b"%(mark)b", mark) + related[1][-end:]
    if documents:
        files = (_attachment(name, content) for name, content in documents.items())
        kind, body = _multipart("mixed", f"{boundary}m", (_nested(kind, body), *files))
    return kind, body


def _multipart(kind: str, boundary: str, parts: Sequence[bytes], extra: str = "") -> tuple[str, bytes]:
    mark = f"--{boundary}\r\n".encode()
    body = b"".join((*(mark + part for part in parts), f"--{boundary}--\r\n".encode()))
    more = f";\r\n {extra}" if extra else ""
    return f'multipart/{kind};\r\n boundary="{boundary}"{more}', body


def _nested(kind: str, body: bytes) -> bytes:
    return f"Content-Type: {kind}\r\n\r\n".encode() + body


def _text_part(kind: str, text: str) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + _quoted(text) + b"\r\n"


def _attachment(name: str, content: bytes) -> bytes:
    safe = _TOKEN.sub("-", name).strip("-.") or "document"
    kind = "application/pdf" if content.startswith(b"%PDF") else "application/octet-stream"
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment;\r\n filename="{safe}"\r\n\r\n'
    )
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return head.encode() + lines
