"""`work.campaign`, `work.release`: identity, start, and who may let a run go."""

import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text

from store.runs import add_campaign, find_run
from store.suppressions import mark_known
from templates.catalog import find
from templates.values import check_data
from tests.town import NOON, install, settle
from tidings.problem import Problem
from tidings.settings import Mode, Settings
from work import run as stages
from work.campaign import EXAMPLE, open_campaign, parse_campaign, read_campaign, starts
from work.installation import adopt
from work.release import release
from work.report import report


def campaign(**changes):
    raw = {
        "name": "spring",
        "edition": "1",
        "topic": "news",
        "template": "news/quarterly",
        "audience": {"everybody": True},
        "data": {"open_day": date(2026, 12, 6)},
    }
    return parse_campaign(raw | changes, where="spring.toml")


@pytest.fixture
def outbox(settings, engine):
    return install(settings, engine)


@pytest.fixture
def live(settings, engine):
    return install(
        Settings(home=settings.home, database=settings.database, mode=Mode.LIVE, confirm_over=5), engine
    )


def start(installation, *, actor="staff:Ola", **changes):
    opened = open_campaign(installation, campaign(**changes), installation.policy, actor=actor, now=NOON)
    shards = stages.begin(installation, opened.run, now=NOON)
    for shard in range(shards.count):
        stages.plan(installation, opened.run, shard, installation.policy, now=NOON)
    return stages.open_for_sending(installation, opened.run)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        pytest.param({}, NOON, id="no start is now"),
        pytest.param(
            {"start": "2026-06-01T09:00:00", "zone": "Europe/Oslo"},
            datetime(2026, 6, 1, 7, tzinfo=UTC),
            id="nine in Oslo in summer",
        ),
        pytest.param(
            {"start": "2026-12-01T09:00:00", "zone": "Europe/Oslo"},
            datetime(2026, 12, 1, 8, tzinfo=UTC),
            id="nine in Oslo in winter",
        ),
        pytest.param(
            {"start": "2027-03-28T02:30:00", "zone": "Europe/Oslo"},
            datetime(2027, 3, 28, 1, 30, tzinfo=UTC),
            id="an hour that summer time skips is an hour later",
        ),
        pytest.param(
            {"start": "2026-12-01T09:00:00", "own_time": True},
            datetime(2026, 11, 30, 19, tzinfo=UTC),
            id="nine in the customers' own time begins on Kiritimati",
        ),
        pytest.param(
            {"start": "2026-10-25T02:30:00", "zone": "Europe/Oslo"},
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            id="an hour that comes twice is the first one",
        ),
        pytest.param(
            {"start": "2026-06-01T09:00:00-03:00", "zone": "Europe/Oslo"},
            datetime(2026, 6, 1, 12, tzinfo=UTC),
            id="an offset goes before the zone",
        ),
    ],
)
def test_start(schedule, expected):
    """A local time is one instant, across both changes of the clock."""
    assert starts(campaign(schedule=schedule), now=NOON) == expected


