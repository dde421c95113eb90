"""What SES reports of an e-mail: https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html.

The attempt is named by the tag that went out with it, the e-mail by the id that SES gave to it; each recipient has a
receipt of its own. An event's id is made of what it says, so that it is one event by whichever way it comes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from channels.email.causes import cause
from channels.inbound import attempt_id
from channels.sns_envelope import instant
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.program import is_program
from tidings.receipt import Receipt, ReceiptKind

MOST_RECIPIENTS = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What an event says of one recipient."""

    kind: ReceiptKind
    address: str = ""
    error: ErrorClass | None = None
    code: str = ""
    machine: bool = False


SUBTYPES: Mapping[str, ErrorClass] = MappingProxyType(
    {
        "NoEmail": ErrorClass.ADDRESS,
        "Suppressed": ErrorClass.ADDRESS,
        "OnAccountSuppressionList": ErrorClass.ADDRESS,
        "MailboxFull": ErrorClass.TRANSIENT,
        "MessageTooLarge": ErrorClass.DATA,
        "ContentRejected": ErrorClass.DATA,
        "AttachmentRejected": ErrorClass.DATA,
    }
)
"""Bounces whose subtype says it all; `General` and new ones are judged by the receiving server's words."""
NO_COMPLAINT = frozenset({"not-spam"})
"""Feedback types (RFC 5965, IANA) that say the contrary of a complaint."""


def read(event: Mapping[str, Any], *, event_id: str, at: datetime) -> Sequence[Receipt] | None:
    """Translate an event of SES; None when it is none. A kind of event that we do not know says nothing.

    Args:
        event: the JSON object, by event publishing (`eventType`) or by an identity's notifications.
        event_id: what the bringer calls it, for an event without a time.
        at: when it was brought, for the same.
    """
    mail = event.get("mail")
    kind = str(event.get("eventType") or event.get("notificationType") or "").replace(" ", "")
    if not isinstance(mail, Mapping) or not kind or not isinstance(mail.get("messageId"), str):
        return None
    name, translate = KINDS.get(kind, ("", _nothing))
    part = event.get(name)
    part = part if isinstance(part, Mapping) else {}
    happened = instant(part.get("timestamp"))
    at = happened or instant(mail.get("timestamp")) or at
    said = translate(part, mail)[:MOST_RECIPIENTS]
    stem = f"{mail['messageId']}/{kind}/{happened.isoformat() if happened else event_id}"
    return [_receipt(one, mail, at, f"{stem}/{number}") for number, one in enumerate(said)]


def _receipt(news: News, mail: Mapping[str, Any], at: datetime, event_id: str) -> Receipt:
    return Receipt(
        provider="ses",
        event_id=event_id[:300],
        kind=news.kind,
        channel=Channel.EMAIL,
        at=at,
        attempt=_attempt(mail),
        provider_reference=str(mail["messageId"])[:200],
        address=_bare(news.address) or None,
        error=news.error,
        code=news.code[:100],
        machine=news.machine,
    )


def _attempt(mail: Mapping[str, Any]) -> str | None:
    """Return our attempt id; whoever else sends by the same account may use the same tag for something else."""
    tags = mail.get("tags")
    values = tags.get("attempt") if isinstance(tags, Mapping) else None
    return attempt_id(values[0] if isinstance(values, list) and values else values)


def _bare(address: str) -> str:
    """Return the address alone, in its normal form (`tidings.address`: lower case)."""
    return address.rpartition("<")[2].partition(">")[0].strip().lower()


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _to(mail: Mapping[str, Any]) -> list[str]:
    return _texts(mail.get("destination")) or [""]


