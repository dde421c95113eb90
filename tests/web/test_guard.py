"""Around every answer: headers, bounds on bodies, and how often somebody may ask."""

import asyncio
import re

import pytest
from starlette.requests import HTTPConnection
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.town import install, settle
from tests.web.conftest import BROWSER, Door, StaffClient
from tidings.role import Role
from tidings.settings import LimitSettings
from web.clients import client_of
from web.limits import WRONG_KEYS, Buckets

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
STRANGER = "198.51.100.7"


def guarded(settings, engine, clock, **changes):
    return Door(install(settings.model_copy(update=changes), engine), clock)


def visitor(door, address=STRANGER, **headers):
    return TestClient(
        door.app,
        base_url=door.installation.settings.public_url,
        headers=BROWSER | headers,
        client=(address, 4000),
        follow_redirects=False,
    )


@pytest.mark.parametrize(
    "path",
    [
        "/login",
        "/nowhere",
        "/healthz",
        "/v1/runs/x",
        "/openapi.json",
        "/docs",
        "/metrics",
        "/account",
        "/hooks/x",
    ],
)
def test_every_answer_has_the_headers_that_browsers_obey(door, path):
    answer = visitor(door).get(path)

    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "strict-transport-security" not in answer.headers
    if "html" in answer.headers.get("content-type", ""):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_no_page_of_the_console_has_code_or_style_in_it(staff):
    everything = staff(*set(Role) - {Role.SYSTEM})
    for path in ("/account", "/staff", f"/staff/{everything.name}", "/keys", "/audit?verify=1"):
        page = everything.get(path)
        assert page.status_code == 200
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page.text)


def test_https_binds_the_browser_and_the_cookie_to_this_host(settings, engine, clock):
    door = guarded(settings, engine, clock, public_url="https://tidings.example")
    ann = StaffClient(door, Role.BILLING)

    answer = ann.get("/account")
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    cookie = ann.post("/logout").headers["set-cookie"]
    assert cookie.startswith('__Host-tidings=""; ')
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


@pytest.mark.parametrize("length", [True, False], ids=["that says its length", "that does not"])
def test_a_body_that_is_too_large_is_refused(door, length):
    body = b"name=" + b"x" * 70_000
    content = body if length else iter([body[:40_000], body[40_000:]])
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    answer = visitor(door).post("/login", content=content, headers=headers)

    assert (answer.status_code, "This is too large" in answer.text) == (413, True)


def test_a_body_whose_end_is_said_twice_is_refused_and_the_line_ends(door):
    headers = {"Content-Length": "4", "Transfer-Encoding": "chunked"}
    answer = visitor(door).post("/login", content=b"0\r\n\r\n", headers=headers)

    assert (answer.status_code, answer.headers["connection"]) == (400, "close")


def test_who_hangs_up_is_no_fault_of_ours(door):
    key = door.key("system")["Authorization"].encode()
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/touchpoints",
        "raw_path": b"/v1/touchpoints",
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [
            (b"authorization", key),
            (b"content-type", b"application/json"),
            (b"content-length", b"9"),
        ],
        "client": (STRANGER, 4000),
        "server": ("127.0.0.1", 80),
        "app": door.app,
    }
    said = []

    async def gone():
        return {"type": "http.disconnect"}

    async def say(message):
        said.append(message)

    with capture_logs() as told:
        asyncio.run(door.app(scope, gone, say))

    assert (said, told) == ([], [])


def test_a_client_waits_when_it_asks_too_often_whatever_it_claims_to_be(settings, engine, clock):
    door = guarded(settings, engine, clock, limits=LimitSettings(client=3))
    stranger = visitor(door)
    assert [stranger.get("/login").status_code for _ in range(3)] == [200] * 3

    blocked = stranger.get(
        "/login", headers={"X-Forwarded-For": "203.0.113.1", "Forwarded": "for=203.0.113.1"}
    )
    assert (blocked.status_code, "Please wait a minute" in blocked.text) == (429, True)
    assert blocked.headers["retry-after"] == "20"
    assert blocked.headers["ratelimit-policy"] == '"client";q=3;w=60'
    assert blocked.headers["ratelimit"] == '"client";r=0;t=60'
    assert ALWAYS.items() <= dict(blocked.headers).items()
    assert visitor(door, "198.51.100.8").get("/login").status_code == 200
    assert stranger.get("/healthz").status_code == 200

    clock.on(seconds=20)
    assert [stranger.get("/login").status_code for _ in range(2)] == [200, 429]


def test_a_client_that_makes_keys_up_is_not_looked_up_for_ever(settings, engine, clock):
    door = guarded(settings, engine, clock)
    stranger, other = visitor(door), visitor(door, "198.51.100.8")

    def tried(client, number):
        return client.get("/v1/runs", headers={"X-API-Key": f"tdg_made-up-{number}"})

    assert {tried(stranger, number).status_code for number in range(WRONG_KEYS)} == {401}
    blocked = tried(stranger, WRONG_KEYS)
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "1")
    assert blocked.headers["ratelimit-policy"] == '"stranger";q=60;w=60'
    assert tried(other, 0).status_code == 401
    clock.on(seconds=2)
    assert [tried(stranger, number).status_code for number in range(3)] == [401, 401, 429]


