"""Calling an address that somebody else chose: on the internet only, wherever its name leads."""

import socket
from contextlib import suppress
from datetime import timedelta
from threading import Event, Thread
from time import monotonic

import pytest

from channels.callout import Unreachable, check, post
from tests.peers.fault import Fault
from tests.peers.http import HttpPeer
from tidings.problem import Problem

SECOND = timedelta(seconds=1)


class Endpoint(HttpPeer):
    """Answers what it is told to."""

    status = 200
    headers = ()

    def answer(self, fault, reference):
        return self.status, dict(self.headers), b"{}"


@pytest.fixture
def endpoint():
    peer = Endpoint()
    yield peer
    peer.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "example.com",
        "https://",
        "https://127.0.0.1/",
        "https://0.0.0.0/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://192.168.0.1:8443/",
        "https://100.64.0.1/",
        "https://192.0.0.192/opc/v2/",
        "https://168.63.129.16/machine",
        "https://[::ffff:168.63.129.16]/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::1]/",
        "https://[::]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[fec0::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:7f00:1::]/",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com/#part",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: 1",
        "https://ex\u00e4mple.com/",
        "https://example.com/" + "x" * 2000,
    ],
)
def test_what_is_not_of_the_internet_is_refused_by_its_text(url):
    with pytest.raises(Problem, match="cannot be called"):
        check(url)
    with pytest.raises(Unreachable):
        post(url, b"", {}, timeout=SECOND)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://example.com:8443/a?b=c",
        "https://93.184.215.14/",
        "https://[2606:4700::1]/",
    ],
)
def test_what_is_of_the_internet_may_be_registered(url):
    check(url)


@pytest.mark.parametrize("name", ["localhost", socket.gethostname(), "2130706433", "127.1", "0x7f000001"])
def test_a_name_that_leads_inside_is_not_called(endpoint, name):
    port = endpoint.url.rpartition(":")[2]

    with pytest.raises(Unreachable):
        post(f"https://{name}:{port}/", b"", {}, timeout=SECOND)
    assert endpoint.requests == []


def test_what_is_sent_arrives_with_its_headers(endpoint):
    said = post(f"{endpoint.url}/a?b=c", b"body", {"webhook-id": "evt_1"}, timeout=SECOND, loopback=True)

    [(path, headers, body)] = endpoint.requests
    assert (said.status, path, body) == (200, "/a?b=c", b"body")
    assert headers["webhook-id"] == "evt_1"
    assert headers["Host"] == endpoint.url.removeprefix("http://")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_an_answer_and_not_followed(endpoint, status):
    endpoint.status, endpoint.headers = status, [("Location", f"{endpoint.url}/elsewhere")]

    assert post(endpoint.url, b"", {}, timeout=SECOND, loopback=True).status == status
    assert len(endpoint.requests) == 1


def test_how_long_to_wait_is_heard(endpoint):
    endpoint.status, endpoint.headers = 429, [("Retry-After", "30")]

    assert post(endpoint.url, b"", {}, timeout=SECOND, loopback=True).retry_after == 30 * SECOND


@pytest.mark.parametrize("fault", [Fault.DROP, Fault.RESET, Fault.SILENT])
def test_an_endpoint_that_says_nothing_is_unreachable_in_time(endpoint, fault):
    endpoint.will(fault)

    with pytest.raises(Unreachable):
        post(endpoint.url, b"", {}, timeout=timedelta(milliseconds=300), loopback=True)


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: ",
    ],
)
def test_an_endpoint_that_answers_a_byte_at_a_time_is_not_waited_for(begin):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(begin)
                while not over.wait(0.05):
                    line.sendall(b"a")

        over = Event()
        peer = Thread(target=drip)
        peer.start()
        begun = monotonic()
        with suppress(Unreachable):
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            post(url, b"", {}, timeout=timedelta(milliseconds=300), loopback=True)
        over.set()
        peer.join()

    assert monotonic() - begun < 5


def test_what_is_said_before_the_answer_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def say():
            line, _ = server.accept()
            with line:
                line.recv(4096)
                for status in (100, 102, 103, 103, 204):
                    line.sendall(b"HTTP/1.1 %d Said\r\nLink: </a.css>; rel=preload\r\n\r\n" % status)

        peer = Thread(target=say)
        peer.start()
        said = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"", {}, timeout=SECOND, loopback=True)
        peer.join()

    assert said.status == 204


def test_an_endpoint_without_a_certificate_is_not_believed(endpoint):
    with pytest.raises(Unreachable):
        post(endpoint.url.replace("http:", "https:"), b"", {}, timeout=SECOND, loopback=True)


def test_a_closed_port_is_unreachable():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(Unreachable):
        post(f"http://127.0.0.1:{port}/", b"", {}, timeout=SECOND, loopback=True)
