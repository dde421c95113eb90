"""One PDF of many letters: whoever reads it finds each letter's pages, and what they share once."""

import io

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.letter.binder import Binder, NoLetterError
from channels.letter.merge import bind, merge
from templates.catalog import find
from templates.edition import edition
from templates.facts import pdf_text
from templates.letter import typeset_letter
from templates.postal_lines import address_lines
from templates.render import values_of
from templates.typeset import Engine
from tests.templates.test_fill import subject

NAME = "news/quarterly"
LANGUAGES = ("en", "nb", "sv", "pl", "pt_BR")
BATCH = 200
"""Letters of the smallest batch whose spool has to stay under 2 kB a letter."""
SHARE = 2000
"""Bytes that a filled letter may add to its batch."""


def letters(count, *, first="Ingrid", name=NAME, languages=("en",)):
    template = find(name)
    for number in range(count):
        asked = subject(name, first_name=f"{first} {number}", reference=f"R{number:05}")
        written = edition(template, languages[number % len(languages)], asked.brand)
        lines = address_lines(asked.postal, asked.brand.address.country)
        yield typeset_letter(written, asked, values_of(template, asked), lines)


def bound(made):
    out = io.BytesIO()
    ranges = bind(((one.pdf, one.constant) for one in made), out)
    return out.getvalue(), ranges


def test_every_letter_of_a_batch_is_there_in_its_order():
    made = list(letters(40))
    pdf, ranges = bound(made)

    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []
        assert len(document.pages) == ranges[-1][1] == 80
    texts = pdf_text(pdf).split("\n")
    said = [line.strip() for line in texts if line.strip().startswith("R0")]
    assert said == [f"R{number:05}" for number in range(40)]


def test_a_filled_letter_adds_little_and_the_batch_is_an_archive_file():
    import page

    few, many = (bound(letters(count))[0] for count in (10, 60))

    assert (len(many) - len(few)) / 50 < SHARE
    report = page.validate_pdf_bytes(few, profile=page.ValidationProfile.PDF_A_2U)
    assert report.is_compliant, [one.message for one in report.failures]


def fonts(pdf):
    with pikepdf.open(io.BytesIO(pdf)) as document:
        return sum(
            one.get("/Type") == "/FontDescriptor"
            for one in document.objects
            if isinstance(one, pikepdf.Dictionary)
        )


@pytest.mark.parametrize("name", [NAME, "offer/autumn"])
def test_a_batch_in_five_languages_shares_fonts_and_pictures_and_is_small(name):
    def batch(count, *languages):
        return bound(letters(count, name=name, languages=languages))[0]

    one, few, many = batch(10, "en"), batch(10, *LANGUAGES), batch(60, *LANGUAGES)

    assert fonts(few) == fonts(one) == 3
    each = (len(many) - len(few)) / 50
    assert len(few) / BATCH + each < 2048


@settings(max_examples=10, deadline=None)
@given(kinds=st.lists(st.sampled_from(["fill", "full"]), min_size=1, max_size=6))
def test_filled_and_full_letters_mix_in_any_order(kinds):
    made = [next(letters(1, first="Ingrid" if kind == "fill" else "w" * 150)) for kind in kinds]
    assert [one.engine for one in made] == [Engine(kind) for kind in kinds]

    pdf, ranges = bound(made)

    assert ranges == [(2 * at + 1, 2 * at + 2) for at in range(len(kinds))]
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.check_pdf_syntax() == []


def test_a_wrong_count_of_shared_bytes_loses_nothing():
    [made] = letters(1)
    out = io.BytesIO()

    bind([(made.pdf, made.constant - 7), (made.pdf, made.constant)], out)

    assert pdf_text(out.getvalue()).count("R00000") == 2


def test_the_same_letters_are_the_same_bytes():
    assert bound(letters(5)) == bound(letters(5))
    assert merge(one.pdf for one in letters(3))[1] == [(1, 2), (3, 4), (5, 6)]


def test_what_is_no_pdf_adds_nothing():
    out = io.BytesIO()
    binder = Binder(out)

    with pytest.raises(NoLetterError):
        binder.add(b"no PDF")
    assert binder.add(next(letters(1)).pdf) == (1, 2)
