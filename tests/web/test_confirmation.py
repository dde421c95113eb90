"""A saved form is confirmed on the channel that was chosen: with a link that shows it and can undo it."""

import pytest

from tests.town import settle, suppress
from tests.web.post import link_in, post_office

ALL = ("email", "sms", "push", "letter")


def post(door, customer, **fields):
    return door.client.post(
        door.links.preferences(customer, "nordlys", issued_at=door.clock.now), data=fields
    )


def slips(door):
    return door.ask("SELECT kind, channel, state, value FROM slips ORDER BY id")


@pytest.mark.parametrize(
    ("answers", "channel"),
    [
        pytest.param({"offer": "sms"}, "sms", id="the channel chosen"),
        pytest.param({"offer": "push"}, "push", id="a notification for who chose notifications"),
        pytest.param({"offer": "letter,sms"}, "sms", id="the next one, for a letter would cost more"),
        pytest.param({"offer": "letter"}, "email", id="as the invoices come, after letters alone"),
        pytest.param({"language": "sv"}, "email", id="as the invoices come, where no channel was chosen"),
        pytest.param({"offer": "none", "news": "sms"}, "sms", id="the one that is left after an objection"),
        pytest.param({"stop": "marketing"}, "email", id="e-mail alone after stopping all marketing"),
        pytest.param({"offer": "none", "news": "none"}, "email", id="e-mail alone after nothing was chosen"),
    ],
)
def test_a_saved_form_is_confirmed_on(door, engine, answers, channel):
    [ada] = settle(engine, channels=ALL)

    assert post(door, ada, **answers).url.params["saved"] == "1"

    assert [row[:3] for row in slips(door)] == [("saved", channel, "waiting")]
    post_office(door)
    assert slips(door) == [("saved", channel, "sent", "")]


@pytest.mark.parametrize("language", ["en", "nb", "sv", "pl", "pt_BR"])
@pytest.mark.parametrize("channel", ["email", "sms"])
def test_its_link_shows_the_form_and_undoes_the_change(door, engine, channel, language):
    [ada] = settle(engine, channels=ALL)
    url = door.links.preferences(ada, "nordlys", issued_at=door.clock.now)
    door.client.post(f"{url}?lang={language}", data={"offer": channel})

    [sent] = post_office(door)

    assert sent["channel"] == channel
    assert door.client.get(link_in(sent)).status_code == 200
    assert door.client.post(link_in(sent), data={"undo": "1"}).url.params["saved"] == "1"


def test_a_notification_opens_the_form_when_it_is_tapped(door, engine):
    [ada] = settle(engine, channels=ALL)
    post(door, ada, offer="push")

    [sent] = post_office(door)

    assert sent["channel"] == "push"
    assert link_in(sent) == door.links.preferences(ada, "nordlys", issued_at=door.clock.now)
    assert "your choice is saved. Look at it, or undo it http" in sent["text"]


def test_a_customer_gets_one_confirmation_in_ten_minutes(door, engine, clock):
    ada, bo = settle(engine, 2, channels=ALL)

    post(door, ada, offer="sms")
    post(door, ada, offer="email")
    post(door, bo, offer="sms")
    assert len(slips(door)) == 2
    clock.on(minutes=11)
    post(door, ada, offer="sms")
    assert len(slips(door)) == 3


def test_what_changes_nothing_is_not_confirmed(door, engine):
    [ada] = settle(engine, channels=ALL)

    for fields in ({}, {"preview": "1", "offer": "sms"}, {"offer": "pigeon"}, {"undo": "1"}):
        post(door, ada, **fields)

    assert slips(door) == []


def test_one_click_unsubscribe_is_answered_by_silence(door, engine):
    [ada] = settle(engine)
    urls = door.links.for_message("00000000-0000-7000-8000-000000000001", ada, "offer", ())

    assert door.client.post(urls["unsubscribe"], data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert slips(door) == []


def test_a_suppressed_address_is_told_nothing(door, engine):
    [ada] = settle(engine, channels=("email", "sms"))
    with engine.begin() as connection:
        suppress(connection, "email", "c1@example.org")

    post(door, ada, stop="marketing")
    assert slips(door) == [], "no e-mail, and nothing else after an objection"
    post(door, ada, offer="sms")
    assert [row[1] for row in slips(door)] == ["sms"]


@pytest.mark.parametrize("gone", ["suppressed", "removed"])
def test_an_address_that_goes_before_the_confirmation_does_is_told_nothing(door, engine, gone):
    [ada] = settle(engine, channels=("email", "sms"))
    post(door, ada, offer="sms")
    with engine.begin() as connection:
        if gone == "suppressed":
            suppress(connection, "sms", "+4740600001")
        else:
            connection.exec_driver_sql("UPDATE addresses SET removed_at = now() WHERE channel = 'sms'")

    assert post_office(door) == []
    assert slips(door) == [("saved", "sms", "dropped", "")]
