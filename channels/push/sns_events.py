"""What SNS reports of a notification: https://docs.aws.amazon.com/sns/latest/dg/application-event-notifications.html."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from channels.sns_envelope import instant
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.receipt import Receipt, ReceiptKind

FAILURES: Mapping[str, ErrorClass] = MappingProxyType(
    {
        "InvalidPlatformToken": ErrorClass.ADDRESS,
        "PlatformTokenExpired": ErrorClass.ADDRESS,
        "EndpointDisabled": ErrorClass.ADDRESS,
        "InvalidNotification": ErrorClass.DATA,
        "NotificationTooLarge": ErrorClass.DATA,
        "InvalidPlatformCredential": ErrorClass.CONFIG,
        "PlatformCredentialExpired": ErrorClass.CONFIG,
    }
)
"""By `FailureType`; one that no table knows is never held against a device."""


def read(event: Mapping[str, Any], *, event_id: str, at: datetime) -> Sequence[Receipt] | None:
    """Translate an event of a platform application; None when it is none. Endpoints that come and go say nothing."""
    kind = event.get("EventType")
    if not {"EndpointArn", "EventType"} <= event.keys():
        return None
    if kind != "DeliveryFailure":
        return []
    failure = str(event.get("FailureType", ""))
    expired = "TTL" in failure or "TimeToLive" in failure
    return [
        Receipt(
            provider="sns",
            event_id=event_id,
            kind=ReceiptKind.EXPIRED if expired else ReceiptKind.BOUNCED,
            channel=Channel.PUSH,
            at=instant(event.get("Time")) or at,
            provider_reference=str(event.get("MessageId") or "")[:200] or None,
            address=str(event.get("EndpointArn") or "")[:500] or None,
            error=ErrorClass.TRANSIENT if expired else FAILURES.get(failure, ErrorClass.TRANSIENT),
            code=failure[:100],
        )
    ]
