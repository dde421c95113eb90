"""The sandbox of template text: plain data in, an allow-list of syntax, formatted values out, limits on all of it."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision
from jinja2 import StrictUndefined, Template, TemplateError, nodes, pass_eval_context
from jinja2.filters import do_join
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tidings.problem import Problem

MAX_OUTPUT = 400_000
"""Characters that one rendered part may have."""
MAX_VALUES = 20_000
"""Values (strings, numbers, ...) in the data of one message."""
MAX_TEXT = 10_000
"""Characters of one value."""
MAX_DEPTH = 8
MAX_SOURCE = 400_000
"""Characters of one template text."""
MAX_NODES = 20_000
"""Parts of its syntax."""
MAX_NESTING = 60
"""How deep they lie in each other; Python's own compiler ends near a hundred."""
MAX_LOOPS = 100
"""Loops in one text: with a loop that only walks down the data, and data of MAX_VALUES, two million rounds at most."""

DATE_STYLES = ("full", "long", "medium", "short")

FILTERS = frozenset({"money", "date", "number", "percent", "iban", "upper", "lower", "join", "length"})
TESTS = frozenset({"defined", "none"})
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.Getattr,
    nodes.Getitem,
    nodes.If,
    nodes.For,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Concat,
    nodes.Filter,
    nodes.Test,
)

_OF_JINJA = frozenset({"self", "loop", "super", "caller", "varargs", "kwargs"})
"""Names that Jinja itself gives a meaning, some of them an object of Python's."""

# Control characters end lines and fields; bidirectional overrides make a text read differently from what it is; lone
# surrogates cannot be encoded.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")


_ITEMS = "items of"
"""The filter that every loop's list goes through; no template can write its name."""


def _items(value: Any) -> Any:
    """Return what a loop may run over: a list or a mapping. A text's characters are no items."""
    if isinstance(value, str | int | Decimal):
        msg = f"a loop runs over a list, not over {value!r:.40}"
        raise TypeError(msg)
    return value


@pass_eval_context
def _join(context: nodes.EvalContext, value: Any, between: str = "") -> str:
    """Join the items of a list, as Jinja does, to no more than a value may have."""
    items = list(_items(value))
    length = sum(len(str(item)) for item in items) + len(between) * len(items)
    if length > MAX_TEXT:
        msg = f"`join` makes a text of {length} characters, more than {MAX_TEXT}"
        raise ValueError(msg)
    joined: str = do_join(context, items, between)
    return joined


class _Environment(ImmutableSandboxedEnvironment):
    """Looks up keys of mappings and nothing else: no attribute of any Python object is reachable."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return the value of a key."""
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return the value of a key, or an undefined that raises when it is printed or tested."""
        if isinstance(obj, dict) and argument in obj:
            return obj[argument]
        return self.undefined(obj=obj, name=argument)


@lru_cache(maxsize=64)
def environment(language: str, *, html: bool) -> ImmutableSandboxedEnvironment:
    """Return the sandbox that formats values as `language` writes them; `html` escapes what is printed."""
    env = _Environment(
        undefined=StrictUndefined,
        autoescape=html,
        keep_trailing_newline=True,
        cache_size=0,
        auto_reload=False,
    )
    env.globals.clear()
    env.tests = {name: env.tests[name] for name in TESTS}
    env.filters = {name: env.filters[name] for name in FILTERS & env.filters.keys()}
    env.filters["join"] = _join
    env.filters[_ITEMS] = _items
    env.filters["money"] = lambda value, currency: money(value, currency, language)
    env.filters["date"] = lambda value, style="long": day(value, language, style)
    env.filters["number"] = lambda value: number(value, language)
    env.filters["percent"] = lambda value: percent(value, language)
    env.filters["iban"] = iban
    return env


def compile_text(source: str, language: str, *, html: bool, where: str) -> Template:
    """Check template text against the allow-list and compile it.

    Raises:
        Problem: a syntax error or something that templates may not do; `where` names file and block.
    """
    tree = parse_text(source, language, html=html, where=where)
    try:
        return environment(language, html=html).from_string(tree)
    except (TemplateError, RecursionError) as error:
        raise Problem(f"{where}: {error}.", todo="See docs/writing-templates.md.") from error


def parse_text(source: str, language: str, *, html: bool, where: str) -> nodes.Template:
    """Check template text against the allow-list and the limits, and return its tree. Raises as `compile_text` does."""
    if len(source) > MAX_SOURCE:
        raise Problem(f"{where}: the text has {len(source)} characters, more than {MAX_SOURCE}.")
    try:
        tree = environment(language, html=html).parse(source)
        _Checker(where).check(tree)
    except RecursionError as error:
        raise Problem(f"{where}: its parts lie too deep in each other.") from error
    except (TemplateError, ValueError) as error:  # ValueError: Python reads no number of 5,000 digits
        raise Problem(f"{where}: {error}.", todo="See docs/writing-templates.md.") from error
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, _ITEMS, [], [], None, None, lineno=loop.lineno)
    return tree


def render_text(template: Template, values: Mapping[str, Any], where: str) -> str:
    """Render compiled text.

    Raises:
        Problem: a value is missing or the output is too long.
    """
    written: list[str] = []
    left = MAX_OUTPUT
    try:
        for part in template.generate(values):
            left -= len(part)
            if left < 0:
                raise Problem(f"{where}: the output has more than {MAX_OUTPUT} characters.")
            written.append(part)
    except (TemplateError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        said = "a number that nobody could read" if isinstance(error, ArithmeticError) else error
        raise Problem(
            f"{where}: {said}.", todo="Give the value in the data, or test it with `if`."
        ) from error
    return "".join(written)


class _Checker:
    """Refuses what is not on the list, what is too much, and loops that do not walk down the data.

    (The product of two loops has no bound.)
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._nodes = 0
        self._loops = 0

    def check(self, node: nodes.Node, loops: tuple[str, ...] = (), depth: int = 0) -> None:
        """Look at a node and all below it."""
        where = self._where
        self._nodes += 1
        if self._nodes > MAX_NODES or depth > MAX_NESTING:
            raise Problem(f"{where}: more syntax than one text may have, or too deep.")
        if not isinstance(node, _ALLOWED):
            raise Problem(f"{where}: `{type(node).__name__.lower()}` is not allowed in a template.")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            known = ", ".join(sorted(FILTERS))
            raise Problem(f"{where}: there is no filter `{node.name}`.", todo=f"Known: {known}.")
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise Problem(f"{where}: there is no test `{node.name}`.")
        if isinstance(node, nodes.Name) and node.name in _OF_JINJA:
            raise Problem(f"{where}: `{node.name}` is an object of the engine, no value.")
        if isinstance(node, nodes.For):
            loops = (*loops, self._loop(node, loops))
        for child in node.iter_child_nodes():
            self.check(child, loops, depth + 1)

    def _loop(self, node: nodes.For, loops: tuple[str, ...]) -> str:
        """Return the name that a loop gives to its items."""
        self._loops += 1
        if self._loops > MAX_LOOPS:
            raise Problem(f"{self._where}: more than {MAX_LOOPS} loops.")
        if node.recursive or not isinstance(node.target, nodes.Name):
            raise Problem(f"{self._where}: a loop has the form `for item in items`.")
        if loops and _root(node.iter) != loops[-1]:
            raise Problem(f"{self._where}: a loop inside a loop must run over a part of `{loops[-1]}`.")
        return node.target.name


