"""`channels.email.ses_events`: every kind of event of the developer guide, and what it means for whom."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.email import ses_events
from channels.email.ses_events import KINDS
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.receipt import ReceiptKind

ATTEMPT = "01900000-0000-7000-8000-0000000000a1"
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PARTS = {
    "Send": ("send", {}),
    "Delivery": (
        "delivery",
        {
            "timestamp": "2026-06-01T11:59:58.469Z",
            "processingTimeMillis": 1111,
            "recipients": ["ada.lovelace@example.com"],
            "smtpResponse": "250 ok:  Message 111 accepted",
        },
    ),
    "DeliveryDelay": (
        "deliveryDelay",
        {
            "timestamp": "2026-06-01T11:59:58.469Z",
            "delayType": "TransientCommunicationFailure",
            "delayedRecipients": [{"emailAddress": "ada.lovelace@example.com", "status": "4.4.1"}],
        },
    ),
    "Bounce": (
        "bounce",
        {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": "ada.lovelace@example.com",
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 user unknown",
                }
            ],
            "timestamp": "2026-06-01T11:59:58.469Z",
            "feedbackId": "01000157c44f053b-61b59c11-9236-11e6-8f96-7be8aexample-000000",
        },
    ),
    "Complaint": (
        "complaint",
        {
            "complainedRecipients": [{"emailAddress": "ada.lovelace@example.com"}],
            "timestamp": "2026-06-01T11:59:58.469Z",
            "feedbackId": "01000157c44f053b",
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "complaintSubType": None,
        },
    ),
    "Reject": ("reject", {"reason": "Bad content"}),
    "Open": (
        "open",
        {
            "ipAddress": "192.0.2.1",
            "timestamp": "2026-06-01T11:59:58.652Z",
            "userAgent": "Mozilla/5.0 (iPhone; CPU iPhone OS 10_3_3 like Mac OS X) AppleWebKit/603.3.8",
        },
    ),
    "Click": (
        "click",
        {
            "ipAddress": "192.0.2.1",
            "timestamp": "2026-06-01T11:59:58.652Z",
            "userAgent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/60.0.3112.90 Safari/537.36",
            "link": "http://docs.aws.amazon.com/ses/",
            "linkTags": {"samplekey0": ["samplevalue0"]},
        },
    ),
    "Rendering Failure": (
        "failure",
        {"errorMessage": "Attribute 's' is not present in the rendering data.", "templateName": "MyTemplate"},
    ),
    "Subscription": (
        "subscription",
        {
            "contactList": "ContactListName",
            "timestamp": "2026-06-01T11:59:58.910Z",
            "source": "UnsubscribeHeader",
            "newTopicPreferences": {"unsubscribeAll": True, "topicSubscriptionStatus": []},
            "oldTopicPreferences": {"unsubscribeAll": False, "topicSubscriptionStatus": []},
        },
    ),
}
MAIL = {
    "timestamp": "2026-06-01T11:59:50.012Z",
    "source": "Nordlys <hello@nordlys.example>",
    "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/hello@nordlys.example",
    "sendingAccountId": "123456789012",
    "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
    "destination": ["ada.lovelace@example.com"],
    "headersTruncated": False,
    "tags": {"ses:configuration-set": ["ConfigSet"], "attempt": [ATTEMPT], "brand": ["nordlys"]},
}


def event(kind, *, mail=None, **changes):
    name, part = PARTS[kind]
    return {"eventType": kind, "mail": MAIL | (mail or {}), name: part | changes}


def read(given):
    return list(ses_events.read(given, event_id="e1", at=NOW))


@pytest.mark.parametrize(
    ("kind", "expected", "error", "code"),
    [
        ("Send", ReceiptKind.ACCEPTED, None, ""),
        ("Delivery", ReceiptKind.DELIVERED, None, ""),
        ("DeliveryDelay", ReceiptKind.DELAYED, None, "TransientCommunicationFailure"),
        ("Bounce", ReceiptKind.BOUNCED, ErrorClass.ADDRESS, "Permanent.General"),
        ("Complaint", ReceiptKind.COMPLAINED, None, "abuse"),
        ("Reject", ReceiptKind.REJECTED, ErrorClass.DATA, "content"),
        ("Open", ReceiptKind.OPENED, None, ""),
        ("Click", ReceiptKind.CLICKED, None, ""),
        ("Rendering Failure", ReceiptKind.REJECTED, ErrorClass.DATA, "template"),
        ("Subscription", ReceiptKind.STOPPED, None, "unsubscribed"),
    ],
)
def test_kinds(kind, expected, error, code):
    """Each kind of event names its attempt, its e-mail, its recipient and its time."""
    [one] = read(event(kind))

    assert (one.kind, one.error, one.code) == (expected, error, code)
    assert (one.provider, one.channel, one.attempt) == ("ses", Channel.EMAIL, ATTEMPT)
    assert one.provider_reference == MAIL["messageId"]
    assert one.address == "ada.lovelace@example.com"
    assert one.machine is False
    assert NOW.replace(hour=11) < one.at < NOW


def test_the_table_has_every_kind():
    """A kind of the developer guide that nobody tests is a kind that nobody knows."""
    assert {kind.replace(" ", "") for kind in PARTS} == set(KINDS)


def test_event_ids():
    """The same news has the same id, by event publishing or by an identity's notification; other news another."""
    by_identity = event("Bounce") | {"notificationType": "Bounce"}
    del by_identity["eventType"]
    assert [one.event_id for one in read(by_identity)] == [one.event_id for one in read(event("Bounce"))]
    ids = {one.event_id for kind in PARTS for one in read(event(kind))}
    assert len(ids) == len(PARTS)
    later = event("Open", timestamp="2026-06-02T11:59:58.652Z")
    assert read(later)[0].event_id != read(event("Open"))[0].event_id


