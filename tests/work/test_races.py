"""Processes that work on the same run at once: each waits for the other where it must."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import text

from store.undecided import next_undecided
from tests.town import NOON, install, settle
from tests.work.test_deliver import offer
from work import run as stages
from work.campaign import open_campaign
from work.report import report


def wait_for_a_lock(engine):
    """Return when somebody waits for a lock of somebody else."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(text("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")):
            pass


def test_who_plans_a_run_has_seen_it_planned_whole(settings, engine):
    """Else a second process would send while the first still decides, and facts would go unchecked."""
    settle(engine, 5)
    installation = install(settings, engine)
    run = open_campaign(installation, offer(), installation.policy, actor="staff:test", now=NOON).run
    stages.begin(installation, run, now=NOON)

    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as first:
            assert next_undecided(first, run, 0).people.height == 5
            second = pool.submit(stages.plan, installation, run, 0, installation.policy, now=NOON)
            wait_for_a_lock(engine)
            assert not second.done()
        assert second.result() == 5


def test_a_report_adds_up_while_the_audience_is_being_frozen(settings, engine):
    """The audience is committed between the two looks that a report takes."""
    settle(engine, 5)
    installation = install(settings, engine)
    run = open_campaign(installation, offer(), installation.policy, actor="staff:test", now=NOON).run

    with engine.connect() as connection:
        found = report(Between(connection, lambda: stages.begin(installation, run, now=NOON)), run)

    assert found["audience"] == sum(found["planned"].values()) + sum(found["held"].values())


class Between:
    """A connection, between whose first and second statement something else happens."""

    def __init__(self, connection, act):
        self.connection = connection
        self.acts = [act]

    def execute(self, *arguments):
        found = self.connection.execute(*arguments)
        for act in self.acts[:]:
            self.acts.clear()
            act()
        return found
