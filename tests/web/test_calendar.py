"""The calendar: what is planned when, holidays, caps, and campaigns that meet the same customers."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, text

from store.tables import segments
from tests.town import ORGANISATION, install, settle
from tests.web.conftest import Door, StaffClient
from tests.web.test_campaigns import draft, fields_of
from tidings.organisation import Organisation
from tidings.role import Role
from web.language import LANGUAGES
from web.told import told
from work.agenda import holidays


@pytest.fixture
def town(engine, door):
    return settle(engine, 3, channels=("email", "sms", "letter"))


@pytest.fixture
def marketer(staff):
    return staff(Role.MARKETING)


@pytest.mark.parametrize(
    ("country", "language", "name"),
    [
        pytest.param("NO", "nb", "Første juledag", id="Norwegian in Norway"),
        pytest.param("SE", "sv", "Juldagen", id="Swedish in Sweden"),
        pytest.param("FI", "sv", "Juldagen", id="Swedish in Finland"),
        pytest.param("PL", "pl", "Boże Narodzenie (pierwszy dzień)", id="Polish in Poland"),
        pytest.param("BR", "pt_BR", "Natal", id="Portuguese in Brazil"),
        pytest.param("NO", "pl", "Christmas Day", id="English where it has no other name"),
        pytest.param("GB", "en", "Christmas Day", id="English"),
    ],
)
def test_a_holiday_has_its_name_in_the_language_of_the_page(country, language, name):
    day = date(2026, 12, 25)
    [found] = holidays([country], first=day, last=day, language=language)
    assert found.title.startswith(name)


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_holiday_around_us_has_a_name_in_every_language(language):
    first, last = date(2025, 1, 1), date(2028, 12, 31)
    english = {name.title for name in holidays(COUNTRIES, first=first, last=last)}
    shown = holidays(COUNTRIES, first=first, last=last, language=language)
    same = {one.title for one in shown if one.title in english and told(one.title, language) == one.title}

    assert same - {"Corpus Christi"} == set()


COUNTRIES = ("NO", "SE", "PL", "BR", "DK", "FI", "DE", "GB", "NL", "FR", "ES", "AT", "IE", "IS", "US")


def test_drafts_runs_and_holidays_stand_on_their_days(town, engine, marketer, staff):
    draft(marketer, title="Winter", start="2026-05-06T09:00")
    approved = draft(marketer, name="lent", title="Lent", start="2026-05-07T10:30")
    marketer.post(approved, fields_of(marketer.get(approved).text) | {"do": "ask"})
    staff(Role.MANAGER).post(f"{approved}/approve")

    page = marketer.get("/calendar?month=2026-05").text

    assert "Winter" in page
    assert "Draft" in page
    assert page.count(">09:00") == 1
    assert page.count(">10:30") == 1, "a draft and its run are one thing"
    assert "Constitution Day" in page
    assert "Grunnlovsdag" in marketer.get("/calendar?month=2026-05", headers={"Accept-Language": "nb"}).text
    assert "Winter" not in marketer.get("/calendar?month=2026-06").text
    listed = marketer.get("/calendar?month=2026-05&view=list").text
    assert "Winter" in listed
    assert 'class="list"' in listed


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        pytest.param("channel=letter", True, id="a channel of it"),
        pytest.param("channel=push", False, id="another channel"),
        pytest.param("purpose=offer", True, id="its purpose"),
        pytest.param("purpose=news", False, id="another purpose"),
        pytest.param("brand=nordlys", True, id="its brand"),
        pytest.param("brand=other", False, id="another brand"),
    ],
)
def test_the_calendar_is_filtered(town, marketer, query, shown):
    draft(marketer, title="Winter", start="2026-05-06T09:00", channels=["email", "letter"])

    assert ("Winter" in marketer.get(f"/calendar?month=2026-05&{query}").text) is shown


def test_campaigns_that_meet_the_same_customers_are_counted(town, engine, marketer):
    for number in range(5):
        draft(marketer, name=f"c{number}", title=f"Wave {number}", start=f"2026-05-0{number + 1}T09:00")
    draft(marketer, name="far", title="Far away", start="2026-08-01T09:00")

    page = marketer.get("/calendar/collisions?month=2026-05").text

    assert page.count("<li") == 10
    assert "“Wave 0” and “Wave 1” meet 3 customers within 30 days." in page
    assert "3 of them would be over the cap of 4, and wait." in page
    assert "Far away" not in page
    assert "Wave 0" in marketer.get("/calendar?month=2026-05&collisions=1").text, "also without a script"


def test_campaigns_for_different_customers_do_not_collide(town, engine, marketer):
    with engine.begin() as connection:
        for name, country in (("se", "SE"), ("no", "NO")):
            connection.execute(
                insert(segments).values(
                    name=name, version=1, rule={"field": "country", "value": country}, created_by="x"
                )
            )
    draft(marketer, name="a", start="2026-05-06T09:00", segment="no")
    draft(marketer, name="b", start="2026-05-07T09:00", segment="se")

    assert "No two campaigns meet" in marketer.get("/calendar/collisions?month=2026-05").text


def test_marketing_sees_no_invoice_runs_and_a_manager_does(town, engine, marketer, staff):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO policies (digest, rules) VALUES ('d', '{}')"))
        connection.execute(
            text("""
                INSERT INTO templates (name, version, purpose, purpose_class, content_hash)
                VALUES ('invoice/standard', '1', 'invoice', 'required', 'h');
                INSERT INTO runs (id, kind, title, brand, purpose, topic, purpose_class, template_id, policy_version,
                                  mode, state, requested_by, starts_at)
                SELECT 'inv-1', 'invoice_run', 'Invoices of May', 'nordlys', 'invoice', 'invoice', 'required', t.id,
                       p.version, 'outbox', 'finished', 'x', '2026-05-04T10:00:00Z' FROM templates t, policies p
            """)
        )

    assert "Invoices of May" not in marketer.get("/calendar?month=2026-05").text
    manager = staff(Role.MANAGER)
    assert "Invoices of May" in manager.get("/calendar?month=2026-05").text
    assert (
        "Faktury z pliku May"
        in manager.get("/calendar?month=2026-05", headers={"Accept-Language": "pl"}).text
    )


@pytest.mark.parametrize("month", ["", "2026-13", "nonsense", "0001-01", "9999-12", "2026-02"])
def test_any_month_is_a_page(town, marketer, month):
    assert marketer.get(f"/calendar?month={month}").status_code == 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_shows_the_calendar(town, marketer, language):
    draft(marketer, title="Winter", start="2026-05-06T09:00")
    draft(marketer, name="b", title="Lent", start="2026-05-07T09:00")
    spoken = {"Accept-Language": language.replace("_", "-")}

    for query in ("month=2026-05", "month=2026-05&view=list", "month=2026-05&collisions=1"):
        assert "Winter" in marketer.get(f"/calendar?{query}", headers=spoken).text


def test_the_days_of_the_print_house_stand_beside_the_letters(settings, engine, clock):
    house = {"cut_off": "16:00:00", "closed": ["2026-03-05"]}
    organisation = Organisation.model_validate({**ORGANISATION, "print": {"outbox": house}})
    door = Door(replace(install(settings, engine), organisation=organisation), clock)
    settle(engine, 1, channels=("letter",))
    marketer = StaffClient(door, Role.MARKETING)
    draft(marketer, name="a", title="Open day", start="2026-03-04T09:00", channels=["letter"])
    draft(marketer, name="b", title="Closed day", start="2026-03-05T09:00", channels=["letter"])

    page = marketer.get("/calendar?month=2026-03").text

    assert page.count('<span class="event cut">The print house collects at 16:00') == 1
    assert page.count('<span class="event cut">The print house is closed') == 1
    next_ones = page.split('aria-label="Next collections"')[1].split("</ul>")[0]
    assert [part[:10] for part in next_ones.split('datetime="')[1:]] == [
        f"2026-03-{day}" for day in ("03", "04", "06", "09", "10")
    ]
