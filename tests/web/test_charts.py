"""Charts: to scale, escaped, and with a table that says the same."""

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.charts import Bar, Line, Stack, bars, funnel, line, stack

VALUES = st.lists(st.floats(0, 1e9), max_size=8)


def bar(value, label="a"):
    return Bar(label=label, value=value, shown=f"{value:.3f}")


def drawn(kind, values):
    rows = [bar(value, f"row {place}") for place, value in enumerate(values)]
    if kind == "stack":
        return stack(
            [Stack(label=one.label, parts=[bar(one.value)], shown=one.shown) for one in rows],
            title="t",
            table="x",
        )
    if kind == "line":
        names = [one.label for one in rows]
        told = [one.shown for one in rows]
        return line(names, [Line(label="all", values=values, shown=told)], title="t", table="x")
    return {"bars": bars, "funnel": funnel}[kind](rows, title="t", table="x")


@pytest.mark.parametrize("kind", ["bars", "funnel", "stack", "line"])
@given(values=VALUES)
def test_every_number_is_in_the_table_and_nothing_is_outside_the_picture(kind, values):
    figure = ElementTree.fromstring(drawn(kind, values))

    assert figure.find("svg").get("role") == "img"
    assert [cell.text for cell in figure.findall("details//tbody//td")] == [
        f"{value:.3f}" for value in values
    ]
    for rect in figure.iter("rect"):
        x, width = (float(rect.get(name).removesuffix("%")) for name in ("x", "width"))
        assert 0 <= x <= x + width <= 100.02


def test_bars_are_as_long_as_their_numbers():
    chart = bars([bar(1), bar(2), bar(4)], title="t", table="x")

    assert re.findall(r'class="mark1" [^>]*?width="([\d.]+)%"', chart) == ["25", "50", "100"]


def test_what_a_customer_wrote_is_text():
    assert "<script" not in bars([bar(1, "<script>alert(1)</script>")], title="<script>", table="<script>")


def test_a_gap_stays_a_gap():
    chart = line(
        ["a", "b", "c"], [Line(label="x", values=[1, None, 2], shown=["1", "", "2"])], title="t", table="x"
    )

    assert chart.count("<polyline") == 2
