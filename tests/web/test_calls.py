"""Calls to make: taken by one person, whose customer is open then; noted, given back, closed."""

import pytest

from tests.shelf import add_message, add_run
from tests.town import settle
from tidings.role import Role


@pytest.fixture
def call(engine, door, staff):
    """One call to make for C1, who has a phone that nothing may be sent to."""
    [one] = settle(engine, channels=("sms",))
    with engine.begin() as connection:
        add_message(
            connection, add_run(connection, required=True), one, state="undeliverable", reason="no_channel"
        )
    staff(Role.SUPPORT).post("/calls/look")
    return door.ask("SELECT id FROM calls")[0][0]


def test_the_number_is_told_only_to_who_makes_the_call(staff, call):
    mia, jon = staff(Role.SUPPORT), staff(Role.SUPPORT)
    assert "+4740600001" not in mia.get("/calls").text
    told = mia.post(f"/calls/{call}/take").headers["location"]
    assert (told, "The call is yours." in mia.get(told).text) == ("/calls?said=calls.take", True)
    assert "+4740600001" in mia.get("/calls").text
    assert "+4740600001" not in jon.get("/calls").text
    assert mia.name in jon.get("/calls").text
    assert jon.post(f"/calls/{call}/take").status_code == 422
    assert "Everything that happened" in mia.get("/customers/C1").text, "the customer is open for the call"


def test_a_note_leaves_it_open_and_closing_ends_it(staff, door, call):
    mia = staff(Role.SUPPORT)
    mia.post(f"/calls/{call}/take")
    mia.post(f"/calls/{call}/note", {"note": "nobody answered"})
    assert "nobody answered" in mia.get("/customers/C1").text
    assert mia.post(f"/calls/{call}/close", {"note": " "}).status_code == 422
    mia.post(f"/calls/{call}/close", {"note": "told the amount"})
    assert "Nobody has to be called." in mia.get("/calls").text
    assert door.ask("SELECT closed_by, note FROM calls") == [(f"staff:{mia.name}", "told the amount")]
    assert mia.post(f"/calls/{call}/close", {"note": "again"}).status_code == 422


def test_what_is_given_back_somebody_else_may_take(staff, call):
    mia, jon = staff(Role.SUPPORT), staff(Role.SUPPORT)
    mia.post(f"/calls/{call}/take")
    mia.post(f"/calls/{call}/back")
    assert jon.post(f"/calls/{call}/take").status_code == 303


@pytest.mark.parametrize("path", ["/calls/999/take", "/calls/x/take", "/calls/1/dance"])
def test_a_wrong_call_is_a_page(staff, path):
    assert staff(Role.SUPPORT).post(path).status_code == 422


@pytest.mark.parametrize("role", [Role.MARKETING, Role.BILLING, Role.COUNTER, Role.MANAGER, Role.ADMIN])
def test_only_support_calls(staff, role):
    assert staff(role).get("/calls").status_code == 403
