"""What is copied into a table is what stands there, whatever a string holds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from store.bulk import copy_frame
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


def read(connection, query):
    """Return the rows of a query as Python has them, one dict each."""
    return [dict(row) for row in connection.execute(text(query)).mappings()]


def test_every_type_comes_back_as_it_went(connection):
    number = "018f0000-0000-7000-8000-000000000001"
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
            "id": [number, None],
        }
    )

    assert copy_frame(connection, "kinds", frame) == 2

    [first, second] = frame.to_dicts()
    assert read(connection, "SELECT * FROM kinds ORDER BY n") == [
        first | {"document": {"a": "\n"}, "id": UUID(number)},
        second,
    ]


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
def test_any_string_survives(connection, words):
    connection.execute(text("DELETE FROM kinds"))
    copy_frame(
        connection,
        "kinds",
        pl.DataFrame({"n": range(len(words)), "words": pl.Series(words, dtype=pl.String)}),
    )

    assert [row["words"] for row in read(connection, "SELECT words FROM kinds ORDER BY n")] == words


def test_instants_of_other_zones_keep_their_instant(connection):
    elsewhere = pl.col("at").dt.convert_time_zone("Asia/Kolkata")
    copy_frame(connection, "kinds", pl.DataFrame({"at": [WHEN]}).with_columns(elsewhere))

    assert read(connection, "SELECT at FROM kinds") == [{"at": WHEN}]


def test_a_struct_becomes_json(connection):
    copy_frame(connection, "kinds", pl.DataFrame({"document": [{"a": [1, 2], "b": "\\\t"}]}))

    assert read(connection, "SELECT document FROM kinds") == [{"document": {"a": [1, 2], "b": "\\\t"}}]


def test_a_nul_is_refused_by_the_number_of_its_row(connection):
    with pytest.raises(Problem, match=r"Row 2 for kinds.*NUL"):
        copy_frame(connection, "kinds", pl.DataFrame({"n": [1, 2], "words": ["fine", "bro\0ken"]}))


def test_what_is_copied_is_committed_with_the_connection(engine):
    with engine.connect() as connection:
        copy_frame(connection, "installation", pl.DataFrame({"key": ["k"], "value": ["v"]}))
        connection.commit()
    with engine.connect() as connection:
        assert read(connection, "SELECT value FROM installation WHERE key = 'k'") == [{"value": "v"}]
