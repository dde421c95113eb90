"""A mail from anywhere, taken apart with bounds: whatever is in it, reading takes milliseconds and never fails.

Python's own parser follows nesting as deep as a stranger likes, and some of its codecs take quadratic time; so the
few things that we need of RFC 2045, 2046, 2047 and 5322 are read here. Nothing is unpacked: an archive stays shut.
"""

import base64
import binascii
import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message

MOST = 2**19
"""Bytes of a mail that are read; reports come before what they return."""
_MOST_TEXT = 2**15
_MOST_PARTS = 60
_MOST_LEVELS = 6
_MOST_HEADERS = 300
_MOST_LINES = 1500
"""Of a part that the library sees, which asks every line dozens of questions."""
_CHARSET = re.compile(
    r"((unicode-1-1-)?utf-?(7|8|16|32)|us-ascii|ascii|iso-?8859|latin|windows-|cp\d|koi8|iso-2022-(jp|kr)|shift|sjis|euc|gb|big5|ks_c|mac)",
    re.IGNORECASE,
)
_WORD = re.compile(r"=\?([\w.:+*-]{1,60})\?([bq])\?([^?\s]{0,4000})\?=", re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([\w*-]{1,40})\s*=\s*(?:"([^"]{0,300})"|([^\s;"]{1,300}))')
_KIND = re.compile(r"[\w.+-]{1,40}/[\w.+-]{1,60}")
_FIELD = re.compile(r"([!-9;-~]{1,80})[ \t]{0,8}:(.*)", re.DOTALL)
_TAG = re.compile(r"<[^<>]{0,2000}>")
_UNSEEN = re.compile(r"<(style|script|head)\b|</(style|script|head)\b", re.IGNORECASE)
_BREAK = re.compile(r"<(br|p|div|tr|li|h\d)\b[^<>]{0,500}>", re.IGNORECASE)
WHOLE = (
    "message/rfc822",
    "message/global",
    "message/partial",
    "text/rfc822-headers",
    "message/global-headers",
)
"""Types of a part that is a mail, or the head of one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One leaf of a mail."""

    kind: str
    """Its media type in lower case."""
    text: str
    """Decoded and bounded; '' for what is not text. HTML has lost its tags."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mail:
    """What is worth knowing of a mail."""

    headers: Mapping[str, str]
    """By name in lower case, the first of each name, unfolded and decoded."""
    kind: str
    parameters: Mapping[str, str]
    """Of its Content-Type."""
    parts: tuple[Part, ...]

    def header(self, name: str) -> str:
        """Return a header, '' where there is none."""
        return self.headers.get(name, "")

    def of(self, *kinds: str) -> Iterator[Part]:
        """Yield the parts of some types."""
        return (part for part in self.parts if part.kind in kinds)

    @property
    def text(self) -> str:
        """What a person reads: the plain parts, else those of HTML."""
        plain = "\n".join(part.text for part in self.of("text/plain"))
        return plain if plain.strip() else "\n".join(part.text for part in self.of("text/html"))

    @property
    def everything(self) -> str:
        """All text of the mail with its headers, to look for marks of ours."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return "\n".join((head, *(part.text for part in self.parts)))


def read(raw: bytes) -> Mail:
    """Take a mail apart."""
    raw = raw[:MOST].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n")
    if raw.startswith(b"From "):  # a line of mbox
        raw = raw.partition(b"\n")[2]
    head, body = _split(raw)
    headers = heads(head)
    kind, parameters = content_type(headers.get("content-type", ""))
    parts: list[Part] = []
    _leaves(headers, body, parts, 0)
    return Mail(headers=headers, kind=kind, parameters=parameters, parts=tuple(parts))


def heads(text: str) -> dict[str, str]:
    """Return the fields of a block of headers by name in lower case, the first of each name.

    A line that is neither a field nor its continuation is passed over, as by the mail programs of the world.
    """
    found: dict[str, str] = {}
    lines: list[str] = []
    for line in text[:_MOST_TEXT].split("\n"):
        open_ended = lines and lines[-1].endswith(";") and not _FIELD.match(line)
        if lines and (line[:1] in {" ", "\t"} or open_ended):  # some lose the space before `boundary=`
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    for line in lines[:_MOST_HEADERS]:
        field = _FIELD.match(line)
        if field:
            found.setdefault(field[1].lower(), decoded(field[2].strip()[:4000]))
    return found


def decoded(value: str) -> str:
    """Return a header's value with its encoded words read (RFC 2047)."""
    if "=?" not in value:
        return value
    return _WORD.sub(_word, re.sub(r"(\?=)\s{1,8}(=\?)", r"\1\2", value))


def _word(found: re.Match[str]) -> str:
    charset, how, text = found[1].partition("*")[0], found[2].lower(), found[3].encode("ascii", "replace")
    plain = _base64(text) if how == "b" else binascii.a2b_qp(text, header=True)
    return _chars(plain, charset)


