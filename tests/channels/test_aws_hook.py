"""`channels.aws_hook`: nothing is believed before its signature, and only Amazon's own hosts are asked for it."""

import base64
import json
import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from channels.aws_hook import AwsHook
from channels.contract import Call, Forged, Heard
from channels.receivers import hooks
from channels.sns_envelope import MOST_CERTIFICATES
from tests.channels.test_ses_events import event
from tests.peers.sns_topic import KEY, TOPIC, TopicPeer, certificate, signed
from tidings.problem import Problem
from tidings.receipt import ReceiptKind
from tidings.settings import AwsEventsSettings, Settings

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
FORGERIES = int(os.environ.get("TIDINGS_LAWS", "300"))
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def topic():
    topic = TopicPeer()
    yield topic
    topic.close()


@pytest.fixture
def hook(topic):
    topic.asked.clear()
    return AwsHook("ses", AwsEventsSettings(topics=TOPIC, endpoint=topic.url))


def call(body):
    return Call(path="/hooks/ses", query="", headers={"content-type": "text/plain; charset=UTF-8"}, body=body)


def hear(hook, body, *, now=NOW):
    return hook.hear(call(body), now=now)


def test_a_notification_is_believed(hook, topic):
    """Signed by the topic's key: its event is translated."""
    heard = hear(hook, topic.notification(event("Delivery"), NOW))

    assert isinstance(heard, Heard)
    assert [one.kind for one in heard.receipts] == [ReceiptKind.DELIVERED]


def test_what_comes_again_is_the_same(hook, topic):
    """SNS sends a call again until it is answered: the same event ids, so it is kept once."""
    body = topic.notification(event("Bounce"), NOW)

    assert hear(hook, body) == hear(hook, body)
    again = topic.notification(event("Bounce"), NOW + timedelta(seconds=20), MessageId="11111111-fdea-4c2c")
    assert [one.event_id for one in hear(hook, again).receipts] == [
        one.event_id for one in hear(hook, body).receipts
    ]


def test_the_certificate_is_fetched_once(hook, topic):
    """However many calls come."""
    for _ in range(5):
        hear(hook, topic.notification(event("Open"), NOW))

    assert topic.asked == ["/cert.pem"]


def test_an_event_that_nobody_knows_says_nothing(hook, topic):
    """As the test message that SES publishes when a topic is set up."""
    text = "Successfully validated SNS topic for Amazon SES event publishing."

    assert hear(hook, topic.notification(text, NOW)) == Heard(receipts=())
    assert hear(hook, topic.notification({"some": "thing"}, NOW)) == Heard(receipts=())


@pytest.mark.parametrize("with_subject", [True, False])
def test_a_subject_is_signed_when_there_is_one(hook, topic, with_subject):
    """SES sends one, others do not."""
    fields = topic.fields(event("Send"), NOW)
    if not with_subject:
        del fields["Subject"]

    assert isinstance(hear(hook, json.dumps(signed(fields)).encode()), Heard)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"TopicArn": TOPIC.replace("tidings", "others")}, "topic", id="another topic"),
        pytest.param(
            {"TopicArn": TOPIC.replace("123456789012", "999999999999")}, "topic", id="another account"
        ),
        pytest.param({"TopicArn": ""}, "topic", id="no topic"),
        pytest.param({"Timestamp": "2026-06-01T10:59:00.000Z"}, "age", id="older than an hour"),
        pytest.param({"Timestamp": "2026-06-01T12:06:00.000Z"}, "age", id="from the future"),
        pytest.param({"Timestamp": "yesterday"}, "syntax", id="no time"),
        pytest.param({"MessageId": "a\nSubject\nb"}, "syntax", id="a line end in an id"),
        pytest.param({"Type": "Notification\n"}, "syntax", id="no type"),
    ],
)
def test_what_is_signed_and_refused_all_the_same(hook, topic, change, code):
    """Everybody can have a topic of their own, signed by the same key."""
    fields = topic.fields(event("Bounce"), NOW) | change
    body = signed(fields | {"Type": "Notification"}) | change

    assert hear(hook, json.dumps(body).encode()) == Forged(code=code)


