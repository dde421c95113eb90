"""A customer is found by what somebody at a desk has before them, and by an index each time."""

import pytest
from sqlalchemy import text

from tests.town import NOON, settle
from tests.web.letters import bill, send
from work.merge import merge
from work.seek import MOST, seek

BRANDS = ["nordlys"]

WAYS = {
    "a reference": ("C1", "reference"),
    "a reference with its system": ("test:C1", "reference"),
    "an e-mail address in any case": ("C1@Example.org", "address"),
    "a phone number with spaces": ("+47 406 00 001", "address"),
    "a phone number without its country": ("40600001", "address"),
    "an invoice's number": ("2026-1", "invoice"),
    "a delivery's reference with a dash": ("r-1", "delivery"),
    "a last name": ("berg", "name"),
    "a first and a last name": ("Ada Berg", "name"),
    "a last and a first name": ("Berg, Ada", "name"),
    "a company": ("nordlys h", "name"),
    "a postal code and a name": ("0155 Berg", "postcode"),
    "a name and a postal code with a space": ("ada berg 01 55", "postcode"),
}


@pytest.fixture(scope="module")
def town(module_engine):
    one = settle(module_engine, channels=("email", "sms", "letter"), company="Nordlys Hage AS")[0]
    send(module_engine, one, purpose="invoice", invoice=bill("2026-1"), sent_at=NOON)
    settle(module_engine, 3, channels=("email",), first_name="Bo", last_name="Lind", company="Lys")
    return module_engine, one


@pytest.mark.parametrize(("words", "by"), WAYS.values(), ids=WAYS)
def test_found(town, words, by):
    engine, one = town
    with engine.connect() as connection:
        found = seek(connection, words, brands=BRANDS, prefix="+47")
    assert (found.by, [hit.customer for hit in found.hits], found.more) == (by, [one], False)


NOTHING = {
    "nothing said": "  ",
    "one letter": "b",
    "a part of a name": "erg",
    "a wildcard": "%",
    "a wildcard in a name": "b%",
    "a postal code alone": "0155",
    "an unknown address": "nobody@example.org",
}


@pytest.mark.parametrize("words", NOTHING.values(), ids=NOTHING)
def test_not_found(town, words):
    with town[0].connect() as connection:
        assert not seek(connection, words, brands=BRANDS).hits


def test_at_most_twenty_are_shown(engine):
    settle(engine, MOST + 5, channels=())
    with engine.connect() as connection:
        found = seek(connection, "berg", brands=BRANDS)
    assert (len(found.hits), found.more) == (MOST, True)


def test_a_merged_person_is_found_once_by_either_record(engine):
    ids = settle(engine, 2)
    with engine.begin() as connection:
        merge(connection, "C1", "C2", actor="staff:Mia", because="same", now=NOON)
        for words in ("C2", "berg"):
            found = seek(connection, words, brands=BRANDS)
            assert [(hit.customer, hit.references) for hit in found.hits] == [(ids[0], ("C1", "C2"))]


PLANS = {
    "a name": "SELECT id FROM customers c WHERE lower(c.last_name) LIKE 'berg%' OR (lower(c.last_name) LIKE 'ada%'"
    " AND lower(c.first_name) LIKE 'berg%')",
    "a postal code": "SELECT 1 FROM addresses WHERE channel = 'letter'"
    " AND upper(replace(postal ->> 'postcode', ' ', '')) = '0155'",
    "a reference": "SELECT 1 FROM customer_references WHERE reference = 'C1'",
}


@pytest.mark.parametrize("query", PLANS.values(), ids=PLANS)
def test_an_index_answers(town, query):
    with town[0].begin() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(connection.execute(text(f"EXPLAIN {query}")).scalars())
    assert "Index" in plan
    assert "Seq Scan" not in plan
