"""A person alone: `tidings up` prints a link, the link sets a password, and no journal has it."""

import re
import signal
import socket
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.journeys.test_up import get
from tests.patience import until

PASSWORD = "seven tall birches"


@pytest.fixture
def begin(tidings):
    started = []

    def begin(**environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        process = tidings.start("up", TIDINGS_PORT=str(port), TIDINGS_PUBLIC_URL=url, **environment)
        started.append(process)
        until(lambda: get(f"{url}/readyz"))
        return url, process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def end(process):
    process.send_signal(signal.SIGTERM)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return printed, errors


def secret_of(line):
    return re.search(r"First login, as owner: (http://\S+/welcome/([\w-]{43}))", line)


def test_a_person_alone_logs_in_by_what_the_terminal_says_and_by_nothing_else(tidings, begin):
    url, process = begin(JOURNAL_STREAM="8:1")
    printed, errors = end(process)
    assert "Nobody can log in yet" in printed
    assert "/welcome/" not in printed + errors

    url, process = begin()
    lines = iter(process.stdout.readline, "")
    link, secret = next(found.groups() for line in lines if (found := secret_of(line)))
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    assert "owner" in browser.open(link, timeout=30).read().decode()
    answer = urlencode({"password": PASSWORD, "again": PASSWORD}).encode()
    browser.open(link, answer, timeout=30)
    assert "owner" in browser.open(f"{url}/account", timeout=30).read().decode()
    _, errors = end(process)
    assert secret not in errors
    for path in tidings.home.rglob("*"):
        if path.is_file() and "database" not in path.parts:
            assert secret.encode() not in path.read_bytes(), path
