"""The pages of runs: their numbers are those of `tidings report` and `tidings missing`, and only who may steers."""

import csv
import io
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from store.in_full import keep_in_full
from store.runs import find_run
from tests.town import NOON
from tests.web.runs import campaign
from tidings.role import Role
from work.missing import missing
from work.progress import progress


@pytest.fixture
def run(door, engine):
    return campaign(door.installation, engine)


def told(door, run):
    with door.installation.engine.connect() as connection:
        found = progress(connection, run, door.installation.organisation.costs, now=NOON)
        return found, missing(connection, run)


def state(door, run):
    with door.installation.engine.connect() as connection:
        return find_run(connection, run).state


MOVES = {
    "as it was planned": "SELECT 1",
    "half of it sent": """
        UPDATE messages SET state = 'done' WHERE id IN (SELECT id FROM messages WHERE state = 'ready' LIMIT 2)""",
    "some fail and one is being handed over": """
        UPDATE messages SET state = (ARRAY['undeliverable', 'in_delivery', 'ready', 'done'])[1 + n % 4],
            reason = CASE n % 4 WHEN 0 THEN 'address' WHEN 2 THEN 'cap' ELSE '' END
        FROM (SELECT id AS i, row_number() OVER () AS n FROM messages WHERE state = 'ready') AS o WHERE id = i""",
    "stopped": "UPDATE runs SET state = 'stopped'",
    "paused": "UPDATE runs SET state = 'paused', paused_from = 'sending'",
    "waiting for a second person": "UPDATE runs SET state = 'waiting_release'",
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_who_is_missing_by_reason_is_what_the_command_lists(door, engine, run, move):
    with engine.begin() as connection:
        connection.execute(text(move))

    found, listed = told(door, run)

    assert found.missing == listed["by_reason"]
    assert found.got == listed["got"]
    assert found.report["audience"] == found.got + len(listed["missing"]) == found.planned + found.held
    assert found.planned == found.sent + found.failed + found.waiting


def test_what_is_in_doubt_is_told_from_what_is_being_sent(door, engine, run):
    with engine.begin() as connection:
        connection.execute(text("UPDATE messages SET state = 'in_delivery' WHERE state = 'ready'"))
        connection.execute(
            text("""INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
                    SELECT gen_random_uuid(), id, 1, 'email', 'x', (ARRAY['sending', 'in_doubt'])[1 + n % 2], id::text,
                        now()
                    FROM (SELECT id, row_number() OVER () AS n FROM messages WHERE state = 'in_delivery') AS m""")
        )

    found, listed = told(door, run)

    assert found.missing == listed["by_reason"] == {"in_doubt": 2, "no_consent": 2, "sending": 2}


def test_the_page_shows_the_report(door, staff, run):
    page = staff(Role.MARKETING).get(f"/runs/{run}")

    assert page.status_code == 200
    assert re.search(r"<b>6</b> <span>Audience", page.text)
    assert re.search(r"<b>4</b> <span>Waiting", page.text)
    assert "No consent" in page.text


def test_the_page_says_what_was_laid_out_in_full(door, staff, engine, run):
    assert "laid out" not in staff(Role.MARKETING).get(f"/runs/{run}").text

    with engine.begin() as connection:
        message = connection.scalar(text("SELECT id::text FROM messages LIMIT 1"))
        keep_in_full(connection, run, "letter", [(message, "glyph")])

    page = staff(Role.MARKETING).get(f"/runs/{run}").text
    assert "Letters: a letter that is rarely used" in page
    assert "letter in full,glyph,1" in staff(Role.MANAGER).get(f"/runs/{run}?as=csv").text


def test_the_page_says_what_postage_was_saved(staff, engine, run):
    assert "Postage saved" not in staff(Role.MARKETING).get(f"/runs/{run}").text

    with engine.begin() as connection:
        connection.execute(
            text("""
            WITH made AS (
                INSERT INTO deliveries (id, message_id, number, channel, address, state, reference, created_at)
                SELECT gen_random_uuid(), id, 1, 'letter', '', 'accepted', 'K7Q4MT2XWP', now() FROM messages LIMIT 1
                RETURNING id)
            INSERT INTO envelopes (delivery_id, top_id, sheets, saved, at)
            SELECT id, gen_random_uuid(), 2, 1.10, now() FROM made
        """)
        )

    page = staff(Role.MARKETING).get(f"/runs/{run}").text
    assert "Postage saved, letters in another&#39;s envelope: 1" in page
    assert "co_mailed,amount,1.10" in staff(Role.MANAGER).get(f"/runs/{run}?as=csv").text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize(
    ("path", "rows"), [("/runs/{run}", None), ("/runs/{run}/missing", 6)], ids=["report", "missing"]
)
def test_what_is_shown_can_be_had_as_a_file(staff, run, kind, path, rows):
    answer = staff(Role.MANAGER).get(f"{path.format(run=run)}?as={kind}")

    assert answer.headers["content-disposition"].endswith(f'.{kind}"')
    if kind == "csv":
        assert answer.content.startswith(b"\xef\xbb\xbf")
        table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    else:
        table = [
            list(row) for row in load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
        ]
    assert len(table) == rows + 1 if rows else (table[1][0], str(table[1][2])) == ("audience", "6")


@pytest.mark.parametrize(
    ("roles", "action", "begins", "ends", "status"),
    [
        pytest.param([Role.MARKETING], "pause", "sending", "paused", 303, id="marketing pauses its campaign"),
        pytest.param([Role.MANAGER], "stop", "sending", "stopped", 303, id="a manager stops it"),
        pytest.param([Role.MARKETING], "resume", "paused", "sending", 303, id="and it goes on after a pause"),
        pytest.param([Role.MARKETING], "resume", "sending", "sending", 409, id="what sends cannot go on"),
        pytest.param([Role.MARKETING], "explode", "sending", "sending", 404, id="there are no other actions"),
        pytest.param([Role.BILLING], "stop", "sending", "sending", 404, id="billing does not see campaigns"),
        pytest.param([Role.SUPPORT], "stop", "sending", "sending", 403, id="support has no hand on a run"),
        pytest.param(
            [Role.MANAGER], "release", "waiting_release", "sending", 303, id="a second person releases"
        ),
        pytest.param(
            [Role.MANAGER], "release", "sending", "sending", 403, id="what does not wait is not released"
        ),
    ],
)
def test_only_who_may_has_a_hand_on_a_run(door, engine, staff, run, roles, action, begins, ends, status):
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET state = :state, paused_from = 'sending'"), {"state": begins})

    answer = staff(*roles).post(f"/runs/{run}/{action}", {"because": "a mistake"})

    assert answer.status_code == status
    assert state(door, run) == ends


def test_who_asked_for_a_run_does_not_release_it(door, engine, staff, run):
    manager, _ = staff(Role.MANAGER), staff(Role.MANAGER)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE runs SET state = 'waiting_release', requested_by = :by"),
            {"by": f"staff:{manager.name}"},
        )

    assert "Release</button>" not in manager.get(f"/runs/{run}").text
    assert manager.post(f"/runs/{run}/release").status_code == 403
    assert state(door, run) == "waiting_release"