@pytest.mark.parametrize("version", ["1", "3", "", "two"])
def test_another_signature_version(hook, topic, version):
    """SHA-1 is believed only where a setting says so."""
    body = topic.notification(event("Send"), NOW, version="1")
    fields = json.loads(body) | {"SignatureVersion": version}

    assert hear(hook, json.dumps(fields).encode()) == Forged(code="signature_version")
    older = AwsHook("ses", AwsEventsSettings(topics=TOPIC, endpoint=topic.url, sha1=True))
    assert isinstance(hear(older, body), Heard)
    assert hear(older, json.dumps(fields | {"SignatureVersion": "2"}).encode()) == Forged(code="signature")


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/cert.pem",
        "https://sns.us-east-1.amazonaws.com/cert.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/cert.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/cert.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/cert.pem",
        "https://evil.example#sns.eu-west-1.amazonaws.com/cert.pem",
        "https://evil.example\\.sns.eu-west-1.amazonaws.com/cert.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/cert.pem",
        "https://sns.eu-west-1.amazonaws.com:x/cert.pem",
        "https://sqs.eu-west-1.amazonaws.com/cert.pem",
        "https://bucket.s3.eu-west-1.amazonaws.com/cert.pem",
        "https://sns.eu-west-1.amazonaws.com/cert.txt",
        "https://sns.eu-west-1.amazonaws.com/../cert.pem/",
        "https://sns.eu-west-1.amazonaws.com/?x=/cert.pem",
        "https://127.0.0.1/cert.pem",
        "file:///etc/cert.pem",
        "//sns.eu-west-1.amazonaws.com/cert.pem",
        "",
    ],
)
def test_certificates_come_from_amazon_only(topic, url):
    """Nobody else's host is even asked."""
    hook = AwsHook("ses", AwsEventsSettings(topics=TOPIC))

    assert hear(hook, topic.notification(event("Send"), NOW, SigningCertURL=url)) == Forged(
        code="certificate"
    )


def test_amazons_own_addresses_pass():
    """https://sns.<region>.amazonaws.com, in the region of the topic, China's too."""
    envelopes = AwsHook("ses", AwsEventsSettings(topics=TOPIC))._envelopes
    name = "SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem"

    assert envelopes._is_amazon(f"https://sns.eu-west-1.amazonaws.com/{name}", TOPIC)
    assert envelopes._is_amazon(f"https://sns.eu-west-1.amazonaws.com:443/{name}", TOPIC)
    china = "arn:aws-cn:sns:cn-north-1:123456789012:tidings"
    assert envelopes._is_amazon(f"https://sns.cn-north-1.amazonaws.com.cn/{name}", china)


@pytest.mark.parametrize(
    ("page", "code"),
    [
        pytest.param((404, b""), "certificate", id="not there"),
        pytest.param((200, b"nonsense"), "certificate", id="no certificate"),
        pytest.param((302, b""), "certificate", id="a redirect to a good one"),
        pytest.param((200, certificate(KEY, days=100)), "certificate", id="expired"),
        pytest.param((200, certificate(OTHER_KEY)), "signature", id="of another key"),
        pytest.param(
            (200, certificate(ec.generate_private_key(ec.SECP256R1()))),
            "signature",
            id="of another kind of key",
        ),
    ],
)
def test_certificates_that_prove_nothing(hook, topic, page, code):
    """The signature is good, the certificate is not."""
    topic.pages["/other.pem"] = page

    body = topic.notification(event("Send"), NOW, SigningCertURL=f"{topic.url}/other.pem")

    assert hear(hook, body) == Forged(code=code)


@pytest.mark.parametrize("page", [(500, b""), (503, b"")])
def test_a_certificate_that_cannot_be_fetched_now(hook, topic, page):
    """It is no forgery: SNS shall send the call again."""
    topic.pages["/later.pem"] = page
    body = topic.notification(event("Send"), NOW, SigningCertURL=f"{topic.url}/later.pem")

    with pytest.raises(ConnectionError):
        hear(hook, body)
    topic.pages["/later.pem"] = (200, certificate(KEY))
    assert isinstance(hear(hook, body), Heard)


def test_who_names_one_certificate_after_another_does_not_make_us_ask_for_all_of_them(hook, topic):
    """What is known is believed meanwhile, and what is new comes again: a minute later it is asked for."""
    hear(hook, topic.notification(event("Send"), NOW))
    for number in range(MOST_CERTIFICATES - 1):
        url = f"{topic.url}/{number}.pem"
        assert hear(hook, topic.notification(event("Send"), NOW, SigningCertURL=url)) == Forged(
            code="certificate"
        )
    topic.pages["/rotated.pem"] = (200, certificate(KEY))
    rotated = topic.notification(event("Send"), NOW, SigningCertURL=f"{topic.url}/rotated.pem")

    with pytest.raises(ConnectionError):
        hear(hook, rotated)
    assert len(topic.asked) == MOST_CERTIFICATES
    assert isinstance(hear(hook, topic.notification(event("Send"), NOW)), Heard)
    assert isinstance(hear(hook, rotated, now=NOW + timedelta(minutes=1)), Heard)


def test_sns_is_away():
    """No connection for a certificate is no forgery either."""
    gone = TopicPeer()
    gone.close()
    hook = AwsHook("ses", AwsEventsSettings(topics=TOPIC, endpoint=gone.url))

    with pytest.raises(ConnectionError):
        hear(hook, gone.notification(event("Send"), NOW))


