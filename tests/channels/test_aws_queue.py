"""`channels.aws_queue` and `channels.push.sns_events`, with moto's SQS and SNS."""

import json
from datetime import UTC, datetime

import boto3
import pytest
from moto import mock_aws

from channels.aws_queue import TRIES, AwsQueue
from channels.push import sns_events
from channels.receivers import sources
from tests.channels.test_ses_events import ATTEMPT, event
from tests.peers.sns_topic import TOPIC
from tidings.outcome import ErrorClass
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import AwsEventsSettings, Settings

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FAILURE = {
    "DeliveryAttempts": 1,
    "EndpointArn": "arn:aws:sns:eu-west-1:123456789012:endpoint/APNS/shop/7",
    "EventType": "DeliveryFailure",
    "FailureMessage": "Platform token associated with the endpoint is not valid",
    "FailureType": "InvalidPlatformToken",
    "MessageId": "m-7",
    "Resource": "arn:aws:sns:eu-west-1:123456789012:app/APNS/shop",
    "Service": "SNS",
    "Time": "2026-06-01T11:00:00.000Z",
}


SMS = {
    "eventType": "TEXT_DELIVERED",
    "eventVersion": "1.0",
    "eventTimestamp": 1780315200000,
    "isFinal": True,
    "messageId": "sms-7",
    "destinationPhoneNumber": "+4790000001",
    "context": {},
}


@pytest.fixture(scope="module")
def amazon():
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        yield boto3.client("sqs", region_name="eu-west-1")


@pytest.fixture
def queue(amazon, request):
    name = f"q{abs(hash(request.node.name))}"
    return amazon, amazon.create_queue(QueueName=name)["QueueUrl"]


@pytest.fixture
def source(queue, tmp_path):
    source = AwsQueue(AwsEventsSettings(queue=queue[1]), home=tmp_path)
    yield source
    source.close()


def put(queue, *bodies):
    sqs, url = queue
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body if isinstance(body, str) else json.dumps(body))


def left(queue):
    """Return how many messages the queue still has, hidden ones too."""
    sqs, url = queue
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(map(int, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()))


def aside(folder):
    return [json.loads(path.read_bytes()) for path in sorted((folder / "dead-letters").rglob("*.json"))]


def test_events_of_several_services(source, queue):
    """One queue, one visit: each event is read by whoever knows its shape."""
    bridged = {"detail-type": "Email Bounced", "source": "aws.ses", "detail": event("Bounce")}
    put(queue, event("Delivery"), FAILURE, bridged, SMS)

    receipts = [one for bag in source.bags(now=NOW) for one in bag.receipts]

    assert sorted((one.provider, str(one.kind)) for one in receipts) == [
        ("aws", "delivered"),
        ("ses", "bounced"),
        ("ses", "delivered"),
        ("sns", "bounced"),
    ]


def test_nothing_is_deleted_before_it_is_done(source, queue):
    """Until the receipts are committed the messages stay in the queue."""
    put(queue, *(event("Delivery") for _ in range(25)))

    bags = list(source.bags(now=NOW))
    assert [len(bag.receipts) for bag in bags] == [10, 10, 5]
    assert left(queue) == 25
    bags[0].done()
    assert left(queue) == 15
    for bag in bags[1:]:
        bag.done()
    assert left(queue) == 0


def test_what_was_not_done_comes_again(source, queue, tmp_path):
    """A process that dies before its commit: the same receipts, with the same ids."""
    put(queue, event("Complaint"))
    sqs, url = queue
    [first] = source.bags(now=NOW)
    assert [one.attempt for one in first.receipts] == [ATTEMPT]
    sqs.purge_queue(QueueUrl=url)
    put(queue, event("Complaint"))

    [again] = source.bags(now=NOW)
    assert again.receipts == first.receipts
    assert aside(tmp_path) == []


def test_an_empty_queue(source):
    """Nothing there, nothing yielded."""
    assert list(source.bags(now=NOW)) == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("nonsense", "unknown event", id="no JSON"),
        pytest.param("[]", "unknown event", id="a list"),
        pytest.param('{"some": "thing"}', "unknown event", id="nobody's event"),
        pytest.param('{"TopicArn": "x"}', "unknown event", id="a broken envelope"),
        pytest.param("[" * 5000, "unknown event", id="a deep one"),
    ],
)
def test_what_cannot_be_read_is_put_aside(source, queue, tmp_path, body, reason):
    """With its reason, once; the good ones beside it are read."""
    put(queue, body, event("Delivery"))

    [bag] = source.bags(now=NOW)
    bag.done()

    assert len(bag.receipts) == 1
    assert [(one["reason"], one["body"]) for one in aside(tmp_path)] == [(reason, body)]
    assert left(queue) == 0


