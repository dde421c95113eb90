"""A store of an earlier release opens in this one, and the run that was in flight goes on.

Each archive is a home whose sender was killed with `kill -9` in the middle of an invoice run by SMTP: four mails were
answered and recorded; two were answered, which only the journal knows; one was taken by the relay without an answer;
three had not begun. It holds `store.dump` (`store.dump.dump`), the home's files, and `received.json`: the Message-IDs
that the relay had taken. A new release adds an archive of its own and leaves these as they are.
"""

import json
import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from store.connect import opened
from store.dump import end_restore, load
from tests.peers.smtp import SmtpPeer
from tests.walk import tidings
from tidings.settings import Settings

RELEASES = sorted(Path(__file__).parent.glob("*.tgz"))
MESSAGE_ID = re.compile(rb"^message-id:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
_LATER = ("--now", "2026-10-06T12:00:00Z")


@pytest.fixture
def relay():
    """A relay that takes everything."""
    made = SmtpPeer()
    yield made
    made.close()


@pytest.fixture(params=RELEASES, ids=[path.stem for path in RELEASES])
def home(request, tmp_path):
    """The home of a release on this machine, as it was when its sender was killed."""
    place = tmp_path / "home"
    with tarfile.open(request.param) as archive:
        for member in archive:  # by hand: Debian's Python 3.11.2 knows no filter
            target = place / member.name
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.extractfile(member).read())
                target.chmod(0o600)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    for journal in (place / "journal").iterdir():  # the machine was not started anew in between
        journal.write_text(re.sub(r"^boot\t\S+", f"boot\t{boot}", journal.read_text()))
    with opened(Settings(home=place)) as store:
        load(store.engine, place / "store.dump")
        with store.engine.begin() as connection:
            end_restore(connection)
    return place


def test_the_run_goes_on_and_nobody_is_mailed_twice_without_a_doubt(home, relay):
    before = json.loads((home / "received.json").read_text())
    recorded, known, unanswered = before[:4], before[4:6], before[6:]
    environment = {
        "TIDINGS_MODE": "live",
        "TIDINGS_EMAIL": "smtp",
        "TIDINGS_SMTP__HOST": "127.0.0.1",
        "TIDINGS_SMTP__PORT": str(relay.port),
    }

    done = tidings(home, "adopt", "--by", "operator", **environment)
    assert done.returncode == 0, done.stderr
    done = tidings(home, "deliver", *_LATER, "--json", **environment)
    assert done.returncode == 0, done.stderr

    after = Counter(MESSAGE_ID.search(raw)[1].decode() for raw in relay.contents())
    assert not set(after) & {*recorded, *known}, "what was answered before the upgrade does not leave again"
    assert set(after.values()) == {1}
    assert len({*before, *after}) == 10, "everybody has it"
    assert set(after) & set(before) <= set(unanswered), "only what was in doubt, under its old Message-ID"
    run = json.loads(tidings(home, "runs", "list", "--json", **environment).stdout)[0]["run"]
    report = json.loads(tidings(home, "runs", "show", run, "--json", **environment).stdout)
    assert (report["audience"], report["sent"], report["failed"], report["unknown"]) == (
        10,
        {"email": 10},
        {},
        0,
    )


def test_its_customers_and_history_are_all_there(home):
    with opened(Settings(home=home)) as store, store.engine.connect() as connection:
        counts = {
            table: connection.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("customers", "invoices", "messages")
        }
    assert counts == {"customers": 59, "invoices": 10, "messages": 10}
    shown = tidings(home, "timeline", "1", "--json")
    assert shown.returncode == 0, shown.stderr
