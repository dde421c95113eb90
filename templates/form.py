"""A page typeset once and filled many times: constant bytes, and for each document one small stream a page.

WeasyPrint lays the page out with a sentinel in the place of each value (`templates.form_lines`). Every line that holds
one is taken off the page and kept as a `Line`: where it begins, how wide it may be, in which type. Filling sets those.
"""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from templates.codes import modules
from templates.fonts import as_set
from templates.glyphs import Shown, Type
from templates.mark import USUAL, Marking, mark_operators
from templates.paper import compress, pages_of
from templates.pictures import code_operators
from templates.typeset import Cause, UnfitError

MOST_LETTERS = 400
"""Of a slot: more than any line holds."""
SLACK = 0.02
"""Points by which a line may be wider than its box: rounding."""
_LEVEL = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A stretch of a line in one type: words that stand, and numbers of values."""

    type: Type
    parts: tuple[str | int, ...]

    def text(self, values: Sequence[str]) -> str:
        """Return the words with the values in their places."""
        return "".join([part if isinstance(part, str) else values[part] for part in self.parts])


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a page that is set anew for each document. Lengths in points from the bottom left of the page."""

    page: int
    left: float
    baseline: float
    width: float
    align: float
    """0 left, 0.5 centred, 1 right."""
    runs: tuple[Run, ...]
    where: str
    """What stands there, for whoever reads why it did not fit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a code goes: points from the bottom left of the page."""

    page: int
    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Filling:
    """What one document puts into a form."""

    values: Sequence[str]
    """By the number of their sentinels."""
    codes: Mapping[str, str]
    lines: Iterable[tuple[Line, str]] = ()
    """Further lines that have one text: those of the address."""
    message: str = ""
    """For the mark; '' leaves it out."""
    marking: Marking = USUAL
    identity: str = ""


@dataclass(kw_only=True, slots=True)
class _Content:
    """The operators of one page, the colour and font that stand in them."""

    out: list[bytes] = field(default_factory=list)
    colour: bytes = b""

    def add(self, kind: Type, left: float, baseline: float, strings: bytes) -> None:
        if kind.colour != self.colour:
            self.colour = kind.colour
            self.out.append(kind.colour)
        self.out.append(kind.show(left, baseline, strings))


class Form:
    """A page, or several, typeset once."""

    def __init__(self, *, lines: Sequence[Line], places: Mapping[str, Place], pdf: "Skeleton") -> None:
        self.lines = tuple(lines)
        self.places = dict(places)
        self._pdf = pdf

    @property
    def pages(self) -> int:
        """How many."""
        return self._pdf.pages

    @property
    def constant(self) -> int:
        """How many bytes at the beginning are the same in all its documents."""
        return len(self._pdf.prefix)

    def only(self, lines: Sequence[Line]) -> "Form":
        """Return the same form that fills these lines alone."""
        return Form(lines=lines, places=self.places, pdf=self._pdf)

    def fill(self, filling: Filling) -> tuple[bytes, str]:
        """Return one document and its SHA-256. The same filling gives the same bytes.

        Raises:
            UnfitError: a value does not fit; says which, without saying the value.
        """
        contents = [_Content() for _ in range(self.pages)]
        for line in self.lines:
            _set(contents[line.page], line, [(run.type, run.text(filling.values)) for run in line.runs])
        for line, text in filling.lines:
            _set(contents[line.page], line, [(line.runs[0].type, text)])
        for name, place in self.places.items():
            matrix = b"q %g 0 0 %g %.3f %.3f cm " % (place.width, place.height, place.left, place.bottom)
            contents[place.page].out.append(matrix + code_operators(modules(filling.codes[name])) + b" Q")
        if filling.message:
            for number, content in enumerate(contents, start=1):
                content.out.append(mark_operators(filling.message, number, self.pages, filling.marking))
        return self._pdf.document([b"\n".join(content.out) for content in contents], filling.identity)


