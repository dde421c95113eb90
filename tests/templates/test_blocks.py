import pytest

from templates.blocks import Holes, read_blocks, to_html, to_text
from tidings.problem import Problem

GOOD = "# subject\nS\n# headline\nH\n# body\nB\n# short\nshort\n"


def html(source: str) -> str:
    holes = Holes.of(source)
    return holes.back(to_html(source, holes, "t"))


def text(source: str) -> str:
    holes = Holes.of(source)
    return holes.back(to_text(source, holes, "t"))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param("hello\n" + GOOD, "before the first block", id="text before the first block"),
        pytest.param(GOOD + "# colour\nred\n", "no block 'colour'", id="an unknown block"),
        pytest.param(GOOD + "# body\nagain\n", "twice", id="a block twice"),
        pytest.param("# subject\nS\n# body\nB\n# short\ns\n", "headline is missing", id="a missing headline"),
        pytest.param(
            "# subject\nS\n# headline\n\n# body\nB\n# short\ns\n", "headline is missing", id="an empty one"
        ),
        pytest.param(
            "# subject\nS\n# headline\nH\n# body\nB\n", "neither short nor action", id="nothing for SMS"
        ),
    ],
)
def test_a_wrong_content_file_is_named(source: str, said: str) -> None:
    with pytest.raises(Problem, match=said):
        read_blocks(source, "offer/x/en.md")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(
            "Hi **{{ a.b }}**", "<p>Hi <strong>{{ a.b }}</strong></p>\n", id="a value inside emphasis"
        ),
        pytest.param("[go](action)", '<p><a href="{{ links.action }}">go</a></p>\n', id="a named link"),
        pytest.param("a <b> & c", "<p>a &lt;b&gt; &amp; c</p>\n", id="HTML is text"),
        pytest.param(
            "{% if x %}\n- one\n{% endif %}",
            "{% if x %}<ul>\n<li>one</li>\n</ul>\n{% endif %}",
            id="a statement alone on its line stands between blocks",
        ),
        pytest.param(
            "| | |\n|---|---|\n| a | b |\n{% if x %}\n| c | d |\n{% endif %}",
            "<table>\n<tbody>\n<tr>\n<td>a</td>\n<td>b</td>\n</tr>\n{% if x %}<tr>\n<td>c</td>\n<td>d</td>\n</tr>\n"
            "{% endif %}</tbody>\n</table>\n",
            id="a statement between the rows of a table",
        ),
        pytest.param("a {# a note to the translator #}b", "<p>a b</p>\n", id="a comment is dropped"),
    ],
)
def test_markdown_becomes_html_that_still_holds_its_jinja(source: str, expected: str) -> None:
    assert html(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("Hi **{{ a }}** _b_", "Hi {{ a }} b", id="emphasis is left out"),
        pytest.param("[go](action)", "go ({{ links.action }})", id="a link's address follows it"),
        pytest.param("[a@b.example](mailto:a@b.example)", "a@b.example", id="an address is not said twice"),
        pytest.param("| | |\n|---|---|\n| Due | {{ d }} |", "Due: {{ d }}", id="a row of two cells"),
        pytest.param("- a\n- b\n\nc", "- a\n- b\n\nc", id="a list"),
        pytest.param("1. a\n2. b", "1. a\n2. b", id="an ordered list"),
        pytest.param("## H\ntext\n\n> q", "H\n\ntext\n\n  q", id="a heading and a quotation"),
        pytest.param("![alt](a.png)\n\nx", "x", id="an image says nothing"),
        pytest.param(
            "a\n\n{% if x %}\nb\n{% endif %}\n\nc", "a\n\n{% if x %}b\n\n{% endif %}c", id="no gap for an if"
        ),
    ],
)
def test_markdown_becomes_plain_text(source: str, expected: str) -> None:
    assert text(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("[x](javascript:alert(1))", id="javascript"),
        pytest.param("[x](data:text/html,hi)", id="data"),
        pytest.param("[x](//evil.example)", id="no scheme"),
        pytest.param("[x](https://a.example/{{ code }})", id="built from a value"),
        pytest.param("[x](file:///etc/passwd)", id="a file"),
        pytest.param("![x](../secret.png)", id="an image outside the folder"),
        pytest.param("![x](https://a.example/pixel.png)", id="an image on the network"),
        pytest.param("<https://a.example/{{ code }}>", id="an autolink built from a value"),
    ],
)
def test_a_link_or_image_that_is_not_the_templates_own_is_refused(source: str) -> None:
    with pytest.raises(Problem):
        html(source)


def test_the_marks_do_not_collide_with_the_text() -> None:
    assert html("jnjqe0z jnjqqe1z {{ a }}") == "<p>jnjqe0z jnjqqe1z {{ a }}</p>\n"
