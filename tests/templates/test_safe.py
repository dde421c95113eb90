from datetime import date
from decimal import Decimal
from time import process_time

import pytest

from templates.safe import clean, compile_text, day, iban, money, percent, plain, render_text
from tidings.problem import Problem


def run(source: str, html: bool = True, **values: object) -> str:
    return render_text(compile_text(source, "en", html=html, where="t"), values, "t")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{{ ''.__class__ }}", id="a Python attribute"),
        pytest.param("{{ x.__class__.__mro__ }}", id="a chain of them"),
        pytest.param("{{ x['__class__'] }}", id="as a key"),
        pytest.param("{{ cycler.__init__ }}", id="a Jinja global"),
        pytest.param("{{ x() }}", id="a call"),
        pytest.param("{{ x.items() }}", id="a method"),
        pytest.param("{% include 'a' %}", id="an include"),
        pytest.param("{% import 'a' as b %}", id="an import"),
        pytest.param("{% extends 'a' %}", id="an extends"),
        pytest.param("{% macro m() %}{% endmacro %}", id="a macro"),
        pytest.param("{% set y = 1 %}", id="an assignment"),
        pytest.param("{{ 2 ** 100 }}", id="a power"),
        pytest.param("{{ 'a' * 1000000 }}", id="a multiplication"),
        pytest.param("{{ x | attr('y') }}", id="the attr filter"),
        pytest.param("{{ x | safe }}", id="the safe filter"),
        pytest.param("{{ x is mapping }}", id="another test"),
        pytest.param("{% for a in x %}{% for b in x %}{% endfor %}{% endfor %}", id="a product of loops"),
        pytest.param("{% for a in x recursive %}{% endfor %}", id="a recursive loop"),
        pytest.param("{{ y }}", id="a value that is missing"),
        pytest.param("{% if y %}{% endif %}", id="a test of a missing value"),
        pytest.param("{{ x.", id="half an expression"),
        pytest.param("{{ x | money('NOK') }}", id="a text as money"),
        pytest.param("{{ x | date }}", id="a text as a date"),
        pytest.param("{{ day | date('%s%n') }}", id="a date in a style that is none"),
        pytest.param("{{ self }}", id="the template as an object"),
        pytest.param("{% for a in items %}{{ loop }}{% endfor %}", id="a loop as an object"),
    ],
)
def test_a_template_can_do_nothing_but_print_its_data(source: str) -> None:
    with pytest.raises(Problem):
        run(source, x="text", day=date(2026, 11, 22), items=[1])


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        pytest.param("{{7*7}}", "{{7*7}}", id="Jinja"),
        pytest.param("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;", id="HTML"),
        pytest.param("[x](javascript:1)", "[x](javascript:1)", id="Markdown"),
        pytest.param("a | b", "a | b", id="a pipe"),
        pytest.param('" onload="x', "&#34; onload=&#34;x", id="an attribute"),
    ],
)
def test_a_value_is_printed_as_the_text_it_is(value: str, printed: str) -> None:
    assert run("{{ x }}", x=value) == printed


DEEP = 4_000


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("{{ " + "(" * DEEP + "1" + ")" * DEEP + " }}", id="brackets in brackets"),
        pytest.param("{{ " + "[" * DEEP + " }}", id="lists that never close"),
        pytest.param("{{ " + "not " * DEEP + "x }}", id="a chain of not"),
        pytest.param("{{ x" + "[0]" * DEEP + " }}", id="a chain of keys"),
        pytest.param("{{ x" + "|upper" * DEEP + " }}", id="a chain of filters"),
        pytest.param("{{ " + "1 if x else " * DEEP + "2 }}", id="a chain of choices"),
        pytest.param("{% if x %}" * DEEP + "{% endif %}" * DEEP, id="tests in tests"),
        pytest.param("{{ " + "~".join(["x"] * 30_000) + " }}", id="a long sum of texts"),
        pytest.param("x" * 400_001, id="a text without end"),
        pytest.param("{{ x | join(x | join(x)) }}", id="joins of joins"),
        pytest.param(
            "{% for a in x %}{% for b in a %}{{ b }}{% endfor %}{% endfor %}", id="a loop over letters"
        ),
        pytest.param("{% for a in x %}{{ a }}{% endfor %}" * 101, id="more loops than anybody needs"),
        pytest.param("{{ '1e999999999' | number }}", id="a number without end"),
        pytest.param("{{ " + "9" * 5000 + " }}", id="a number of more digits than Python reads"),
        pytest.param("{{ x | items_of }}", id="a filter of our own"),
        pytest.param("{{ x | date('y' * 100000) }}", id="a pattern without end"),
    ],
)
def test_a_hostile_template_ends_at_once_with_a_reason(source: str) -> None:
    """Within seconds of CPU time: what it asks for would take hours, or more memory than there is."""
    began = process_time()
    with pytest.raises(Problem):
        run(source, x=["y" * 9_000] * 2_000)
    assert process_time() - began < 5


def test_output_has_a_limit() -> None:
    with pytest.raises(Problem, match="characters"):
        run("{% for a in x %}" + "y" * 1000 + "{% endfor %}", x=list(range(1000)))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(object(), id="an object"),
        pytest.param({"a": [b"bytes"]}, id="bytes"),
        pytest.param("x" * 20_000, id="a text without end"),
        pytest.param(list(range(30_000)), id="too many values"),
        pytest.param([[[[[[[[[[1]]]]]]]]]], id="too deep"),
    ],
)
def test_data_is_plain_and_bounded(value: object) -> None:
    with pytest.raises(Problem):
        plain(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\r\nBcc: x", "a Bcc: x", id="line ends"),
        pytest.param("a\x00b\x1bc", "a b c", id="control characters"),
        pytest.param("a\u202egpj", "a gpj", id="a bidirectional override"),
        pytest.param("a\ud800b", "a b", id="a lone surrogate"),
        pytest.param("Zoë O\u2019Brien 李 😀", "Zoë O\u2019Brien 李 😀", id="names stay as they are"),
    ],
)
def test_what_would_break_a_line_becomes_a_space(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_values_are_written_as_the_language_writes_them() -> None:
    assert money(Decimal("1234.5"), "NOK", "nb") == "1\u00a0234,50\u00a0kr"
    assert money(Decimal(1234), "JPY", "en") == "¥1,234"
    assert money(Decimal("1234.40"), "RSD", "en") == "RSD1,234.40", "nothing that is owed is left out"
    assert money(Decimal("1234.5"), "BRL", "pt_BR") == "R$\u00a01.234,50"
    assert day(date(2026, 12, 5), "pl") == "5 grudnia 2026"
    assert percent(Decimal("12.5"), "sv") == "12,5\u00a0%"
    assert iban("NO9386011117947") == "NO93 8601 1117 947"
    assert iban("8601.11.17947") == "8601.11.17947"
