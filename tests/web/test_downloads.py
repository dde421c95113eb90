"""Files of tables: what was given comes back, as text or as numbers, and nothing is a formula."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from tidings.cells import harmless, in_parts
from web.downloads import download

FORMULAS = ("=1+1", "+47 900", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1")
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


def content(answer):
    """Return the bytes of an answer, and take its file away as the server does."""
    path = Path(answer.path)
    found = path.read_bytes()
    path.unlink()
    return found


@given(st.lists(st.tuples(TEXTS, st.integers(-999, 999)), max_size=8))
def test_a_csv_says_what_was_given(rows):
    table = list(
        csv.reader(io.StringIO(content(download("t", ("a", "b"), rows)).decode("utf-8-sig"), newline=""))
    )

    assert table[0] == ["a", "b"]
    assert table[1:] == [[str(in_parts(cell)) for cell in row] for row in rows]


@pytest.mark.parametrize("formula", FORMULAS, ids=repr)
def test_no_cell_is_a_formula(formula):
    lines = content(download("t", ("a",), [(formula,)])).decode("utf-8-sig")
    book = load_workbook(io.BytesIO(content(download("t", ("a",), [(formula,)], "xlsx"))))

    assert next(csv.reader(io.StringIO(lines.partition("\r\n")[2], newline="")))[0].startswith("'")
    assert book.active["A2"].data_type == "s"


@pytest.mark.parametrize(
    "text", ["Ada;=1+1", "Ada\t=1+1", "Ada\n=1+1", 'Ada;"=1+1"', "Ada; ;@SUM(A1)", 'a";=1+1', "Ada|-2+3"]
)
def test_no_part_of_a_cell_is_a_formula_where_a_spreadsheet_ends_cells_elsewhere(text):
    lines = content(download("t", ("a", "b"), [(1, text)])).decode("utf-8-sig")
    for separator in ";\t|":
        for row in csv.reader(io.StringIO(lines), delimiter=separator):
            assert all(
                harmless(cell.strip("\"' ")) == cell.strip("\"' ") or cell.startswith("'") for cell in row
            )


def test_a_workbook_keeps_numbers_days_and_moments():
    row = ("x", 3, Decimal("1.25"), date(2026, 3, 1), datetime(2026, 3, 1, 12, tzinfo=UTC), None, True)
    book = load_workbook(io.BytesIO(content(download("t", tuple("abcdefg"), [row], "xlsx"))))

    values = [cell.value for cell in book.active[2]]
    assert values[:3] + values[5:] == ["x", 3, 1.25, None, True]
    assert [str(value) for value in values[3:5]] == ["2026-03-01 00:00:00", "2026-03-01 12:00:00"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\r\nX: y", "a-X-y.csv"),
        ("../../x", "x.csv"),
        ("", "table.csv"),
        ('a"b', "a-b.csv"),
        ("må", "m.csv"),
    ],
)
def test_a_hostile_name_is_a_plain_one(name, shown):
    answer = download(name, ("a",), [])
    content(answer)

    assert answer.headers["content-disposition"] == f'attachment; filename="{shown}"'
