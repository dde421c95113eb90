"""Letters by filling and in full, to customers drawn at random, beside WeasyPrint as its own page shows and others."""

import gc
from collections.abc import Iterable, Sequence
from functools import cache, partial

from bench.drawn import LANGUAGES, Draw, seed
from bench.figure import Figure
from bench.paper import PLAIN, Turn, compare, fell_back
from templates.catalog import Template, find
from templates.edition import Edition, edition
from templates.letter import letter_page, letter_values, typeset_in_full, typeset_letter
from templates.postal_lines import address_lines
from templates.render import Subject, values_of
from templates.typeset import Engine, Typeset
from tidings.problem import Exit, Problem

LETTERS = 2000
_TURNS = PLAIN + 1
TEMPLATE = "offer/autumn"


def figures() -> Iterable[Figure]:
    """Measure letters a second of CPU, from a customer's values to the PDF: codes, mark and hash included."""
    number = seed()
    draw = Draw(number)
    template = _template()
    subjects = [draw.letter(template, at, language=LANGUAGES[at % len(LANGUAGES)]) for at in range(LETTERS)]
    made = typeset_all(subjects)  # among others the forms, which are made once and not for each letter
    fell_back("letters", made, number)
    gc.freeze()  # as the press does before it forks: what is kept is not looked through again
    filled = [one for one, letter in zip(subjects, made, strict=True) if letter.engine is Engine.FILL]
    check(subjects[-1], made[-1])
    turns = [_turn(one, filled[at::_TURNS]) for at, one in enumerate(subjects[:_TURNS])]
    yield from compare("letter", turns, goals=(200, 2, 5))


def _turn(one: Subject, alike: Sequence[Subject]) -> Turn:
    fills = [partial(_typeset, each) for each in alike]
    return Turn(page=letter_page(*_given(one)), full=lambda: typeset_in_full(*_given(one)), fills=fills)


def typeset_all(subjects: Iterable[Subject]) -> list[Typeset]:
    """Return the letters, by whichever engine."""
    return [_typeset(one) for one in subjects]


def _typeset(one: Subject) -> Typeset:
    written, values, lines = _parts(one)
    return typeset_letter(written, one, values, lines)


def check(subject: Subject, made: Typeset) -> None:
    """Compare one: it must say what the letter says."""
    from templates.facts import pdf_text

    if subject.reference not in pdf_text(made.pdf):
        raise Problem("A letter of the bench does not say its reference.", code=Exit.FAILED)


@cache
def _template() -> Template:
    return find(TEMPLATE)


def _parts(subject: Subject) -> tuple[Edition, dict[str, object], tuple[str, ...]]:
    template = _template()
    written = edition(template, subject.language, subject.brand)
    lines = address_lines(subject.postal or {}, subject.brand.address.country)
    return written, values_of(template, subject), lines


def _given(subject: Subject) -> tuple[Edition, Subject, dict[str, object], tuple[str, ...]]:
    written, values, lines = _parts(subject)
    return written, subject, letter_values(written, subject, values, lines), lines
