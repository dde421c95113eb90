"""What AWS End User Messaging reports about SMS, and what customers answer: one event, translated.

https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
https://docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html

The envelope (an SNS call, an SQS message) is opened and judged by whoever calls; nothing here is believed twice.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from channels.inbound import answer, attempt_id
from channels.sms.aws import CONTEXT
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.receipt import Receipt, ReceiptKind

PROVIDER = "aws"
EVENTS: Mapping[str, tuple[ReceiptKind, ErrorClass | None]] = {
    "TEXT_QUEUED": (ReceiptKind.ACCEPTED, None),
    "TEXT_PENDING": (ReceiptKind.ACCEPTED, None),
    "TEXT_SENT": (ReceiptKind.ACCEPTED, None),
    "TEXT_SUCCESSFUL": (ReceiptKind.ACCEPTED, None),
    "TEXT_DELIVERED": (ReceiptKind.DELIVERED, None),
    "TEXT_INVALID": (ReceiptKind.BOUNCED, ErrorClass.ADDRESS),
    "TEXT_BLOCKED": (ReceiptKind.BOUNCED, ErrorClass.ADDRESS),
    "TEXT_CARRIER_BLOCKED": (ReceiptKind.BOUNCED, ErrorClass.DATA),
    "TEXT_SPAM": (ReceiptKind.BOUNCED, ErrorClass.DATA),
    "TEXT_INVALID_MESSAGE": (ReceiptKind.REJECTED, ErrorClass.DATA),
    "TEXT_PROTECT_BLOCKED": (ReceiptKind.REJECTED, ErrorClass.DATA),
    "TEXT_UNREACHABLE": (ReceiptKind.EXPIRED, ErrorClass.TRANSIENT),
    "TEXT_CARRIER_UNREACHABLE": (ReceiptKind.EXPIRED, ErrorClass.TRANSIENT),
    "TEXT_TTL_EXPIRED": (ReceiptKind.EXPIRED, ErrorClass.TRANSIENT),
    "TEXT_UNKNOWN": (ReceiptKind.EXPIRED, ErrorClass.TRANSIENT),
}
LATEST = 4102444800
"""2100 as Unix time: a later time stamp is none."""


def is_sms(event: Mapping[str, Any]) -> bool:
    """Tell whether an event is one of SMS: a status, EventBridge's wrapping of one, or an inbound message."""
    inner = _unwrapped(event)
    return str(inner.get("eventType", "")).startswith("TEXT_") or "inboundMessageId" in inner


def receipts(event: Mapping[str, Any], *, now: datetime) -> Sequence[Receipt]:
    """Return what an event says; nothing for one that is unknown or cannot be read.

    Args:
        event: the JSON object, as SNS and SQS carry it, or as EventBridge wraps it.
        now: when it came in: the instant of an inbound message, which has none of its own.
    """
    inner = _unwrapped(event)
    found = _said(inner, now) if "inboundMessageId" in inner else _status(inner, now)
    return () if found is None else (found,)


def _unwrapped(event: Mapping[str, Any]) -> Mapping[str, Any]:
    detail = event.get("detail")
    return detail if isinstance(detail, dict) else event


def _status(event: Mapping[str, Any], now: datetime) -> Receipt | None:
    name, reference = str(event.get("eventType") or ""), str(event.get("messageId") or "")
    if name not in EVENTS or not reference:
        return None
    kind, error = EVENTS[name]
    if name == "TEXT_SUCCESSFUL" and event.get("isFinal") is True:  # in many countries nothing better follows
        kind = ReceiptKind.DELIVERED
    context = event.get("context")
    final = "final" if event.get("isFinal") is True else "on the way"
    return Receipt(
        provider=PROVIDER,
        event_id=f"{reference}:{name}:{final}",
        kind=kind,
        channel=Channel.SMS,
        at=_at(event.get("eventTimestamp"), now),
        attempt=attempt_id(context.get(CONTEXT)) if isinstance(context, dict) else None,
        provider_reference=reference,
        address=str(event.get("destinationPhoneNumber") or "") or None,
        error=error,
        code=str(event.get("messageStatus") or name.removeprefix("TEXT_"))[:100] if error else "",
    )


def _said(event: Mapping[str, Any], now: datetime) -> Receipt | None:
    sender, text = str(event.get("originationNumber") or ""), str(event.get("messageBody") or "")
    if not sender or not event["inboundMessageId"]:
        return None
    return answer(
        provider=PROVIDER,
        message=str(event["inboundMessageId"]),
        channel=Channel.SMS,
        address=sender,
        text=text,
        at=now,
        quoted=str(event.get("previousPublishedMessageId") or ""),
    )


def _at(stamp: Any, now: datetime) -> datetime:
    if isinstance(stamp, int | float) and 0 < stamp < LATEST * 1000:
        return datetime.fromtimestamp(stamp / 1000, UTC)
    return now
