"""`python -m web`: a child that serves, says what is wrong, and does not outlive whoever started it."""

import os
import socket
import subprocess
import sys

import httpx2
import pytest
import tomli_w

from tests.town import ORGANISATION, settle
from tidings.signing import signing_key
from work.links import Links


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(settings, port):
    return {
        **os.environ,
        "TIDINGS_HOME": str(settings.home),
        "TIDINGS_DATABASE": settings.database.get_secret_value(),
        "TIDINGS_PORT": str(port),
        "TIDINGS_LOG": "info",
    }


def start(settings, port, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "web", *words],
        env=environment(settings, port),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until_it_serves(child):
    for line in child.stderr:
        if "running on" in line:
            return


@pytest.fixture
def organised(settings):
    (settings.home / "organisation.toml").write_text(tomli_w.dumps(ORGANISATION), encoding="utf-8")
    return settings


def test_the_child_serves_the_form_and_ends_with_its_parent(organised, engine):
    [ada] = settle(engine)
    port = free_port()
    with start(organised, port, "--with-parent") as child:
        until_it_serves(child)
        url = Links(signing_key(organised.home / "signing.key"), f"http://127.0.0.1:{port}").preferences(ada)

        page = httpx2.get(url)
        token = url.rsplit("/", 1)[1]
        child.stdin.close()
        rest = child.stderr.read()

        assert page.status_code == 200
        assert "server" not in page.headers
        assert child.wait(10) == 0
        assert token not in rest, "a signed link never stands in a log"


def test_a_port_that_is_taken_is_said_and_ends_it(organised):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with start(organised, other.getsockname()[1]) as child:
            told = child.communicate(timeout=60)[1]

    assert child.returncode == 1
    assert "address already in use" in told.lower()


def test_a_wrong_organisation_is_said(settings):
    (settings.home / "organisation.toml").write_text("name = 7", encoding="utf-8")
    with start(settings, free_port()) as child:
        told = child.communicate(timeout=60)[1]

    assert child.returncode == 2
    assert told.startswith(f"tidings: {settings.home / 'organisation.toml'}")
    assert "Traceback" not in told
