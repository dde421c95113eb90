"""The fonts on paper: which there are, what they can write, and text shaped into glyphs as Pango would shape it."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from tidings.problem import Problem

FONTS = Path(__file__).parent / "fonts"


@dataclass(frozen=True, kw_only=True, slots=True)
class Face:
    """One font file, and the family and weight that style sheets know it by."""

    family: str
    weight: int
    file: str


FACES = (
    Face(family="Paper", weight=400, file="Inter-Regular.otf"),
    Face(family="Paper", weight=600, file="Inter-SemiBold.otf"),
    Face(family="Paper Display", weight=600, file="InterDisplay-SemiBold.otf"),
)
"""All that is ever used on paper. The families are names of our own: a machine that has an Inter would use that one."""

WORLD = tuple(
    Face(family=f"Paper {script}", weight=400, file=f"NotoSans{script}-Regular.{kind}")
    for script, kind in (
        ("Arabic", "ttf"),
        ("Hebrew", "ttf"),
        ("CJK", "otf"),
        ("Devanagari", "ttf"),
        ("Thai", "ttf"),
        ("Armenian", "ttf"),
        ("Georgian", "ttf"),
    )
)
"""For names and places in other scripts than Latin, Greek and Cyrillic; a letter that needs one is laid out in full."""

_USUAL = (
    (0x20, 0x17F),
    (0x218, 0x21B),
    (0x2010, 0x203A),
    (0x20AC, 0x20AC),
    (0x2116, 0x2122),
    (0x2212, 0x2212),
)
"""Code points that are embedded where text is filled in later: Latin with its accents, and punctuation."""
Glyph = tuple[int, int, int, int]
"""Glyph id, advance, offset to the right, offset upwards; all in units of the font."""

_CONTROL = {"\u00ad"}
_SPACE = re.compile("[ \t\n\r\f]+")


def font_faces() -> str:
    """Return the rules by which a style sheet knows our fonts."""
    return "".join(
        f'@font-face {{ font-family: "{face.family}"; src: url(font:{face.file}); font-weight: {face.weight}; }}\n'
        for face in FACES
    )


def world_css() -> str:
    """Return the style sheet for a page with other scripts: they come behind our own fonts, each line from its side."""
    faces = "".join(
        f'@font-face {{ font-family: "{face.family}"; src: url(font:{face.file}) }}\n' for face in WORLD
    )
    others = ", ".join(f'"{face.family}"' for face in WORLD)
    return (
        f"{faces}html {{ font-family: Paper, {others} }}\n"
        f'h1, h2, .brand, blockquote strong {{ font-family: "Paper Display", {others} }}\n'
        ".address { unicode-bidi: plaintext; text-align: left }\n"
    )


@cache
def _cmap(file: str) -> dict[int, str]:
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

    with TTFont(FONTS / file, lazy=True) as font:
        return dict(font.getBestCmap())


@cache
def printable() -> frozenset[str]:
    """Return the characters that all our fonts have."""
    shared = set.intersection(*(set(_cmap(face.file)) for face in FACES))
    return frozenset(map(chr, shared)) | {"\n", "\t", "\u00ad"}


@cache
def _beyond() -> frozenset[str]:
    """Return the characters that only the fonts of other scripts have."""
    return frozenset(chr(code) for face in WORLD for code in _cmap(face.file)) - printable()


def _not_ours(text: str) -> tuple[set[str], set[str]]:
    """Return the letters of a text that only the fonts of other scripts have, and those that no font of ours has.

    Most texts have neither, and then those fonts are not even opened (50 ms).
    """
    lacking = set() if text.isascii() else set(text) - printable()
    return (lacking & _beyond(), lacking - _beyond()) if lacking else (set(), set())


def needs_world(text: str) -> bool:
    """Tell whether a text has letters that only the fonts of other scripts have (`world_css`)."""
    return bool(_not_ours(text)[0])


@cache
def usual() -> frozenset[str]:
    """Return the characters that nearly all names, addresses and amounts are written with."""
    return printable() & {"\u202f", *(chr(code) for first, last in _USUAL for code in range(first, last + 1))}


_FAR = ((0x180, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x1E00, 0x1EFF))
"""Code points of further letters: the rest of Latin, Vietnamese, Greek, Cyrillic."""


@cache
def far() -> frozenset[str]:
    """Return the usual characters and all letters that names in Latin, Greek and Cyrillic are written with."""
    letters = {chr(code) for first, last in _FAR for code in range(first, last + 1)}
    return usual() | {one for one in printable() & letters if unicodedata.category(one)[0] == "L"}


_OF_WORDS = "åäöæøéüąćęłńóśźżãáâàçêíõôú"
"""Letters of our languages beside those of ASCII."""


@cache
def of_words() -> frozenset[str]:
    """Return the characters that the words of our templates are nearly always written with."""
    signs = "\u2013\u2014\u201e\u201c\u201d\u2018\u2019\u2026\u00b7\u00a7\u00b0\u20ac\u00a0\u202f"
    return usual() & {*map(chr, range(0x20, 0x7F)), *_OF_WORDS, *_OF_WORDS.upper(), *signs}


def specimen(letters: frozenset[str]) -> str:
    """Return a text with these characters, and with punctuation beside capitals, figures and small letters.

    Inter sets some signs higher or lower by what stands beside them.
    """
    signs = [one for one in sorted(letters) if unicodedata.category(one)[0] in "PS"]
    beside = (f"A{one}A {one}A A{one} 1{one}1 {one}1 1{one} a{one}a {one}a a{one}" for one in signs)
    return " ".join((*(one for one in sorted(letters) if unicodedata.category(one)[0] != "C"), *beside))


def substitute(letter: str) -> str:
    """Return what stands for a letter that our fonts lack: a middle dot; nothing for a symbol."""
    return "·" if unicodedata.category(letter)[0] in "LN" else ""


def substituted(text: str) -> str:
    """Return text without what our fonts lack: it never falls back to whatever the machine has."""
    _, missing = _not_ours(text)
    return text.translate({ord(letter): substitute(letter) for letter in missing}) if missing else text


def check_glyphs(lines: Sequence[str]) -> None:
    """Refuse an address that cannot be printed.

    Raises:
        Problem: our fonts lack a letter of it; names the letter.
    """
    _, missing = _not_ours("".join(lines))
    letters = sorted(letter for letter in missing if substitute(letter))
    if letters:
        shown = " ".join(letters[:5])
        raise Problem(f"The letter's fonts have no {shown}.", todo="Use another channel or a Latin spelling.")


@cache
def advances() -> dict[str, float]:
    """Return the width of each character of the regular font in em."""
    from fontTools.ttLib import TTFont

    with TTFont(FONTS / FACES[0].file) as font:
        widths, em = font["hmtx"], font["head"].unitsPerEm
        return {chr(code): widths[glyph][0] / em for code, glyph in font.getBestCmap().items()}


@lru_cache(maxsize=4096)
def plain_text(text: str) -> bool:
    """Tell whether text is set letter by letter from left to right: no marks, no controls, no bidirectional writing."""
    return all(map(_plain, text))


@cache
def _plain(letter: str) -> bool:
    if letter in " \u00a0\u202f":
        return True
    category = unicodedata.category(letter)
    direction = unicodedata.bidirectional(letter)
    return category[0] not in "MCZ" and direction not in {"R", "AL", "AN"} and letter not in _CONTROL


def as_set(text: str) -> str:
    """Return text as a browser sets it in one line: composed, its spaces collapsed."""
    return text if text.isascii() and "  " not in text and text.isprintable() else _composed(text)


def _composed(text: str) -> str:
    return _SPACE.sub(" ", unicodedata.normalize("NFC", text))


class Shaper:
    """One face with its OpenType features and language, ready to shape."""

    def __init__(self, face: Face, features: dict[str, Any], language: str) -> None:
        import uharfbuzz

        self._hb = uharfbuzz
        loaded = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(FONTS / face.file)))
        self._font = uharfbuzz.Font(loaded)
        self.em: int = loaded.upem
        self._features = {name: int(value) for name, value in features.items()}
        self._language = language

    def shape(self, text: str) -> list[Glyph]:
        """Return the glyphs of one line of plain text (`plain_text`)."""
        if not text:
            return []
        buffer = self._hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.language = self._language
        self._hb.shape(self._font, buffer, self._features)
        places = buffer.glyph_positions
        return [
            (info.codepoint, place.x_advance, place.x_offset, place.y_offset)
            for info, place in zip(buffer.glyph_infos, places, strict=True)
        ]
