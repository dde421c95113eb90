"""`flows.server`: a command waits for Prefect's server only as long as there is one to wait for."""

import fcntl
from threading import Event
from time import monotonic

import pytest

from flows.server import START_SECONDS, folder, joined
from tidings.problem import Exit, Problem


def test_a_server_that_cannot_start_is_told_at_once_and_names_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_TIMEOUT", "soon")  # Prefect refuses it when it starts
    began = monotonic()

    with joined(tmp_path) as server, pytest.raises(Problem, match=r"server\.log") as caught:
        server.wait()

    assert caught.value.code == Exit.FAILED
    assert monotonic() - began < START_SECONDS / 2


def test_who_comes_while_the_last_server_stops_is_not_sent_to_it(tmp_path):
    with joined(tmp_path):
        pass
    place = folder(tmp_path)

    with (place / "start.lock").open("a") as start:
        # Until the keeper sees that nobody is left, and keeps newcomers out; or has been and gone between two looks.
        while _free(start) and (place / "server.json").exists():
            fcntl.flock(start, fcntl.LOCK_UN)
            Event().wait(0.01)
        fcntl.flock(start, fcntl.LOCK_EX)
        known = (place / "server.json").exists()

    assert not known


def _free(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
