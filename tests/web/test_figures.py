"""`web.figures`: numbers with their nouns, as each language counts."""

import pytest
from jinja2 import Environment

from tidings.receipt import ReceiptKind
from tidings.state import AttemptState
from web.figures import FILTERS
from web.language import LANGUAGES, words

PAGES = Environment(autoescape=True)
PAGES.filters.update(FILTERS)
LETTER = PAGES.from_string("{{ pages | counted(c.page) }}, {{ sheets | counted(c.sheet) }}")


@pytest.mark.parametrize(
    ("language", "pages", "sheets", "shown"),
    [
        pytest.param("en", 1, 1, "1 page, 1 sheet", id="English, one"),
        pytest.param("en", 2, 1, "2 pages, 1 sheet", id="English, two on one sheet"),
        pytest.param("en", 0, 0, "0 pages, 0 sheets", id="English, none"),
        pytest.param("en", 1200, 600, "1,200 pages, 600 sheets", id="English, very many"),
        pytest.param("nb", 1, 1, "1 side, 1 ark", id="Norwegian, one"),
        pytest.param("nb", 3, 2, "3 sider, 2 ark", id="Norwegian, more"),
        pytest.param("sv", 1, 1, "1 sida, 1 ark", id="Swedish, one"),
        pytest.param("sv", 3, 2, "3 sidor, 2 ark", id="Swedish, more"),
        pytest.param("pl", 1, 1, "1 strona, 1 arkusz", id="Polish, one"),
        pytest.param("pl", 3, 2, "3 strony, 2 arkusze", id="Polish, a few"),
        pytest.param("pl", 5, 12, "5 stron, 12 arkuszy", id="Polish, many"),
        pytest.param("pl", 22, 21, "22 strony, 21 arkuszy", id="Polish, twenty-two and twenty-one"),
        pytest.param("pt_BR", 1, 1, "1 página, 1 folha", id="Portuguese, one"),
        pytest.param("pt_BR", 4, 2, "4 páginas, 2 folhas", id="Portuguese, more"),
    ],
)
def test_a_noun_follows_its_number(language, pages, sheets, shown):
    counts = words(language)["console"]["counts"]
    assert LETTER.render(language=language, c=counts, pages=pages, sheets=sheets) == shown


def test_what_else_stands_in_the_sentence_is_filled_in():
    adds = words("pl")["console"]["enclosures"]["adds"]
    page = PAGES.from_string("{{ 2 | counted(adds, cost='1,10 zł') }}")
    assert (
        page.render(language="pl", adds=adds)
        == "Każdy list ma o 2 arkusze więcej i kosztuje o 1,10 zł więcej."
    )


@pytest.mark.parametrize(
    ("value", "language", "shown"),
    [
        pytest.param("3784.81", "en", "€3,784.81", id="an amount"),
        pytest.param("0.024", "nb", "0,02 €", id="a part of a cent is rounded"),
        pytest.param("0.000412", "pl", "0,0004 €", id="what would be nothing has its first digit"),
        pytest.param("-0.004", "en", "-€0.004", id="below nothing too"),
        pytest.param("0", "sv", "0,00 €", id="nothing"),
    ],
)
def test_an_amount_that_is_not_nothing_does_not_look_like_it(value, language, shown):
    told = PAGES.from_string("{{ value | decimal | amount('EUR') }}").render(language=language, value=value)
    assert told.replace("\N{NO-BREAK SPACE}", " ") == shown


@pytest.mark.parametrize(
    ("source", "actor", "shown"),
    [
        pytest.param(
            "import:demo", "staff:demo", "imported list, demo", id="who brought a list has its name"
        ),
        pytest.param("import:crm", "staff:bo", "imported list, crm, bo", id="somebody else brought it"),
        pytest.param("form", "customer", "form, The customer", id="the customer"),
        pytest.param("api", "key:shop", "API, shop", id="another system"),
    ],
)
def test_a_wish_says_where_it_came_from_and_by_whom_once(source, actor, shown):
    page = PAGES.from_string("{{ source | said_by(actor) }}")
    assert page.render(language="en", t=words("en"), source=source, actor=actor) == shown


def test_who_spoke_for_a_customer_is_said_in_words():
    page = PAGES.from_string("{{ who | speaking }}")
    assert page.render(language="nb", who="relative, mandate M-17") == "en pårørende med fullmakt: M-17"
    assert page.render(language="pl", who="support") == "osoba wspierająca"


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        pytest.param("import:demo", "zaimportowana lista, demo", id="an imported list"),
        pytest.param("email_invalid", "to nie jest adres e-mail", id="what is wrong with an address"),
        pytest.param("our_shop", "our shop", id="a name that somebody else gave"),
    ],
)
def test_a_source_is_said_in_words(source, shown):
    assert PAGES.from_string("{{ source | in_words }}").render(language="pl", source=source) == shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_of_a_delivery_has_a_name(language):
    assert {*AttemptState, *ReceiptKind} <= words(language)["customers"]["step"].keys()
