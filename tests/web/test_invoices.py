"""An invoice run through the pages: bring, map, see only what is wrong, start, look, and be released by another."""

import csv
import io
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.town import NOON, settle
from tests.work.test_invoicing import bill
from tidings.role import Role
from work import run as stages
from work.billing import amount, guess
from work.report import report

HEAD = "Invoice No.;Kundenr;Dato;Forfall;Beløp;Tekst;Antall;Pris;Mva"
ROWS = (
    "F-1;C-1;2026-03-01;2026-03-31;125.00;Lantern;1;100.00;25",
    "F-2;C-2;2026-03-01;2026-03-31;250.00;Lantern;1;100.00;25",
    "F-2;C-2;2026-03-01;2026-03-31;250.00;Oil;2;50.00;25",
    "F-3;C-1;2026-03-01;2026-03-31;99.00;Lantern;1;100.00;25",
    "F-4;C-9;2026-03-01;2026-03-31;125.00;Lantern;1;100.00;25",
    "F-5;C-2;2026-03-01;soon;125.00;Lantern;1;100.00;25",
    "F-6;C-2;2026-03-01;2026-03-31;125.00;Lantern;one;100.00;25",
)
TABLE = "\n".join((HEAD, *ROWS)).encode()


@pytest.fixture
def town(engine, door):
    settle(engine, 2, channels=("email", "letter"), consent=None)
    with engine.begin() as connection:
        connection.execute(
            text("""INSERT INTO customer_references (source, reference, customer_id)
                    SELECT 'erp', 'C-' || row_number() OVER (ORDER BY id), id FROM customers""")
        )
    return engine


@pytest.fixture
def biller(town, staff):
    return staff(Role.BILLING)


def brought(client, content=TABLE, name="march.csv"):
    """Bring a file; return the path of its columns."""
    answer = client.post("/invoices/new", files={"file": (name, content)})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def suggested(page):
    """Return what a browser sends of the columns as they are suggested."""
    fields = re.findall(r'<select name="(column-\d+)".*?</select>', page.text, re.DOTALL)
    chosen = {}
    for name, options in re.findall(r'<select name="(column-\d+)"[^>]*>(.*?)</select>', page.text, re.DOTALL):
        found = re.search(r'value="([^"]+)" selected', options)
        chosen[name] = found[1] if found else ""
    assert list(chosen) == fields
    return chosen


def mapped(client, **more):
    where = brought(client, **more)
    answer = client.post(where, {**suggested(client.get(where)), "constant-currency": "NOK"})
    assert answer.headers["location"] == f"{where}/check"
    return f"{where}/check"


def started(client, door):
    """Take the whole way to a run whose documents are made; return its id."""
    answer = client.post(mapped(client), {"expected-NOK": "500"})
    assert answer.status_code == 303, answer.text
    run = answer.headers["location"].removeprefix("/invoices/")
    installation = door.installation
    stages.begin(installation, run, now=NOON)
    stages.plan(installation, run, 0, installation.policy, now=NOON)
    stages.open_for_sending(installation, run)
    return run


def test_columns_are_suggested_by_their_names_and_shown_with_samples(biller):
    where = brought(biller)
    page = biller.get(where)

    assert list(suggested(page).values()) == [
        "number", "customer", "issued_on", "due_on", "total", "line.description", "line.quantity",
        "line.unit_price", "line.tax_rate",
    ]  # fmt: skip
    assert "F-1 · F-2 · F-3" in page.text


def test_the_next_file_of_the_same_kind_is_mapped_as_the_last_one(biller):
    first = brought(biller)
    chosen = {**suggested(biller.get(first)), "column-4": "", "column-7": "total"}
    biller.post(first, {**chosen, "constant-currency": "NOK"})

    page = biller.get(brought(biller, content=TABLE.replace(b"F-", b"G-")))

    assert suggested(page)["column-7"] == "total"
    assert 'name="constant-currency" value="NOK"' in page.text


def test_a_customer_whose_einvoice_is_misspelt_is_named_before_and_after(biller, door, engine):
    warned = "C-1 (&lt;xrechnug&gt;). Known are auto, none, en16931, xrechnung, peppol."
    check = mapped(biller)
    assert "names no profile" not in biller.get(check).text

    with engine.begin() as connection:
        connection.execute(
            text("""UPDATE customers SET attributes = '{"einvoice": "<xrechnug>"}' WHERE id =
                    (SELECT customer_id FROM customer_references WHERE reference = 'C-1')""")
        )

    assert warned in biller.get(check).text
    run = biller.post(check, {"expected-NOK": "500"}).headers["location"]
    assert warned in biller.get(run).text


def test_json_lines_are_mapped_too_with_what_their_items_hold(biller):
    document = {
        "fakturanr": "F-1", "kunde": "C-1", "fakturadato": "2026-03-01", "forfallsdato": "2026-03-31", "sum": "125.00",
        "linjer": [{"tekst": "Lantern", "antall": 1, "enhetspris": "100.00", "mva": 25}],
    }  # fmt: skip
    where = mapped(biller, content=json.dumps(document).encode(), name="march.jsonl")

    assert "<b>1</b> <span>Can be sent" in biller.get(where).text


