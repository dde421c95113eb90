"""`/metrics` as a collector reads it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from store import tables
from tests.town import NOON, settle
from web.gauges import Gauges


def test_numbers_of_the_store_in_the_format_of_prometheus(door, engine):
    settle(engine, 2)
    with engine.begin() as connection:
        connection.execute(
            insert(tables.lanes).values(provider="ses", sender="a", reason="x", open_until=NOON)
        )

    answer = door.client.get("/metrics")

    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    assert answer.headers["content-type"].startswith("text/plain")
    [lane] = families["tidings_circuit_open"].samples
    assert (lane.labels, lane.value) == ({"provider": "ses", "sender": "a"}, 1)
    assert [(one.labels["name"], one.value) for one in families["tidings_alerts"].samples] == [
        ("circuit_open", 1)
    ]
    assert "example.org" not in answer.text


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP"])
def test_a_caller_behind_a_proxy_is_refused(door, header):
    """A reverse proxy on this machine looks like this machine."""
    assert door.client.get("/metrics", headers={header: "203.0.113.9"}).status_code == 403


class Reading:
    """A table that takes a while to count, and a clock that knows."""

    def __init__(self, takes):
        self.takes, self.now, self.times = takes, 0.0, 0
        self.gauges = Gauges(ticks=lambda: self.now)

    def read(self):
        self.now += self.takes
        self.times += 1
        return [(self.times,)]


@pytest.mark.parametrize(
    ("takes", "asked", "read"),
    [
        pytest.param(0.001, 600, 600, id="what is cheap is read each time"),
        pytest.param(1.0, 600, 12, id="what takes a second is read once in 50"),
        pytest.param(0.3, 600, 38, id="what takes a third of one is read once in a quarter of a minute"),
    ],
)
def test_counting_takes_a_fiftieth_of_the_time_at_most(takes, asked, read):
    """A collector asks every second for ten minutes."""
    reading = Reading(takes)

    for second in range(asked):
        reading.now = max(reading.now, float(second))
        [(number,)] = reading.gauges.rows("messages", reading.read)
        assert number == reading.times

    assert reading.times == read


def test_each_gauge_has_its_own_age():
    dear, cheap = Reading(10.0), Reading(0.0)
    for _ in range(3):
        dear.gauges.rows("messages", dear.read)
        dear.gauges.rows("lanes", cheap.read)

    assert (dear.times, cheap.times) == (1, 3)