def test_what_a_stranger_cannot_post_changes_nothing(settings, engine, clock):
    door = guarded(settings, engine, clock, limits=LimitSettings(link=1))
    [ada] = settle(engine)
    form = door.form(ada)
    assert door.client.get(form).status_code == 200
    before = door.ask("SELECT count(*) FROM statements")

    assert door.client.post(form, data={"stop": "1"}).status_code == 429
    assert door.ask("SELECT count(*) FROM statements") == before


def test_a_link_is_limited_wherever_it_is_opened_from(settings, engine, clock):
    door = guarded(settings, engine, clock, limits=LimitSettings(link=2))
    ada, eva = settle(engine, 2)
    asked = [visitor(door, f"198.51.100.{number}").get(door.form(ada)).status_code for number in range(3)]

    assert asked == [200, 200, 429]
    assert visitor(door).get(door.form(eva)).status_code == 200


def test_all_visitors_behind_a_proxy_on_this_machine_are_not_taken_for_one(settings, engine, clock):
    door = guarded(settings, engine, clock, limits=LimitSettings(client=1))

    assert [visitor(door, "127.0.0.1").get("/login").status_code for _ in range(3)] == [200] * 3


def test_a_key_hears_what_is_left_and_waits_when_nothing_is(settings, engine, clock):
    door = guarded(settings, engine, clock, limits=LimitSettings(key=2))
    key = door.key("system")

    first = visitor(door).get("/v1/runs/x", headers=key)
    assert (first.status_code, first.headers["ratelimit"]) == (404, '"key";r=1;t=30')
    assert first.headers["ratelimit-policy"] == '"key";q=2;w=60'
    assert "retry-after" not in first.headers
    visitor(door).get("/v1/runs/x", headers=key)
    blocked = visitor(door).get("/v1/runs/x", headers=key)
    assert (blocked.status_code, blocked.headers["content-type"]) == (429, "application/problem+json")
    assert blocked.headers["retry-after"] == "30"
    assert visitor(door).get("/v1/runs/x", headers=door.key("billing")).status_code == 404


@pytest.mark.parametrize(
    ("peer", "proxies", "forwarded", "counted"),
    [
        pytest.param(
            STRANGER, [], "203.0.113.9", STRANGER, id="no proxy of ours: what it claims is not believed"
        ),
        pytest.param(
            STRANGER, ["10.0.0.0/8"], "203.0.113.9", STRANGER, id="a stranger who claims to be a proxy"
        ),
        pytest.param("10.0.0.1", ["10.0.0.0/8"], "203.0.113.9", "203.0.113.9", id="our proxy says who it is"),
        pytest.param(
            "10.0.0.1", ["10.0.0.0/8"], "1.1.1.1, 203.0.113.9", "203.0.113.9", id="what stood there before"
        ),
        pytest.param(
            "10.0.0.1", ["10.0.0.0/8"], "203.0.113.9, 10.0.0.2", "203.0.113.9", id="two proxies of ours"
        ),
        pytest.param("10.0.0.1", ["10.0.0.0/8"], "x, ", "10.0.0.1", id="a proxy that says nonsense"),
        pytest.param("10.0.0.1", ["10.0.0.0/8"], "", "10.0.0.1", id="a proxy that says nothing"),
        pytest.param("2001:db8:1:2:3::4", [], "", "2001:db8:1:2::/64", id="a network of IPv6"),
        pytest.param(
            "10.0.0.1", ["10.0.0.1"], "2001:db8::1", "2001:db8::/64", id="a network of IPv6 behind a proxy"
        ),
        pytest.param(
            "10.0.0.1", ["10.0.0.1"], "203.0.113.9:51", "203.0.113.9", id="a proxy that adds a port"
        ),
        pytest.param("10.0.0.1", ["10.0.0.1"], "[2001:db8::1]:51", "2001:db8::/64", id="a port after IPv6"),
        pytest.param(
            "::ffff:10.0.0.1", ["10.0.0.1"], "::ffff:203.0.113.9", "203.0.113.9", id="IPv4 wrapped in IPv6"
        ),
        pytest.param("testclient", [], "203.0.113.9", "", id="a peer without an address"),
    ],
)
def test_a_client_is_counted_by_an_address_that_it_cannot_choose(peer, proxies, forwarded, counted):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    connection = HTTPConnection({"type": "http", "client": (peer, 1), "headers": headers})

    assert client_of(connection, proxies) == counted


def test_a_flood_of_addresses_is_forgotten_oldest_first():
    buckets = Buckets()
    assert buckets.take("client", b"first", 1, 0).wait == 0
    assert buckets.take("client", b"first", 1, 0).wait == 60
    for number in range(100_000):
        buckets.take("client", str(number).encode(), 1, 0)

    assert len(buckets._levels) == 100_000
    assert buckets.take("client", b"first", 1, 0).wait == 0
