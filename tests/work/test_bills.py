"""`work.bills`: what billing systems write, and what is wrong with it."""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from templates.einvoice.rules import broken_rules
from tidings.problem import Problem
from work.bills import EXAMPLE, check_bills, read_bills, read_mapping

CHINOOK = Path(__file__).parents[2] / "examples" / "chinook"

GOOD = {
    "number": "F1",
    "customer": "C1",
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "currency": "NOK",
    "total": "250.00",
    "lines": [{"description": "Spade", "quantity": "2", "unit_price": "100.00", "tax_rate": "25"}],
}

LINE = GOOD["lines"]


@pytest.fixture
def mapping():
    return read_mapping(None)


def test_a_good_document_is_taken_as_it_is(mapping):
    [document] = check_bills([(1, GOOD)], mapping)

    assert document.reason == ""
    assert document.invoice.gross == Decimal("250.00")


@pytest.mark.parametrize(
    ("total", "price", "quantity", "issued", "due"),
    [
        pytest.param("2.500,00", "1 000,00", "2,0", "01.03.2026", "31.3.2026", id="with points and a comma"),
        pytest.param("2,500.00", "1,000.00", "2", "2026-03-01", "20260331", id="with commas and a point"),
        pytest.param(
            "2\u00a0500,0", "1\u202f000,0000", "2", "01.03.2026", "2026-03-31", id="with narrow spaces"
        ),
    ],
)
def test_a_document_as_its_country_writes_numbers_and_days_is_the_same(
    mapping, total, price, quantity, issued, due
):
    written = {"total": total, "issued_on": issued, "due_on": due}
    line = LINE[0] | {"unit_price": price, "quantity": quantity}
    [document] = check_bills([(1, GOOD | written | {"lines": [line]})], mapping)

    assert (document.reason, document.detail) == ("", "")
    assert document.invoice.gross == Decimal(2500)
    assert (str(document.invoice.issued_on), str(document.invoice.due_on)) == ("2026-03-01", "2026-03-31")


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        pytest.param({"total": "249.99"}, "wrong_total", "250.00", id="a total that is a cent off"),
        pytest.param({"total": "lots"}, "wrong_document", "lots", id="a total that is no number"),
        pytest.param({"total": "1,250"}, "wrong_document", "1,250", id="a total that is two numbers"),
        pytest.param({"total": "12 50"}, "wrong_document", "12 50", id="a total with a blank in it"),
        pytest.param({"issued_on": "31.02.2026"}, "wrong_document", "31.02", id="a day that is none"),
        pytest.param({"issued_on": "03/04/2026"}, "wrong_document", "03/04", id="a date that is two days"),
        pytest.param({"total": "NaN"}, "wrong_document", "NaN", id="a total that is not finite"),
        pytest.param({"total": "1e999999999"}, "wrong_document", "1e99", id="a total beyond any number"),
        pytest.param({"number": ["F1"]}, "wrong_document", "number", id="a number that is a list"),
        pytest.param({"number": float("nan")}, "wrong_document", "number", id="a number that is NaN"),
        pytest.param(
            {"customer": {"id": 1}}, "wrong_document", "customer", id="a customer that is an object"
        ),
        pytest.param({"total": True}, "wrong_document", "True", id="a total that is a truth value"),
        pytest.param({"issued_on": "yesterday"}, "wrong_document", "yesterday", id="a date in words"),
        pytest.param({"issued_on": None}, "wrong_document", "issued_on", id="no date"),
        pytest.param({"lines": []}, "wrong_document", "lines", id="no lines"),
        pytest.param({"lines": "x"}, "wrong_document", "lines", id="lines that are no list"),
        pytest.param({"lines": [7]}, "wrong_document", "7", id="a line that is no object"),
        pytest.param({"currency": "kr"}, "wrong_document", "kr", id="a currency that is none"),
        pytest.param({"customer": None}, "wrong_document", "customer", id="no customer"),
        pytest.param({"number": ""}, "wrong_document", "number", id="no number"),
        pytest.param({"due_on": None}, "wrong_document", "terms", id="no due date and no terms"),
        pytest.param({"note": "a\0b"}, "wrong_document", "note", id="a NUL, which no database keeps"),
        pytest.param({"customer": "C\ud800"}, "wrong_document", "customer", id="half a surrogate pair"),
        pytest.param({"note": "x" * 10_001}, "wrong_document", "note", id="a note longer than any page"),
        pytest.param(
            {"lines": LINE * 2001, "total": "500250"}, "wrong_document", "2000", id="too many items"
        ),
        pytest.param(
            {"lines": [LINE[0] | {"quantity": "9e14", "unit_price": "9e14"}]},
            "wrong_document",
            "large",
            id="items whose product has no room",
        ),
    ],
)
def test_a_wrong_document_is_named_and_the_others_go_on(mapping, change, reason, says):
    wrong, good = check_bills([(1, GOOD | change), (2, GOOD | {"number": "F2"})], mapping)

    assert (wrong.reason, wrong.row) == (reason, 1)
    assert says in wrong.detail
    assert (good.number, good.reason) == ("F2", "")