def test_only_what_is_wrong_is_shown_and_the_message_is_in_the_wrong_cell(biller):
    page = biller.get(mapped(biller))

    cells = re.findall(r'<td class="wrong">(.*?)<p class="why">(.*?)</p>', page.text)
    assert [(value, why.partition(":")[0]) for value, why in cells] == [
        ("99.00", "Lines do not add up to the total"),
        ("C-9", "Unknown customer"),
        ("soon", "Document incomplete or wrong"),
        ("one", "Document incomplete or wrong"),
    ]
    assert "F-1" not in page.text


def test_what_is_wrong_can_be_had_as_a_file(biller):
    answer = biller.get(f"{mapped(biller)}?as=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))

    assert [row[1] for row in rows] == ["field", "total", "customer", "due_on", "line.quantity"]


def test_a_sum_that_nobody_wrote_is_asked_for_and_does_not_differ(biller):
    answer = biller.post(mapped(biller), {"expected-NOK": ""})
    assert "Write the sum that your own system says: NOK." in answer.text
    assert "another sum than" not in answer.text


def test_a_file_of_which_nothing_can_be_sent_is_not_offered_and_a_missing_due_date_is_told_in_words(biller):
    rows = [row.replace("2026-03-31", "").replace("soon", "") for row in ROWS]
    page = biller.get(mapped(biller, content="\n".join((HEAD, *rows)).encode())).text
    assert "There is no due date: choose its column" in page
    assert ("Make the invoices" in page, "No document of this file can be sent" in page) == (False, True)


@pytest.mark.parametrize(
    ("expected", "anyway", "status"),
    [
        pytest.param("500.00", "", 303, id="the sum that was expected"),
        pytest.param("500,00", "", 303, id="written with a comma"),
        pytest.param("400.00", "", 422, id="another sum"),
        pytest.param("", "", 422, id="no sum"),
        pytest.param("lots", "", 422, id="no number"),
        pytest.param("400.00", "on", 303, id="another sum that somebody takes on themselves"),
    ],
)
def test_the_control_sum_has_to_be_what_a_person_expects(door, biller, expected, anyway, status):
    where = mapped(biller)

    answer = biller.post(where, {"expected-NOK": expected, "anyway": anyway})

    assert answer.status_code == status
    assert len(door.ask("SELECT id FROM runs")) == (status == 303)
    if status == 303:
        assert door.ask("SELECT detail ->> 'anyway' FROM audit WHERE action = 'start_invoices'") == [
            (str(bool(anyway)).lower(),)
        ]


def test_a_second_person_releases_what_somebody_looked_at(door, biller, staff):
    run = started(biller, door)
    manager = staff(Role.MANAGER)

    assert door.ask("SELECT state, mode FROM runs") == [("waiting_release", "outbox")]
    assert "Release</button>" not in biller.get(f"/invoices/{run}").text
    assert biller.post(f"/runs/{run}/release").status_code == 403
    page = manager.get(f"/invoices/{run}")
    assert {"The shortest", "The longest", "The highest amount", "In the language English"} <= set(
        re.findall(r'\.pdf">([^<]*?)(?: en)?</a>', page.text)
    )
    assert manager.post(f"/runs/{run}/release").status_code == 303
    assert door.ask("SELECT state, released_by FROM runs") == [("sending", manager.name)]


def test_who_is_alone_may_release_their_own_run_and_that_is_written_down(door, biller):
    run = started(biller, door)

    assert "You are the only account here" in biller.get(f"/invoices/{run}").text
    assert biller.post(f"/runs/{run}/release").status_code == 303
    assert door.ask("SELECT detail FROM audit WHERE action = 'release'") == [({"alone": True},)]


def test_a_manager_says_first_why_an_invoice_is_opened(door, town, biller, staff):
    run = started(biller, door)
    with town.begin() as connection:
        number = connection.scalar(text("SELECT id FROM invoices WHERE number = 'F-1'"))
    pdf, manager = f"/invoices/{run}/{number}.pdf", staff(Role.MANAGER)

    asked = manager.get(pdf)
    assert (asked.headers["content-type"].partition(";")[0], f'action="{pdf}/open"' in asked.text) == (
        "text/html",
        True,
    )
    assert manager.post(f"{pdf}/open", {"because": "ticket", "note": " "}).status_code == 422
    assert manager.get(pdf).headers["content-type"].startswith("text/html")

    answer = manager.post(f"{pdf}/open", {"because": "ticket", "note": "4711"})
    assert (answer.status_code, answer.headers["location"]) == (303, pdf)
    assert manager.get(pdf).content.startswith(b"%PDF")
    assert door.ask("SELECT detail ->> 'because' FROM audit WHERE action = 'open_customer'") == [
        ("ticket: 4711",)
    ]
    assert biller.get(pdf).content.startswith(b"%PDF")


def test_every_invoice_is_listed_with_its_proof(door, town, biller):
    run = started(biller, door)
    with town.begin() as connection:
        connection.execute(text("UPDATE messages SET state = 'done' WHERE document = 'F-1'"))
        connection.execute(
            text("""INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
                    SELECT gen_random_uuid(), id, 1, 'letter', 'x', 'delivered', 'K7', now() FROM messages
                    WHERE document = 'F-1'""")
        )
        connection.execute(
            text("""INSERT INTO attempts (id, delivery_id, number, provider, state, owner, started_at, lease_until,
                        provider_reference)
                    SELECT gen_random_uuid(), id, 1, 'pingen', 'accepted', 0, now(), now(), 'PG-77' FROM deliveries""")
        )

    page = biller.get(f"/invoices/{run}")
    [row] = re.findall(r'<tr><th scope="row" class="keep">F-1</th>(.*?)</tr>', page.text, re.DOTALL)
    for told in ("Letter", "Delivered", "pingen", "PG-77", "K7"):
        assert told in row
    [pdf] = re.findall(r'href="([^"]+\.pdf)"', row)
    assert biller.get(pdf).content.startswith(b"%PDF")
    assert biller.get(f"/invoices/{run}?number=F-2").text.count('class="keep">F-') == 1
    rows = list(csv.reader(io.StringIO(biller.get(f"/invoices/{run}?as=csv").content.decode("utf-8-sig"))))
    assert [row[0] for row in rows] == ["number", "F-1", "F-2"]


def test_the_numbers_are_those_of_the_report(door, biller):
    run = started(biller, door)
    with door.installation.engine.connect() as connection:
        told = report(connection, run)

    page = biller.get(f"/invoices/{run}").text
    assert f"<b>{told['audience']}</b> <span>Documents" in page
    assert f"<b>{sum(told['held'].values())}</b> <span>Held back" in page


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        pytest.param("march.exe", b"MZ", "cannot be read", id="no table"),
        pytest.param("march.csv", b"  \n", "empty", id="an empty file"),
        pytest.param("", b"x", "no file", id="no file at all"),
    ],
)
def test_a_file_that_is_none_is_told_so(door, biller, name, content, told):
    answer = biller.post("/invoices/new", files={"file": (name, content)} if name else None)

    assert answer.status_code == 422
    assert told in answer.text
    assert door.ask("SELECT * FROM bill_files") == []


