"""Texts put together from glyphs that were shaped before are those that HarfBuzz shapes as a whole."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from templates.fonts import FACES, Shaper, plain_text, printable
from templates.glyphs import Glyphs, Type, breaks
from templates.paper import TYPESETTING
from templates.typeset import Cause, UnfitError

FEATURES = {"lining": {"lnum": 1}, "tabular": {"lnum": 1, "tnum": 1}}
LETTERS = "".join(sorted(one for one in printable() if one.isalpha() and plain_text(one)))
SIGNS = "“”‘’'\".,;!?&/%#°-–()x×"
NUMBERS = st.text("0123456789.,\u00a0\u202f%€$£krzłRUS", min_size=1, max_size=14)
WORD = st.text(st.sampled_from(LETTERS) | st.sampled_from("AVTLfijyx") | st.sampled_from(SIGNS), max_size=8)
COUNTED = st.text(
    st.sampled_from(LETTERS) | st.sampled_from("0123456789") | st.sampled_from(SIGNS), max_size=6
)
WORDS = st.lists(WORD | COUNTED, min_size=1, max_size=5).map(" ".join)
MANY = settings(max_examples=150, deadline=None)
CASES = [
    pytest.param(face, kind, id=f"{face.file.removesuffix('.otf')}, {kind} figures")
    for face in FACES
    for kind in FEATURES
]
WIDTHS = dict.fromkeys(range(65536), 600)
"""Of all glyphs, so that most need a gap, which says their advance."""


@cache
def tools(file: str, kind: str) -> tuple[Shaper, Glyphs]:
    face = next(face for face in FACES if face.file == file)
    shaper = Shaper(face, FEATURES[kind], "nb")
    return shaper, Glyphs(shaper, WIDTHS)


def whole(shaper: Shaper, text: str) -> tuple[list[tuple[str, int]], int]:
    found = shaper.shape(text)
    gaps = [(f"{glyph:04x}", int(600 - advance * (1000 / shaper.em))) for glyph, advance, _, _ in found]
    return gaps, sum(advance for _, advance, _, _ in found)


def put_together(glyphs: Glyphs, text: str) -> tuple[list[tuple[str, int]], int]:
    pieces = glyphs.pieces(text)
    digits = b"".join(piece.digits for piece in pieces).decode()
    out = []
    while digits:
        glyph, digits = digits[:4], digits[4:]
        gap = "0"
        if digits.startswith(">"):
            gap, _, digits = digits[1:].partition("<")
        out.append((glyph, int(gap)))
    return out, sum(piece.advance for piece in pieces)


@pytest.mark.parametrize(("face", "kind"), CASES)
@MANY
@given(text=NUMBERS | WORDS)
def test_a_text_put_together_is_the_text_shaped_as_a_whole(face, kind, text):
    shaper, glyphs = tools(face.file, kind)

    assert put_together(glyphs, text) == whole(shaper, text)


@settings(max_examples=200, deadline=None)
@given(text=st.lists(WORD | COUNTED, min_size=1, max_size=5).map(" ".join).map(str.strip))
def test_lines_break_where_pango_breaks_them(text):
    from weasyprint.text.line_break import get_log_attrs

    with TYPESETTING:
        attributes = get_log_attrs(text, "en")
        found = breaks(text, "en")

    assert found == [*(at for at in range(1, len(text)) if attributes[at].is_line_break), len(text)]


def test_a_type_in_another_size_shows_the_same_glyphs_wider():
    _, glyphs = tools(FACES[0].file, "lining")
    small = Type(font=b"a", size=8.0, colour=b"0 g", glyphs=glyphs)

    shown, larger = small.set("1 234,56 €", "the amount"), small.at(16.0).set("1 234,56 €", "the amount")

    assert larger.strings == shown.strings
    assert larger.width == pytest.approx(2 * shown.width)


def test_a_glyph_that_is_not_embedded_is_named_by_its_place_alone():
    shaper = tools(FACES[0].file, "lining")[0]
    kind = Type(font=b"a", size=8.0, colour=b"0 g", glyphs=Glyphs(shaper, {}))

    with pytest.raises(UnfitError, match=r"^the amount needs a glyph that its font lacks here$") as caught:
        kind.set("12,50", "the amount")
    assert caught.value.cause is Cause.GLYPH
