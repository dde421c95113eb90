"""E-mail as bytes: headers that data cannot break, a text part, an HTML part, pictures, attachments.

The message is written out directly (RFC 5322, 2045, 8058) and its headers are read back before it leaves; the tests
hold it against Python's own parser. `frame` is the one place that knows how a message is put together: `make_email`
gives it the words of one mail, `templates.skeleton` marks in their place.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from templates.edition import Edition
from templates.headers import (
    NO_TOKEN,
    ascii_url,
    date_header,
    domain_of,
    mailbox,
    message_id,
    unstructured,
    wire_address,
)
from templates.subject import Subject
from tidings.message import Email
from tidings.problem import Problem

MAX_LINE = 998
"""Bytes of a line (RFC 5322 2.1.1)."""
MOST_IN_LINE = 900
_FIELD = re.compile(r"[^\r\n]{1,900}(?:\r\n [^\r\n]{1,900})*")
_FOLDED = (b" ", b"\t")
QP_LINE = 76
"""Characters of a line of quoted-printable (RFC 2045 6.7)."""
_PLAIN_PIECE = re.compile(r"(?!\.)(?:[ -<>-~]{0,74}[!-<>-~])?").fullmatch
"""What quoted-printable leaves as it is: short printable ASCII, no `=`, no dot in front, no blank at the end."""
SOFT = b"=\r\n"
DOT = b"=2E"

Header = tuple[str, str]


class Fields(NamedTuple):
    """The values of those headers that differ from mail to mail, ready to stand in the head of a message."""

    address: str
    """Of the recipient, as it goes over the wire."""
    to: str
    subject: str
    date: str
    message_id: str
    unsubscribe: str
    """The URL; '' for none."""
    message: str


def fields_of(subject: Subject, *, sender: str, title: str, name: str, unsubscribe: str) -> Fields:
    """Return the headers of one message.

    Raises:
        Problem: an address or a link that cannot be one.
    """
    address = wire_address(subject.to)
    return Fields(
        address=address,
        to=mailbox(name, address),
        subject=unstructured(title),
        date=date_header(subject.created_at),
        message_id=message_id(subject, sender),
        unsubscribe=ascii_url(unsubscribe),
        message=subject.message,
    )


def check_field(value: str) -> str:
    """Return the value of a header that reads back as one field.

    Raises:
        Problem: it would end its line, or be too long for one.
    """
    plain = len(value) <= MOST_IN_LINE and value.isprintable() and bool(value)
    if not plain and not _FIELD.fullmatch(value):
        raise Problem(
            "The headers of an e-mail do not read back as they were written.", todo="Nothing was sent."
        )
    return value


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
    sender = edition.brand.senders.email
    fields = fields_of(subject, sender=sender, title=title, name=name, unsubscribe=unsubscribe)
    raw = frame(edition, fields, text=quoted(text), html=quoted(html), files=attachments(edition, documents))
    return Email(envelope_from=wire_address(sender), to=fields.address, raw=raw)


def frame(edition: Edition, fields: Fields, *, text: bytes, html: bytes, files: bytes) -> bytes:
    """Return a message.

    Args:
        edition: what it says besides.
        fields: its own headers.
        text: the text part in quoted-printable.
        html: the HTML part in quoted-printable.
        files: from `attachments`.

    Raises:
        Problem: the headers would not read back as they were meant.
    """
    sender = edition.brand.senders
    body_type, body = _body(text, html, edition.pictures, files, boundary_of(edition))
    headers = [
        ("From", mailbox(sender.email_name, wire_address(sender.email))),
        ("To", fields.to),
        ("Subject", fields.subject),
        ("Date", fields.date),
        ("Message-ID", fields.message_id),
        ("Reply-To", mailbox("", wire_address(sender.reply_to or sender.email))),
        *_list_headers(edition, domain_of(sender.email), fields.unsubscribe),
        ("Feedback-ID", _feedback_id(edition)),
        ("X-Tidings-Message", fields.message),
        ("MIME-Version", "1.0"),
        ("Content-Type", body_type),
    ]
    head = "".join(f"{key}: {value}\r\n" for key, value in headers).encode("utf-8")
    _read_back(head, headers)
    return head + b"\r\n" + body


@lru_cache(maxsize=512)
def boundary_of(edition: Edition) -> str:
    """Return what separates the parts, the same in every mail of an edition.

    `=_` stands neither in quoted-printable nor in base64, so no value and no file can hold it.
    """
    of = f"{edition.template.content_hash}.{edition.language}.{edition.brand.id}"
    return "=_" + hashlib.blake2b(of.encode(), digest_size=12).hexdigest()


def _list_headers(edition: Edition, domain: str, unsubscribe: str) -> Sequence[Header]:
    if not edition.marketing:
        return [("Auto-Submitted", "auto-generated")]
    topic = NO_TOKEN.sub("-", edition.template.topic)
    headers = [("List-ID", f"<{topic}.{edition.brand.id}.{domain}>")]
    if unsubscribe:
        headers.append(("List-Unsubscribe", f"<{unsubscribe}>"))
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def _feedback_id(edition: Edition) -> str:
    template = edition.template
    parts = (template.name, template.purpose, edition.brand.id, "tidings")
    return ":".join(NO_TOKEN.sub("-", part) for part in parts)


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


def quoted(text: str) -> bytes:
    """Return text as quoted-printable with CRLF line ends."""
    encoded = binascii.b2a_qp(text.encode("utf-8"), istext=True)
    return encoded.replace(b"\n", b"\r\n")


def quoted_piece(text: str) -> bytes:
    """Return a piece of a text as quoted-printable that begins on a line of its own; a soft break may follow it.

    No line begins with a dot, which SMTP would have to double.

    >>> quoted_piece("a = b")
    b'a =3D b'
    """
    if _PLAIN_PIECE(text):
        return text.encode("ascii")
    return _quoted_piece(text) if len(text) < QP_LINE else _quoted_sentence(text)


def _quoted_piece(text: str) -> bytes:
    encoded = quoted(text)
    if encoded.startswith(b"."):
        encoded = DOT + encoded[1:]
    encoded = encoded.replace(b"\r\n.", b"\r\n" + DOT)
    if len(encoded) - encoded.rfind(b"\n") - 1 < QP_LINE:
        return encoded
    cut = 3 if encoded[-3:-2] == b"=" else 1
    return encoded[:-cut] + SOFT + encoded[-cut:].replace(b".", DOT)


_quoted_sentence = lru_cache(maxsize=256)(_quoted_piece)
"""What is longer than a line mostly stands in every mail: why it comes this way."""


def _body(text: bytes, html: bytes, pictures: bytes, files: bytes, boundary: str) -> tuple[str, bytes]:
    """Return the Content-Type of the message and its body: mixed(related(alternative(text, html), images), files)."""
    kind, body = _multipart(
        "alternative", f"{boundary}a", (_text_part("plain", text), _text_part("html", html))
    )
    if pictures:
        mark = f"{boundary}r".encode()
        images = pictures.replace(b"%(mark)b", mark)
        kind, body = _multipart(
            "related", f"{boundary}r", (_nested(kind, body),), images, extra='type="multipart/alternative"'
        )
    if files:
        kind, body = _multipart("mixed", _mixed(boundary), (_nested(kind, body),), files)
    return kind, body


def _mixed(boundary: str) -> str:
    return f"{boundary}m"


def _multipart(
    kind: str, boundary: str, parts: Sequence[bytes], marked: bytes = b"", extra: str = ""
) -> tuple[str, bytes]:
    """Return type and body of a multipart; `marked` are more parts, each with its mark before it."""
    mark = f"--{boundary}\r\n".encode()
    body = b"".join((*(mark + part for part in parts), marked, f"--{boundary}--\r\n".encode()))
    more = f";\r\n {extra}" if extra else ""
    return f'multipart/{kind};\r\n boundary="{boundary}"{more}', body


def _nested(kind: str, body: bytes) -> bytes:
    return f"Content-Type: {kind}\r\n\r\n".encode() + body


def _text_part(kind: str, text: bytes) -> bytes:
    head = f"Content-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + text + b"\r\n"


def attachments(edition: Edition, documents: Mapping[str, bytes]) -> bytes:
    """Return files by name as the parts of a message of this edition."""
    mark = f"--{_mixed(boundary_of(edition))}\r\n".encode()
    return b"".join(mark + _attachment(name, content) for name, content in documents.items())


def _attachment(name: str, content: bytes) -> bytes:
    safe = NO_TOKEN.sub("-", name).strip("-.") or "document"
    kind = "application/pdf" if content.startswith(b"%PDF") else "application/octet-stream"
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment;\r\n filename="{safe}"\r\n\r\n'
    )
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    return head.encode() + lines
