"""The crash goal from a backup: the store is lost while it sends, and its backup knows little of what left since."""

import asyncio
import os
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from channels.contract import Source
from channels.receivers import sources
from flows.deliver import send_everything
from store.embedded import wait_until_stopped
from tests.crash import judge
from tests.crash.__main__ import NEXT_DAY, Rounds, is_broken
from tests.crash.news import SPEED, business_time
from tests.crash.worker import QuickDesk
from tests.crash.world import populate
from tests.patience import until
from tidings.settings import Settings
from work.backup import back_up
from work.gather import gather
from work.installation import adopt, opened
from work.restore import doubt_what_may_have_left, unpack

SIZE = 60
SOON = timedelta(minutes=5)


@pytest.fixture
def rounds(tmp_path):
    made = Rounds(tmp_path, SimpleNamespace(kills=10, seed=7, naive=False))
    yield made
    made.close()


@pytest.mark.parametrize("mailer", ["ses", "smtp"])
def test_a_backup_that_knows_little_sends_nothing_twice(rounds, tmp_path, monkeypatch, mailer):
    """A few left before the backup, all others after it: nothing goes out twice, and every doubt has a name."""
    spool = tmp_path / "spool"
    spool.mkdir()
    rounds.server.fresh("lost")
    lost = rounds.server.engine("lost")
    url = lost.url.set(drivername="postgresql").render_as_string(hide_password=False)
    populate(Settings(home=rounds.home, database=url, mode="live"), SIZE, invoices=True)
    environment = rounds._environment({**rounds.providers.ports, "database": 0}, "lost", spool, mailer)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TIDINGS_DATABASE", url)
    began = time.time()
    for order in ("fresh", f"began {began}", "storm"):
        rounds.providers.tell(order)

    file = tmp_path / "backup.tar"
    stop = asyncio.Event()
    with (
        opened(Settings.read()) as installation,
        a_desk(installation, began, stop=stop, sent=lambda _: stop.set()) as desk,
    ):
        _letters_are_due(installation, desk.now() + SOON)
        send_everything(desk)
        back_up(installation, file, now=desk.now())
        _letters_are_due(installation, desk.now())
        stop.clear()
        send_everything(desk)
        desk.listen()

    del os.environ["TIDINGS_DATABASE"]
    monkeypatch.setenv("TIDINGS_HOME", str(tmp_path / "new"))
    settings = Settings.read()
    unpacked = unpack(file, settings, by="Ola")
    with opened(settings) as again:
        doubted = doubt_what_may_have_left(again, since=unpacked.at, now=business_time(began) + SOON)
        with again.engine.begin() as connection:
            adopt(connection, settings, by="Ola")
        rounds.providers.tell("calm")
        _send_until_quiet(again, began)
        _send_until_quiet(again, began - NEXT_DAY / SPEED)
        taken, refused = rounds.providers.taken()
        judge.DEFAULT["email"] = mailer
        report = judge.judge(again.engine, taken + judge.printed(spool), refused)
    wait_until_stopped(tmp_path / "new")

    assert doubted["list"] > 0
    assert doubted["key"] > 0
    assert sum(taken.values()) > SIZE // 2
    assert not is_broken(report), report
    assert report["duplicates"] == dict.fromkeys(judge.KINDS, 0)


@dataclass(frozen=True, kw_only=True)
class Desk(QuickDesk):
    """Takes in news, too."""

    queues: Mapping[str, Source]

    def listen(self):
        gather(self.installation, self.queues, now=self.now())


@contextmanager
def a_desk(installation, began, **more):
    """A desk whose connections are closed in the end."""
    queues = sources(installation.settings, home=installation.home)
    desk = Desk(installation=installation, began=began, queues=queues, **more)
    try:
        yield desk
    finally:
        for one in (*queues.values(), *(one for choice in desk.providers.values() for one in choice)):
            one.close()


def _letters_are_due(installation, when):
    """Keep letters out of the first claims, which would take all of them."""
    with installation.engine.begin() as connection:
        connection.execute(
            text("UPDATE messages SET due_at = :when WHERE channel = 'letter' AND state = 'ready'"),
            {"when": when},
        )


def _send_until_quiet(installation, began):
    """Send and settle until nothing is left to do but what waits for evidence that does not come."""
    seen = []

    def quiet():
        at.listen()
        send_everything(at)
        left, state = judge.progress(installation.engine)
        if left or not seen or seen[-1] != state:
            seen.clear()
        seen.append(state)
        return len(seen) > 5

    with a_desk(installation, began) as at:
        until(quiet, 60)