def test_what_came_again_and_again_comes_alone(source, queue, tmp_path):
    """Whether the database was away or one of them breaks whoever folds it: none is given up, none holds another."""
    put(queue, event("Delivery"), event("Bounce"))
    sqs, url = queue
    for _ in range(30):
        sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10)
    put(queue, event("Delivery"), event("Complaint"))

    bags = list(source.bags(now=NOW))

    assert [len(bag.receipts) for bag in bags] == [2, 1, 1]
    bags[1].done()
    assert left(queue) == 3
    assert aside(tmp_path) == []


def test_what_came_too_often_is_put_aside(source, queue, tmp_path):
    """A message that breaks whoever folds it does not come round for ever."""
    put(queue, event("Delivery"))
    sqs, url = queue
    for _ in range(TRIES):
        assert len(sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]) == 1

    [bag] = source.bags(now=NOW)

    assert bag.receipts == []
    assert [one["reason"] for one in aside(tmp_path)] == ["came too often"]
    assert left(queue) == 0


@pytest.mark.parametrize("raw", ["true", "false"])
def test_a_queue_that_a_topic_feeds(queue, tmp_path, raw):
    """With SNS's envelope around the event, and without."""
    sns = boto3.client("sns", region_name="eu-west-1")
    topic = sns.create_topic(Name="tidings")["TopicArn"]
    sqs, url = queue
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": raw})
    sns.publish(TopicArn=topic, Message=json.dumps(event("Bounce")), Subject="Amazon SES")

    [bag] = AwsQueue(AwsEventsSettings(queue=url, topics=topic), home=tmp_path).bags(now=NOW)

    assert [one.kind for one in bag.receipts] == [ReceiptKind.BOUNCED]


def test_another_topic_is_not_believed(queue, tmp_path):
    """Where topics are named, an envelope of another one is put aside."""
    fields = {"Type": "Notification", "MessageId": "m", "TopicArn": TOPIC + "2", "Timestamp": NOW.isoformat()}
    put(queue, fields | {"Message": json.dumps(event("Bounce"))})
    put(queue, fields | {"TopicArn": TOPIC, "Message": json.dumps(event("Bounce"))})

    [bag] = AwsQueue(AwsEventsSettings(queue=queue[1], topics=TOPIC), home=tmp_path).bags(now=NOW)

    assert len(bag.receipts) == 1
    assert [one["reason"] for one in aside(tmp_path)] == ["topic"]


def test_a_queue_that_is_not_there(amazon, tmp_path):
    """It is said in a sentence, with what to do."""
    settings = AwsEventsSettings(queue="https://sqs.eu-west-1.amazonaws.com/123456789012/nowhere")

    with pytest.raises(Problem, match="NonExistentQueue"):
        list(AwsQueue(settings, home=tmp_path).bags(now=NOW))


@pytest.mark.parametrize(
    "url", ["tidings", "https://evil.example", "https://x.example/123456789012/q", "arn:aws:sqs:x"]
)
def test_the_queue_is_checked_at_start(keys, tmp_path, url):
    """What is no URL of a queue is named."""
    with pytest.raises(Problem, match="TIDINGS_AWS_EVENTS__QUEUE"):
        AwsQueue(AwsEventsSettings(queue=url), home=tmp_path)


def test_a_source_when_a_queue_is_named(keys, tmp_path):
    """Without a setting no queue is asked."""
    url = "https://sqs.eu-west-1.amazonaws.com/123456789012/tidings"

    assert "aws_queue" not in sources(Settings(), home=tmp_path)
    assert "aws_queue" in sources(Settings(aws_events={"queue": url}), home=tmp_path)


@pytest.mark.parametrize(
    ("failure", "kind", "error"),
    [
        ("InvalidPlatformToken", ReceiptKind.BOUNCED, ErrorClass.ADDRESS),
        ("EndpointDisabled", ReceiptKind.BOUNCED, ErrorClass.ADDRESS),
        ("InvalidPlatformCredential", ReceiptKind.BOUNCED, ErrorClass.CONFIG),
        ("NotificationTooLarge", ReceiptKind.BOUNCED, ErrorClass.DATA),
        ("TTLExpired", ReceiptKind.EXPIRED, ErrorClass.TRANSIENT),
        ("SomethingNew", ReceiptKind.BOUNCED, ErrorClass.TRANSIENT),
    ],
)
def test_failures_of_notifications(failure, kind, error):
    """Only a token that is dead closes a device."""
    [one] = sns_events.read(FAILURE | {"FailureType": failure}, event_id="e1", at=NOW)

    assert (one.kind, one.error, one.code) == (kind, error, failure)
    assert (one.provider_reference, one.address, one.event_id) == ("m-7", FAILURE["EndpointArn"], "e1")


@pytest.mark.parametrize("kind", ["EndpointCreated", "EndpointDeleted", "EndpointUpdated"])
def test_endpoints_that_come_and_go_say_nothing(kind):
    """They are taken, and nobody is told."""
    assert sns_events.read(FAILURE | {"EventType": kind}, event_id="e", at=NOW) == []
