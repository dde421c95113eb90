"""E-mails from skeletons: what all mails of an edition share is put together and encoded once, as bytes with holes.

A mail is then its values, each escaped and encoded in its place, and one join. The result parses equal to the full
render (`templates.email.make_email`); where a value does something that the skeleton cannot know, the mail is rendered
in full. Which of the two it is depends on template and values alone, so a mail has the same bytes in every attempt.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from operator import itemgetter

from markupsafe import escape

from templates.edition import Edition, close_gaps, one_line
from templates.email import (
    MOST_IN_LINE,
    SOFT,
    Fields,
    attachments,
    check_field,
    fields_of,
    frame,
    quoted_piece,
)
from templates.headers import CRLF_SPACE, wire_address
from templates.pieces import Evaluate, Hole, Piece, Values
from templates.safe import MAX_OUTPUT
from templates.subject import Subject
from templates.values import shared_values
from tidings.message import Email

MOST_TESTS = 8
"""A part with more tests that differ from mail to mail is rendered in full: each doubles its variants."""
_MOST_KEPT = 256
HEADERS = Fields._fields[1:]
_SPECIAL = re.compile("[&<>'\"]")
_HOLE = "\0"
_MARK = re.compile(rb"\x00(\w+)\x00")
_ADDRESSED = frozenset({"brand", "links", "reference", "customer", "invoice", "why_here"})
"""Names that the data of a run cannot settle for all of its messages."""

Check = Callable[[str], bool]


@lru_cache(maxsize=512)
def skeletons_of(edition: Edition) -> "Skeletons":
    """Return the skeletons of an edition; the same ones for the same edition."""
    return Skeletons(edition)


class Skeletons:
    """The skeletons of one edition, made as messages need them."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._plans: dict[tuple[int, tuple[str, ...]], _Plan] = {}

    @cached_property
    def in_full(self) -> Mapping[str, str]:
        """The parts that are rendered in full, and why. Empty: this edition is as fast as can be."""
        found = {}
        for part, source in self._edition.email_sources.items():
            if part == "text" and source.loops:
                found[part] = "it has a loop, whose lines may leave gaps"
            elif len(source.tests(frozenset({"brand"}))) > MOST_TESTS:
                found[part] = f"it has more than {MOST_TESTS} tests"
        return found

    def email(self, subject: Subject, values: Values, documents: Mapping[str, bytes]) -> Email | None:
        """Return the e-mail, or None when it must be rendered in full.

        Raises:
            Problem: an address, a link or a header that cannot be one.
        """
        try:
            plan = self._plan(subject)
            answers = tuple([bool(test(values)) for test in plan.tests.values()])
            variant = plan.variant(answers, values, files=bool(documents))
            title = variant.title(values)
            filled = variant.fill(values)
        except Exception:  # the full render says what is wrong, or that nothing is
            return None
        if filled is None:
            return None
        fields = fields_of(
            subject,
            sender=self._edition.brand.senders.email,
            title=title,
            name=values["customer"]["name"],
            unsubscribe=values["links"]["unsubscribe"],
        )
        return variant.email(fields, filled, attachments(self._edition, documents) if documents else b"")

    def _plan(self, subject: Subject) -> "_Plan":
        key = (id(subject.shared) if subject.shared else 0, tuple(subject.data))
        plan = self._plans.get(key)
        if plan is None or (subject.shared and plan.shared is not subject.shared):
            if len(self._plans) >= _MOST_KEPT:
                self._plans.clear()
            plan = self._plans[key] = _Plan(self._edition, subject, self.in_full)
        return plan


class _Plan:
    """How the messages of one run differ from each other."""

    def __init__(self, edition: Edition, subject: Subject, in_full: Mapping[str, str]) -> None:
        self.shared = subject.shared
        known = shared_values(edition.template, subject.shared).keys() if subject.shared else set()
        self._constants = frozenset((known - subject.data.keys() - _ADDRESSED) | {"brand"})
        self._edition = edition
        self._in_full = in_full
        self._variants: dict[tuple[tuple[bool, ...], bool, bool], _Variant] = {}
        self.tests: dict[str, Evaluate] = {}
        for part, source in edition.email_sources.items():
            if part not in in_full:
                self.tests |= source.tests(self._constants)

    def variant(self, answers: tuple[bool, ...], values: Values, *, files: bool) -> "_Variant":
        """Return the skeleton for these answers to the tests."""
        listed = bool(values["links"]["unsubscribe"])
        key = (answers, files, listed)
        found = self._variants.get(key)
        if found is None:
            if len(self._variants) >= _MOST_KEPT:
                self._variants.clear()
            named = dict(zip(self.tests, answers, strict=True))
            pieces = {part: self._pieces(part, named, values) for part in self._edition.email_sources}
            found = self._variants[key] = _Variant(self._edition, pieces, files=files, listed=listed)
        return found

    def _pieces(self, part: str, answers: Mapping[str, bool], values: Values) -> list[Piece]:
        edition = self._edition
        if part in self._in_full:
            whole = {"subject": edition.subject, "text": edition.email_text, "html": edition.email_html}
            return [Hole(key=part, value=whole[part], escapes=False, label=part)]
        pieces = edition.email_sources[part].pieces(answers, self._constants, values)
        return _closed(pieces) if part == "text" else pieces


