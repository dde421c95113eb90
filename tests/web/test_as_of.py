"""What we knew on a day and what was allowed then, as the API and the customer's page answer it."""

from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import insert, text

from store.tables import behaviour
from tests.town import agree, settle, state
from tests.web.test_customers import opened
from tests.work.test_as_of import MARCH, aged, recorded
from tidings.role import Role
from web.language import LANGUAGES, words

DAY = timedelta(days=1)
LATER = MARCH + 20 * DAY
ASKED = "/v1/customers/C1/decisions"


@pytest.fixture
def ada(door, engine):
    """C1 agreed to offers by e-mail on 5 March, on a form that was typed in on 8 March."""
    door.clock.now = LATER
    [one] = settle(engine, channels=("email",), consent=None)
    with engine.begin() as connection:
        aged(connection)
        agree(connection, one, channel="email", at=MARCH + DAY)
        recorded(connection, "consents", MARCH + 4 * DAY)
        state(connection, one, topic="offer", channels=["email"], at=MARCH + DAY)
        recorded(connection, "statements", MARCH + 4 * DAY)
    return one


def api(door, role="support", **query):
    return door.client.get(
        ASKED,
        params={"topic": "offer", **query},
        headers=door.key(role, name=f"{role}-{len(query)}{query}"[:60]),
    )


@pytest.mark.parametrize(
    ("day", "state", "consents"),
    [
        pytest.param("2026-03-04", "held", 0, id="the day before it was signed"),
        pytest.param("2026-03-07", "held", 0, id="signed, and not yet known"),
        pytest.param("2026-03-08", "ready", 1, id="known at the end of the day it was typed in"),
        pytest.param("2026-03-08T11:59:59Z", "held", 0, id="a second before it was typed in"),
        pytest.param("2026-03-08T13:00:00+01:00", "ready", 1, id="at that instant, on another clock"),
    ],
)
def test_the_api_answers_from_what_was_known_then(door, ada, day, state, consents):
    told = api(door, as_of=day)

    assert told.status_code == 200, told.text
    found = told.json()
    assert (found["customer"], found["state"], len(found["consents"])) == ("C1", state, consents)
    assert found["channels"][0]["sentence"]
    assert len(found["statements"]) == consents


@pytest.mark.parametrize(
    ("query", "field"),
    [
        pytest.param({"as_of": "2026-03-25"}, "as_of", id="tomorrow"),
        pytest.param({"as_of": "9999-12-31"}, "as_of", id="the last day of all"),
        pytest.param({"as_of": "1999-12-31"}, "as_of", id="before anything was recorded"),
        pytest.param({"as_of": "2026-03-04T10:00:00"}, "as_of", id="an instant without a zone"),
        pytest.param({"as_of": "yesterday"}, "as_of", id="a word"),
        pytest.param({"as_of": "2026-03-04", "topic": "weather"}, "topic", id="no purpose"),
        pytest.param({"as_of": "2026-03-04", "topic": ""}, "topic", id="neither purpose nor run"),
        pytest.param({"as_of": "2026-03-04", "brand": "other"}, "brand", id="no brand"),
        pytest.param({"as_of": "2026-03-04", "run": "none"}, "run", id="no run"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_field(door, ada, query, field):
    told = api(door, **query)

    assert told.status_code == 422, told.text
    assert field in told.text


def test_only_who_cares_for_a_customer_may_ask(door, ada):
    assert api(door, role="marketing", as_of="2026-03-08").status_code == 403
    assert api(door, role="system", as_of="2026-03-08").status_code == 200
    missing = door.client.get(
        "/v1/customers/C9/decisions?as_of=2026-03-08&topic=offer", headers=door.key("support")
    )
    assert missing.status_code == 404


def test_the_page_asks_for_a_reason_first_and_writes_it_down(staff, door, engine, ada):
    with engine.begin() as connection:
        door.clock.now = connection.execute(text("SELECT now()")).scalar()
    mia = staff(Role.SUPPORT)
    place = "/customers/C1/as-of?on=2026-03-08&purpose=offer"
    assert "Why do you open this customer?" in mia.get(place).text
    opened(mia)
    page = mia.get(place)
    assert page.status_code == 200
    assert "It would have gone" in page.text
    assert "Wishes known then" in page.text
    assert '<a href="/customers/C1/as-of">' in mia.get("/customers/C1").text
    assert door.ask("SELECT count(*) FROM audit WHERE action = 'open_customer'") == [(1,)]


@pytest.mark.parametrize("role", [Role.COUNTER, Role.BILLING, Role.MARKETING, Role.ADMIN])
def test_no_other_role_may_open_it(staff, ada, role):
    assert staff(role).get("/customers/C1/as-of?on=2026-03-08").status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("", 200, id="before a day is named"),
        pytest.param("?on=", 422, id="no day"),
        pytest.param("?on=3.4.2026", 422, id="a day as nobody wrote it down"),
        pytest.param("?on=1999-01-01", 422, id="before anything was recorded"),
        pytest.param("?on=9999-12-31", 422, id="the last day of all"),
        pytest.param("?on=2026-03-08&purpose=%3Cscript%3E", 200, id="no purpose"),
        pytest.param("?on=2026-03-08&brand=none", 200, id="no brand"),
    ],
)
def test_a_form_that_is_filled_in_wrongly_answers_nothing(staff, door, engine, ada, query, status):
    with engine.begin() as connection:
        door.clock.now = connection.execute(text("SELECT now()")).scalar()
    mia = staff(Role.SUPPORT)
    opened(mia)
    page = mia.get("/customers/C1/as-of" + query)
    assert page.status_code == status
    assert "What was allowed" not in page.text
    assert "<script>" not in page.text
    assert ("Something here is not right yet" in page.text) is (status == 422)
    assert "cannot be saved" not in page.text, "nobody saves anything here"


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_is_told_in_the_readers_language(staff, door, engine, ada, language):
    with engine.begin() as connection:
        door.clock.now = connection.execute(text("SELECT now()")).scalar()
        connection.execute(
            insert(behaviour).values(
                customer_id=ada, channel="email", purpose_class="marketing", reached=4, engaged=3, observations=4,
                as_of=LATER,
            )
        )  # fmt: skip
    mia = staff(Role.SUPPORT)
    opened(mia)
    wanted = {"Accept-Language": language.replace("_", "-")}
    page = unescape(mia.get("/customers/C1/as-of?on=2026-03-04", headers=wanted).text)
    said = words(language)["as_of"]
    shown = ("title", "held", "no_policy", "no_wishes", "permissions", "unknown")
    assert [said[key] for key in shown if said[key] not in page] == []
    assert said["cannot"]["behaviour"] in page