def test_the_example_is_complete_and_readable(tmp_path):
    path = tmp_path / "example.toml"
    path.write_text(EXAMPLE)

    read = read_campaign(path)

    assert read.fallback_after == {"email": timedelta(days=3)}
    assert check_data(find(read.template), read.data)["code"] == "LYS25"
    assert "audience" in tomllib.loads(EXAMPLE)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"name": "Spring!"}, "name", id="a name with signs in it"),
        pytest.param({"topic": "gossip"}, "gossip", id="a topic without a purpose"),
        pytest.param({"audience": {}}, "audience", id="an empty audience"),
        pytest.param({"audience": {"field": "shoe_size", "value": 42}}, "shoe_size", id="an unknown field"),
        pytest.param({"channels": ["fax"]}, "channels", id="an unknown channel"),
        pytest.param({"colour": "red"}, "colour", id="a key that we do not know"),
        pytest.param(
            {"schedule": {"start": "2026-06-01T09:00:00", "zone": "Mars"}}, "Mars", id="an unknown zone"
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_file(change, says):
    with pytest.raises(Problem, match=says) as caught:
        campaign(**change)

    assert "spring.toml" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"template": "news/unheard"}, "news/unheard", id="an unknown template"),
        pytest.param({"template": "offer/autumn"}, "offer", id="a template of another purpose"),
        pytest.param(
            {"template": "invoice/standard", "topic": "invoice", "data": find("invoice/standard").sample},
            "one customer's own",
            id="an invoice, which marketing would send to everybody",
        ),
        pytest.param({"brand": "other"}, "other", id="an unknown brand"),
        pytest.param({"data": {}}, "'open_day' is missing", id="a value that the template needs is missing"),
        pytest.param({"data": {"open_day": "soon"}}, "soon", id="a value is not what the template needs"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(outbox, change, says):
    with pytest.raises(Problem, match=says):
        open_campaign(outbox, campaign(**change), outbox.policy, actor="staff:x", now=NOON)

    with outbox.engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 0


def test_a_campaign_whose_links_lead_nowhere_is_refused(outbox):
    [brand] = outbox.organisation.brands
    nowhere = brand.model_copy(update={"website": ""})
    homeless = replace(outbox, organisation=outbox.organisation.model_copy(update={"brands": (nowhere,)}))

    with pytest.raises(Problem, match=r"organisation\.toml"):
        open_campaign(homeless, campaign(), outbox.policy, actor="staff:x", now=NOON)


def test_a_changed_file_under_the_same_identity_is_refused_with_the_difference(outbox):
    start(outbox)

    with pytest.raises(Problem, match=r"topic: \"news\" -> \"news\.garden\""):
        start(outbox, topic="news.garden")


def test_a_rehearsal_takes_nothing_from_the_run_that_follows(outbox, engine):
    settle(engine, 3, topic="news")
    opened = open_campaign(outbox, campaign(), outbox.policy, actor="staff:x", now=NOON, rehearse=True)
    stages.begin(outbox, opened.run, now=NOON)
    stages.plan(outbox, opened.run, 0, outbox.policy, now=NOON)
    with engine.begin() as connection:
        rehearsed = report(connection, opened.run)

    assert (rehearsed["planned"], rehearsed["waiting"]) == ({"email": 3}, {"rehearsal": 3})
    run = start(outbox, title="changed after the rehearsal")
    with engine.begin() as connection:
        assert report(connection, run.id)["planned"] == {"email": 3}


def test_the_first_live_marketing_run_needs_known_suppressions(live):
    with pytest.raises(Problem, match="none-exist"):
        start(live)


def test_a_large_live_run_waits_for_a_second_person(live, engine):
    settle(engine, 6, topic="news")
    with engine.begin() as connection:
        mark_known(connection, "nordlys", "none exist")

    run = start(live)

    assert run.state == "waiting_release"
    with engine.begin() as connection:
        assert report(connection, run.id)["waiting"] == {"release": 6}
    for wrong in ("", "ola", " OLA "):
        with engine.begin() as connection, pytest.raises(Problem):
            release(connection, run.id, by=wrong, now=NOON)
    with engine.begin() as connection:
        assert release(connection, run.id, by="Ingrid", now=NOON).state == "sending"
        assert find_run(connection, run.id).released_by == "Ingrid"
    with engine.begin() as connection, pytest.raises(Problem, match="does not wait"):
        release(connection, run.id, by="Ingrid", now=NOON)


def test_a_live_run_that_grew_by_more_than_30_percent_waits(live, engine):
    settle(engine, 3, topic="news")
    with engine.begin() as connection:
        mark_known(connection, "all", "none exist")
    first = start(live)
    with engine.begin() as connection:
        connection.execute(text("UPDATE runs SET state = 'finished'"))
    settle(engine, 1, topic="news")

    second = start(live, edition="2")

    assert (first.state, second.state) == ("sending", "waiting_release")


def test_a_copied_database_opens_as_outbox_until_somebody_adopts_it(live, settings, engine, tmp_path):
    assert live.mode is Mode.LIVE
    with engine.begin() as connection:
        connection.execute(text("UPDATE installation SET value = 'another server' WHERE key = 'live_at'"))
    copy = install(live.settings, engine)

    assert copy.mode is Mode.OUTBOX
    with engine.begin() as connection:
        adopt(connection, copy.settings, by="Ingrid")
    assert install(live.settings, engine).mode is Mode.LIVE


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"title": "a\0b"}, "title", id="a NUL"),
        pytest.param({"data": {"a": ["\ud800"]}}, "data.a", id="half a surrogate pair, deep in the data"),
        pytest.param(
            {"schedule": {"start": "9999-12-31T23:00:00"}}, "schedule.start", id="a start at the end of time"
        ),
        pytest.param(
            {"fallback_after": {"email": "P999999D"}}, "fallback_after", id="a wait of a thousand years"
        ),
        pytest.param(
            {"fallback_after": {"email": "-P1D"}}, "fallback_after", id="a wait that is over already"
        ),
        pytest.param(
            {"audience": {"did": "clicked", "within": "P999999D"}}, "within", id="a span without end"
        ),
    ],
)
def test_a_value_that_would_fail_later_is_named_at_once(change, says):
    with pytest.raises(Problem, match=says):
        campaign(**change)