BOUNCES = [
    ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown", "bounced", ErrorClass.ADDRESS),
    ("Permanent", "General", "", "", "bounced", ErrorClass.ADDRESS),
    ("Permanent", "NoEmail", "", "", "bounced", ErrorClass.ADDRESS),
    ("Permanent", "Suppressed", "5.1.1", "Amazon SES has suppressed sending", "bounced", ErrorClass.ADDRESS),
    ("Permanent", "OnAccountSuppressionList", "", "", "bounced", ErrorClass.ADDRESS),
    ("Permanent", "General", "5.7.1", "smtp; 550 5.7.1 SPF check failed", "bounced", ErrorClass.CONFIG),
    ("Permanent", "General", "5.7.26", "smtp; 550-5.7.26 unauthenticated", "bounced", ErrorClass.CONFIG),
    ("Permanent", "General", "5.2.2", "smtp; 552 5.2.2 mailbox full", "bounced", ErrorClass.TRANSIENT),
    ("Permanent", "General", "5.3.4", "smtp; 552 5.3.4 message too big", "bounced", ErrorClass.DATA),
    ("Permanent", "Undetermined", "", "", "bounced", ErrorClass.ADDRESS),
    ("Transient", "General", "4.4.7", "smtp; 554 4.4.7 message expired", "expired", ErrorClass.TRANSIENT),
    ("Transient", "General", "4.2.1", "smtp; 450 4.2.1 busy", "bounced", ErrorClass.TRANSIENT),
    ("Transient", "General", "5.1.1", "smtp; 550 5.1.1 user unknown", "bounced", ErrorClass.TRANSIENT),
    ("Transient", "General", "", "", "auto_replied", None),
    ("Transient", "MailboxFull", "", "", "bounced", ErrorClass.TRANSIENT),
    ("Transient", "MailboxFull", "5.2.2", "smtp; 552 5.2.2 full", "bounced", ErrorClass.TRANSIENT),
    ("Transient", "MessageTooLarge", "", "", "bounced", ErrorClass.DATA),
    ("Transient", "ContentRejected", "", "", "bounced", ErrorClass.DATA),
    ("Transient", "AttachmentRejected", "", "", "bounced", ErrorClass.DATA),
    ("Undetermined", "Undetermined", "", "", "bounced", ErrorClass.TRANSIENT),
    (
        "Undetermined",
        "Undetermined",
        "5.1.1",
        "smtp; 550 5.1.1 user unknown",
        "bounced",
        ErrorClass.TRANSIENT,
    ),
    ("", "", "", "", "bounced", ErrorClass.TRANSIENT),
]


