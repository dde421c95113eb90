"""COPY both ways: what goes in comes out, whatever a string holds."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import column, func, select, text

from store import tables
from store.bulk import copy_frame, copy_rows, read_frame
from tidings.problem import Problem

WHEN = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
HOSTILE = [
    "",
    "\\N",
    "\\.",
    "NULL",
    "null",
    'a"b',
    "a,b",
    "a\tb",
    "a\nb\r\nc",
    "\\x41",
    "{a}",
    "é😀",
    " ",
    "%(x)s %",
]


@pytest.fixture
def connection(engine):
    with engine.begin() as connection:
        connection.execute(
            text("""
                CREATE TEMP TABLE kinds (n bigint, small smallint, yes boolean, words text, tags text[],
                    numbers integer[], document jsonb, at timestamptz, local timestamp, day date, amount numeric(18, 2),
                    ratio float8, raw bytea, id uuid)
            """)
        )
        yield connection


def test_every_type_comes_back_as_it_went(connection):
    frame = pl.DataFrame(
        {
            "n": [2**62, None],
            "small": pl.Series([-3, None], dtype=pl.Int16),
            "yes": [True, None],
            "words": ["", None],
            "tags": [["", 'q"', "b\\", "c,d", "{}", "NULL", "x\ny", None], None],
            "numbers": pl.Series([[1, None, 3], []], dtype=pl.List(pl.Int64)),
            "document": ['{"a": "\\n"}', None],
            "at": pl.Series([WHEN, None], dtype=pl.Datetime("us", "UTC")),
            "local": pl.Series([datetime(2026, 1, 2, 3, 4, 5), None], dtype=pl.Datetime("us")),  # noqa: DTZ001
            "day": [date(1901, 2, 3), None],
            "amount": pl.Series([Decimal("-12345678901234.50"), None], dtype=pl.Decimal(38, 2)),
            "ratio": [0.1, None],
            "raw": [b"\x00\xff", None],
            "id": ["018f0000-0000-7000-8000-000000000001", None],
        }
    )

    assert copy_frame(connection, "kinds", frame) == 2
    back = read_frame(connection, "SELECT * FROM kinds ORDER BY n")

    assert back.to_dicts() == frame.to_dicts()
    assert {name: kind for name, kind in back.schema.items() if name != "small"} == {
        name: kind for name, kind in frame.schema.items() if name != "small"
    }


def test_an_empty_result_has_the_same_types(connection):
    full = read_frame(
        connection, "SELECT 1::bigint AS n, now() AS at, ARRAY['x'] AS tags, 1.5::numeric(5, 2) AS amount"
    )
    empty = read_frame(connection, "SELECT n, at, tags, amount FROM kinds WHERE %(no)s", {"no": False})

    assert empty.schema == full.schema
    assert not empty.height


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    words=st.lists(
        st.one_of(
            st.none(),
            st.sampled_from(HOSTILE),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        )
    )
)
def test_any_string_survives_by_frame_and_by_rows(connection, words):
    connection.execute(text("DELETE FROM kinds"))
    copy_frame(
        connection,
        "kinds",
        pl.DataFrame({"n": range(len(words)), "words": pl.Series(words, dtype=pl.String)}),
    )
    copy_rows(connection, "kinds", ["n", "words"], ((n + len(words), word) for n, word in enumerate(words)))

    back = read_frame(connection, "SELECT words FROM kinds ORDER BY n")

    assert back["words"].to_list() == words + words


def test_instants_of_other_zones_keep_their_instant(connection):
    copy_rows(connection, "kinds", ["at"], [[WHEN.astimezone(timezone(timedelta(hours=-5)))]])
    copy_frame(
        connection,
        "kinds",
        pl.DataFrame({"at": [WHEN]}).with_columns(pl.col("at").dt.convert_time_zone("Asia/Kolkata")),
    )

    assert read_frame(connection, "SELECT at FROM kinds")["at"].to_list() == [WHEN, WHEN]


def test_rows_take_dicts_as_json_and_lists_as_arrays(connection):
    assert copy_rows(connection, "kinds", ["document", "tags"], [[{"a": [1, "\\\t"]}, ["x", "y,z"]]]) == 1

    assert read_frame(connection, "SELECT document ->> 'a' AS a, tags FROM kinds").row(0) == (
        '[1, "\\\\\\t"]',
        ["x", "y,z"],
    )


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(pl.DataFrame({"n": [1, 2], "words": ["fine", "bro\0ken"]}), id="in a frame"),
        pytest.param([[1, "fine"], [2, "bro\0ken"]], id="in rows"),
    ],
)
def test_a_nul_is_refused_by_the_number_of_its_row(connection, rows):
    with pytest.raises(Problem, match=r"Row 2 for kinds.*NUL"):
        copy_rows(connection, "kinds", ["n", "words"], rows)


def test_a_select_with_parameters_and_lists_is_read(connection):
    copy_rows(
        connection,
        "customers",
        ["language", "time_zone", "country"],
        [["en", "UTC", c] for c in ("NO", "SE", "PL")],
    )
    query = select(tables.customers.c.country, func.count().label("n")).where(
        tables.customers.c.country.in_(["NO", "PL"])
    )

    back = read_frame(connection, query.group_by(column("country")).order_by(column("country")))

    assert back.rows() == [("NO", 1), ("PL", 1)]


def test_a_sum_of_money_stays_exact(connection):
    back = read_frame(
        connection, "SELECT sum(v::numeric(18, 2)) AS s, avg(v) AS a FROM unnest(ARRAY[0.10, 0.20, 0.20]) v"
    )

    assert back.row(0) == (Decimal("0.50"), Decimal("0.1666666667"))


def test_two_columns_of_one_name_are_refused(connection):
    with pytest.raises(ValueError, match="twice"):
        read_frame(connection, "SELECT 1 AS a, 2 AS a")


def test_what_is_copied_is_committed_with_the_connection(engine):
    with engine.connect() as connection:
        copy_rows(connection, tables.installation, ["key", "value"], [["k", "v"]])
        connection.commit()
    with engine.connect() as connection:
        assert read_frame(connection, "SELECT value FROM installation WHERE key = 'k'").item() == "v"