def _set(content: _Content, line: Line, runs: Sequence[tuple[Type, str]]) -> None:
    """Shape one line and put it where it belongs."""
    texts = _one_line([text for _, text in runs])
    if not any(texts):
        raise UnfitError(Cause.EMPTY, f"{line.where} is empty: what follows would move up")
    done: list[tuple[Type, Shown]] = []
    total = 0.0
    for (kind, _), text in zip(runs, texts, strict=True):
        if len(text) > MOST_LETTERS:
            raise UnfitError(Cause.WIDTH, f"{line.where} is longer than a line")
        shown = kind.set(text, line.where)
        total += shown.width
        done.append((kind, shown))
    if total > line.width + SLACK:
        raise UnfitError(Cause.WIDTH, f"{line.where} is wider than its line")
    left = line.left + line.align * (line.width - total)
    for kind, (strings, width) in done:
        if strings:
            content.add(kind, left, line.baseline, strings)
        left += width


def _one_line(texts: Sequence[str]) -> list[str]:
    """Return texts as they stand in one line: composed, and with one blank where several meet, none at the ends."""
    out: list[str] = []
    blank = True
    for text in map(as_set, texts):
        out.append(text[1:] if blank and text[:1] == " " else text)
        blank = out[-1][-1:] == " " if out[-1] else blank
    for at in range(len(out) - 1, -1, -1):
        out[at] = out[at].removesuffix(" ")
        if out[at]:
            break
    return out


class Skeleton:
    """A PDF's constant bytes, and what completes them."""

    def __init__(self, pdf: Any, seed: str) -> None:
        """Take WeasyPrint's PDF; each page gets a second content stream, which comes last in the file."""
        import pydyf

        compress(pdf)
        if pdf.info:
            pdf.add_object(pdf.info)
        found = pages_of(pdf)
        self._numbers = []
        for page, content in found:
            late = pydyf.Stream([b""])
            pdf.add_object(late)
            self._numbers.append(late.number)
            page["Contents"] = pydyf.Array((content.reference, late.reference))
        self.pages = len(found)
        parts = [b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n"]
        at = len(parts[0])
        offsets: dict[int, int] = {}
        for one in pdf.objects:
            if one.free != "f" and one.number not in self._numbers:
                offsets[one.number] = at
                parts.append(one.indirect + b"\n")
                at += len(parts[-1])
        self.prefix = b"".join(parts)
        self._hashed = hashlib.sha256(self.prefix)
        self._id = hashlib.blake2b(seed.encode() + self._hashed.digest(), digest_size=16).hexdigest().encode()
        first = self._numbers[0]
        self._table = b"xref\n0 %d\n0000000000 65535 f \n" % len(pdf.objects)
        self._table += b"".join(b"%010d 00000 n \n" % offsets[number] for number in range(1, first))
        info = b"/Info %s " % pdf.info.reference if pdf.info else b""
        self._trailer = b"trailer\n<</Size %d /Root %s %s/ID [<%s> <" % (
            len(pdf.objects),
            pdf.catalog.reference,
            info,
            self._id,
        )

    def document(self, contents: Sequence[bytes], identity: str) -> tuple[bytes, str]:
        """Return the whole file with these contents of its pages, and its SHA-256."""
        at = len(self.prefix)
        objects, rows = [], []
        for number, content in zip(self._numbers, contents, strict=True):
            packed = zlib.compress(content, _LEVEL)
            while packed[-1:] == b"\r":  # readers would take it for a part of the line's end behind it
                content += b" "
                packed = zlib.compress(content, _LEVEL)
            one = b"%d 0 obj\n<</Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream\nendobj\n" % (
                number,
                len(packed),
                packed,
            )
            objects.append(one)
            rows.append(b"%010d 00000 n \n" % at)
            at += len(one)
        own = hashlib.blake2b(identity.encode(), digest_size=16).hexdigest().encode()
        tail = b"".join(
            (*objects, self._table, *rows, self._trailer, own, b">]>>\nstartxref\n%d\n%%%%EOF\n" % at)
        )
        hashed = self._hashed.copy()
        hashed.update(tail)
        return self.prefix + tail, hashed.hexdigest()