@pytest.mark.parametrize(("kind", "subtype", "status", "words", "found", "error"), BOUNCES)
def test_bounces(kind, subtype, status, words, found, error):
    """Only what SES calls permanent closes an address, and not when the server's words blame us or the mailbox."""
    who = {"emailAddress": f"Ada {3000 * chr(40)} <Ada.Lovelace@Example.com>"}
    who |= {name: value for name, value in (("status", status), ("diagnosticCode", words)) if value}

    [one] = read(event("Bounce", bounceType=kind, bounceSubType=subtype, bouncedRecipients=[who]))

    assert (one.kind, one.error, one.code) == (found, error, f"{kind}.{subtype}")
    assert one.address == "ada.lovelace@example.com"
    assert "unknown" not in repr(one)


def test_each_recipient_by_itself():
    """Two bounced, two receipts with ids of their own."""
    who = [{"emailAddress": "a@example.com", "status": "5.1.1"}, {"emailAddress": "b@example.com"}]

    found = read(event("Bounce", bouncedRecipients=who))

    assert [one.address for one in found] == ["a@example.com", "b@example.com"]
    assert len({one.event_id for one in found}) == 2


@pytest.mark.parametrize(
    ("feedback", "expected"),
    [("abuse", 1), ("fraud", 1), ("virus", 1), ("other", 1), ("auth-failure", 1), (None, 1), ("not-spam", 0)],
)
def test_complaints(feedback, expected):
    """Whoever takes a mail out of the spam folder has not complained."""
    assert len(read(event("Complaint", complaintFeedbackType=feedback))) == expected


def test_a_mail_that_was_not_sent_because_of_an_earlier_complaint():
    """It is no new complaint; the message never left."""
    [one] = read(event("Complaint", complaintSubType="OnAccountSuppressionList", complaintFeedbackType=None))

    assert (one.kind, one.error) == (ReceiptKind.REJECTED, ErrorClass.OPT_OUT)


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15", False),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.0", False),
        ("Mozilla/5.0", True),
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", True),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", True),
        ("Mozilla/5.0 (compatible; Barracuda Sentinel)", True),
        ("python-requests/2.31", True),
        ("", True),
        (None, True),
    ],
)
@pytest.mark.parametrize("kind", ["Open", "Click"])
def test_machines(kind, agent, machine):
    """Mail programs' proxies and scanners open everything; that says nothing of the customer."""
    assert [one.machine for one in read(event(kind, userAgent=agent))] == [machine]


@pytest.mark.parametrize(("left", "expected"), [(True, 1), (False, 0), (None, 0), ("true", 0)])
def test_subscriptions(left, expected):
    """Only leaving all of a contact list is a withdrawal."""
    assert len(read(event("Subscription", newTopicPreferences={"unsubscribeAll": left}))) == expected


@pytest.mark.parametrize(
    ("tags", "attempt"),
    [
        ({"attempt": [ATTEMPT]}, ATTEMPT),
        ({"attempt": ATTEMPT}, ATTEMPT),
        ({"attempt": ["7; DROP TABLE attempts"]}, None),
        ({"attempt": []}, None),
        ({"attempt": [7]}, None),
        ({"attempt": {}}, None),
        ({}, None),
        (None, None),
        ([], None),
    ],
)
def test_tags(tags, attempt):
    """A tag that is no attempt of ours is none; the e-mail is still known by SES's id."""
    [one] = read(event("Delivery", mail={"tags": tags}))

    assert (one.attempt, one.provider_reference) == (attempt, MAIL["messageId"])


def test_a_kind_that_nobody_knows_says_nothing():
    """SES adds kinds of events; they are taken and harm nobody."""
    assert read({"eventType": "Telepathy", "mail": MAIL}) == []


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"eventType": "Bounce"},
        {"eventType": "Bounce", "mail": None},
        {"mail": MAIL},
        {"eventType": "TEXT_SENT"},
    ],
)
def test_what_is_not_of_ses(given):
    """Another service's event is left to its reader."""
    assert ses_events.read(given, event_id="e", at=NOW) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(kind=st.sampled_from(sorted(PARTS)), data=st.data())
def test_nothing_in_an_event_breaks_the_reader(kind, data):
    """Whatever stands where something else was expected: receipts or none, each with its own id, never an error."""
    name, part = PARTS[kind]
    for key in part:
        if data.draw(st.booleans()):
            part = part | {key: data.draw(ANYTHING)}
    mail = {key: data.draw(ANYTHING) if data.draw(st.booleans()) else value for key, value in MAIL.items()}

    found = ses_events.read({"eventType": kind, "mail": mail, name: part}, event_id="e", at=NOW)

    told = [one.event_id for one in found or ()]
    assert len(set(told)) == len(told), "who has the id of another is taken for heard already"