def test_who_steers_and_why_is_written_down(door, staff, run):
    marketer = staff(Role.MARKETING)

    marketer.post(f"/runs/{run}/stop", {"because": "wrong price"})

    assert door.ask("SELECT actor, action, detail ->> 'because' FROM audit WHERE action = 'stop'") == [
        (f"staff:{marketer.name}", "stop", "wrong price")
    ]


def test_a_list_shows_the_runs_and_filters_them(staff, run):
    marketer = staff(Role.MARKETING)

    assert f'href="/runs/{run}"' in marketer.get("/runs").text
    assert f'href="/runs/{run}"' not in marketer.get("/runs?state=stopped").text
    assert f'href="/runs/{run}"' not in marketer.get("/runs?before=2026-01-01").text
    assert f'href="/runs/{run}"' not in staff(Role.BILLING).get("/runs").text


def test_who_lacks_it_is_named_by_reason(staff, run):
    page = staff(Role.MARKETING).get(f"/runs/{run}/missing?reason=no_consent")

    assert page.text.count('<th scope="row"') == 2


def test_a_run_that_has_ended_is_told_once_and_for_all(door, engine, staff, run):
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET state = 'stopped'"))

    stream = staff(Role.MARKETING).get(f"/runs/{run}/live")

    assert stream.headers["content-type"].startswith("text/event-stream")
    assert stream.text.startswith("retry: ")
    assert stream.text.count("\n\ndata: ") == 1
    assert stream.text.endswith("event: end\ndata: end\n\n")
    assert door.app.state.site.watched == {}
