"""A problem in the language of whoever reads the page: found again in a catalogue, by its English sentence.

`tidings.problem.Problem` is raised in English wherever something is wrong, and a command prints it as it is. A page
looks the sentence up in `locales/problems/*.toml`, whose keys are the sentences with `{0}`, `{1}` ... for their values,
and says it again in its own language with the same values. A sentence that nobody translated stays English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tidings.problem import Problem

_FOLDER = Path(__file__).parent / "locales" / "problems"
_GAP = re.compile(r"\{\d\}")
_LONGEST = 4_000
"""Characters of what is looked up; something longer holds a file or a text, not a sentence."""
_END = re.compile(r"(?<=[.?!]) ")
_MOST_ENDS = 12
"""How many ends of sentences are tried: what comes behind them is read as one."""


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return what each sentence is in each language."""
    found: dict[str, Mapping[str, str]] = {}
    for path in sorted(_FOLDER.glob("*.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8"))
    return found


def told(problem: Problem | str, language: str) -> str:
    """Return a problem, or a text of such sentences, in one of `web.language.LANGUAGES`.

    >>> told(Problem("There is no run '4711'.", todo="Ask a second person."), "nb")
    "Det finnes ingen kjøring '4711'. Spør en annen."
    """
    if isinstance(problem, Problem):
        return f"{told(problem.what, language)} {told(problem.todo, language)}".rstrip()
    if language == "en" or len(problem) > _LONGEST:
        return problem
    return _text(problem, language)


@dataclass(frozen=True, kw_only=True)
class _Form:
    """One sentence of the catalogue: the words between its values."""

    parts: tuple[str, ...]
    languages: Mapping[str, str]

    @property
    def weight(self) -> int:
        """How many characters are its own: of two sentences that fit, the one that says more is meant."""
        return sum(map(len, self.parts))

    def values(self, said: str) -> list[str] | None:
        """Return the values of a sentence of this form, None when it is another one. Linear in what is said."""
        first, *middle, last = self.parts if len(self.parts) > 1 else (*self.parts, "")
        if not (said.startswith(first) and said.endswith(last) and len(said) >= len(first) + len(last)):
            return None
        rest, found = said[len(first) : len(said) - len(last)], []
        for part in middle:
            value, there, rest = rest.partition(part)
            if not there:
                return None
            found.append(value)
        if len(self.parts) == 1:
            return None if rest else []
        return [*found, rest]


@cache
def _forms() -> tuple[_Form, ...]:
    forms = [_Form(parts=tuple(_GAP.split(said)), languages=known) for said, known in catalogue().items()]
    return tuple(sorted(forms, key=lambda form: form.weight, reverse=True))


def _text(said: str, language: str) -> str:
    """Return a text of several sentences, cut where most of its characters are words of the catalogue."""
    ends = [found.end() for found in _END.finditer(said)][:_MOST_ENDS]
    starts = [0, *ends, len(said) + 1]
    best = {len(starts) - 1: (0, "")}
    for first in reversed(range(len(starts) - 1)):
        readings = []
        for last in range(first + 1, len(starts)):
            weight, sentence = _sentence(said[starts[first] : starts[last] - 1], language)
            more, rest = best[last]
            readings.append((weight + more, f"{sentence} {rest}".rstrip()))
        best[first] = max(readings, key=lambda reading: reading[0])
    return best[0][1]


def _sentence(said: str, language: str) -> tuple[int, str]:
    """Return one sentence in a language, its values too where they are sentences of ours; (0, itself) if unknown."""
    for form in _forms():
        values = form.values(said)
        if values is not None and form.weight:
            return form.weight, _filled(form.languages[language], values, language)
    return 0, said


def _filled(form: str, values: list[str], language: str) -> str:
    """Return a translation with its values; one that is a sentence or a word of ours is translated as well."""
    said = [_sentence(value, language)[1] for value in values]
    return _GAP.sub(lambda gap: said[int(gap[0][1])], form)
