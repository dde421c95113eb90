"""What SES and SNS report, from a signed call to what binds the next send."""

import pytest
from sqlalchemy import text

from channels.aws_hook import AwsHook
from channels.contract import Call, Heard
from tests.channels.test_aws_queue import FAILURE
from tests.channels.test_ses_events import event
from tests.peers.sns_topic import TOPIC, TopicPeer
from tests.town import NOON, settle
from tests.work.test_devices import Phones
from tidings.outcome import Accepted
from tidings.settings import AwsEventsSettings
from work.receive import receive


@pytest.fixture
def topic():
    topic = TopicPeer()
    yield topic
    topic.close()


@pytest.fixture
def house(settings, engine):
    house = Phones(settings, engine)
    house.email.name, house.email.default = "ses", Accepted(reference="ses-1")
    house.push.name, house.push.default = "sns", Accepted(reference="m-7")
    return house


def report(house, topic, given):
    """Post an event as SNS does, and take in what it says."""
    hook = AwsHook("ses", AwsEventsSettings(topics=TOPIC, endpoint=topic.url))
    body = topic.notification(given, NOON)
    heard = hook.hear(Call(path="/hooks/ses", query="", headers={}, body=body), now=NOON)
    assert isinstance(heard, Heard)
    receive(house.installation, heard.receipts, now=NOON)


def suppressed(house):
    with house.engine.connect() as connection:
        return connection.execute(text("SELECT channel, value FROM suppressions")).all()


def delivery(house):
    with house.engine.connect() as connection:
        return connection.execute(text("SELECT state FROM deliveries ORDER BY number DESC LIMIT 1")).scalar()


def ours(house, kind, **changes):
    """Return an event about the e-mail that went out, with its attempt as the tag."""
    with house.engine.connect() as connection:
        attempt = connection.execute(text("SELECT id::text FROM attempts")).scalar()
    return event(kind, mail={"messageId": "ses-1", "tags": {"attempt": [attempt]}}, **changes)


@pytest.mark.parametrize(
    ("kind", "changes", "state", "closed"),
    [
        pytest.param("Delivery", {}, "delivered", [], id="delivered"),
        pytest.param("Bounce", {}, "bounced", [("email", "c1@example.org")], id="nobody there"),
        pytest.param(
            "Bounce",
            {"bounceType": "Transient", "bounceSubType": "MailboxFull"},
            "bounced",
            [],
            id="full once",
        ),
        pytest.param(
            "Bounce",
            {
                "bounceType": "Transient",
                "bouncedRecipients": [{"emailAddress": "c1@example.org"}],
            },
            "accepted",
            [],
            id="an automatic answer",
        ),
        pytest.param(
            "Complaint",
            {"complaintFeedbackType": "not-spam"},
            "accepted",
            [],
            id="taken out of the spam folder",
        ),
    ],
)
def test_an_email(house, topic, kind, changes, state, closed):
    """By the tag or by SES's id: the delivery hears it, and the address when it is the address."""
    settle(house.engine, channels=("email",))
    house.plan(channels=["email"]).send()

    report(house, topic, ours(house, kind, **changes))

    assert delivery(house) == state
    assert suppressed(house) == closed


def test_a_complaint_binds(house, topic):
    """Whoever complained gets no further offer, and no complaint is heard twice."""
    settle(house.engine, channels=("email",))
    house.plan(channels=["email"]).send()
    report(house, topic, ours(house, "Complaint"))
    report(house, topic, ours(house, "Complaint"))

    house.plan(channels=["email"], edition="2").send()

    assert len(house.email.handed) == 1


def test_a_dead_token(house, topic):
    """SNS speaks of its endpoint, we of the token: the device is closed, and the next message knows."""
    settle(house.engine, channels=("push",))
    house.plan(channels=["push"]).send()

    report(house, topic, FAILURE)

    assert suppressed(house) == [("push", "token-1")]