def _same(kind: ReceiptKind) -> Callable[[Mapping[str, Any], Mapping[str, Any]], list[News]]:
    def news(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
        return [News(kind=kind, address=address) for address in _texts(part.get("recipients")) or _to(mail)]

    return news


def _nothing(_: Mapping[str, Any], __: Mapping[str, Any]) -> list[News]:
    return []


def _delayed(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
    code = str(part.get("delayType", ""))
    who = [str(one.get("emailAddress", "")) for one in _objects(part.get("delayedRecipients"))] or _to(mail)
    return [News(kind=ReceiptKind.DELAYED, address=address, code=code) for address in who]


def _bounced(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
    kind, subtype = str(part.get("bounceType", "")), str(part.get("bounceSubType", ""))
    who = _objects(part.get("bouncedRecipients")) or [{"emailAddress": address} for address in _to(mail)]
    return [_bounce(kind, subtype, one) for one in who]


def _bounce(kind: str, subtype: str, recipient: Mapping[str, Any]) -> News:
    """Judge one bounce. Only what SES calls permanent is ever held against an address.

    A transient `General` bounce without a delivery report in it is what SES makes of an automatic answer to the return
    path ("out of office"): the mail has arrived.
    """
    address = str(recipient.get("emailAddress", ""))
    status, words = str(recipient.get("status", "")), str(recipient.get("diagnosticCode", ""))
    code = f"{kind}.{subtype}"
    error = SUBTYPES.get(subtype)
    found = ReceiptKind.BOUNCED
    if error is None and (status or words):
        judged = cause(words, status)
        error, found = judged.error, judged.kind
    elif error is None and kind == "Transient":
        return News(kind=ReceiptKind.AUTO_REPLIED, address=address, code=code)
    elif error is None:
        error = ErrorClass.ADDRESS if kind == "Permanent" else ErrorClass.TRANSIENT
    if error is ErrorClass.ADDRESS and kind != "Permanent":
        error = ErrorClass.TRANSIENT
    return News(kind=found, address=address, error=error, code=code)


def _complained(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
    feedback = str(part.get("complaintFeedbackType") or "")
    subtype = str(part.get("complaintSubType") or "")
    if feedback in NO_COMPLAINT:
        return []
    who = [str(one.get("emailAddress", "")) for one in _objects(part.get("complainedRecipients"))] or _to(
        mail
    )
    if subtype:  # OnAccountSuppressionList: not sent, because of an earlier complaint
        refused = {"kind": ReceiptKind.REJECTED, "error": ErrorClass.OPT_OUT, "code": subtype}
        return [News(address=address, **refused) for address in who]  # type: ignore[arg-type]
    return [News(kind=ReceiptKind.COMPLAINED, address=address, code=feedback) for address in who]


def _rejected(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
    code = "template" if "templateName" in part else "content"
    return [
        News(kind=ReceiptKind.REJECTED, address=address, error=ErrorClass.DATA, code=code)
        for address in _to(mail)
    ]


def _visited(kind: ReceiptKind) -> Callable[[Mapping[str, Any], Mapping[str, Any]], list[News]]:
    def news(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
        machine = is_program(str(part.get("userAgent") or ""))
        return [News(kind=kind, address=address, machine=machine) for address in _to(mail)[:1]]

    return news


def _subscribed(part: Mapping[str, Any], mail: Mapping[str, Any]) -> list[News]:
    """Read a contact list's change; only leaving all of it is a withdrawal, our own topics are not SES's."""
    now = part.get("newTopicPreferences")
    if isinstance(now, Mapping) and now.get("unsubscribeAll") is True:
        return [News(kind=ReceiptKind.STOPPED, address=address, code="unsubscribed") for address in _to(mail)]
    return []


def _objects(values: object) -> list[Mapping[str, Any]]:
    return [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []


KINDS: Mapping[str, tuple[str, Callable[[Mapping[str, Any], Mapping[str, Any]], list[News]]]] = (
    MappingProxyType(
        {
            "Send": ("send", _same(ReceiptKind.ACCEPTED)),
            "Delivery": ("delivery", _same(ReceiptKind.DELIVERED)),
            "DeliveryDelay": ("deliveryDelay", _delayed),
            "Bounce": ("bounce", _bounced),
            "Complaint": ("complaint", _complained),
            "Reject": ("reject", _rejected),
            "RenderingFailure": ("failure", _rejected),
            "Open": ("open", _visited(ReceiptKind.OPENED)),
            "Click": ("click", _visited(ReceiptKind.CLICKED)),
            "Subscription": ("subscription", _subscribed),
        }
    )
)
"""Each kind of event: the object that tells of it, and who reads that."""