class _Variant:
    """Bytes with holes: in the head, in the text, in the HTML, for the files, in this order."""

    def __init__(
        self, edition: Edition, pieces: Mapping[str, list[Piece]], *, files: bool, listed: bool
    ) -> None:
        self._title = pieces["subject"]
        holes = [piece for part in ("text", "html") for piece in pieces[part] if isinstance(piece, Hole)]
        distinct = {hole.key: hole for hole in holes}
        order = {key: index for index, key in enumerate(distinct)}
        escaped = {hole.key for hole in holes if hole.escapes}
        self._values = [(hole.value, key in escaped) for key, hole in distinct.items()]
        self._places = [(order[hole.key], hole.escapes) for hole in holes]
        """For each hole which value `fill` puts there, and whether it is escaped for HTML."""
        plain = [hole for hole in pieces["text"] if isinstance(hole, Hole)]
        self._checks = [(order[plain[number].key], check) for number, check in _checks(pieces["text"])]
        self._sender = wire_address(edition.brand.senders.email)
        marks = {name: _mark(name) for name in HEADERS}
        raw = frame(
            edition,
            Fields(address="", **(marks if listed else {**marks, "unsubscribe": ""})),
            text=_encoded(pieces["text"]),
            html=_encoded(pieces["html"]),
            files=_mark("files").encode() if files else b"",
        )
        lines = raw.count(b"\r\n")
        if not lines == raw.count(b"\n") == raw.count(b"\r") or b"\n." in raw or not raw.isascii():
            raise ValueError(edition.template.name)  # `Email.digest` promises what such a line would break
        self._frame = _MARK.split(raw)
        """Words at even places, marks at odd ones."""
        head = [name for mark in self._frame[1::2] if (name := mark.decode()) in HEADERS]
        self._head = itemgetter(*map(Fields._fields.index, head))
        self._digest = hashlib.sha256(b"\0".join(self._frame)).digest()
        self._size = len(raw)

    def title(self, values: Values) -> str:
        """Return the subject."""
        return one_line(
            "".join([piece if isinstance(piece, str) else piece.text(values) for piece in self._title])
        )

    def fill(self, values: Values) -> list[bytes] | None:
        """Return what stands in the holes of text and HTML; None when the mail must be rendered in full."""
        texts = [str(value(values)) for value, _ in self._values]
        for index, check in self._checks:
            if not check(texts[index]):
                return None
        encoded = [*map(quoted_piece, texts)]
        if _SPECIAL.search("".join(texts)):  # all at once: names and links mostly have none
            in_html = [
                quoted_piece(str(escape(text))) if escaped and _SPECIAL.search(text) else plain
                for text, plain, (_, escaped) in zip(texts, encoded, self._values, strict=True)
            ]
            words = [(in_html if html else encoded)[number] for number, html in self._places]
        else:
            words = [encoded[number] for number, _ in self._places]
        return words if self._size + sum(map(len, words)) <= MAX_OUTPUT else None

    def email(self, fields: Fields, filled: list[bytes], files: bytes) -> Email:
        """Return the e-mail.

        Raises:
            Problem: a header that would not read back as it was meant.
        """
        head = self._head(fields)
        whole = "\0".join(head)
        lines = whole.replace(CRLF_SPACE, "\0").split("\0")
        words = whole.encode().split(b"\0")
        plain = len(whole) <= MOST_IN_LINE and all(lines) and "".join(lines).isprintable()
        if not plain or len(words) != len(head):  # all together; else `check_field` looks at each
            words = [check_field(value).encode() for value in head]
        words += filled
        if files:
            words.append(files)
        parts = self._frame.copy()
        parts[1::2] = words
        digest = hashlib.sha256(self._digest + b"\0".join(words)).hexdigest()
        return Email(envelope_from=self._sender, to=fields.address, raw=b"".join(parts), digest=digest)


def _mark(name: str) -> str:
    return f"\0{name}\0"


def _encoded(pieces: Sequence[Piece]) -> bytes:
    """Return words as quoted-printable and marks for the holes, each hole on a line of its own."""
    out = []
    for piece, following in pairwise([*pieces, None]):
        out.append(quoted_piece(piece) if isinstance(piece, str) else b"\0hole\0")
        breaks = piece.endswith("\n") if isinstance(piece, str) else str(following).startswith("\n")
        out.append(b"" if breaks or following is None else SOFT)
    return b"".join(out)


def _closed(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a plain text without gaps between the lines.

    Raises:
        ValueError: the words hold a sign that no text has.
    """
    holes = [piece for piece in pieces if isinstance(piece, Hole)]
    words = close_gaps("".join(piece if isinstance(piece, str) else _HOLE for piece in pieces)).split(_HOLE)
    if len(words) != len(holes) + 1:
        raise ValueError(words)
    return [piece for pair in zip(words, [*holes, None], strict=True) for piece in pair if piece is not None]


def _checks(pieces: Sequence[Piece]) -> list[tuple[int, Check]]:
    """Return what the values in a plain text must be, so that no gap opens where they stand: (hole, check)."""
    lines = "".join(piece if isinstance(piece, str) else _HOLE for piece in pieces).split("\n")
    found: list[tuple[int, Check]] = []
    number = 0
    for index, line in enumerate(lines):
        count = line.count(_HOLE)
        if count and not line.strip(f"{_HOLE} \t"):
            found += [(number + offset, _not_blank) for offset in range(count)]
        if index == 0 and line.startswith(_HOLE):
            found.append((0, _stands))
        number += count
    if len(lines) > 1 and lines[-2].endswith(_HOLE):
        found.append((number - 1, _stands))
    return found


def _not_blank(text: str) -> bool:
    return bool(text.strip(" \t"))


def _stands(text: str) -> bool:
    return bool(text) and text == text.strip()
