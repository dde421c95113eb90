"""The doors with the real functions behind them: what a request starts stands in the store, and is told again."""

import psycopg
import pytest

from tests.town import settle, state

BILL = {
    "number": "2026-1",
    "customer": "C1",
    "issued_on": "2026-03-01",
    "due_on": "2026-03-31",
    "currency": "NOK",
    "total": "100",
    "lines": [{"description": "Roses", "unit_price": "100"}],
}


def once(key, value="a"):
    return key | {"Idempotency-Key": value}


@pytest.fixture
def listener(engine):
    """Who waits for news of runs, as the scheduler does."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("LISTEN tidings")
        yield connection


def test_a_campaign_through_the_door_waits_for_its_start_and_its_report_adds_up(door, engine, listener):
    settle(engine, 3)
    key = door.key("marketing", "crm")
    campaign = {
        "name": "spring", "edition": "1", "topic": "news", "template": "news/quarterly",
        "audience": {"everybody": True}, "data": {"open_day": "2026-12-06"},
        "schedule": {"start": "2026-03-29T09:00:00", "zone": "Europe/Oslo"},
    }  # fmt: skip

    answer = door.client.post("/v1/campaigns", json=campaign, headers=once(key))

    assert answer.status_code == 202, answer.text
    run = answer.json()["run"]
    assert run in next(listener.notifies(timeout=5)).payload
    [(state_, starts_at, by)] = door.ask(
        "SELECT state, starts_at::text, requested_by FROM runs WHERE id = :run", run=run
    )
    assert (state_, by) == ("scheduled", "key:crm")
    assert starts_at.startswith("2026-03-29 07:00:00"), "summer time has begun that night"
    report = door.client.get(answer.headers["location"], headers=key).json()
    assert report["run"] == run
    assert set(report) >= {"audience", "planned", "held", "sent", "failed", "unknown", "waiting", "cost"}


def test_a_changed_campaign_under_the_same_edition_names_the_difference(door, engine):
    settle(engine)
    key = door.key("marketing")
    campaign = {
        "name": "spring", "edition": "1", "topic": "news", "template": "news/quarterly",
        "audience": {"everybody": True}, "data": {"open_day": "2026-12-06"},
    }  # fmt: skip
    door.client.post("/v1/campaigns", json=campaign, headers=once(key))

    answer = door.client.post("/v1/campaigns", json=campaign | {"title": "Other"}, headers=once(key, "b"))

    assert answer.status_code == 422
    assert "title" in answer.json()["detail"]


def test_invoices_through_the_door_become_a_run_with_the_wrong_ones_held(door, engine, listener):
    settle(engine)
    key = door.key("billing", "erp")
    body = {
        "invoices": [
            BILL,
            BILL | {"number": "2026-2", "total": "99"},
            BILL | {"number": "3", "customer": "C9"},
        ]
    }

    answer = door.client.post("/v1/invoice-runs", json=body, headers=once(key))

    assert answer.status_code == 202, answer.text
    assert answer.json()["run"] in next(listener.notifies(timeout=5)).payload
    report = door.client.get(answer.json()["report"], headers=key).json()
    assert report["audience"] == 3
    assert report["held"] == {"unknown_customer": 1, "wrong_total": 1}
    again = door.client.post("/v1/invoice-runs", json=body, headers=once(key, "other"))
    assert door.ask("SELECT count(*) FROM invoices") == [(1,)], again.text


def test_a_file_that_cannot_be_read_is_named_as_it_was_sent(door):
    files = {"file": ("march.xlsx", b"PK not a book"), "mapping": ("m.toml", b"[columns\n")}
    key = door.key("billing")

    mapping = door.client.post("/v1/invoice-runs", files=files, headers=once(key))
    book = door.client.post("/v1/invoice-runs", files={"file": files["file"]}, headers=once(key, "b"))

    for answer, name in ((mapping, "mapping"), (book, "march.xlsx")):
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(name), answer.text
        assert str(door.installation.home) not in answer.text


def test_a_timeline_tells_what_the_doors_wrote(door, engine):
    [ada] = settle(engine, channels=("email", "letter"))
    with engine.begin() as connection:
        state(connection, ada, topic="invoice", channels=["letter"])
    door.client.post(door.form(ada), data={"offer": "letter"})
    key = door.key("support")
    touchpoint = {
        "id": "c1",
        "customer": "C1",
        "channel": "call",
        "kind": "called",
        "at": "2026-03-02T10:00:00Z",
    }
    door.client.post("/v1/touchpoints", json=touchpoint, headers=key)

    told = door.client.get("/v1/customers/C1/timeline", headers=key).json()

    assert told["customer"] == "C1"
    assert {"statement", "consent", "called", "preference_changed"} <= {
        one["kind"] for one in told["timeline"]
    }
    assert door.client.get("/v1/customers/C9/timeline", headers=key).status_code == 404