def test_the_number_0_is_a_number_and_is_there_once(mapping):
    first, second = check_bills([(1, GOOD | {"number": 0}), (2, GOOD | {"number": 0})], mapping)

    assert (first.number, first.reason) == ("0", "")
    assert second.reason == "duplicate_number"


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param('"total": "1.00", "total": "2.00"', id="in the document"),
        pytest.param('"lines": [{"total": 1, "total": 1}]', id="in one of its items"),
    ],
)
@pytest.mark.parametrize("whole", ["{%s}\n%s", "[{%s},\n%s]"], ids=["lines", "a list"])
def test_a_key_twice_is_named_and_the_others_go_on(tmp_path, mapping, wrong, whole):
    path = tmp_path / "bills.json"
    path.write_text(whole % (f'"number": "F0", {wrong}', json.dumps(GOOD)))

    (bad, good), _ = read_bills(path, mapping)

    assert (bad.row, bad.number, bad.reason) == (1, "F0", "wrong_document")
    assert bad.detail == "the key 'total' is in it twice"
    assert (good.number, good.reason) == ("F1", "")


def test_a_pipe_is_refused_for_it_is_read_twice(tmp_path, mapping):
    os.mkfifo(tmp_path / "bills.jsonl")
    with pytest.raises(Problem, match="a pipe"):
        read_bills(tmp_path / "bills.jsonl", mapping)


@pytest.mark.parametrize("number", ["F\0", "F\ud800", "F" * 1000], ids=["a NUL", "half a pair", "no end"])
def test_whatever_a_file_calls_a_number_can_be_stored_and_shown(mapping, number):
    [document] = check_bills([(1, GOOD | {"number": number})], mapping)

    assert document.reason == "wrong_document"
    assert len(document.number.encode()) <= 60
    assert "\0" not in document.number


def test_a_line_of_json_ends_where_json_says_it_does(tmp_path, mapping):
    path = tmp_path / "bills.jsonl"
    path.write_text(
        json.dumps(GOOD | {"note": "one\u2028two\x85three"}, ensure_ascii=False) + "\r\n", "utf-8"
    )

    [document], _ = read_bills(path, mapping)

    assert document.reason == ""


def test_a_number_twice_in_a_file_is_sent_once(mapping):
    first, second = check_bills([(1, GOOD), (2, GOOD)], mapping)

    assert (first.reason, second.reason) == ("", "duplicate_number")
    assert "row 1" in second.detail


def test_chinook_is_whole():
    mapping = read_mapping(CHINOOK / "invoices.toml")

    documents, _ = read_bills(CHINOOK / "invoices.jsonl", mapping)

    assert len(documents) == 412
    assert {document.reason for document in documents} == {""}
    assert {document.invoice.currency for document in documents} == {"USD"}
    assert sum(document.invoice.gross for document in documents) == Decimal("2328.60")


