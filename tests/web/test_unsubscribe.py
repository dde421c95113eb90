"""One-click unsubscribe: POST does it, GET only asks, twice is once."""

import pytest

from tests.town import settle
from tests.web.letters import MESSAGE, send

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def url(door, customer, purpose="offer"):
    return door.links.for_message(MESSAGE, customer, purpose, (), "nordlys")["unsubscribe"]


def said(door):
    return door.ask(
        "SELECT brand, topic, channel, action, source, actor FROM consents WHERE proof LIKE '%One-Click%'"
    )


@pytest.mark.parametrize("how", ["urlencoded", "multipart"])
def test_a_post_objects_to_the_purpose_of_the_message(door, engine, how):
    [ada] = settle(engine, channels=("email", "sms"))
    send(engine, ada)
    body = (
        {"data": ONE_CLICK} if how == "urlencoded" else {"files": {"List-Unsubscribe": (None, "One-Click")}}
    )

    answer = door.client.post(url(door, ada), **body)

    assert answer.status_code == 200
    assert "no more offers from Nordlys" in answer.text
    assert said(door) == [("nordlys", "offer", "all", "objected", "unsubscribe", "customer")]
    assert door.ask("SELECT kind, message_id::text FROM touchpoints") == [("unsubscribed", MESSAGE)]


def test_a_get_and_a_head_change_nothing(door, engine):
    [ada] = settle(engine)
    send(engine, ada)

    page = door.client.get(url(door, ada))
    door.client.head(url(door, ada))

    assert page.status_code == 200
    assert "Nothing has changed yet" in page.text
    assert door.ask("SELECT count(*) FROM consents WHERE action <> 'given'") == [(0,)]
    assert door.ask("SELECT count(*) FROM touchpoints") == [(0,)]


def test_a_post_of_something_else_asks_and_changes_nothing(door, engine):
    [ada] = settle(engine)
    send(engine, ada)

    answer = door.client.post(url(door, ada), data={"x": "y"})

    assert answer.status_code == 400
    assert said(door) == []


def test_doing_it_again_says_the_same_and_writes_nothing(door, engine, clock):
    [ada] = settle(engine)
    send(engine, ada)

    answers = []
    for _ in range(3):
        answers.append(door.client.post(url(door, ada), data=ONE_CLICK).status_code)
        clock.on(minutes=1)

    assert answers == [200, 200, 200]
    assert len(said(door)) == 1


def test_it_works_when_the_message_is_no_longer_kept(door, engine):
    [ada] = settle(engine)

    assert door.client.post(url(door, ada, "news"), data=ONE_CLICK).status_code == 200
    assert said(door) == [("nordlys", "news", "all", "objected", "unsubscribe", "customer")]


def test_after_a_new_consent_it_objects_again(door, engine, clock):
    [ada] = settle(engine)
    send(engine, ada)
    door.client.post(url(door, ada), data=ONE_CLICK)
    clock.on(days=1)
    door.client.post(door.links.preferences(ada), data={"offer": "email"})
    clock.on(days=1)

    door.client.post(url(door, ada), data=ONE_CLICK)

    assert len(said(door)) == 2


@pytest.mark.parametrize("spoil", [lambda t: t[:-2], lambda t: t + "A", lambda t: "AAAA", lambda t: ""])
def test_a_spoilt_link_changes_nothing(door, engine, spoil):
    [ada] = settle(engine)
    start, token = url(door, ada).rsplit("/", 1)

    assert door.client.post(f"{start}/{spoil(token)}", data=ONE_CLICK).status_code == 404
    assert said(door) == []


def test_a_required_purpose_cannot_be_unsubscribed(door, engine):
    [ada] = settle(engine)

    assert door.client.post(url(door, ada, "invoice"), data=ONE_CLICK).status_code == 404
