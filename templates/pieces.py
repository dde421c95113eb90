"""What template text is made of: words that stand, values that are printed, tests that choose between words.

Templates have so little syntax (`templates.safe`) that their tree says all of it: a value that is printed becomes a
hole, a test becomes a part of the variant's key, a loop is a hole that is filled with what it wrote.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from templates.safe import environment, parse_text

Values = Mapping[str, Any]
Evaluate = Callable[[Values], Any]
FORMATS = frozenset({"money", "date", "number", "percent", "iban"})
"""Filters that are functions of their arguments alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hole:
    """A place for a value. `value` gives it, or raises what the data deserve; the same `key` gives the same value."""

    key: str
    value: Evaluate
    escapes: bool
    """Whether the value still has to be escaped for HTML."""
    label: str
    """What it prints, as template text names it: `customer.first_name`."""

    def text(self, values: Values) -> str:
        """Return what stands here."""
        value = self.value(values)
        return str(escape(value)) if self.escapes else str(value)


Piece = str | Hole


class Source:
    """Template text, checked, and taken apart for one set of answers to its tests."""

    def __init__(self, source: str, language: str, *, html: bool, where: str) -> None:
        """Parse.

        Raises:
            Problem: see `templates.safe.compile_text`.
        """
        self._tree = parse_text(source, language, html=html, where=where)
        self._environment = environment(language, html=html)
        self._html = html

    @property
    def loops(self) -> bool:
        """Whether it has a loop, whose text may hold line ends."""
        return next(self._tree.find_all(nodes.For), None) is not None

    def names(self) -> frozenset[str]:
        """Return the first names of everything that it reads: `customer`, `links`."""
        return _names(self._tree)

    def tests(self, constants: frozenset[str]) -> dict[str, Evaluate]:
        """Return the tests that constants do not decide: their wording and how to ask them."""
        found = {}
        for test in _tests(self._tree.body):
            if not _names(test) <= constants:
                found[repr(test)] = _evaluator(test, self._environment)
        return found

    def pieces(self, answers: Mapping[str, bool], constants: frozenset[str], values: Values) -> list[Piece]:
        """Return the text for these answers, with the constants filled in; words beside words are one piece.

        Raises:
            Exception: a constant cannot be printed.
        """
        joined: list[Piece] = []
        for piece in self._walk(self._tree.body, answers, constants, values):
            if joined and isinstance(piece, str) and isinstance(joined[-1], str):
                joined[-1] += piece
            else:
                joined.append(piece)
        return joined

    def _walk(
        self,
        body: Iterable[nodes.Node],
        answers: Mapping[str, bool],
        constants: frozenset[str],
        values: Values,
    ) -> Iterator[Piece]:
        for node in body:
            if isinstance(node, nodes.TemplateData):
                yield node.data
            elif isinstance(node, nodes.Output):
                yield from self._walk(node.nodes, answers, constants, values)
            elif isinstance(node, nodes.If):
                yield from self._walk(self._chosen(node, answers, values), answers, constants, values)
            elif _names(node) <= constants:
                yield self._hole(node).text(values)
            else:
                yield self._hole(node)

    def _chosen(self, node: nodes.If, answers: Mapping[str, bool], values: Values) -> Iterable[nodes.Node]:
        for branch in (node, *node.elif_):
            known = answers.get(repr(branch.test))
            if known if known is not None else _evaluator(branch.test, self._environment)(values):
                return branch.body
        return node.else_

    def _hole(self, node: nodes.Node) -> Hole:
        evaluate = _direct(node, self._environment)
        if evaluate is not None:
            return Hole(key=repr(node), value=evaluate, escapes=self._html, label=_label(node))
        written = _rendered(node, self._environment)
        return Hole(key=f"{self._html} {node!r}", value=written, escapes=False, label=_label(node))


def _names(node: nodes.Node) -> frozenset[str]:
    own = {node.name} if isinstance(node, nodes.Name) else set()
    return frozenset(own | {found.name for found in node.find_all(nodes.Name)})


def _label(node: nodes.Node) -> str:
    if isinstance(node, nodes.Filter) and node.node is not None:
        return _label(node.node)
    if isinstance(node, nodes.Getattr):
        return f"{_label(node.node)}.{node.attr}"
    return ", ".join(sorted(_names(node)))


def _tests(body: Iterable[nodes.Node]) -> Iterator[nodes.Node]:
    """Yield the tests outside of loops."""
    for node in body:
        if isinstance(node, nodes.If):
            yield node.test
            yield from _tests((*node.body, *node.elif_, *node.else_))


def _evaluator(node: nodes.Node, environment: ImmutableSandboxedEnvironment) -> Evaluate:
    """Return how to ask a test."""
    direct = _direct(node, environment)
    if direct is not None:
        return direct
    yes = nodes.If(node, [nodes.Output([nodes.TemplateData("1")])], [], [], lineno=1)
    return _rendered(yes, environment)


def _rendered(node: nodes.Node, environment: ImmutableSandboxedEnvironment) -> Callable[[Values], str]:
    """Return how to write any piece of template text as a template of its own."""
    body = nodes.Output([node], lineno=1) if isinstance(node, nodes.Expr) else node
    tree = nodes.Template([body], lineno=1)
    tree.set_environment(environment)
    return environment.from_string(tree).render


def _direct(node: nodes.Node, environment: ImmutableSandboxedEnvironment) -> Evaluate | None:
    """Return a short way to a value, for the forms that nearly all templates keep to; None for any other form.

    Where the template engine would have refused, this raises another error; the caller then asks the engine.
    """
    if isinstance(node, nodes.Const):
        constant = node.value
        return lambda _: constant
    if isinstance(node, nodes.Name):
        name = node.name
        return lambda values: values[name]
    if isinstance(node, nodes.Getattr):
        return _part(node, environment)
    if isinstance(node, nodes.Not):
        inner = _direct(node.node, environment)
        return inner and (lambda values: not inner(values))
    if isinstance(node, nodes.Filter):
        return _formatted(node, environment)
    return None


def _part(node: nodes.Getattr, environment: ImmutableSandboxedEnvironment) -> Evaluate | None:
    key = node.attr
    if isinstance(node.node, nodes.Name):  # the usual form, `customer.first_name`, with one call less
        name = node.node.name
        return lambda values: values[name][key]
    inner = _direct(node.node, environment)
    return inner and (lambda values: inner(values)[key])


def _formatted(node: nodes.Filter, environment: ImmutableSandboxedEnvironment) -> Evaluate | None:
    if node.name not in FORMATS or node.node is None or node.kwargs or node.dyn_args or node.dyn_kwargs:
        return None
    found = [_direct(argument, environment) for argument in (node.node, *node.args)]
    arguments = [argument for argument in found if argument is not None]
    if len(arguments) < len(found):
        return None
    form = environment.filters[node.name]
    return lambda values: form(*(argument(values) for argument in arguments))
