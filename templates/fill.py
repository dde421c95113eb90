"""Letters by filling: which values stand in lines of their own, which are the same for a whole run, and the forms.

A value that the run gives to all its letters (`Subject.shared`) may stand anywhere: it is typeset with the page. One of
a single customer has to stand in a line that does not reflow. So which engine makes a letter depends on the letter
alone, never on what was made before: the same letter has the same bytes at every attempt.
"""

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from templates.edition import Edition
from templates.form import Filling, Form, Line
from templates.form_lines import build, sentinel
from templates.glyphs import Type
from templates.mark import marking_of
from templates.paper import TYPESETTING, AddressType, Page, address_type, page_css
from templates.pieces import Hole
from templates.postal_lines import Window, country_of, window_for
from templates.subject import Subject
from templates.typeset import Cause, Engine, Typeset, UnfitError

MOST_TESTS = 8
"""A letter with more tests that differ from customer to customer is laid out in full: each doubles its forms."""
_MOST_KEPT = 64
_LAYOUT = frozenset({"brand", "address", "line", "return_line"})
"""Names that are the same in all letters of one brand to one window; the address is filled in by itself."""
_ADDRESSED = frozenset({"customer", "letter", "links", "reference", "invoice", "printed"})
"""Names that the data of a run cannot settle for all of its letters."""
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_MIDDLE = 0.3636
"""Of Inter: how far the baseline lies below the middle of a line, in em."""
_POINTS = 72 / 25.4

_FORMS: dict[tuple[Any, ...], "_Letters"] = {}


def fill_letter(
    edition: Edition, subject: Subject, known: Mapping[str, Any], lines: Sequence[str]
) -> Typeset:
    """Return a letter made by filling; `known` are the values of `templates.letter.letter_values`.

    Raises:
        UnfitError: it has to be laid out in full, and why.
        Problem: a value is missing.
    """
    window = window_for(country_of(subject.postal), edition.brand.windows)
    return _letters(edition, subject, window).fill(subject, known, lines)


def constants_of(edition: Edition, subject: Subject) -> frozenset[str]:
    """Return the names whose values all letters of the subject's run have in common."""
    template = edition.template
    given = (template.model.keys() | subject.shared.keys()) - subject.data.keys() - _ADDRESSED
    links = {name for target in template.links.values() for name in _PLACEHOLDER.findall(target)} - {
        "website"
    }
    return frozenset(given | _LAYOUT | ({"printed"} if links <= given else set()))


def _letters(edition: Edition, subject: Subject, window: Window) -> "_Letters":
    """Return the forms for a letter: those of its run, found by the run's object, or else by what that says."""
    constants, shared = constants_of(edition, subject), subject.shared
    key = (id(edition), id(shared) if shared else 0, constants, window.kind)
    found = _FORMS.get(key)
    if found is None or found.edition is not edition or (shared and found.shared is not shared):
        said = repr(sorted((name, shared[name]) for name in shared.keys() & constants))
        with TYPESETTING:
            if len(_FORMS) >= _MOST_KEPT:
                _FORMS.clear()
            same = (one for one in _FORMS.values() if one.is_for(edition, said, constants, window))
            other = next(same, None)
            found = _FORMS[key] = _Letters(edition, shared, constants, window, said, other)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """A form with the values that go into it."""

    form: Form
    holes: tuple[Hole, ...]
    address: Line
    type: AddressType
    """Of the address that was typeset."""


