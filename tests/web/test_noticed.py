"""What was noticed, where people and systems look: the customer's page, the reports, a run, and the API."""

from datetime import timedelta

import pytest

from store.touchpoints import Touchpoint, record
from tests.town import NOON, settle
from tests.web.test_customers import opened
from tests.work.test_deliver import House
from tidings.role import Role
from work.learn import learn

WORDS = {
    "en": ("Hours in which they react (Europe/Oslo)", "Tuesday 19:00"),
    "nb": ("Timer da kunden reagerer (Europe/Oslo)", "Tirsdag 19:00"),
    "sv": ("Timmar då kunden reagerar (Europe/Oslo)", "Tisdag 19:00"),
    "pl": ("Godziny, w których klient reaguje (Europe/Oslo)", "Wtorek 19:00"),
    "pt_BR": ("Horas em que o cliente reage (Europe/Oslo)", "Terça-feira 19:00"),
}


@pytest.fixture
def ada(engine):
    """C1 was sent twelve e-mails and clicked six, on Tuesdays at seven in the evening in Oslo."""
    [one] = settle(engine)
    told = [
        Touchpoint(
            customer=one, source="t", external_id=f"{kind}{week}", direction=way, channel="email", kind=kind,
            purpose="offer", at=NOON - week * timedelta(days=7) + timedelta(hours=hour),
        )
        for week in range(1, 13)
        for kind, way, hour in (("sent", "out", 0), ("clicked", "in", 6))
        if kind == "sent" or week % 2
    ]  # fmt: skip
    with engine.begin() as connection:
        record(connection, told)
    learn(engine, now=NOON)
    return one


@pytest.mark.parametrize("language", WORDS)
def test_the_customers_page_shows_how_sure_it_is_and_the_best_hours(staff, ada, language):
    mia = staff(Role.SUPPORT)
    opened(mia)
    page = mia.get(
        "/customers/C1?lang=" + language, headers={"Accept-Language": language.replace("_", "-")}
    ).text

    assert [word for word in WORDS[language] if word not in page] == []


def test_the_interval_is_that_of_decisions(staff, door, ada):
    page = opened(staff(Role.SUPPORT)).text
    told = door.client.get("/v1/customers/C1/behaviour", headers=door.key("support")).json()
    low, high = told["channels"][0]["between"]

    assert f"In between {low:.1%} \u2013 {high:.1%} of cases, from 12 messages" in page
    assert low < told["channels"][0]["share"] < high
    assert (told["channels"][0]["observations"], told["channels"][0]["enough"]) == (12, True)


def test_systems_read_what_was_noticed_of_a_customer_and_of_everybody(door, ada):
    one = door.client.get("/v1/customers/C1/behaviour", headers=door.key("system")).json()
    everybody = door.client.get("/v1/base-rates", headers=door.key("marketing")).json()

    assert (one["time_zone"], one["reactions"]) == ("Europe/Oslo", 6)
    assert {(hour["weekday"], hour["hour"]) for hour in one["hours"]} == {(1, 19)}
    assert (len(everybody["hours"]), len(everybody["rates"]), everybody["version"] > 0) == (168, 10, True)
    email = next(
        rate
        for rate in everybody["rates"]
        if (rate["channel"], rate["purpose_class"]) == ("email", "marketing")
    )
    assert 0.04 < email["share"] < 0.07
    assert email["between"][0] < email["share"] < email["between"][1]


def test_before_anything_is_learnt_the_policys_rates_are_told(door, engine):
    told = door.client.get("/v1/base-rates", headers=door.key("manager")).json()

    assert (told["version"], told["learnt_at"], told["hours"]) == (0, None, [])
    assert {rate["share"] for rate in told["rates"] if rate["channel"] == "letter"} == {0.45, 0.04}


def test_who_may_not_see_customers_is_refused(door, ada):
    assert door.client.get("/v1/customers/C1/behaviour", headers=door.key("marketing")).status_code == 403
    assert door.client.get("/v1/customers/C9/behaviour", headers=door.key("support")).status_code == 404


def test_the_reports_show_the_base_rates(staff, ada):
    page = staff(Role.MARKETING).get("/reports?since=2026-01-01&until=2026-12-31").text

    assert "What customers usually answer" in page
    assert ", learnt" in page
    assert "Tuesday 19:00" in page


def test_the_page_of_a_run_with_a_holdout_shows_what_it_does(staff, door, settings, engine):
    settle(engine, 40)
    house = House(settings, engine)
    house.plan(holdout=0.3).send()
    page = staff(Role.MARKETING).get(f"/runs/{house.run}").text

    assert "What the campaign does" in page
    assert "who were held out" in page
    assert "So far this may be chance." in page
    assert "In the holdout" in page
