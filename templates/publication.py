"""The proof that a template's letters look the same filled as laid out in full: made when it is published."""

from collections.abc import Iterator
from dataclasses import replace

from templates.catalog import Template
from templates.compare import difference
from templates.edition import edition
from templates.language import choose
from templates.letter import letter_values, typeset_in_full, typeset_letter
from templates.postal_lines import address_lines
from templates.preview import sample_subject
from templates.render import values_of
from templates.typeset import Engine
from tidings.channel import Channel
from tidings.organisation import Brand
from tidings.problem import Problem

NAMES = (("Ada", "Lovelace"), ("Maximilian-Alexander", "Żółkiewski-Ångström"))
"""A short name and a long one with accents."""


def unlike(template: Template, brand: Brand) -> Iterator[str]:
    """Yield where a letter that is filled differs from the same laid out in full, one sentence each.

    Two letters in every language, 0.3 s each; letters that are laid out in full anyway have nothing to be compared.
    """
    if Channel.LETTER not in template.channels or template.document:
        return
    for language in template.languages:
        for first, last in NAMES:
            try:
                found = _difference(template, brand, language, first, last)
            except Problem as problem:
                found = str(problem)
            if found:
                yield f"{template.name}, {language}, letter: filled it is not what it is laid out in full: {found}."


def _difference(template: Template, brand: Brand, language: str, first: str, last: str) -> str:
    sample = sample_subject(template, brand, language)
    given = {key: value for key, value in sample.data.items() if key != "customer"}
    customer = {"first_name": first, "last_name": last, "company": ""}
    subject = replace(
        sample,
        data={"customer": customer},
        shared=given,
        postal={**dict(sample.postal or {}), "name": f"{first} {last}"},
    )
    chosen = edition(template, choose(language, template.languages, brand.languages), brand)
    values = values_of(template, subject)
    lines = address_lines(subject.postal or {}, brand.address.country, windows=brand.windows)
    filled = typeset_letter(chosen, subject, values, lines)
    if filled.engine is not Engine.FILL:
        return ""
    known = letter_values(chosen, subject, values, lines)
    return difference(filled.pdf, typeset_in_full(chosen, subject, known, lines).pdf)
