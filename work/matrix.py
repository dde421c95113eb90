"""A template on every channel in every language: what can be made, and what cannot."""

from collections.abc import Iterator, Mapping, Sequence

from templates.catalog import Template
from templates.facts import check_parity
from templates.preview import sample_subject
from templates.render import documents_of, render
from tidings.channel import Channel
from tidings.message import Content
from tidings.organisation import Brand
from tidings.problem import Problem

Cells = Mapping[tuple[str, str], Sequence[str]]
"""(language, channel) to what is wrong; empty where all is well."""

_MADE: dict[tuple[str, str], Cells] = {}
_MOST = 128


def matrix(template: Template, brand: Brand) -> Cells:
    """Render a template with its sample on every channel in every language, and search each output for each fact.

    A second for five languages, most of it letters; asked once for the same content and brand.
    """
    key = (template.content_hash, brand.model_dump_json())
    if key not in _MADE:
        if len(_MADE) >= _MOST:
            _MADE.clear()
        _MADE[key] = {
            cell: wrong for language in template.languages for cell, wrong in _row(template, brand, language)
        }
    return _MADE[key]


def _row(template: Template, brand: Brand, language: str) -> Iterator[tuple[tuple[str, str], Sequence[str]]]:
    subject = sample_subject(template, brand, language)
    wrong: dict[Channel, list[str]] = {channel: [] for channel in template.channels}
    contents: dict[Channel, Content] = {}
    try:
        documents = documents_of(template, subject)
    except Problem as problem:
        yield from (((language, str(channel)), [str(problem)]) for channel in template.channels)
        return
    for channel in template.channels:
        try:
            contents[channel] = render(template, channel, subject, documents=documents)
        except Problem as problem:
            wrong[channel].append(str(problem))
    if contents:
        for lacking in check_parity(template, subject, contents):
            wrong[Channel(lacking.channel)].append(str(lacking))
    yield from (((language, str(channel)), found) for channel, found in wrong.items())
