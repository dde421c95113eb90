"""Letters by filling and in full, to customers drawn at random, beside WeasyPrint as its own page shows and others.

Then the spool of many of them: what a letter takes in it, and how far memory grows.
"""

import gc
import os
from collections.abc import Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryFile

from bench.drawn import LANGUAGES, Draw, seed
from bench.figure import Figure, bound
from bench.paper import PLAIN, Turn, compare, fell_back
from channels.letter.merge import bind
from templates.catalog import Template, find
from templates.edition import Edition, edition
from templates.letter import letter_page, letter_values, typeset_in_full, typeset_letter
from templates.postal_lines import address_lines, country_of
from templates.render import Subject, values_of
from templates.typeset import Engine, Typeset
from tidings.problem import Exit, Problem
from work.lanes import LETTERS as BATCH

LETTERS = 2000
SPOOL = 10_000
"""Letters of the spool, in batches of one country as they go to a print house."""
MOST_BYTES = 2048
"""Of a letter in the spool."""
MOST_GROWTH = 64
"""MB that the process may grow by while the last three quarters of the spool are written."""
_TURNS = PLAIN + 1
TEMPLATE = "offer/autumn"


def figures() -> Iterable[Figure]:
    """Measure letters a second of CPU, from a customer's values to the PDF: codes, mark and hash included."""
    number = seed()
    draw = Draw(number)
    subjects = [_subject(draw, at) for at in range(LETTERS)]
    made = typeset_all(subjects)  # among others the forms, which are made once and not for each letter
    fell_back("letters", made, number)
    gc.freeze()  # as the press does before it forks: what is kept is not looked through again
    filled = [one for one, letter in zip(subjects, made, strict=True) if letter.engine is Engine.FILL]
    check(subjects[-1], made[-1])
    turns = [_turn(one, filled[at::_TURNS]) for at, one in enumerate(subjects[:_TURNS])]
    yield from compare("letter", turns, goals=(200, 2, 5))
    yield from _spool(draw)


def _spool(draw: Draw) -> Iterable[Figure]:
    """Yield the bytes of a letter in the spool, and the growth of memory; letters are made as they are written."""
    subjects = sorted((_subject(draw, at) for at in range(SPOOL)), key=lambda one: country_of(one.postal))
    batches = [subjects[start : start + BATCH] for start in range(0, SPOOL, BATCH)]
    turn = len(batches) // 4  # a batch of each country, then the next of each: forms are made at first sight
    written, memory = 0, []
    for batch in (one for first in range(turn) for one in batches[first::turn]):
        letters = map(_typeset, batch)
        with TemporaryFile() as file:
            bind(((made.pdf, made.constant) for made in letters), file)
            written += file.tell()
        memory.append(_resident())
    yield bound("letter spool", ours=written / SPOOL, most=MOST_BYTES, unit="bytes a letter")
    grown = max(memory[-1] - memory[len(memory) // 4], 1.0)
    yield bound("letter spool memory", ours=grown, most=MOST_GROWTH, unit="MB grown")


def _subject(draw: Draw, at: int) -> Subject:
    return draw.letter(_template(), at, language=LANGUAGES[at % len(LANGUAGES)])


def _resident() -> float:
    """Return the MB of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


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