def test_a_subscription_is_confirmed(hook, topic):
    """Of a topic that we believe, by asking SNS for the address that it named."""
    topic.pages["/"] = (200, b"<ConfirmSubscriptionResponse/>")

    assert hear(hook, topic.confirmation(NOW)) == Heard(receipts=())
    assert topic.asked[-1].startswith("/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"SubscribeURL": "http://169.254.169.254/latest"}, "subscription", id="elsewhere"),
        pytest.param({"SubscribeURL": "{url}/?Action=Unsubscribe"}, "subscription", id="another action"),
        pytest.param(
            {"SubscribeURL": "{url}/?Action=ConfirmSubscription&TopicArn=arn:x"},
            "subscription",
            id="another topic",
        ),
        pytest.param({"TopicArn": TOPIC + "2"}, "topic", id="a topic that we do not believe"),
    ],
)
def test_a_subscription_that_is_not_confirmed(hook, topic, change, code):
    """We join nobody else's topics, and call nobody else's addresses."""
    topic.pages["/"] = (200, b"")
    change = {name: value.replace("{url}", topic.url) for name, value in change.items()}

    assert hear(hook, topic.confirmation(NOW, **change)) == Forged(code=code)
    assert [path for path in topic.asked if path != "/cert.pem"] == []


def test_a_subscription_that_sns_refuses(hook, topic):
    """A token that has expired."""
    topic.pages["/"] = (403, b"")

    assert hear(hook, topic.confirmation(NOW)) == Forged(code="subscription")


def test_unsubscribing_is_heard_and_not_undone(hook, topic):
    """Whoever ended the subscription meant it."""
    body = topic.confirmation(NOW, kind="UnsubscribeConfirmation")

    assert hear(hook, body) == Heard(receipts=())
    assert topic.asked == ["/cert.pem"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"null",
        b"{}",
        b'{"Type": "Notification"}',
        b'{"Type": ["Notification"]}',
        b'{"Type": "Notification", "Message": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"Type": "Notification", "Message": "\\ud800"}',
        b" " * 400_001,
    ],
)
def test_what_is_no_envelope(hook, body):
    """Anything can be posted to an open address."""
    assert hear(hook, body) == Forged(code="syntax")


def test_no_forgery_is_believed(hook, topic):
    """Thousands of calls that differ from a true one by a little, in every field and in the signature."""
    dice = random.Random(20260601)
    true = json.loads(topic.notification(event("Complaint"), NOW))
    assert isinstance(hear(hook, json.dumps(true).encode()), Heard)
    believed = []
    for _ in range(FORGERIES):
        forged = forgery(dice, dict(true))
        if forged == true:
            continue
        answer = hear(hook, json.dumps(forged).encode())
        if not isinstance(answer, Forged):
            believed.append(forged)
    assert believed == []


def forgery(dice, fields):
    """Return a call that nobody signed: a sign changed, fields swapped or cut, another key, another signature."""
    kind = dice.randrange(8)
    name = dice.choice(["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"])
    if kind == 0:
        return fields | {name: changed(dice, fields[name])}
    if kind == 1:
        return fields | {"Signature": changed(dice, fields["Signature"])}
    if kind == 2:
        return signed({**fields, "Message": changed(dice, fields["Message"])}, key=OTHER_KEY)
    if kind == 3:
        other = dice.choice(["Message", "MessageId", "Subject"])
        return fields | {name: fields[other], other: fields[name]}
    if kind == 4:
        return {key: value for key, value in fields.items() if key != name}
    if kind == 5:  # the same lines, cut elsewhere
        message, at = fields["Message"], dice.randrange(1, 200)
        return fields | {
            "Message": message[:at],
            "MessageId": f"{message[at:]}\nMessageId\n{fields['MessageId']}",
        }
    if kind == 6:
        size = dice.choice([0, 1, 255, 256, 257])
        return fields | {"Signature": base64.b64encode(dice.randbytes(size)).decode()}
    return fields | {"SignatureVersion": dice.choice(["1", "", "02", "2 "])}


def changed(dice, text):
    at = dice.randrange(len(text))
    return text[:at] + dice.choice(["", "x", text[at] * 2, "\n", "A"]) + text[at + 1 :]


@pytest.mark.parametrize("topics", ["x", "arn:aws:sqs:eu-west-1:123456789012:q", TOPIC + ",nonsense"])
def test_topics_are_checked_at_start(topics):
    """A topic that is none is named."""
    with pytest.raises(Problem, match="TIDINGS_AWS_EVENTS__TOPICS"):
        AwsHook("ses", AwsEventsSettings(topics=topics))


def test_hooks_are_there_when_a_topic_is_named():
    """Without a topic nobody can be believed, so nobody is heard."""
    assert {"ses", "sns"}.isdisjoint(hooks(Settings()))
    assert {"ses", "sns"} <= set(hooks(Settings(aws_events={"topics": TOPIC})))