def test_a_table_with_a_row_for_each_item_is_grouped(tmp_path):
    file = tmp_path / "bills.csv"
    file.write_text(
        "number,customer,issued_on,due_on,currency,total,description,quantity,unit_price\n"
        "F1,C1,2026-03-01,2026-03-31,NOK,3.00,Seed,1,1.00\n"
        "F1,C1,2026-03-01,2026-03-31,NOK,3.00,Soil,1,2.00\n"
        "F2,C2,2026-03-01,2026-03-31,NOK,5.00,Pot,1,5.00\n"
    )

    documents, _ = read_bills(file, read_mapping(None))

    assert [(d.number, d.row, d.reason, len(d.invoice.lines)) for d in documents] == [
        ("F1", 2, "", 2),
        ("F2", 4, "", 1),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b"", "empty", id="an empty file"),
        pytest.param(b'{"number": \n', "line 1", id="a line that ends early"),
        pytest.param(b"[1, 2", "JSON", id="a list that ends early"),
        pytest.param(b'{"number": "\xff"}', "UTF-8", id="bytes that are no text"),
        pytest.param(b"[]", "no invoices", id="a list of nothing"),
        pytest.param(b"[" * 100_000, "JSON", id="a list that never ends going deeper"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_whole(tmp_path, content, says):
    file = tmp_path / "bills.jsonl"
    file.write_bytes(content)

    with pytest.raises(Problem, match=says):
        read_bills(file, read_mapping(None))


def test_tax_of_a_currency_without_cents_is_whole_and_passes_the_rules():
    line = {"description": "Lopapeysa", "quantity": 1, "unit_price": 1234, "tax_rate": 24}

    [document] = check_bills(
        [(1, GOOD | {"currency": "ISK", "total": 1530, "lines": [line]})], read_mapping(None)
    )

    assert document.reason == ""
    assert (document.invoice.tax, document.invoice.due) == (296, 1530)
    assert "BR-CO-17" not in {broken.rule for broken in broken_rules(document.invoice)}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("shape", ["{}", "[{}]", "\r\n{}\r\n"], ids=["alone", "in a list", "a line each"])
def test_json_is_read_as_windows_saves_it(tmp_path, encoding, shape):
    file = tmp_path / "bills.json"
    file.write_bytes(
        shape.replace("{}", json.dumps(GOOD | {"note": "Żółw"}, ensure_ascii=False)).encode(encoding)
    )

    [document], _ = read_bills(file, read_mapping(None))

    assert (document.reason, document.invoice.note) == ("", "Żółw")


@pytest.mark.parametrize("field", ["total", "issued_on", "customer"])
def test_a_number_without_end_holds_its_own_invoice_and_names_the_field(tmp_path, field):
    file = tmp_path / "bills.jsonl"
    endless = json.dumps(GOOD | {field: 0}).replace(f'"{field}": 0', f'"{field}": {"9" * 5000}')
    file.write_text(f"{endless}\n{json.dumps(GOOD | {'number': 'other'})}\n")

    (held, other), _ = read_bills(file, read_mapping(None))

    assert (held.reason, other.reason) == ("wrong_document", "")
    assert held.detail.startswith(f"{field}:")
    assert len(held.detail) < 200


def test_the_example_mapping_reads_what_it_says(tmp_path):
    (tmp_path / "mapping.toml").write_text(EXAMPLE)
    bill = {key: value for key, value in GOOD.items() if key not in {"due_on", "currency"}} | {
        "total": 200.00
    }
    bill["lines"] = [{"description": "Spade", "quantity": 2, "unit_price": 100}]
    (tmp_path / "bills.jsonl").write_text(json.dumps(bill))

    [document], _ = read_bills(tmp_path / "bills.jsonl", read_mapping(tmp_path / "mapping.toml"))

    assert document.reason == ""
    assert (document.invoice.currency, str(document.invoice.due_on)) == ("EUR", "2026-03-31")


def test_a_mapping_with_an_unknown_field_names_it(tmp_path):
    file = tmp_path / "mapping.toml"
    file.write_text('[columns]\nnummer = "InvoiceId"\n')

    with pytest.raises(Problem, match="'nummer'"):
        read_mapping(file)


def test_a_mapping_with_a_brace_too_few_names_its_line(tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text('[columns]\nnumber = "{No"\n')

    with pytest.raises(Problem, match=r"number: '\{No'"):
        read_mapping(path)
