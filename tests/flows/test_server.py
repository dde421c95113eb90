"""`flows.server`: a command waits for Prefect's server only as long as there is one to wait for."""

from time import monotonic

import pytest

from flows.server import START_SECONDS, joined
from tidings.problem import Exit, Problem


def test_a_server_that_cannot_start_is_told_at_once_and_names_its_log(tmp_path, monkeypatch):
    monkeypatch.setenv("PREFECT_SERVER_DATABASE_TIMEOUT", "soon")  # Prefect refuses it when it starts
    began = monotonic()

    with joined(tmp_path) as server, pytest.raises(Problem, match=r"server\.log") as caught:
        server.wait()

    assert caught.value.code == Exit.FAILED
    assert monotonic() - began < START_SECONDS / 2
