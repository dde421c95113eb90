"""`/metrics` as a collector reads it."""

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert

from store import tables
from tests.town import NOON, settle


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
