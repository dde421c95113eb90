"""`work.collection`: when letters leave for a print house that works on some days and until some hour."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import text

from preferences.sheet import CHANNELS
from tests.town import NOON, ORGANISATION, install, settle, state
from tests.work.test_limits import offer, planned
from tests.work.test_rehearsal import foreseen
from tidings.organisation import Organisation, PrintHouse
from work.collection import WEEK, Calendar, calendar_of, coming_collections
from work.explain import explain
from work.likely import Drawn, rates
from work.rehearsal import frame_of
from work.simulate import simulate


def calendar(zone="Europe/Oslo", country="NO", **said):
    house = PrintHouse.model_validate({"cut_off": "16:00:00", **said})
    return Calendar(provider="spool", house=house, zone=zone, country=country)


def at(said):
    return datetime.fromisoformat(said).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("house", "due", "leaves"),
    [
        pytest.param(calendar(), "2026-11-23T08:00", "2026-11-23T14:15", id="on a Monday morning: the same day"),
        pytest.param(calendar(), "2026-11-23T14:16", "2026-11-24T14:15", id="after the last moment: the next day"),
        pytest.param(calendar(), "2026-11-27T15:00", "2026-11-30T14:15", id="on a Friday evening: on Monday"),
        pytest.param(calendar(), "2026-12-24T15:00", "2026-12-28T14:15", id="over Christmas"),
        pytest.param(
            calendar(closed=("2026-12-24", "2026-12-28")), "2026-12-24T08:00", "2026-12-29T14:15",
            id="over days of its own"),
        pytest.param(calendar(country=""), "2026-12-25T08:00", "2026-12-25T14:15", id="where no holidays are kept"),
        pytest.param(calendar(days=("sat",)), "2026-11-23T08:00", "2026-11-28T14:15", id="only on Saturdays"),
        pytest.param(calendar(), "2026-03-27T15:30", "2026-03-30T13:15", id="over the night in which summer begins"),
        pytest.param(calendar(), "2026-10-23T14:30", "2026-10-26T14:15", id="over the night in which it ends"),
        pytest.param(
            calendar(cut_off="02:30:00", lead=0, days=WEEK), "2026-03-28T12:00", "2026-03-29T01:30",
            id="at an hour that is skipped: an hour later"),
        pytest.param(
            calendar(cut_off="02:30:00", lead=0, days=WEEK), "2026-10-24T12:00", "2026-10-25T00:30",
            id="at an hour that comes twice: the first time"),
        pytest.param(
            calendar(cut_off="00:10:00", days=("mon",)), "2026-11-22T22:00", "2026-11-22T22:25",
            id="a cut-off after midnight: what leaves the evening before"),
        pytest.param(
            calendar(zone="Pacific/Auckland", country="NZ"), "2026-11-22T20:00", "2026-11-23T02:15",
            id="where it is Monday already"),
    ],
)  # fmt: skip
def test_a_letter_leaves_for_the_next_working_cut_off(house, due, leaves):
    assert house.next(at(due)).leaves == at(leaves)


@given(
    minutes=st.integers(0, 60 * 24 * 365 * 15),
    zone=st.sampled_from(["Europe/Oslo", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]),
    days=st.sets(st.sampled_from(WEEK), min_size=1),
    closed=st.sets(st.dates(date(2020, 1, 1), date(2035, 1, 1)), max_size=5),
    cut_off=st.times(),
    lead=st.integers(0, 720),
    country=st.sampled_from(["", "NO", "US", "PL"]),
)
def test_no_letter_is_lost_and_none_leaves_before_it_is_due(
    minutes, zone, days, closed, cut_off, lead, country
):
    due = at("2020-01-01T00:00") + timedelta(minutes=minutes)
    house = calendar(zone, country, cut_off=cut_off, days=tuple(days), closed=tuple(closed), lead=lead)
    found = house.next(due)

    assert found is not None
    assert found.leaves >= due
    assert found.leaves <= due + timedelta(days=31)
    assert found.cut_off - found.leaves == timedelta(minutes=lead)
    assert house.why_closed(found.local.date()) is None
    assert house.next(found.leaves) == found
    later = house.next(due + timedelta(minutes=1))
    assert later is not None
    assert later.leaves >= found.leaves


def with_house(settings, engine, **said):
    """Return an installation whose print house works until four, from Monday to Friday."""
    made = install(settings, engine)
    told = {"cut_off": "16:00:00", **said}
    organisation = Organisation.model_validate({**ORGANISATION, "print": {"outbox": told}})
    return replace(made, organisation=organisation)


def letters(engine, run):
    query = "SELECT customer_id, channel, state, reason, due_at, decision FROM messages WHERE run_id = :run"
    with engine.begin() as connection:
        return {row.customer_id: row for row in connection.execute(text(query), {"run": run})}


def test_letters_of_a_run_wait_for_the_collection_and_say_so(settings, engine):
    house = with_house(settings, engine, country="NO")
    ids = settle(engine, 3, channels=("letter", "email"))
    with engine.begin() as connection:
        for one in ids[:2]:
            state(connection, one, channels=["letter"])
        state(connection, ids[2], channels=["email"])
    leaves = calendar_of(house).next(NOON)

    run = planned(house)

    rows = letters(engine, run)
    assert [(rows[one].channel, rows[one].reason) for one in ids] == [
        ("letter", "cut_off"), ("letter", "cut_off"), ("email", ""),
    ]  # fmt: skip
    assert {rows[one].due_at for one in ids[:2]} == {leaves.leaves}
    assert rows[ids[2]].due_at == NOON
    told = explain(house, "C1", run, now=NOON)
    assert (told["reason"], told["proved"]) == ("cut_off", True)
    evidence = {"cut_off_at": "2026-03-03T16:00:00+01:00", "print_house": "outbox"}
    assert evidence.items() <= told["channels"][0]["evidence"].items()
    assert told["sentence"] == "It waits for the next print run, on March 3, 2026."


def test_a_rehearsal_says_when_letters_will_leave(settings, engine):
    house = with_house(settings, engine, closed=["2026-03-03"])
    settle(engine, 2, channels=("letter",))
    with engine.begin() as connection:
        people = [row.id for row in connection.execute(text("SELECT id FROM customers ORDER BY id"))]
    course, facts = foreseen(
        SimpleNamespace(engine=engine, installation=house), offer(), people, until=NOON + timedelta(days=3)
    )
    nobody = Drawn(seed=0, rates=rates({}), answers=np.zeros((len(people), len(CHANNELS))))

    told = frame_of(simulate(facts, course, nobody))
    ran = letters(engine, planned(house))

    assert dict(zip(told["customer"], told["due_at"], strict=True)) == {
        one: ran[one].due_at for one in people
    }
    assert {row.due_at for row in ran.values()} == {at("2026-03-04T14:15")}
    assert set(told["wait"]) == {"cut_off"}


def test_without_a_calendar_no_letter_of_a_run_waits(settings, engine):
    settle(engine, 1, channels=("letter",))
    house = install(settings, engine)
    [row] = letters(engine, planned(house)).values()
    assert (row.channel, row.reason, row.due_at) == ("letter", "", NOON)
    assert calendar_of(house) is None


def test_the_days_of_two_weeks_are_listed_with_why_nothing_is_collected(settings, engine):
    house = with_house(settings, engine, closed=["2026-03-05"], country="NO")
    found = coming_collections(house, now=NOON, days=7)
    assert [(one["day"][-2:], one["why"]) for one in found] == [
        ("03", ""), ("04", ""), ("05", "closed"), ("06", ""), ("07", "weekend"), ("08", "weekend"), ("09", ""),
    ]  # fmt: skip
    assert found[0]["leaves_at"] == "2026-03-03T15:15:00+01:00"
    assert [one["collects"] for one in found] == [not one["why"] for one in found]


@pytest.mark.parametrize(
    ("house", "message"),
    [
        pytest.param({"cut_off": "16:00:00+02:00"}, "offset", id="an offset beside the zone"),
        pytest.param({"time_zone": "Mars/Olympus"}, "Europe/Oslo", id="no zone"),
        pytest.param({"days": []}, "at least 1", id="no day at all"),
        pytest.param({"days": ["monday"]}, "mon", id="a day by its long name"),
        pytest.param({"country": "Norway"}, "pattern", id="a country by its name"),
    ],
)
def test_what_is_wrong_with_a_print_house_is_said(house, message):
    with pytest.raises(ValidationError, match=message):
        PrintHouse.model_validate({"cut_off": "16:00:00", **house})
