"""Events of Amazon's services, whichever way they come: one table from the shape of an event to who translates it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from channels.email import ses_events
from channels.push import sns_events
from channels.sms import aws_events as sms_events
from tidings.receipt import Receipt


class Reader(Protocol):
    """Translates the events of one service."""

    def __call__(self, event: Mapping[str, Any], *, event_id: str, at: datetime) -> Sequence[Receipt] | None:
        """Return what an event says, None when it is another service's.

        Args:
            event: the JSON object.
            event_id: what the topic or the queue calls it.
            at: when it was brought.
        """
        ...


def _sms(event: Mapping[str, Any], *, event_id: str, at: datetime) -> Sequence[Receipt] | None:
    del event_id  # an SMS event has an id of its own
    return sms_events.receipts(event, now=at) if sms_events.is_sms(event) else None


READERS: Sequence[Reader] = (ses_events.read, sns_events.read, _sms)
"""Each knows its own events by their shape; the first that does is asked."""


def translate(text: str, *, event_id: str, at: datetime) -> Sequence[Receipt] | None:
    """Return what a message of a topic or a queue says; None when no reader knows it."""
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    inner = event.get("detail")
    event = inner if "detail-type" in event and isinstance(inner, dict) else event  # as EventBridge wraps it
    found = (reader(event, event_id=event_id, at=at) for reader in READERS)
    return next((receipts for receipts in found if receipts is not None), None)
