"""The fast paths say what the libraries say, for every value; the libraries are the oracle."""

import phonenumbers
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from tidings.address import PostalAddress, judge_email, judge_phone, judge_postal
from work import judging

COUNTRIES = (
    *(
        "NO",
        "SE",
        "PL",
        "BR",
        "DE",
        "GB",
        "US",
        "CA",
        "FR",
        "IT",
        "ES",
        "DK",
        "FI",
        "NL",
        "BE",
        "AT",
        "CH",
        "PT",
    ),
    *("IE", "AU", "IN", "AR", "CL", "CZ", "HU", "MX", "NZ", "RU", "JP", "KZ"),
)

_labels = st.from_regex(r"[a-zA-Z0-9_.+\-]{1,20}", fullmatch=True)
_domains = st.from_regex(r"[a-zA-Z0-9\-]{1,12}(\.[a-zA-Z0-9\-]{1,8}){0,3}", fullmatch=True)


@given(
    st.lists(
        st.one_of(st.builds("{}@{}".format, _labels, _domains), st.emails(), st.text(max_size=30)),
        max_size=20,
    )
)
def test_emails_are_judged_as_the_library_judges_them(texts):
    found = judging.emails(pl.Series("email", texts, dtype=pl.String))
    assert found.rows() == [(one.value, one.problem) for one in map(judge_email, texts)]


def _written(country, kind, style, noise):
    example = phonenumbers.example_number_for_type(country, kind) or phonenumbers.example_number(country)
    number = phonenumbers.PhoneNumber()
    number.merge_from(example)
    number.national_number = max(1, (example.national_number or 1) + noise)
    text = phonenumbers.format_number(number, style)
    return text.replace("+", "00", 1) if noise % 5 == 0 else text


_phones = st.builds(
    lambda country, kind, style, noise, at: (_written(country, kind, style, noise), at or country),
    st.sampled_from(COUNTRIES),
    st.sampled_from([0, 1, 2, 3, 4, 6, 7]),
    st.sampled_from([0, 1, 2]),
    st.integers(min_value=-3000, max_value=3000),
    st.sampled_from([None, None, None, "NO", "US", ""]),
)
_digits = st.tuples(st.from_regex(r"\+?[0-9 ()\-]{3,18}", fullmatch=True), st.sampled_from([*COUNTRIES, ""]))


@settings(max_examples=20)
@given(st.lists(st.one_of(_phones, _digits), min_size=1, max_size=40))
def test_phones_are_judged_as_the_library_judges_them(pairs):
    texts, countries = zip(*pairs, strict=True)
    found = judging.phones(pl.Series(texts, dtype=pl.String), pl.Series(countries, dtype=pl.String), few=1)
    assert found.rows() == [(one.value, one.problem) for one in (judge_phone(*pair) for pair in pairs)]


def test_the_example_numbers_of_many_countries_are_judged_as_the_library_judges_them():
    pairs = [
        (phonenumbers.format_number(example, style), country)
        for country in sorted({*COUNTRIES, *sorted(phonenumbers.SUPPORTED_REGIONS)[::4]})
        for example in (phonenumbers.example_number_for_type(country, kind) for kind in range(11))
        if example
        for style in (0, 1, 2)
    ]
    texts, countries = zip(*pairs, strict=True)
    found = judging.phones(pl.Series(texts, dtype=pl.String), pl.Series(countries, dtype=pl.String), few=1)
    assert found.rows() == [(one.value, one.problem) for one in (judge_phone(*pair) for pair in pairs)]


_postal = st.fixed_dictionaries(
    {
        "street": st.sampled_from(["", "Storgata 1", "Storgata 1\nLeil. 5", "x" * 600]),
        "postal_code": st.one_of(
            st.sampled_from(
                [
                    "",
                    "0171",
                    "94040",
                    "94040-1234",
                    "2113",
                    "SW1V 3EN",
                    "sw1v 3en",
                    "01310-200",
                    "1016 AB",
                    "28015",
                ]
            ),
            st.from_regex(r"[0-9A-Z -]{3,9}", fullmatch=True),
        ),
        "city": st.sampled_from(["", "Oslo", "São Paulo", "Sao Paulo", "Palo Alto", "Madrid"]),
        "area": st.sampled_from(["", "CA", "california", "SP", "Madrid", "NSW", "nowhere"]),
        "country": st.sampled_from(
            ["", "NO", "US", "BR", "GB", "ES", "NL", "AU", "CN", "SE", "IE", "HK", "DE"]
        ),
    }
)


@given(st.lists(_postal, min_size=1, max_size=30))
def test_postal_addresses_are_judged_as_one_by_one(rows):
    found = judging.postals(pl.DataFrame(rows))
    assert found.height == len(rows)
    for row, judged in zip(rows, found.iter_rows(named=True), strict=True):
        if not (row["street"] or row["postal_code"]):
            assert judged["value"] is None
            continue
        street = tuple(row["street"].split("\n")) if row["street"] else ()
        verdict = judge_postal(PostalAddress(**{**row, "street": street}))
        said = (judged["value"], judged["problem"], judged["postal_code"], judged["city"], judged["area"])
        address = verdict.address
        assert said == (address.key, verdict.problem, address.postal_code, address.city, address.area)