@pytest.mark.parametrize(
    "audience",
    [
        pytest.param({"field": "created_at", "op": ">", "value": "yesterday"}, id="a date in words"),
        pytest.param({"field": "country", "op": "in", "value": "NO"}, id="one value where a list belongs"),
    ],
)
def test_a_rule_that_fits_no_value_leaves_no_run_behind(outbox, audience):
    with pytest.raises(Problem, match="audience"):
        start(outbox, audience=audience)

    with outbox.engine.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM runs")) == 0


def test_of_two_files_under_one_name_at_once_one_is_refused(outbox, engine):
    """Both look before either has written; the second one waits for the first, and looks again."""
    settle(engine, 1)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as first:
            add_campaign(
                first,
                {
                    "brand": "nordlys",
                    "name": "spring",
                    "edition": "1",
                    "digest": "another",
                    "definition": {},
                    "created_by": "staff:Kari",
                    "starts_at": NOON,
                },
            )
            second = pool.submit(start, outbox)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as look:
                while not look.scalar(text("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")):
                    pass
        with pytest.raises(Problem, match="other content"):
            second.result()


def test_own_time_holds_each_message_until_the_customers_clock_says_so(outbox, engine):
    [oslo] = settle(engine, topic="news")
    [recife] = settle(engine, topic="news", time_zone="America/Recife")
    [lost] = settle(engine, topic="news", time_zone="Mars/Olympus")
    [auckland] = settle(engine, topic="news", time_zone="Pacific/Auckland")
    changes = {"schedule": {"start": "2026-03-04T02:00:00", "own_time": True}}

    run = start(outbox, **changes)

    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT customer_id, due_at FROM messages WHERE run_id = :run"), {"run": run.id}
        )
        due = {row.customer_id: row.due_at for row in rows}
    day = datetime(2026, 3, 4, tzinfo=UTC)
    assert due[oslo] == due[lost] == day + timedelta(hours=1)
    assert due[recife] == day + timedelta(hours=5)
    assert due[auckland] == datetime(2026, 3, 3, 13, tzinfo=UTC)
    assert run.starts_at == datetime(2026, 3, 3, 12, tzinfo=UTC)


def test_a_schedule_without_own_time_is_written_as_it_was(outbox):
    """Else an edition that ran before there was one would differ from itself."""
    assert "own_time" not in campaign().model_dump(mode="json")["schedule"]
    kept = campaign(schedule={"start": "2026-03-04T02:00:00", "own_time": True}).model_dump(mode="json")
    assert kept["schedule"]["own_time"] is True
