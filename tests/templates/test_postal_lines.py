import pytest

from templates.postal_lines import address_lines, country_name, line_height, window_for
from tidings.problem import Problem

ADA = {"name": "Ada Lovelace", "organisation": "Engines Ltd", "street": ["Street 1", "Floor 2"]}


@pytest.mark.parametrize(
    ("postal", "origin", "expected"),
    [
        pytest.param(
            {"country": "NO", "postal_code": "0150", "city": "Oslo"},
            "NO",
            ("Ada Lovelace", "Engines Ltd", "Street 1", "Floor 2", "0150 OSLO"),
            id="at home the country is left out",
        ),
        pytest.param(
            {"country": "SE", "postal_code": "111 22", "city": "Stockholm"},
            "SE",
            ("Engines Ltd", "Ada Lovelace", "Street 1", "Floor 2", "111 22 STOCKHOLM"),
            id="Sweden names the company first and its own code without SE",
        ),
        pytest.param(
            {"country": "SE", "postal_code": "111 22", "city": "Stockholm", "street": ["Street 1"]},
            "NO",
            ("Engines Ltd", "Ada Lovelace", "Street 1", "SE-111 22 STOCKHOLM", "SVERIGE"),
            id="abroad with SE and in Norwegian",
        ),
        pytest.param(
            {
                "country": "US",
                "postal_code": "95014",
                "city": "Cupertino",
                "area": "CA",
                "street": ["1 Loop"],
            },
            "DE",
            ("Ada Lovelace", "Engines Ltd", "1 Loop", "CUPERTINO, CA 95014", "VEREINIGTE STAATEN"),
            id="America in German",
        ),
        pytest.param(
            {
                "country": "GB",
                "postal_code": "SW1A 1AA",
                "city": "London",
                "organisation": "",
                "street": ["1 Mall"],
            },
            "GB",
            ("Ada Lovelace", "1 Mall", "LONDON", "SW1A 1AA"),
            id="Britain has its code on its own line",
        ),
        pytest.param(
            {"country": "IE", "city": "Dublin", "area": "Dublin", "organisation": "", "street": ["3 Quay"]},
            "NO",
            ("Ada Lovelace", "3 Quay", "DUBLIN", "IRLAND"),
            id="a county that is the city is said once",
        ),
        pytest.param(
            {"country": "US", "postal_code": "95014", "city": "Cupertino", "area": "CA"},
            "NO",
            ("Ada Lovelace", "Engines Ltd", "Street 1, Floor 2", "CUPERTINO, CA 95014", "USA"),
            id="what is too high for the window is joined",
        ),
        pytest.param(
            {"country": "AE", "city": "Dubai", "area": "Dubai", "organisation": "", "street": ["1 Road"]},
            "GB",
            ("Ada Lovelace", "1 Road", "DUBAI", "UNITED ARAB EMIRATES"),
            id="a city where the post knows areas only",
        ),
        pytest.param(
            {
                "country": "JP",
                "postal_code": "100-0005",
                "city": "Chiyoda",
                "area": "Tokyo",
                "organisation": "",
                "street": ["1-9-1 Marunouchi"],
            },
            "GB",
            ("Ada Lovelace", "1-9-1 Marunouchi", "Chiyoda, TOKYO", "100-0005", "JAPAN"),
            id="a city of an area",
        ),
        pytest.param(
            {"country": "CH", "city": "Bern", "organisation": "", "street": ["Gasse 1"]},
            "GB",
            ("Ada Lovelace", "Gasse 1", "Bern", "SWITZERLAND"),
            id="no sign of a postcode that is missing",
        ),
        pytest.param(
            {
                "country": "US",
                "postal_code": "95014",
                "city": "Cupertino",
                "organisation": "",
                "street": ["1 Loop"],
            },
            "GB",
            ("Ada Lovelace", "1 Loop", "CUPERTINO, 95014", "UNITED STATES"),
            id="no gap for an area that is missing",
        ),
        pytest.param(
            {"country": "", "city": "Nowhere"},
            "NO",
            ("Ada Lovelace", "Engines Ltd", "Street 1", "Floor 2", "NOWHERE"),
            id="no country",
        ),
    ],
)
def test_an_address_is_written_as_its_destination_wants_it(
    postal: dict[str, object], origin: str, expected: tuple[str, ...]
) -> None:
    assert address_lines({**ADA, **postal}, origin) == expected


def test_the_name_and_company_come_from_the_customer_when_the_address_has_none() -> None:
    lines = address_lines({"country": "NO", "city": "Oslo"}, "NO", name="Ada", company="Engines")
    assert lines == ("Ada", "Engines", "OSLO")
    assert address_lines({"country": "NO", "city": "Oslo"}, "NO", name="Engines", company="Engines") == (
        "Engines",
        "OSLO",
    )


def test_a_line_of_the_address_cannot_make_another() -> None:
    assert address_lines({"name": "Ada\nEvil 1", "country": "NO"}, "NO") == ("Ada Evil 1",)


@pytest.mark.parametrize(
    ("country", "origin", "name"),
    [
        pytest.param("DE", "NO", "TYSKLAND", id="in Norwegian"),
        pytest.param("NO", "PL", "NORWEGIA", id="in Polish"),
        pytest.param("DE", "JP", "GERMANY", id="in English where the post writes no Latin letters"),
        pytest.param("DE", "", "GERMANY", id="in English where the origin is not known"),
        pytest.param("XX", "NO", "XX", id="as its code where it has no name"),
    ],
)
def test_the_country_is_named_for_the_sending_post(country: str, origin: str, name: str) -> None:
    assert country_name(country, origin) == name


def test_more_lines_than_a_window_shows_are_refused() -> None:
    assert line_height(window_for("US"), 5) >= 3
    with pytest.raises(Problem, match="does not fit"):
        line_height(window_for("US"), 6)


@pytest.mark.parametrize(
    ("country", "chosen", "kind"),
    [
        pytest.param("DE", {}, "din-b", id="Germany's usual one"),
        pytest.param("DE", {"DE": "din-a"}, "din-a", id="form A where the brand has it"),
        pytest.param("CH", {}, "ch-left", id="Switzerland's left one"),
        pytest.param("CH", {"CH": "ch-right"}, "ch-right", id="its right one"),
        pytest.param("GB", {"GB": "uk-c5", "DE": "din-a"}, "uk-c5", id="a British C5"),
        pytest.param("SE", {"GB": "uk-c5"}, "c5-h2", id="a country that nobody chose for"),
    ],
)
def test_a_brand_has_envelopes_of_its_own(country: str, chosen: dict[str, str], kind: str) -> None:
    assert window_for(country, chosen).kind == kind


@pytest.mark.parametrize("chosen", ["din-c", "us-10"], ids=["no window", "a window on another paper"])
def test_a_window_that_cannot_be_is_named(chosen: str) -> None:
    with pytest.raises(Problem, match=r"windows\.DE"):
        window_for("DE", {"DE": chosen})
