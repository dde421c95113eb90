"""`work.retention`: the table of the program is the one that people read."""

import re
from datetime import date

import pytest

from tests.walk import ROOT
from work.retention import TERMS, keep_until


def test_the_table_that_people_read_is_the_one_that_counts():
    text = (ROOT / "docs" / "invoices.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| ([A-Z]{2}) \| (\d+) \| (.*?) \| (.*?) ?\|$", text, re.MULTILINE)
    assert told == [
        (country, str(term.years), term.law, "" if term.read else "from memory")
        for country, term in sorted(TERMS.items())
    ]


@pytest.mark.parametrize(
    ("country", "last"),
    [
        pytest.param("NO", date(2031, 12, 31), id="Norway: five years"),
        pytest.param(
            "PL", date(2032, 12, 31), id="Poland: five from the end of the year in which it was paid"
        ),
        pytest.param("DE", date(2034, 12, 31), id="Germany: eight"),
        pytest.param("ZZ", date(2036, 12, 31), id="a country that we know nothing of: the longest"),
    ],
)
def test_an_invoice_of_december_is_kept_for_as_long_as_its_law_wants(country, last):
    assert keep_until(country, date(2026, 12, 31)) == last
