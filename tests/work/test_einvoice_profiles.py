"""A run's invoices keep the profile that the customer or the brand asked for, or are held with what to do."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import text

from cli.reports import show_report
from templates.einvoice.ubl import PEPPOL, XRECHNUNG
from tests.town import install, settle
from tests.work.test_invoicing import BILL, bill, told
from tidings.invoice import Invoice
from work.archive import fetch
from work.asked_profile import misspelt
from work.bill_document import Document

AUTHORITY = {"einvoice": "xrechnung", "leitweg_id": "04011000-12345-03", "einvoice_address": "EM:a@b.example"}
NORDIC = {"tax_id": "NO 974 760 673 MVA", "service_phone": "+47 22 00 00 00", "endpoint": "0192:974760673"}


@pytest.fixture
def house(settings, engine):
    made = install(settings, engine)
    settle(engine, 3, channels=("letter",))
    place = {"street": ["Storgata 1"], "postal_code": "0155", "city": "Oslo", "country": "NO"}
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE addresses SET postal = CAST(:place AS jsonb)"), {"place": json.dumps(place)}
        )
        for name, said in (
            ("C1", AUTHORITY),
            ("C2", {"einvoice_address": "0192:974760673", "leitweg_id": "B-1"}),
        ):
            connection.execute(
                text("""UPDATE customers SET attributes = CAST(:said AS jsonb) WHERE id =
                        (SELECT customer_id FROM customer_references WHERE reference = :name)"""),
                {"said": json.dumps(said), "name": name},
            )
    return made


def branded(house, **changed):
    [brand] = house.organisation.brands
    organisation = house.organisation.model_copy(update={"brands": (brand.model_copy(update=changed),)})
    return replace(house, organisation=organisation)


def files(house, run):
    """Return the archived UBL of each invoice by number."""
    with house.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT number, xml_hash FROM invoices WHERE run_id = :run AND xml_hash IS NOT NULL"),
            {"run": run},
        ).all()
    return {row.number: fetch(house.archive, row.xml_hash, "xml").decode() for row in rows}


def test_each_customer_gets_the_profile_that_it_asked_for(house):
    home = branded(house, **NORDIC)
    made = files(home, bill(home, "C1", "C2", "C3"))

    assert XRECHNUNG in made["FC1"]
    assert "04011000-12345-03" in made["FC1"]
    assert PEPPOL in made["FC2"]
    assert "compliant" not in made["FC3"], "nothing is known of the third: the norm"


def test_what_cannot_keep_its_profile_is_held_with_the_field_that_is_missing(house):
    home = branded(house, einvoice="peppol", **NORDIC)
    run = bill(home, "C2", "C3")
    found, lines = told(home, run)

    assert found["held"] == {"wrong_document": 1}
    assert set(files(home, run)) == {"FC2"}
    [line] = lines
    assert "FC3" in line
    assert "PEPPOL-EN16931-R010: give the buyer's electronic address: buyer_endpoint" in line


def test_an_address_without_its_scheme_is_a_wrong_document(house):
    _, lines = told(house, bill(house, "C1", buyer_endpoint="974760673"))
    assert "buyer_endpoint" in lines[0]
    assert "write its scheme before it" in lines[0]


KNOWN = ["auto", "none", "en16931", "xrechnung", "peppol"]


@pytest.mark.parametrize(
    ("said", "profile", "named"),
    [
        pytest.param("xrechnug", "auto", "xrechnug", id="misspelt"),
        pytest.param(" Peppol ", "auto", "Peppol", id="in capitals, which are not ours"),
        pytest.param(" peppol\n", "auto", None, id="with blanks around it"),
        pytest.param("  ", "auto", None, id="nothing"),
        pytest.param(None, "auto", None, id="null"),
        pytest.param("xrechnug", "en16931", None, id="nobody asks, the file says it"),
        pytest.param(["peppol"], "auto", '["peppol"]', id="a list"),
        pytest.param("x" * 500, "auto", "x" * 60, id="endless"),
    ],
)
def test_a_customer_whose_profile_is_not_known_is_named(house, said, profile, named, capsys):
    with house.engine.begin() as connection:
        connection.execute(
            text("""UPDATE customers SET attributes = CAST(:said AS jsonb) WHERE id =
                    (SELECT customer_id FROM customer_references WHERE reference = 'C3')"""),
            {"said": json.dumps({"einvoice": said})},
        )
    found, _ = told(house, bill(house, "C3", profile=profile))
    show_report(found, json=False)
    printed = capsys.readouterr().out

    if named is None:
        assert "misspelt" not in found
        assert "names no profile" not in printed
    else:
        assert found["misspelt"] == {
            "customers": 1,
            "known": KNOWN,
            "named": [{"customer": "C3", "value": named}],
        }
        assert f"(C3: {named!r}). Known are auto, none, en16931, xrechnung, peppol." in printed


def test_of_many_that_are_misspelt_twenty_are_named(house):
    settle(house.engine, 22, channels=("letter",))
    with house.engine.begin() as connection:
        connection.execute(text("""UPDATE customers SET attributes = '{"einvoice": "yes"}'"""))
        everybody = [(bill_of(f"C{number}"), number) for number in customers_of(connection)]
        found = misspelt(connection, everybody)

    assert (found["customers"], len(found["named"])) == (25, 20)


def bill_of(customer):
    return Document(row=1, number="1", invoice=Invoice(number="1", customer=customer, **BILL))


def customers_of(connection):
    return connection.scalars(text("SELECT id FROM customers")).all()
