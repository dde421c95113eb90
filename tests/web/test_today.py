"""The first page: what runs, what waits, what went wrong, what comes and how the providers are, for whom it is."""

import re

import pytest
from sqlalchemy import text

from tests.web.runs import campaign
from tidings.role import STAFF, Role


@pytest.fixture
def run(door, engine):
    return campaign(door.installation, engine)


def card(page, title):
    """Return the text of the card with this title."""
    [found] = re.findall(rf"<h2>{title}</h2>(.*?)</section>", page.text, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", found).split())


def change(engine, statement, **values):
    with engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.mark.parametrize("role", sorted(STAFF))
def test_everybody_has_a_first_page(staff, role):
    assert staff(role).get("/").headers["location"] == "/today"
    assert staff(role).get("/today").status_code == 200


FIRST = "No customer is known yet. They come by `tidings import customers`"


@pytest.mark.parametrize(
    ("role", "path", "said"),
    [
        pytest.param(Role.MANAGER, "/today", FIRST, id="today"),
        pytest.param(Role.SUPPORT, "/customers?q=berg", FIRST, id="who looks for a customer"),
        pytest.param(Role.MARKETING, "/gaps", FIRST, id="the gaps"),
        pytest.param(Role.MARKETING, "/runs", 'href="/campaigns/new"', id="runs of marketing"),
        pytest.param(Role.BILLING, "/runs", 'href="/invoices"', id="runs of billing"),
        pytest.param(Role.MARKETING, "/campaigns", 'href="/campaigns/new"', id="campaigns"),
        pytest.param(Role.MARKETING, "/segments", 'href="/segments/new"', id="segments"),
        pytest.param(Role.MANAGER, "/runs?state=paused", "No run is in this state.", id="a state of no run"),
    ],
)
def test_the_first_day_says_what_to_do(engine, staff, role, path, said):
    assert said in staff(role).get(path).text


def test_who_has_customers_is_not_told_where_they_come_from(staff, run):
    assert FIRST not in staff(Role.MANAGER).get("/today").text


def test_what_runs_is_shown_with_how_far_it_is(engine, staff, run):
    change(
        engine,
        """UPDATE messages SET state = 'done'
           WHERE id = (SELECT min(id::text)::uuid FROM messages WHERE state = 'ready')""",
    )

    assert "spring 1" in card(staff(Role.MARKETING).get("/today"), "Running now")
    assert "1 / 4" in card(staff(Role.MARKETING).get("/today"), "Running now")
    assert card(staff(Role.BILLING).get("/today"), "Running now").startswith("Nothing is running.")


def test_what_waits_for_a_release_can_be_released_here_but_not_by_who_asked(engine, staff, run):
    manager, marketer = staff(Role.MANAGER), staff(Role.MARKETING)
    change(
        engine, "UPDATE runs SET state = 'waiting_release', requested_by = :by", by=f"staff:{marketer.name}"
    )

    assert f'action="/runs/{run}/release"' in manager.get("/today").text
    assert f'action="/runs/{run}/release"' not in marketer.get("/today").text
    assert run in marketer.get("/today").text


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        pytest.param("SELECT 1", "No problem.", id="all is well"),
        pytest.param(
            "INSERT INTO alerts (name, subject, since) VALUES ('circuit_open', 'ses/a@b', now())",
            "A provider sends nothing: ses/a@b",
            id="an alert",
        ),
        pytest.param(
            "UPDATE messages SET state = 'undeliverable', reason = 'address' WHERE state = 'ready'",
            "Failed 4",
            id="failures",
        ),
        pytest.param(
            """INSERT INTO print_discrepancies (batch, letter, kind, expected, found, found_at)
               VALUES ('b', '', 'missing', '2', '1', now())""",
            "Differences with the print house 1",
            id="the print house",
        ),
        pytest.param(
            """INSERT INTO attempts (id, delivery_id, number, provider, state, owner, started_at, lease_until)
               SELECT gen_random_uuid(), d.id, 1, 'ses', 'unknown', 0, now(), now() FROM deliveries d""",
            "Messages in doubt 1",
            id="doubts",
        ),
    ],
)
def test_what_went_wrong_is_told(engine, staff, run, statement, told):
    change(
        engine,
        """INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
           SELECT gen_random_uuid(), id, 1, 'email', 'x', 'in_doubt', 'r', now() FROM messages LIMIT 1""",
    )
    change(engine, statement)

    assert told in card(staff(Role.MANAGER).get("/today"), "Problems since yesterday")


def test_the_next_seven_days_show_what_is_scheduled(door, engine, staff, run):
    change(
        engine,
        "UPDATE runs SET state = 'scheduled', starts_at = :at",
        at=door.clock() + door.clock().resolution,
    )

    shown = card(staff(Role.MARKETING).get("/today"), "The next seven days")
    assert re.search(r"Tue,? 3 Mar .*spring 1", shown)
    change(engine, "UPDATE runs SET starts_at = starts_at + interval '8 days'")
    empty = card(staff(Role.MARKETING).get("/today"), "The next seven days")
    assert ("spring 1" in empty, "Nothing is planned." in empty, "Wed" in empty) == (False, True, False)


@pytest.mark.parametrize(
    ("lane", "told"),
    [
        pytest.param("'', '+++', NULL, NULL", "Works", id="a good one"),
        pytest.param("'', '+-++', NULL, NULL", "Some errors 25 % of the last ones failed.", id="a shaky one"),
        pytest.param(
            "'config', '-----', '2026-03-03T12:05:00Z', NULL", "Does not work config", id="an open one"
        ),
        pytest.param("'', '+', NULL, '2026-03-03T12:05:00Z'", "Rests", id="one that asked for a rest"),
    ],
)
def test_how_the_providers_are(engine, staff, lane, told):
    change(
        engine,
        f"""INSERT INTO lanes (provider, sender, reason, sample, open_until, rests_until)
            VALUES ('ses', 'hei@nordlys.example', {lane})""",
    )

    assert told in card(staff(Role.ADMIN).get("/today"), "Providers")


def test_the_calls_of_support_are_supports(engine, staff, run):
    change(
        engine,
        "INSERT INTO calls (message_id, because, opened_at) SELECT id, 'stuck', now() FROM messages LIMIT 1",
    )

    assert "Customers to call 1" in card(staff(Role.SUPPORT).get("/today"), "Problems since yesterday")
    assert "Customers to call" not in staff(Role.MANAGER).get("/today").text