def _root(node: nodes.Node) -> str:
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else ""


def plain(value: Any, where: str = "data") -> Any:
    """Return a copy that is plain data only: str, int, Decimal, bool, date, None, list, dict.

    Control characters and bidirectional overrides become one space: no value can end a header line or a paragraph.

    Raises:
        Problem: another type, or more data than one message may have.
    """
    left = [MAX_VALUES]
    return _plain(value, where, MAX_DEPTH, left)


def _plain(value: Any, where: str, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if left[0] < 0 or depth < 0:
        raise Problem(f"{where}: more data than one message may have.")
    kind = type(value)
    if kind is str:
        return clean(value, where)
    if value is None or kind in (int, bool, Decimal, date, datetime):
        return value
    if kind is float:
        return Decimal(repr(value))
    if isinstance(value, str):  # a StrEnum
        return clean(str(value), where)
    if kind is dict or isinstance(value, Mapping):
        return {
            str(key): item
            if type(item) is str and len(item) <= MAX_TEXT and _fit(item)
            else _plain(item, f"{where}.{key}", depth - 1, left)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_plain(item, where, depth - 1, left) for item in value]
    raise Problem(f"{where}: a {kind.__name__} is not plain data.")


def clean(text: str, where: str = "data") -> str:
    """Return one line of printable text.

    Raises:
        Problem: longer than MAX_TEXT.
    """
    if len(text) > MAX_TEXT:
        raise Problem(f"{where}: a text of {len(text)} characters, more than {MAX_TEXT}.")
    return text if _fit(text) else _UNPRINTABLE.sub(" ", text)


def _fit(text: str) -> bool:
    """Tell whether a text surely has nothing to clean."""
    return text.isprintable() and "\ufeff" not in text


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the babel locale of `nb`, `pt_BR`, ..."""
    return Locale.parse(language)


@lru_cache(maxsize=65536)
def money(value: Decimal | int | str, currency: str, language: str) -> str:
    """Return an amount as the language writes it: `1 234,50 kr`, `€1,234.50`, `¥1,234`, but `¥1,234.50`."""
    amount = Decimal(value)
    whole = get_currency_precision(currency) or amount == amount.to_integral_value()
    return format_currency(amount, currency, locale=locale_of(language), currency_digits=bool(whole))


@lru_cache(maxsize=16384)
def day(value: date, language: str, style: str = "long") -> str:
    """Return a date as the language writes it: `5. desember 2026`.

    Raises:
        TypeError: it is none.
        ValueError: a style of which there is none.
    """
    if not isinstance(value, date):
        msg = f"{str(value)[:40]!r} is not a date"
        raise TypeError(msg)
    if style not in DATE_STYLES:
        msg = f"a date is written {', '.join(DATE_STYLES)}, not {style[:40]!r}"
        raise ValueError(msg)
    return format_date(value, style, locale=locale_of(language))


@lru_cache(maxsize=16384)
def number(value: Decimal | int, language: str) -> str:
    """Return a number as the language writes it."""
    return format_decimal(value, locale=locale_of(language))


@lru_cache(maxsize=1024)
def percent(value: Decimal | int, language: str) -> str:
    """Return `25 %` for 25, as the language writes it; decimals only where there are some."""
    hundredth = Decimal(value) / 100
    return format_percent(hundredth, locale=locale_of(language), decimal_quantization=False)


@lru_cache(maxsize=1024)
def iban(value: str) -> str:
    """Return an IBAN in groups of four, as ISO 13616 prints it; another account number as it is."""
    joined = value.replace(" ", "")
    if not re.match(r"[A-Z]{2}\d{2}", joined):
        return value
    return " ".join(joined[start : start + 4] for start in range(0, len(joined), 4))
