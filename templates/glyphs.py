"""Text as a PDF shows it: the glyphs of one type, shaped once and kept.

Most new texts are put together from what was shaped before: an amount from its characters between their neighbours, a
line of words from its words between blanks. No rule of our fonts looks further in such texts, which a test holds; any
other text is shaped as it is.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, NamedTuple, TypeVar

from templates.fonts import Shaper, plain_text
from templates.typeset import Cause, UnfitError

_MOST_KNOWN = 8192
_NUMBER = re.compile("[0-9.,\u00a0\u202f%€$£krzłRUS]+")
"""Amounts, quantities and rates as our five languages write them."""
_QUOTES = "\u201c\u201d\u2018\u2019'\""
_SIGNS = f"{_QUOTES}.,;!?&/%#°"
_WORDS = re.compile(f"(?:[^\\W\\d_]|[{_SIGNS}])+(?: (?:[^\\W\\d_]|[{_SIGNS}])+)*")
_COUNTED = re.compile(f"(?:[^\\W_xX]|[{_SIGNS}])+(?: (?:[^\\W_xX]|[{_SIGNS}])+)*")
"""Words with figures but no x: between figures that becomes a sign of multiplication, blanks or not."""
_PLAIN_WORD = f"(?:[^\\W_]|[{_QUOTES}&#])+[.,;!?]?"
_PLAIN_WORDS = re.compile(f"{_PLAIN_WORD}(?: {_PLAIN_WORD})*")
_EDGE = "\n"
"""Stands for a beginning or an end: no line has it."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Shown(NamedTuple):
    """A text, ready to be shown."""

    strings: bytes
    """Strings and gaps, for TJ."""
    width: float
    """Points."""


class _Piece(NamedTuple):
    digits: bytes
    """Glyphs in hexadecimal, with gaps where the file's widths are not what the text needs."""
    advance: int
    """In units of the font."""


class _Kept(dict[_Key, _Value], Generic[_Key, _Value]):
    """Values that are made when they are first asked for; all are forgotten when they are too many."""

    def __init__(self, make: Callable[[_Key], _Value]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _Key) -> _Value:
        made = self._make(key)
        if len(self) >= _MOST_KNOWN:
            self.clear()
        self[key] = made
        return made


def is_number(text: str) -> bool:
    """Tell whether a text is an amount, a quantity or a rate: composed, in one line, put together from figures."""
    return bool(_NUMBER.fullmatch(text))


def breaks(text: str, language: str) -> list[int]:
    """Return where a line of text may break, its end included; hold `templates.paper.TYPESETTING`."""
    if _PLAIN_WORDS.fullmatch(text):
        return [found.end() for found in re.finditer(" |$", text)]
    from weasyprint.text.line_break import get_log_attrs

    attributes = get_log_attrs(text, language)
    return [*(at for at in range(1, len(text)) if attributes[at].is_line_break), len(text)]


class Glyphs:
    """What one font of a file can show, in any size."""

    def __init__(self, shaper: Shaper, widths: Mapping[int, int]) -> None:
        """`widths` are those of the glyphs that are embedded, in thousandths, as the file says them."""
        self.em = shaper.em
        self._shaper = shaper
        self._widths = widths
        self._glyphs = _Kept[tuple[int, int], bytes](self._written)
        self._figures = _Kept[str, _Piece](self._figure)
        self._words = _Kept[str, _Piece](self._word)

    def pieces(self, text: str) -> list[_Piece]:
        """Return what a line of text is shown by.

        Raises:
            UnfitError: it needs a glyph that is not embedded, or more than glyphs in a row.
        """
        if is_number(text):
            edged = f"{_EDGE}{text}{_EDGE}"
            return [self._figures[edged[at : at + 3]] for at in range(len(text))]
        if not plain_text(text):
            raise UnfitError(Cause.SCRIPT, "is not written letter by letter from left to right")
        if _COUNTED.fullmatch(text) or _WORDS.fullmatch(text):
            words = text.split(" ")
            if len(words) > 1:
                first, *others, last = words
                keys = [f"{first} ", *[f" {word} " for word in others], f" {last}"]
                return [self._words[key] for key in keys]
        return [self._shaped(text)]

    def _figure(self, key: str) -> _Piece:
        """Return the character between its neighbours."""
        return self._shaped(key.strip(_EDGE), slice(0, 1) if key[0] == _EDGE else slice(1, 2))

    def _word(self, key: str) -> _Piece:
        """Return the word with the blank before it, as it is where another blank follows."""
        return self._shaped(key, slice(-1) if key[-1] == " " else slice(None))

    def _shaped(self, text: str, part: slice = slice(None)) -> _Piece:
        found = self._shaper.shape(text)[part]
        if any(right or up for _, _, right, up in found):
            raise UnfitError(Cause.SCRIPT, "has marks to be placed")
        digits = b"".join([self._glyphs[glyph, advance] for glyph, advance, _, _ in found])
        return _Piece(digits, sum([advance for _, advance, _, _ in found]))

    def _written(self, key: tuple[int, int]) -> bytes:
        glyph, advance = key
        width = self._widths.get(glyph)
        if width is None:
            raise UnfitError(Cause.GLYPH, "needs a glyph that its font lacks here")
        # As WeasyPrint writes it, which cuts off fractions, so that both engines set the same places.
        gap = int(width - advance * (1000 / self.em))
        return b"%04x>%d<" % (glyph, gap) if gap else b"%04x" % glyph


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Type:
    """How a run of text looks."""

    font: bytes
    """Name of the font on the page."""
    size: float
    """Points."""
    colour: bytes
    """The operator that sets it."""
    glyphs: Glyphs
    known: dict[str, Shown] = field(default_factory=dict)
    """What was set before: rates and descriptions come again and again."""
    begin: bytes = field(init=False)
    """Begins a text in this type."""

    def __post_init__(self) -> None:
        """Write what begins a text."""
        object.__setattr__(self, "begin", b"BT /%s %g Tf 1 0 0 1" % (self.font, self.size))

    def at(self, size: float) -> "Type":
        """Return the same in another size."""
        return replace(self, size=size, known={})

    def set(self, text: str, where: str) -> Shown:
        """Return a text as it is shown.

        Raises:
            UnfitError: it needs a glyph that is not there, or more than glyphs in a row; says `where`.
        """
        found = self.known.get(text)
        if found is not None:
            return found
        try:
            pieces = self.glyphs.pieces(text)
        except UnfitError as unfit:
            raise UnfitError(unfit.cause, f"{where} {unfit.why}") from None
        if not text:
            return Shown(b"", 0.0)
        strings = b"<%s>" % b"".join([digits for digits, _ in pieces])
        width = sum([advance for _, advance in pieces]) / self.glyphs.em * self.size
        if len(self.known) >= _MOST_KNOWN:
            self.known.clear()
        self.known[text] = made = Shown(strings.removesuffix(b"<>"), width)
        return made

    def show(self, left: float, baseline: float, strings: bytes) -> bytes:
        """Return the operators that show a text, points from the bottom left of the page."""
        return b"%s %.3f %.3f Tm [%s] TJ ET" % (self.begin, left, baseline, strings)
