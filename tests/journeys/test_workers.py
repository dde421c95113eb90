"""`tidings workers 3`: Prefect's server on PostgreSQL, three processes, one of them killed in the middle."""

import os
import signal
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from store.suppressions import mark_known
from tests.journeys.patience import until
from tests.peers.smtp import SmtpPeer
from tests.town import settle

CUSTOMERS = 900
IN_THE_MIDDLE = 100
PACE = threading.Event()
"""Never set: the mail server takes its time, so that there is a middle."""


@pytest.fixture
def peer():
    peer = SmtpPeer(on_taken=lambda _: PACE.wait(0.02))
    yield peer
    peer.close()


@pytest.fixture
def workers(tidings, engine, peer):
    """A running `tidings workers 3`, live by SMTP."""
    settle(engine, CUSTOMERS)
    with engine.begin() as connection:
        mark_known(connection, "nordlys", "none exist")
    tidings.environment |= {
        "TIDINGS_MODE": "live",
        "TIDINGS_EMAIL": "smtp",
        "TIDINGS_SMTP__HOST": "127.0.0.1",
        "TIDINGS_SMTP__PORT": str(peer.port),
        "TIDINGS_CLAIM": "25",
    }
    own = {name: value for name, value in tidings.environment.items() if name != "PREFECT_API_URL"}
    process = tidings.start("workers", "3", alone=own)
    yield process
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=90)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


def children(parent, word):
    """Return the processes below `parent` whose command line holds `word`."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            above = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if above == parent:
            found += [int(path.name)] if word in command else []
            found += children(int(path.name), word)
    return found


def test_one_of_three_is_killed_and_the_others_finish(workers, tidings, engine, peer):
    """Three processes share a campaign; one dies with what it was sending, and only that is in doubt."""
    start = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    code, planned, errors = tidings(
        "campaign", "run", tidings.campaign(schedule={"start": start}), "--by", "Ola"
    )
    assert code == 0, errors

    until(lambda: len(peer.taken) >= IN_THE_MIDDLE)
    senders = until(lambda: len(owners(engine)) == 3 and owners(engine))
    victim = children(workers.pid, "prefect worker start")[0]
    os.kill(victim, signal.SIGKILL)

    counts = until(lambda: settled(engine, planned["run"]))
    taken = Counter(one.to for one in peer.taken)
    assert len(senders) == 3
    assert max(taken.values()) == 1
    assert counts["done"] + counts["in_delivery"] == CUSTOMERS
    assert CUSTOMERS - len(taken) <= counts["in_delivery"] <= 25
    assert until(lambda: len(children(workers.pid, "prefect worker start")) == 3)


def owners(engine):
    """Return the senders that have had an attempt."""
    with engine.connect() as connection:
        return connection.scalars(text("SELECT DISTINCT owner FROM attempts")).all()


def settled(engine, run):
    """Return how many messages are in which state once nothing is left to send."""
    query = text("SELECT state, count(*) FROM messages WHERE run_id = :run GROUP BY state")
    with engine.connect() as connection:
        counts = Counter(dict(connection.execute(query, {"run": run}).tuples().all()))
        sending = connection.scalar(text("SELECT count(*) FROM attempts WHERE state = 'sending'"))
    return None if counts["ready"] or counts["planned"] or sending else counts