@pytest.mark.parametrize(
    "name",
    ["../../evil.csv", "<script>alert(1)</script>.csv", "a\x00b.csv", "=cmd|' /C calc'!A0.csv"],
    ids=repr,
)
def test_a_hostile_name_names_nothing(door, biller, name):
    where = brought(biller, name=name)

    assert [path.suffix for path in (door.installation.home / "bills").iterdir()] == [".csv"]
    assert "<script>alert" not in biller.get(where).text


@pytest.mark.parametrize(
    ("choice", "told"),
    [
        pytest.param({"column-0": ""}, "number of the invoice", id="no number"),
        pytest.param({"column-1": "number"}, "cannot both be number", id="two numbers"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_told_so(biller, choice, told):
    where = brought(biller)

    answer = biller.post(where, {**suggested(biller.get(where)), **choice})

    assert answer.status_code == 422
    assert told in answer.text


@pytest.mark.parametrize("role", [Role.MARKETING, Role.SUPPORT, Role.COUNTER, Role.ADMIN])
def test_nobody_else_sees_invoices(staff, role):
    assert staff(role).get("/invoices").status_code == 403


def test_a_manager_looks_but_brings_nothing(town, staff):
    manager = staff(Role.MANAGER)

    assert 'type="file"' not in manager.get("/invoices").text
    assert manager.post("/invoices/new", files={"file": ("march.csv", TABLE)}).status_code == 403


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *(("1234.50", "1234.50"), ("1 234,50", "1234.50"), ("1.234,50", "1234.50"), ("1,234.50", "1234.50")),
        *(("1'234.50", "1234.50"), ("1.234.567", "1234567"), ("1234", "1234"), ("12,5", "12.5"), ("", "0")),
    ],
)
def test_an_amount_is_read_as_people_write_it(written, meant):
    assert amount(written) == Decimal(meant)


@given(st.lists(st.text(max_size=12), max_size=12, unique=True))
def test_no_two_columns_are_guessed_to_be_the_same(names):
    found = guess(names)

    assert len(set(found.values())) == len(found)
    assert set(found) <= set(names)


def test_the_evidence_of_an_invoice_is_a_file_and_an_unknown_number_is_told(biller, door):
    bill(door.installation, "C-1")
    found = biller.get("/invoices/evidence", params={"number": "FC-1"})
    assert found.headers["content-disposition"] == 'attachment; filename="evidence-FC-1.pdf"'
    assert found.content.startswith(b"%PDF")
    unknown = biller.get("/invoices/evidence", params={"number": "<b>9"})
    assert unknown.status_code == 422
    assert "&lt;b&gt;9" in unknown.text
