import pytest

from templates.language import choose, direction, words

OFFERED = ("en", "nb", "sv", "pl", "pt_BR")


@pytest.mark.parametrize(
    ("wanted", "fallback", "chosen"),
    [
        pytest.param("pt_BR", (), "pt_BR", id="the region"),
        pytest.param("pt-BR", (), "pt_BR", id="with a hyphen"),
        pytest.param("PT_br", (), "pt_BR", id="in other capitals"),
        pytest.param("pt_PT", (), "pt_BR", id="the language of another region"),
        pytest.param("nb_NO", (), "nb", id="the language without its region"),
        pytest.param("no", (), "nb", id="Norwegian of no kind"),
        pytest.param("nn", (), "nb", id="Nynorsk reads Bokmal"),
        pytest.param("de", ("sv", "en"), "sv", id="the organisation's first"),
        pytest.param("de", ("fr",), "en", id="the template's first"),
        pytest.param("", ("pl",), "pl", id="nothing said"),
    ],
)
def test_the_language_falls_back(wanted: str, fallback: tuple[str, ...], chosen: str) -> None:
    assert choose(wanted, OFFERED, fallback) == chosen


def test_the_layouts_speak_all_languages_alike() -> None:
    english = words("en")
    for language in OFFERED:
        assert words(language).keys() == english.keys()
        assert all(("{" in words(language)[key]) == ("{" in text) for key, text in english.items())


def test_a_language_that_we_do_not_have_gets_english_words() -> None:
    assert words("fi") == words("en")


def test_direction() -> None:
    assert (direction("ar_EG"), direction("nb")) == ("rtl", "ltr")
