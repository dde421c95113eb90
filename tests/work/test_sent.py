"""What the desk sees of a message is what left, byte for byte, or a word why it cannot be shown."""

import shutil
from dataclasses import replace

import pytest
from sqlalchemy import text

from store.owner import owner
from templates.catalog import LIBRARY
from tests.town import NOON, settle
from tests.work.test_deliver import House, Scripted
from tidings.channel import Channel
from work.build import content_hash
from work.deliver import Sender
from work.installation import remember_public_url
from work.sent import Lost, sent

CHANNELS = (Channel.EMAIL, Channel.SMS, Channel.LETTER)


class Taking(Scripted):
    """Takes everything, letters too."""

    def send(self, parcels):
        for parcel in parcels:
            self.handed.append(parcel)
            yield parcel.attempt, self.default


@pytest.fixture
def planned(settings, engine):
    """An offer that is about to leave on three channels, to one customer each."""
    for channel in CHANNELS:
        settle(engine, channels=(channel.value,))
    return House(settings, engine).plan(channels=list(CHANNELS))


@pytest.fixture
def house(planned):
    """The offer when it has left; `handed` is what the providers took."""
    return leave(planned)


def leave(house):
    house.providers = {channel: Taking(channel) for channel in CHANNELS}
    with owner(house.engine) as number:
        sender = Sender(
            installation=house.installation,
            providers={channel: (one,) for channel, one in house.providers.items()},
            policy=house.installation.policy,
            owner=number,
            clock=lambda: NOON,
        )
        sender.settle()
        sender.send_due()
    return house


def edit(house):
    """Write other words into the template, as somebody does who sees it in its folder."""
    own = house.installation.own_templates / "offer" / "autumn"
    shutil.copytree(LIBRARY / "offer" / "autumn", own)
    page = own / "en.md"
    page.write_text(page.read_text().replace("indoors", "outdoors"))


def reference(house, channel):
    return house.sql("SELECT reference FROM deliveries WHERE channel = :channel", channel=channel)[0][0]


def shown(house, channel):
    with house.engine.connect() as connection:
        return sent(connection, house.installation, reference(house, channel))


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_is_what_the_provider_was_handed(house, channel):
    [parcel] = house.providers[channel].handed
    found = shown(house, channel)
    assert (found.content, found.lost) == (parcel.content, None)
    assert content_hash(found.content) == found.claimed.content_hash


@pytest.mark.parametrize("channel", CHANNELS)
def test_it_is_still_shown_when_the_template_was_edited_since(house, channel):
    edit(house)

    [parcel] = house.providers[channel].handed
    found = shown(house, channel)
    assert (found.content, found.lost) == (parcel.content, None)


def test_what_was_approved_is_what_leaves_also_when_the_template_is_edited_in_between(planned):
    edit(planned)

    [parcel] = leave(planned).providers[Channel.EMAIL].handed
    assert b"Bring the light indoors" in parcel.content.raw


def test_it_is_still_shown_when_the_page_has_moved_since(house):
    settings = house.installation.settings
    for url in (settings.public_url, "https://moved.example.org"):
        with house.engine.begin() as connection:
            remember_public_url(connection, url)
    moved = replace(
        house.installation,
        settings=settings.model_copy(update={"public_url": "https://moved.example.org"}),
    )
    with house.engine.connect() as connection:
        found = sent(connection, moved, reference(house, Channel.EMAIL))

    [parcel] = house.providers[Channel.EMAIL].handed
    assert (found.content, found.lost) == (parcel.content, None)


LOST = {
    "other data": ("UPDATE messages SET data = '{}'", Lost.CHANGED),
    "another name": (
        "UPDATE messages SET data = jsonb_set(data, '{customer,first_name}', '\"Eve\"')",
        Lost.CHANGED,
    ),
    "a template that is gone, recorded without its texts": (
        "UPDATE templates SET name = 'offer/gone', texts = '{}'",
        Lost.CHANGED,
    ),
    "an erased customer": ("UPDATE deliveries SET address = 'erased'", Lost.ERASED),
    "a delivery that was never built": ("UPDATE deliveries SET content_hash = NULL", Lost.NEVER_BUILT),
}


@pytest.mark.parametrize(("change", "lost"), LOST.values(), ids=LOST)
def test_anything_else_is_not_shown(house, change, lost):
    house.sql(change)
    found = shown(house, Channel.EMAIL)
    assert (found.content, found.lost) == (None, lost)


def test_a_delivery_that_nobody_knows_is_none(house):
    with house.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert sent(connection, house.installation, "NOBODY") is None
