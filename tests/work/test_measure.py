"""`work.measure`: a rehearsal counts the SMS parts and sheets that the run will be billed for."""

from decimal import Decimal

import pytest

from channels.outbox import LetterOutbox
from store.owner import owner
from templates.catalog import find
from tests.templates.test_marks import sheet
from tests.town import NOON, settle
from tests.work.test_deliver import House, Scripted, offer
from tests.work.test_rehearsal import rehearsed
from tidings.channel import Channel
from work.deliver import Sender
from work.enclosures import FOLDER
from work.measure import sizes


@pytest.fixture
def house(settings, engine):
    made = House(settings, engine)
    folder = made.installation.home / FOLDER
    folder.mkdir(parents=True)
    (folder / "terms.pdf").write_bytes(sheet("Terms", pages=3))
    return made


def billed(house, **changes):
    """Run the campaign; return what it cost and how many parts or sheets left."""
    house.plan(**changes)
    outbox = LetterOutbox(house.installation.home / "outbox")
    with owner(house.engine) as number:
        Sender(
            installation=house.installation,
            providers={Channel.LETTER: (outbox,), Channel.SMS: (Scripted(Channel.SMS),)},
            policy=house.installation.policy, owner=number, clock=lambda: NOON,
        ).send_due()  # fmt: skip
    [[cost, parts]] = house.sql(
        "SELECT sum(m.cost), sum(d.parts) FROM messages m JOIN deliveries d ON d.message_id = m.id"
    )
    return cost, parts


@pytest.mark.parametrize(
    ("channel", "changes", "least"),
    [
        pytest.param("sms", {}, 4, id="text messages of several parts"),
        pytest.param("letter", {"enclosures": ["terms.pdf"]}, 6, id="letters with two more sheets"),
    ],
)
def test_the_rehearsal_costs_what_the_run_costs(house, engine, channel, changes, least):
    settle(engine, 2, channels=(channel,), language="pl")
    foreseen = rehearsed(house, channels=[channel], **changes)
    cost, parts = billed(house, channels=[channel], **changes)

    assert parts >= least
    assert Decimal(foreseen["cost"]["total"]) == cost.quantize(Decimal("0.01"))


def test_only_what_is_sent_is_written_and_each_language_once(house):
    template = find("offer/autumn")
    found = sizes(
        house.installation, offer(), template, languages=["pl", "pl_PL", "xx"], channels=["email", "sms"]
    )
    assert set(found) == {"pl", "pl_PL", "xx"}
    assert found["pl"] is found["pl_PL"]
    assert found["pl"].parts > found["xx"].parts >= 1
    assert {one.sheets for one in found.values()} == {1}
    assert sizes(house.installation, offer(), template, languages=[], channels=["sms"]) == {}
