"""PDFs for the envelope: brought to a page or through the API, checked, chosen, counted, and kept with the run."""

import re

import pytest
from sqlalchemy import text

from store.runs import find_run
from tests.templates.test_marks import sheet
from tests.town import settle
from tests.web.test_api import BILL
from tests.web.test_campaigns import draft, fields_of
from tests.web.test_invoices import TABLE, mapped
from tests.web.test_wiring import once
from tidings.role import Role
from work.enclosures import FOLDER, library

TERMS = sheet("Terms and conditions", pages=3)
MAPPING = """[columns]
number = "Invoice No."
customer = "Kundenr"
issued_on = "Dato"
due_on = "Forfall"
"""
HIDDEN = sheet("unseen words", pages=2, style="p + p { color: #fff }")


@pytest.fixture
def town(engine, door):
    settle(engine, 2, channels=("email", "letter"))
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO customer_references (source, reference, customer_id)
                    SELECT 'erp', 'C-' || row_number() OVER (ORDER BY id), id FROM customers""")
        )
    return door.installation


@pytest.fixture
def shelf(town):
    folder = town.home / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / "terms.pdf").write_bytes(TERMS)
    return folder


def run_of(town, run_id):
    with town.engine.connect() as connection:
        return find_run(connection, run_id)


def test_a_pdf_is_brought_to_a_campaign_and_the_preflight_counts_it(town, staff):
    marketer = staff(Role.MARKETING)
    path = draft(marketer)

    answer = marketer.post(f"{path}/enclose", files={"enclosure": ("../Terms & more.pdf", TERMS)})

    assert answer.status_code == 303, answer.text
    assert library(town) == ["Terms-more.pdf"]
    page = marketer.get(f"{path}?checks=1").text
    assert re.search(r'value="Terms-more.pdf" checked', page)
    assert "Terms-more.pdf: pages 1 to 3. Each letter has 2 more sheets and costs" in page
    assert 'class="warn">What is enclosed makes letters heavy:' in page, "three sheets weigh more than 20 g"


def test_what_is_not_ticked_any_more_is_not_enclosed(shelf, staff):
    marketer = staff(Role.MARKETING)
    path = draft(marketer)
    fields = fields_of(marketer.get(path).text) | {"library": "1", "do": "save"}
    fields.pop("enclosures", None)

    marketer.post(path, fields | {"enclosures": ["terms.pdf"]})
    assert re.search(r'value="terms.pdf" checked', marketer.get(path).text)

    marketer.post(path, fields)
    assert not re.search(r'value="terms.pdf" checked', marketer.get(path).text)


def test_what_may_not_be_printed_is_told_with_its_page_and_not_kept(town, staff):
    marketer = staff(Role.MARKETING)
    path = draft(marketer)

    answer = marketer.post(f"{path}/enclose", files={"enclosure": ("white.pdf", HIDDEN)})

    assert answer.status_code == 422
    assert "white.pdf, page 2: hidden text" in answer.text
    assert library(town) == []


def test_an_invoice_run_takes_what_was_brought_to_its_page(town, staff):
    biller = staff(Role.BILLING)
    where = mapped(biller, content=TABLE)

    brought = biller.post(
        f"{where.removesuffix('/check')}/enclose", files={"enclosure": ("terms.pdf", TERMS)}
    )
    assert brought.status_code == 303, brought.text
    page = biller.get(brought.headers["location"]).text
    assert re.search(r'value="terms.pdf" checked', page)
    assert "terms.pdf: pages 1 to 3. Each letter has 2 more sheets" in page
    fields = {"expected-NOK": "500", "library": "1", "enclosures": ["terms.pdf"]}
    made = biller.post(where, fields)

    assert made.status_code == 303, made.text
    run = made.headers["location"].removeprefix("/invoices/")
    assert [one["name"] for one in run_of(town, run).options["enclosures"]] == ["terms.pdf"]
    assert "In each envelope: terms.pdf." in biller.get(f"/invoices/{run}").text


def test_a_run_with_an_enclosure_that_is_gone_is_not_started(town, staff):
    biller = staff(Role.BILLING)

    answer = biller.post(mapped(biller), {"expected-NOK": "500", "enclosures": ["gone.pdf"]})

    assert answer.status_code == 422
    assert "There is no enclosure gone.pdf" in answer.text


def test_the_api_takes_names_of_the_library_and_pdfs(shelf, town, door):
    key = door.key("billing", "erp")
    body = {"invoices": [BILL | {"customer": "C-1"}], "enclosures": ["terms.pdf"]}
    answer = door.client.post("/v1/invoice-runs", json=body, headers=once(key))
    assert answer.status_code == 202, answer.text
    assert [one["pages"] for one in run_of(town, answer.json()["run"]).options["enclosures"]] == [3]

    file = ("june.csv", TABLE.replace(b"F-", b"G-"))
    files = [
        ("file", file),
        ("enclosure", ("terms.pdf", sheet("Other terms"))),
        ("enclosure", ("map.pdf", TERMS)),
    ]
    data = {"mapping": MAPPING, "enclosures": "terms.pdf"}
    answer = door.client.post("/v1/invoice-runs", files=files, data=data, headers=once(key, "b"))

    assert answer.status_code == 202, answer.text
    names = [one["name"] for one in run_of(town, answer.json()["run"]).options["enclosures"]]
    assert names[0] == "terms.pdf"
    assert re.fullmatch(r"terms-[0-9a-f]{8}\.pdf", names[1]), "another file keeps its name"
    assert names[2] == "map.pdf"


@pytest.mark.parametrize(
    ("enclosures", "told"),
    [
        pytest.param(["none.pdf"], "There is no enclosure none.pdf", id="that is not there"),
        pytest.param(["../organisation.toml"], "is no name of an enclosure", id="with a path for a name"),
        pytest.param(["terms.pdf"] * 11, "enclosures", id="too many"),
    ],
)
def test_the_api_refuses_enclosures(shelf, door, enclosures, told):
    body = {"invoices": [BILL | {"customer": "C-1"}], "enclosures": enclosures}

    answer = door.client.post("/v1/invoice-runs", json=body, headers=once(door.key("billing")))

    assert answer.status_code == 422, answer.text
    assert told in answer.json()["detail"]
    assert door.ask("SELECT count(*) FROM runs") == [(0,)]


def test_too_many_pdfs_are_too_many(town, door):
    files = [("file", ("june.csv", TABLE)), *(("enclosure", (f"{n}.pdf", TERMS)) for n in range(11))]

    answer = door.client.post("/v1/invoice-runs", files=files, headers=once(door.key("billing")))

    assert (answer.status_code, answer.json()["field"], answer.json()["value"]) == (422, "enclosures", "11")


def test_the_api_refuses_a_pdf_that_may_not_be_printed(town, door):
    files = [("file", ("june.csv", TABLE)), ("enclosure", ("white.pdf", HIDDEN))]

    key = once(door.key("billing"))
    answer = door.client.post("/v1/invoice-runs", files=files, data={"mapping": MAPPING}, headers=key)

    assert answer.status_code == 422, answer.text
    assert "white.pdf, page 2: hidden text" in answer.json()["detail"]
    assert library(town) == []