def content_type(value: str) -> tuple[str, dict[str, str]]:
    """Return the media type in lower case and its parameters; `text/plain` where there is none."""
    stated = _KIND.match(value)
    kind = stated[0].lower() if stated else "text/plain"
    parameters = {name.lower(): quoted or bare for name, quoted, bare in _PARAMETER.findall(value[:4000])}
    return kind, parameters


def _split(raw: bytes) -> tuple[str, bytes]:
    """Return head and body; a mail without a head is all body."""
    if raw.startswith(b"\n"):
        return "", raw[1:]
    head, _, body = raw.partition(b"\n\n")
    return _chars(head, "utf-8"), body


def _leaves(headers: Mapping[str, str], body: bytes, parts: list[Part], level: int) -> None:
    """Collect the leaves of one entity; what is nested too deep, or one too many, is one leaf of text."""
    kind, parameters = content_type(headers.get("content-type", ""))
    mark = parameters.get("boundary", "")
    if kind.startswith("multipart/") and mark and level < _MOST_LEVELS:
        pieces = _pieces(body, mark.encode("utf-8", "replace"))
        for piece in pieces:
            if len(parts) >= _MOST_PARTS:
                return
            head, rest = _split(piece)
            inner = heads(head)
            if "received" in inner or "message-id" in inner:  # a mail stands there without a head of the part
                inner, rest = {"content-type": WHOLE[0]}, piece
            _leaves(inner, rest, parts, level + 1)
        if pieces:
            return
    plain = _decode(body, headers.get("content-transfer-encoding", "").strip().lower())
    parts.append(Part(kind=kind, text=_text(kind, plain, parameters.get("charset", ""))))
    if kind in WHOLE[:2] and level < _MOST_LEVELS:
        head, rest = _split(plain.lstrip(b"\n"))
        inner = heads(head)
        if inner.get("content-type", "").lower().startswith("multipart/report"):
            _leaves(inner, rest, parts, level + 1)  # a report that somebody passed on


def _pieces(body: bytes, mark: bytes) -> list[bytes]:
    """Return what lies between the marks; an end that is missing is the end of the body."""
    pieces: list[bytes] = []
    found = list(re.finditer(rb"^--" + re.escape(mark) + rb"(--)?[ \t]*$", body, re.MULTILINE))
    ends = [mark.start() for mark in found[1:]] + [len(body)]
    for here, end in zip(found, ends, strict=False):
        if here[1]:
            break
        pieces.append(body[here.end() + 1 : end])
        if len(pieces) >= _MOST_PARTS:
            break
    return pieces


def _decode(body: bytes, how: str) -> bytes:
    if how == "base64":
        return _base64(body)
    return binascii.a2b_qp(body) if how == "quoted-printable" else body


def _base64(text: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
    return base64.b64decode(letters[: len(letters) // 4 * 4] + _padding(letters))


def _padding(letters: bytes) -> bytes:
    rest = letters[len(letters) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _text(kind: str, plain: bytes, charset: str) -> str:
    if not kind.startswith(("text/", "message/", "multipart/")):
        return ""
    text = _chars(plain[:_MOST_TEXT], charset)
    if kind == "text/html":
        text = _BREAK.sub("\n", _seen(text))
        text = html.unescape(_TAG.sub(" ", text))
    return text


def _seen(text: str) -> str:
    """Return HTML without what a browser does not show."""
    kept, inside, at = [], 0, 0
    for tag in _UNSEEN.finditer(text):
        if not inside:
            kept.append(text[at : tag.start()])
        inside = max(inside + (1 if tag[1] else -1), 0)
        at = tag.end()
    return " ".join((*kept, text[at:]))


def _chars(plain: bytes, charset: str) -> str:
    """Return text in a charset that is one; in any other case UTF-8 where it is, else Latin-1. NUL is dropped."""
    text: str | None = None
    if _CHARSET.match(charset):
        try:
            text = plain.decode(charset, "replace")
        except (LookupError, UnicodeError):
            text = None
    if text is None:
        try:
            text = plain.decode("utf-8")
        except UnicodeDecodeError:
            text = plain.decode("latin-1")
    return text.replace("\0", "")


def as_message(mail: Mail) -> Message:
    """Return the mail as the library's kind of message: flat, so that nothing in it can be deep."""
    message = Message()
    message["From"] = _ascii(mail.header("from")) or "nobody@invalid"
    for name in ("to", "subject", "content-type", "x-failed-recipients"):
        if value := mail.header(name):
            message[name] = _ascii(value)
    if mail.kind.startswith("multipart/"):
        message.set_payload([_as_part(part) for part in mail.parts])
    else:
        message.set_payload(_lines(mail.text))
    return message


def _ascii(value: str) -> str:
    return " ".join(value.encode("ascii", "replace").decode("ascii").split())


def _as_part(part: Part) -> Message:
    flat = Message()
    flat["content-type"] = part.kind
    flat.set_payload(_lines(part.text))
    return flat


def _lines(text: str) -> str:
    return "\n".join(text.split("\n", _MOST_LINES)[:_MOST_LINES]).encode("ascii", "replace").decode("ascii")
