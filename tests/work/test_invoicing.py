"""`work.invoicing`: a document that cannot be made holds itself up and nobody else."""

import pytest
from sqlalchemy import text

from tests.town import NOON, install, settle
from work import run as stages
from work.bills import BillMapping, check_bills
from work.invoicing import open_invoice_run
from work.report import rejected_lines, report

BILL = {
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "currency": "NOK",
    "total": "250.00",
    "lines": [{"description": "Spade", "quantity": "2", "unit_price": "100.00", "tax_rate": "25"}],
}


@pytest.fixture
def house(settings, engine):
    return install(settings, engine)


def bill(house, *customers, file_hash="f", **changes):
    """Open and plan a run with one invoice for each of these customers; return its id."""
    bills = [
        (row, {"number": f"F{who}", "customer": who, **BILL, **changes})
        for row, who in enumerate(customers, 1)
    ]
    opened = open_invoice_run(
        house,
        check_bills(bills, BillMapping()),
        house.policy,
        file_name="march.jsonl",
        file_hash=file_hash,
        source="",
        actor="staff:test",
        now=NOON,
    )
    for shard in range(stages.begin(house, opened.run, now=NOON).count):
        stages.plan(house, opened.run, shard, house.policy, now=NOON)
    return opened.run


def told(house, run):
    with house.engine.begin() as connection:
        return report(connection, run), rejected_lines(connection, run)


def rename(house, reference, last_name):
    with house.engine.begin() as connection:
        connection.execute(
            text("""UPDATE customers SET last_name = :name WHERE id =
                    (SELECT customer_id FROM customer_references WHERE reference = :reference)"""),
            {"name": last_name, "reference": reference},
        )


def test_a_name_that_no_window_holds_holds_one_invoice_and_names_it(house, engine):
    settle(engine, 3)
    rename(house, "C2", "Berg" * 100)

    run = bill(house, "C1", "C2", "C3")
    found, lines = told(house, run)

    assert (found["audience"], found["planned"]) == (3, {"email": 2})
    assert found["held"] == {"wrong_document": 1}
    [line] = lines
    assert "FC2" in line
    assert "too long" in line
    assert stages.open_for_sending(house, run).state == "sending"


def test_what_was_held_goes_out_when_it_is_put_right(house, engine):
    settle(engine, 1)
    rename(house, "C1", "Berg" * 100)
    bill(house, "C1")
    rename(house, "C1", "Berg")

    found, lines = told(house, bill(house, "C1", file_hash="corrected"))

    assert found["planned"] == {"email": 1}
    assert not lines