class _Letters:
    """The forms of one edition, for one run's constants and one window: one for each set of answers to its tests."""

    def __init__(
        self,
        edition: Edition,
        shared: Mapping[str, Any],
        constants: frozenset[str],
        window: Window,
        said: str,
        other: "_Letters | None",
    ) -> None:
        """`said` is what `shared` says of the constants; `other` has the forms of another object that says the same."""
        self.edition = edition
        self.shared = shared
        self._said = said
        self._constants = constants
        self._window = window
        self._tests = edition.letter_source.tests(constants)
        self.made: dict[tuple[Any, ...], _Made | UnfitError] = other.made if other else {}

    def is_for(self, edition: Edition, said: str, constants: frozenset[str], window: Window) -> bool:
        """Tell whether these are the forms for such letters."""
        return self.edition is edition and (self._said, self._constants, self._window) == (
            said,
            constants,
            window,
        )

    def fill(self, subject: Subject, known: Mapping[str, Any], lines: Sequence[str]) -> Typeset:
        answers = self._answers(known)
        try:
            return self._filled(self._form(answers, known, wide=False), subject, known, lines)
        except UnfitError as unfit:
            if unfit.cause is not Cause.GLYPH:
                raise
            return self._filled(self._form(answers, known, wide=True), subject, known, lines)

    def _answers(self, known: Mapping[str, Any]) -> dict[str, bool]:
        if len(self._tests) > MOST_TESTS:
            raise UnfitError(Cause.TEMPLATE, f"it has {len(self._tests)} tests that differ between customers")
        return {wording: bool(ask(known)) for wording, ask in self._tests.items()}

    def _form(self, answers: Mapping[str, bool], known: Mapping[str, Any], *, wide: bool) -> _Made:
        key = (*answers.values(), wide)
        found = self.made.get(key)
        if found is None:
            with TYPESETTING:
                found = self.made.get(key) or self._built(answers, known, wide=wide)
                self.made[key] = found
        if isinstance(found, UnfitError):
            raise UnfitError(found.cause, found.why)
        return found

    def _built(
        self, answers: Mapping[str, bool], known: Mapping[str, Any], *, wide: bool
    ) -> _Made | UnfitError:
        template = self.edition.template
        where = f"{template.name}/{self.edition.language}"
        values = {**known, "address": [sentinel(0)]}
        holes: list[Hole] = []
        texts: list[str] = []
        for piece in self.edition.letter_source.pieces(answers, self._constants, values):
            if isinstance(piece, Hole):
                holes.append(piece)
                texts.append(sentinel(len(holes)))
            else:
                texts.append(piece)
        page = Page(
            html="".join(texts),
            css=page_css(self._window, self.edition.look["colours"], (sentinel(0),)),
            layout="letter.css",
            assets=template.assets,
            version=template.content_hash,
            large=self.edition.large,
            codes={"action": "", "preferences": ""},
        )
        try:
            form = build(page, names=["address", *(hole.label for hole in holes)], where=where, wide=wide)
        except UnfitError as unfit:
            return unfit
        [address] = [line for line in form.lines if 0 in line.runs[0].parts]
        lines = [line for line in form.lines if line is not address]
        return _Made(
            form=form.only(lines),
            holes=tuple(holes),
            address=address,
            type=address_type(self._window, (sentinel(0),)),
        )

    def _filled(
        self, made: _Made, subject: Subject, known: Mapping[str, Any], lines: Sequence[str]
    ) -> Typeset:
        letter = known["letter"]
        filling = Filling(
            values=["", *(_text(hole, known) for hole in made.holes)],
            codes={"action": letter["action_code"], "preferences": letter["preferences_code"]},
            lines=self._address(made, lines),
            message=subject.message,
            marking=marking_of(self.edition.brand, enclosed=subject.enclosed),
            identity=f"{subject.message}.{subject.reference}",
        )
        pdf, sha256 = made.form.fill(filling)
        return Typeset(
            pdf=pdf,
            pages=made.form.pages,
            sheets=(made.form.pages + 1) // 2,
            sha256=sha256,
            engine=Engine.FILL,
            version=self.edition.template.content_hash,
            constant=made.form.constant,
        )

    def _address(self, made: _Made, lines: Sequence[str]) -> list[tuple[Line, str]]:
        """Return the lines of the address where `page_css` would put them."""
        own, first = address_type(self._window, lines), made.type
        top = made.address.baseline + (first.centred + first.height / 2) * _POINTS + _MIDDLE * first.size
        middle = top - _MIDDLE * own.size
        run = _sized(made.address.runs[0].type, own.size)
        return [
            (
                replace(
                    made.address,
                    baseline=middle - (own.centred + own.height * (at + 0.5)) * _POINTS,
                    runs=(replace(made.address.runs[0], type=run),),
                ),
                text,
            )
            for at, text in enumerate(lines)
        ]


@lru_cache(maxsize=1024)
def _sized(kind: Type, size: float) -> Type:
    return kind.at(size)


def _text(hole: Hole, known: Mapping[str, Any]) -> str:
    """Return what a hole prints, as text."""
    if hole.escapes:
        return str(hole.value(known))
    written = str(hole.value(known))
    if "<" in written:
        raise UnfitError(Cause.TEMPLATE, f"{hole.label} prints more than text")
    return html.unescape(written)
