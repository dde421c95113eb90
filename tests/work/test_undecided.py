"""A campaign's messages are written once, decided: whatever comes between the audience and its messages."""

import hypothesis.strategies as st
import pytest
from hypothesis import given
from hypothesis import settings as rounds
from sqlalchemy import insert, text

from store.tables import messages
from store.tally import grounds
from store.undecided import message_ids, next_undecided, write_undecided
from tests.town import NOON, install, settle
from tests.work.test_deliver import offer
from work import run as stages
from work.campaign import open_campaign
from work.control import stop
from work.erase import erase_customer
from work.missing import missing
from work.report import report

HOSTILE = ["Ada\tBerg", "C:\\temp\\N", "line\nbreak\r", '"},{"x":"', "\x1f", "\\N", "Åse 🌱", ""]
ALL = """
    SELECT id::text, customer_id, dedupe_key, state, reason, channel, first_channel, language, data, decision,
           input_digest, cost, propensity, shard, due_at, planned_at, document FROM messages ORDER BY customer_id
"""


@pytest.fixture
def home(settings, engine):
    return install(settings, engine)


@pytest.fixture
def run(home):
    """A run of eight people with names that break careless files; one of them may not be written to."""
    for name in HOSTILE[1:]:
        settle(home.engine, first_name=name, last_name=name)
    settle(home.engine, consent="", first_name=HOSTILE[0])
    opened = open_campaign(home, offer(), home.policy, actor="staff:test", now=NOON)
    assert stages.begin(home, opened.run, now=NOON).count == 1
    return opened.run


def plan(home, run):
    return stages.plan(home, run, 0, home.policy, now=NOON)


def told(home, run):
    with home.engine.connect() as connection:
        return report(connection, run)


def rows(home):
    with home.engine.connect() as connection:
        return connection.execute(text(ALL)).all()


def test_written_once_or_planned_first_a_message_is_the_same_and_so_are_the_counts(home, run):
    """Planned first is what an earlier release left behind, and what a merge leaves."""
    found = []
    for first in (False, True):
        with home.engine.connect() as connection, connection.begin() as outer:
            inside = type(home)(
                settings=home.settings,
                organisation=home.organisation,
                engine=Inside(connection),
                key=home.key,
            )
            if first:
                write_undecided(connection, runs=[run])
            assert plan(inside, run) == len(HOSTILE)
            found.append(
                (connection.execute(text(ALL)).all(), report(connection, run), grounds(connection, [run]))
            )
            outer.rollback()

    assert found[0] == found[1]
    assert {row.data["customer"]["first_name"] for row in found[0][0]} == set(HOSTILE)


class Inside:
    """An engine whose transactions are parts of one."""

    def __init__(self, connection):
        self.connection = connection

    def begin(self):
        return Part(self.connection)


class Part:
    def __init__(self, connection):
        self.connection = connection

    def __enter__(self):
        self.part = self.connection.begin_nested()
        return self.connection

    def __exit__(self, kind, *_):
        self.part.rollback() if kind else self.part.commit()


def test_who_waits_to_be_decided_is_counted_and_named_as_later(home, run):
    before = told(home, run)
    assert (before["audience"], sum(before["planned"].values())) == (len(HOSTILE), len(HOSTILE))
    with home.engine.connect() as connection:
        waiting = missing(connection, run)
    plan(home, run)

    assert {one["reason"] for one in waiting["missing"]} == {"undecided"}
    assert sorted(one["message"] for one in waiting["missing"]) == sorted(row.id for row in rows(home))


def test_a_plan_that_dies_leaves_everybody_and_doubles_nobody(home, run):
    with home.engine.connect() as connection:
        assert next_undecided(connection, run, 0).people.height == len(HOSTILE)
        connection.execute(text("DELETE FROM undecided"))  # its last step; then it dies

    assert (plan(home, run), plan(home, run)) == (len(HOSTILE), 0)
    assert len(rows(home)) == len(HOSTILE)


def test_a_run_that_is_stopped_before_it_is_decided_cancels_everybody(home, run):
    with home.engine.begin() as connection:
        assert stop(connection, run, by="Ada", because="wrong list").cancelled == len(HOSTILE)

    assert plan(home, run) == 0
    assert {(row.state, row.reason) for row in rows(home)} == {("cancelled", "stopped")}


def test_who_is_erased_before_they_are_decided_gets_nothing_and_never_will(home, run):
    with home.engine.begin() as connection:
        erase_customer(connection, 1, actor="staff:Ada", because="asked", now=NOON)
        kept = connection.scalar(text("SELECT count(*) FROM erased WHERE kind = 'dedupe_key'"))

    assert (plan(home, run), kept) == (len(HOSTILE) - 1, 1)
    assert [(row.state, row.reason) for row in rows(home) if row.customer_id == 1] == [
        ("cancelled", "erased")
    ]


@pytest.mark.parametrize("own_id", [True, False], ids=["with the same id", "with another id"])
def test_who_gets_the_document_by_another_way_meanwhile_is_not_written_to_twice(home, run, own_id):
    with home.engine.begin() as connection:
        [prefix] = connection.scalars(text("SELECT key_prefix FROM undecided"))
        [name] = message_ids(prefix, [2 if own_id else -2])
        connection.execute(
            insert(messages).values(
                id=name, run_id=run, customer_id=2, brand="nordlys", purpose="offer", purpose_class="marketing",
                document="autumn/1", dedupe_key=f"{prefix}2", state="done", copy=1, copy_because="asked",
                planned_at=NOON,
            )
        )  # fmt: skip

    assert plan(home, run) == len(HOSTILE) - 1
    after = told(home, run)
    assert len(rows(home)) == len(HOSTILE)
    assert after["held"]["already_sent"] == 1
    assert after["audience"] == sum(after["planned"].values()) + sum(after["held"].values())


def test_a_held_message_is_told_to_listeners_as_one_that_is_held_later(home, run):
    with home.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO webhooks (name, url, secret, created_at) VALUES ('crm', 'https://x.example', '', now())"
            )
        )
    plan(home, run)

    with home.engine.connect() as connection:
        [event] = connection.execute(text("SELECT customer_id, data FROM events WHERE kind = 'message.held'"))
    assert (event.customer_id, event.data["reason"]) == (len(HOSTILE), "no_consent")


@rounds(max_examples=50)
@given(
    prefix=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40),
    customer=st.integers(1, 2**62),
)
def test_an_id_is_what_the_database_makes_of_the_key(module_engine, prefix, customer):
    with module_engine.connect() as connection:
        made = connection.scalar(text("SELECT message_id(:key)::text"), {"key": f"{prefix}{customer}"})
    assert message_ids(prefix, [customer]) == [made]
