"""SES bulk: up to 50 e-mails in one call, as one template with holes and each e-mail's own words.

SES takes no finished bytes here: it composes the MIME parts itself. So only what an e-mail says is handed over
(sender, recipient, subject, text, HTML, pictures and our own headers), all of it read back from the frozen bytes.
An e-mail that is more than that (a document, another envelope, an unusual header) goes as it is, by `SendEmail`.
https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendBulkEmail.html
"""

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from functools import lru_cache
from typing import Any

from tidings.message import Email, Parcel

MOST = 50
"""Destinations of a call."""
MAX_CALL = 900_000
"""Bytes of words in a call; SES takes 1 MB of JSON with an inline template (developer guide, 2026)."""
MAX_HEADERS = 15
MAX_HEADER = 995
MAX_DATA = 200_000
"""Characters of an e-mail's own words; SES takes 262,144."""
COMPOSED = frozenset(
    {
        "from",
        "to",
        "subject",
        "date",
        "message-id",
        "reply-to",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    }
)
"""Headers that SES writes itself: from the arguments of the call, or (date, message id) as it does with raw e-mails."""
_FOLD = re.compile(r"\r\n(?=[ \t])")
_BOUNDARY = re.compile(r'boundary="([^"]+)"')
_PRINTABLE = re.compile(r"[ -~]+")
_ANGLE = re.compile(r"<([^<>]*)>\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An image that the HTML shows; it is the same for all e-mails of a call."""

    name: str
    content_type: str
    content_id: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an e-mail says."""

    sender: str
    to: str
    reply_to: str
    subject: str
    text: str
    html: str
    pictures: tuple[Picture, ...]
    headers: tuple[tuple[str, str], ...]


class _Unusual(Exception):  # noqa: N818 -- not an error: this e-mail goes as it is
    pass


def words(email: Email) -> Words | None:
    """Read an e-mail back; None when SES could not compose one that says the same."""
    try:
        return _words(email)
    except (_Unusual, ValueError, HeaderParseError, LookupError):
        return None


def _words(email: Email) -> Words:
    head, body = _split(email.raw)
    named = dict(head)
    texts: dict[str, str] = {}
    pictures: list[Picture] = []
    _read(named, body, texts, pictures)
    own = tuple((name, value) for name, value in head if name.lower() not in COMPOSED)
    fits = len(own) <= MAX_HEADERS and all(
        len(value) <= MAX_HEADER and _PRINTABLE.fullmatch(value) for _, value in own
    )
    same = (_address(named["From"]), _address(named["To"])) == (email.envelope_from, email.to)
    if not fits or not same or set(texts) != {"plain", "html"} or len(named) != len(head):
        raise _Unusual
    return Words(
        sender=named["From"],
        to=named["To"],
        reply_to=named.get("Reply-To", ""),
        subject=_unencoded(named["Subject"]),
        text=texts["plain"],
        html=texts["html"],
        pictures=tuple(pictures),
        headers=own,
    )


def _split(raw: bytes) -> tuple[list[tuple[str, str]], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = _FOLD.sub("", head.decode("ascii")).split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return [(name, value.strip()) for name, _, value in pairs], body


def _address(field: str) -> str:
    found = _ANGLE.search(field)
    return found[1] if found else field


def _unencoded(text: str) -> str:
    return str(make_header(decode_header(text))) if "=?" in text else text


def _read(head: Mapping[str, str], body: bytes, texts: dict[str, str], pictures: list[Picture]) -> None:
    """Walk the parts: one text, one HTML, images; whatever else there is makes the e-mail unusual."""
    kind = head.get("Content-Type", "").partition(";")[0].strip()
    if kind in {"multipart/alternative", "multipart/related"}:
        found = _BOUNDARY.search(head["Content-Type"])
        if found is None:
            raise _Unusual
        mark = b"--" + found[1].encode()
        for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:-1]:
            inner, content = _split(part.removeprefix(b"\r\n"))
            _read(dict(inner), content, texts, pictures)
        return
    coding = head.get("Content-Transfer-Encoding", "")
    if kind in {"text/plain", "text/html"} and coding == "quoted-printable" and kind[5:] not in texts:
        texts[kind[5:]] = binascii.a2b_qp(body).decode("utf-8").replace("\r\n", "\n")
    elif kind.startswith("image/") and coding == "base64" and "Content-ID" in head:
        pictures.append(_picture(len(pictures) + 1, kind, head["Content-ID"].strip("<>"), body))
    else:
        raise _Unusual


@lru_cache(maxsize=64)
def _picture(number: int, kind: str, identity: str, coded: bytes) -> Picture:
    """Decode a picture; all e-mails of an edition have the same ones."""
    return Picture(
        name=f"{number}.{kind[6:]}", content_type=kind, content_id=identity, content=b64decode(coded)
    )


def batches(
    parcels: Sequence[Parcel],
) -> tuple[list[Sequence[Parcel]], dict[str, Words]]:
    """Return what goes together in one call, a single parcel by itself as it is, and the words by attempt."""
    said: dict[str, Words] = {}
    groups: dict[object, list[Parcel]] = {}
    for parcel in parcels:
        found = words(parcel.content) if isinstance(parcel.content, Email) else None
        if found is None or len(found.text) + len(found.html) > MAX_DATA:
            groups[parcel.attempt] = [parcel]
            continue
        said[parcel.attempt] = found
        groups.setdefault((found.sender, found.reply_to, found.pictures), []).append(parcel)
    return [part for group in groups.values() for part in _parts(group, said)], said


def _parts(group: Sequence[Parcel], said: Mapping[str, Words]) -> list[Sequence[Parcel]]:
    """Cut a group so that each call keeps the limits, whatever its e-mails have in common."""
    parts: list[list[Parcel]] = [[]]
    size = 0
    for parcel in group:
        found = said.get(parcel.attempt)
        more = len((found.subject + found.text + found.html).encode()) + 2000 if found else 0
        more += sum(len(picture.content) for picture in found.pictures) * 4 // 3 if found and not size else 0
        if parts[-1] and (len(parts[-1]) == MOST or size + more > MAX_CALL):
            parts.append([])
            size = 0
        parts[-1].append(parcel)
        size += more
    return list(parts)


def request(
    job: Sequence[Parcel],
    said: Mapping[str, Words],
    tags: Callable[[Parcel], list[dict[str, str]]],
    configuration_set: str,
) -> dict[str, Any]:
    """Return the arguments of `send_bulk_email`: what all e-mails have in common once, the rest per destination."""
    mails = [said[parcel.attempt] for parcel in job]
    first = mails[0]
    text, texts = template([mail.text for mail in mails], "\n", "t")
    html, htmls = template([mail.html for mail in mails], ">", "h")
    data = [{"s": mail.subject} | a | b for mail, a, b in zip(mails, texts, htmls, strict=True)]
    arguments: dict[str, Any] = {
        "FromEmailAddress": first.sender,
        "DefaultContent": {
            "Template": {
                "TemplateContent": {"Subject": "{{s}}", "Text": text, "Html": html},
                "TemplateData": "{}",
                **({"Attachments": [_attachment(one) for one in first.pictures]} if first.pictures else {}),
            }
        },
        "BulkEmailEntries": [
            {
                "Destination": {"ToAddresses": [mail.to]},
                "ReplacementTags": tags(parcel),
                "ReplacementEmailContent": {
                    "ReplacementTemplate": {"ReplacementTemplateData": json.dumps(values, ensure_ascii=False)}
                },
                "ReplacementHeaders": [{"Name": name, "Value": value} for name, value in mail.headers],
            }
            for parcel, mail, values in zip(job, mails, data, strict=True)
        ],
    }
    if first.reply_to:
        arguments["ReplyToAddresses"] = [first.reply_to]
    return arguments | ({"ConfigurationSetName": configuration_set} if configuration_set else {})


def _attachment(picture: Picture) -> dict[str, Any]:
    return {
        "RawContent": picture.content,
        "ContentDisposition": "INLINE",
        "FileName": picture.name,
        "ContentId": picture.content_id,
        "ContentTransferEncoding": "BASE64",
        "ContentType": picture.content_type,
    }


def template(texts: Sequence[str], mark: str, name: str) -> tuple[str, list[dict[str, str]]]:
    """Return what texts have in common, with a hole `{{name1}}` for each piece that differs, and who fills it how.

    No piece with two braces or a backslash ever stands in the template, whoever wrote it: the only holes are ours. A
    hole stands between two marks, so that it never touches a brace.

    >>> template(["Hi <b>Ada</b>", "Hi <b>Bob</b>"], ">", "h")
    ('Hi <b>{{h1}}>', [{'h1': 'Ada</b'}, {'h1': 'Bob</b'}])
    """
    rows = [text.split(mark) for text in texts]
    if len({len(row) for row in rows}) != 1:
        return f"{{{{{name}}}}}", [{name: text} for text in texts]
    pieces: list[str] = []
    values: list[dict[str, str]] = [{} for _ in rows]
    for number, column in enumerate(zip(*rows, strict=True)):
        if column.count(column[0]) == len(column) and "{{" not in column[0] and "\\" not in column[0]:
            pieces.append(column[0])
            continue
        pieces.append(f"{{{{{name}{number}}}}}")
        for one, value in zip(values, column, strict=True):
            one[f"{name}{number}"] = value
    return mark.join(pieces), values
