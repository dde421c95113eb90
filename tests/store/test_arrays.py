"""What is read as columns is what a row at a time says, whatever stands in it."""

from datetime import UTC, datetime

import polars as pl
import pytest
from sqlalchemy import text

from store.arrays import read_arrays

WORDS = ["", "plain", None, "Åse 🌱", "a\x1fb", "\x1d", 'quote " \\ , {}', "line\nbreak"]
TAME = [word for word in WORDS if "\x1f" not in (word or "")]
INSTANT = pl.Datetime("us", "UTC")


def read(engine, values, kind, written):
    with engine.begin() as connection:
        query = f"SELECT n, v FROM unnest(%(values)s::{written}[]) WITH ORDINALITY AS q(v, n)"
        shape = {"n": pl.Int64(), "v": kind}
        [frame] = read_arrays(connection, [(query, shape)], {"values": values})
    assert frame.schema == shape
    return frame.sort("n")["v"].to_list()


@pytest.mark.parametrize(
    ("values", "kind", "written"),
    [
        pytest.param(TAME, pl.String(), "text", id="words"),
        pytest.param(WORDS, pl.String(), "text", id="words of which one holds what stands between words"),
        pytest.param([""], pl.String(), "text", id="one word that is empty"),
        pytest.param([0, -1, None, 2**62], pl.Int64(), "bigint", id="whole numbers"),
        pytest.param([7, None], pl.Int8(), "smallint", id="small ones"),
        pytest.param([0.1, -0.0, None, 1e300], pl.Float64(), "float8", id="real numbers"),
        pytest.param([True, False, None], pl.Boolean(), "boolean", id="yes and no"),
        pytest.param(
            [datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC), None, datetime(2999, 1, 1, tzinfo=UTC)],
            INSTANT,
            "timestamptz",
            id="instants to the microsecond",
        ),
        pytest.param([], pl.String(), "text", id="nothing"),
    ],
)
def test_a_column_comes_as_it_is(module_engine, values, kind, written):
    assert read(module_engine, values, kind, written) == values


def test_lists_come_as_lists_and_none_as_an_empty_one(module_engine):
    query = "SELECT * FROM (VALUES (ARRAY['a', 'b c']), ('{}'), (NULL), (ARRAY['x'])) AS q(words)"
    with module_engine.begin() as connection:
        [frame] = read_arrays(connection, [(query, {"words": pl.List(pl.String)})], {})
        connection.execute(text("SELECT 1"))
    assert frame["words"].to_list() == [["a", "b c"], [], [], ["x"]]
