"""`work.without_xml`: a brand that charges tax without a tax number is told before the run, or not let begin."""

import pytest

from tests.templates.bills import UNTAXED, bill, simple
from tests.town import install, settle
from tests.work.test_invoicing import bill as opened
from tests.work.test_invoicing import told
from tidings.invoice import Invoice
from tidings.invoice_parts import Party
from tidings.problem import Problem
from work.bill_document import Document
from work.without_xml import without_xml


def documents(*invoices: Invoice) -> list[Document]:
    return [Document(row=row, number=one.number, invoice=one) for row, one in enumerate(invoices, 1)]


@pytest.mark.parametrize(
    ("invoice", "changed", "expected"),
    [
        pytest.param(bill(), {}, 1, id="taxed by a brand without a number"),
        pytest.param(bill(), {"einvoice": "none"}, 0, id="that is what the brand wants"),
        pytest.param(bill(profile="none"), {}, 0, id="that is what the file wants"),
        pytest.param(bill(), {"tax_id": "NO 974 760 673 MVA"}, 0, id="a brand with a number"),
        pytest.param(simple("9.00"), {}, 0, id="nothing taxed"),
        pytest.param(
            bill(seller=Party(name="Other AS", vat_id="NO974760673MVA")), {}, 0, id="another seller's"
        ),
    ],
)
def test_what_carries_no_xml_is_counted(invoice, changed, expected):
    assert without_xml(documents(invoice), UNTAXED.model_copy(update=changed)) == expected


@pytest.mark.parametrize("profile", ["en16931", "xrechnung", "peppol"])
def test_a_profile_by_name_stops_the_run(profile):
    with pytest.raises(Problem, match="charges tax on 1 invoices") as stopped:
        without_xml(documents(bill()), UNTAXED.model_copy(update={"einvoice": profile}))
    assert "`tax_id` in organisation.toml" in str(stopped.value)


def test_the_report_of_the_run_says_so(settings, engine):
    house = install(settings, engine)
    settle(engine, 1)
    run = opened(house, "C1")
    assert told(house, run)[0]["without_xml"] == 1
