"""`/l/` opens only what the template stored, and knows a person's click from a machine's."""

from datetime import timedelta

import pytest

from tests.town import NOON, settle, state
from tests.web.letters import LINKS, send


def link(door, customer, name="action", purpose="offer"):
    return door.links.for_message(send_id(), customer, purpose, tuple(LINKS))[name]


def send_id():
    return "0190f3a0-7c3e-7000-8000-000000000001"


def follow(door, url, method="GET", **headers):
    return door.client.request(method, url, headers=headers, follow_redirects=False)


def clicks(door):
    return door.ask(
        "SELECT kind, channel, purpose, machine, detail ->> 'link', message_id::text FROM touchpoints ORDER BY id"
    )


def test_a_link_opens_its_stored_target_and_is_remembered(door, engine):
    [ada] = settle(engine)
    message = send(engine, ada, data={"code": "A&b=c/../%0d\n", "first_name": "Ada"})

    answer = follow(door, link(door, ada))

    assert answer.status_code == 302
    assert answer.headers["location"] == "https://nordlys.example/garden?code=A%26b%3Dc%2F..%2F%250d%0A"
    assert answer.headers["cache-control"] == "no-store"
    assert clicks(door) == [("clicked", "email", "offer", False, "action", message)]


def test_values_of_the_campaign_fill_links_too(door, engine):
    [ada] = settle(engine)
    send(engine, ada, options={"data": {"code": "SPRING"}})

    assert follow(door, link(door, ada)).headers["location"].endswith("?code=SPRING")


def test_a_link_to_a_mail_address_opens_it(door, engine):
    [ada] = settle(engine)
    send(engine, ada)

    assert follow(door, link(door, ada, "call")).headers["location"] == "mailto:hei@nordlys.example"


@pytest.mark.parametrize(
    ("name", "links"),
    [
        pytest.param("away", LINKS, id="a host that data would choose"),
        pytest.param("action", {"more": "https://a.example"}, id="a name that the template does not have"),
        pytest.param("action", {"action": "javascript:alert(1)"}, id="a target that is no web address"),
    ],
)
def test_nothing_else_is_ever_opened(door, engine, name, links):
    [ada] = settle(engine)
    send(engine, ada, data={"code": "evil"}, links=links)

    assert follow(door, link(door, ada, name)).status_code == 404
    assert clicks(door) == []


def test_a_link_of_a_message_that_is_gone_is_a_friendly_404(door, engine):
    [ada] = settle(engine)

    answer = follow(door, link(door, ada))

    assert answer.status_code == 404
    assert "does not work" in answer.text


@pytest.mark.parametrize(
    ("method", "headers", "machine"),
    [
        pytest.param("GET", {}, False, id="a phone's browser"),
        pytest.param("HEAD", {}, True, id="who asks for the head only"),
        pytest.param("GET", {"Sec-Purpose": "prefetch;prerender"}, True, id="a browser that prefetches"),
        pytest.param("GET", {"Purpose": "prefetch"}, True, id="an older browser that prefetches"),
        pytest.param("GET", {"X-Moz": "prefetch"}, True, id="an older Firefox that prefetches"),
        pytest.param("GET", {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, True, id="a crawler"),
        pytest.param("GET", {"User-Agent": "BarracudaCentral"}, True, id="a mail gateway"),
        pytest.param("GET", {"User-Agent": "WhatsApp/2.23"}, True, id="a preview in a chat"),
        pytest.param("GET", {"User-Agent": "python-requests/2"}, True, id="a script"),
        pytest.param("GET", {"User-Agent": ""}, True, id="who does not say who they are"),
    ],
)
def test_machines_are_marked_and_still_sent_on(door, engine, method, headers, machine):
    [ada] = settle(engine)
    send(engine, ada)

    assert follow(door, link(door, ada), method, **headers).status_code == 302
    assert [row[3] for row in clicks(door)] == [machine]


@pytest.mark.parametrize(("after", "machine"), [(1, True), (3, False), (-3600, False)])
def test_a_click_as_soon_as_the_message_left_is_a_scanner(door, engine, after, machine):
    [ada] = settle(engine)
    send(engine, ada, sent_at=NOON - timedelta(seconds=after))

    follow(door, link(door, ada))

    assert [row[3] for row in clicks(door)] == [machine]


def test_several_links_within_a_second_are_a_scanner_and_a_later_click_is_a_person(door, engine, clock):
    [ada] = settle(engine)
    send(engine, ada)

    follow(door, link(door, ada, "action"))
    clock.on(milliseconds=400)
    follow(door, link(door, ada, "more"))
    assert [row[3] for row in clicks(door)] == [True, True]

    clock.on(seconds=20)
    follow(door, link(door, ada, "action"))
    assert [row[3] for row in clicks(door)] == [True, True, False]


def test_a_click_is_kept_once_a_minute(door, engine, clock):
    [ada] = settle(engine)
    send(engine, ada)

    for _ in range(3):
        follow(door, link(door, ada))
        clock.on(seconds=10)
    clock.on(seconds=60)
    follow(door, link(door, ada))

    assert len(clicks(door)) == 2


@pytest.mark.parametrize("off", ["purpose", "brand", "both in one", "run", "wish", "wish of the topic"])
def test_where_measuring_is_off_the_link_opens_and_nothing_is_kept(settings, engine, clock, off):
    from tests.town import install
    from tests.web.conftest import Door

    keys = {"purpose": "offer", "brand": "nordlys", "both in one": "nordlys.offer"}
    installation = install(settings, engine)
    if off in keys:
        organisation = installation.organisation.model_copy(update={"tracking": {keys[off]: False}})
        object.__setattr__(installation, "organisation", organisation)
    door = Door(installation, clock)
    [ada] = settle(engine)
    send(engine, ada, topic="offer.garden", options={"tracking": off != "run"})
    with engine.begin() as connection:
        if off == "wish":
            state(connection, ada, kind="tracking", value={"tracking": True}, at=NOON - timedelta(days=30))
            state(connection, ada, kind="tracking", value={"tracking": False})
        if off == "wish of the topic":
            state(connection, ada, kind="tracking", value={"tracking": True})
            state(
                connection,
                ada,
                kind="tracking",
                topic="offer",
                value={"tracking": False},
                at=NOON - timedelta(days=90),
            )

    assert follow(door, link(door, ada)).status_code == 302
    assert clicks(door) == []
