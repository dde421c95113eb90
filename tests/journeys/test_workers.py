"""`tidings workers 3`: Prefect's server on PostgreSQL, three processes, one of them killed in the middle."""

import os
import signal
import threading
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import text

from store.runs import notify, set_run
from store.suppressions import mark_known
from tests.patience import until
from tests.peers.smtp import SmtpPeer
from tests.town import settle

CUSTOMERS = 900
IN_THE_MIDDLE = 100
SLOW = 240
"""Seconds: Prefect makes its tables and starts a process for each worker."""
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
    code, planned, errors = tidings(
        "campaign", "run", tidings.campaign(), "--by", "Ola", TIDINGS_CONFIRM_OVER="0"
    )
    assert (code, planned["waiting"]) == (0, {"release": CUSTOMERS}), errors
    until(lambda: listening(engine) == 3, SLOW)
    with engine.begin() as connection:
        set_run(connection, planned["run"], state="sending", released_by="staff:Ingrid")
        notify(connection, planned["run"])

    until(lambda: len(peer.taken) >= IN_THE_MIDDLE, SLOW)
    senders = until(lambda: len(owners(engine)) == 3 and owners(engine), SLOW)
    victim = children(workers.pid, "prefect worker start")[0]
    os.kill(victim, signal.SIGKILL)

    counts = until(lambda: settled(engine, planned["run"]), SLOW)
    taken = Counter(one.to for one in peer.taken)
    assert len(senders) == 3
    assert max(taken.values()) == 1
    assert counts["done"] + counts["in_delivery"] == CUSTOMERS
    assert CUSTOMERS - len(taken) <= counts["in_delivery"] <= 25
    assert until(lambda: len(children(workers.pid, "prefect worker start")) == 3)


def listening(engine):
    """Return how many processes wait for work."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN %'"
    )
    with engine.connect() as connection:
        return connection.scalar(query)


def owners(engine):
    """Return the senders that have had an attempt."""
    with engine.connect() as connection:
        return connection.scalars(text("SELECT DISTINCT owner FROM attempts")).all()


def settled(engine, run):
    """Return how many messages are in which state once nothing is left to send."""
    query = text("SELECT state, count(*) FROM messages WHERE run_id = :run GROUP BY state")
    with engine.connect() as connection:
        counts = Counter({state: count for state, count in connection.execute(query, {"run": run})})
        sending = connection.scalar(text("SELECT count(*) FROM attempts WHERE state = 'sending'"))
    return None if counts["ready"] or counts["planned"] or sending else counts
