"""What a piece of evidence does to a message's story: the table of `tidings.state`, applied. Pure but for the story.

Evidence commutes: in any order, any number of times, the delivery and the message end in the same state. The one thing
that may depend on the order is which of two attempts of one delivery is called the accepted one, for there is at most
one and both were taken.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from store.stories import Attempt, Delivery, Story
from tidings.reason import Reason
from tidings.receipt import ReceiptKind
from tidings.state import (
    OPEN_ATTEMPT,
    AttemptState,
    DeliveryState,
    Event,
    MessageState,
    after,
)

EVENTS: Mapping[ReceiptKind, tuple[Event, Event]] = MappingProxyType(
    {
        ReceiptKind.ACCEPTED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.ABSENT: (Event.ABSENT, Event.ABSENT),
        ReceiptKind.REJECTED: (Event.PROVEN, Event.BOUNCED),
        ReceiptKind.DELIVERED: (Event.PROVEN, Event.DELIVERED),
        ReceiptKind.DELAYED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.BOUNCED: (Event.PROVEN, Event.BOUNCED),
        ReceiptKind.EXPIRED: (Event.PROVEN, Event.EXPIRED),
        ReceiptKind.OPENED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.CLICKED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.READ: (Event.PROVEN, Event.DELIVERED),
        ReceiptKind.COMPLAINED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.STOPPED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.REPLIED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.RETURNED: (Event.PROVEN, Event.BOUNCED),
        ReceiptKind.PRINTED: (Event.PROVEN, Event.PROVEN),
        ReceiptKind.POSTED: (Event.PROVEN, Event.PROVEN),
    }
)
"""What attempt and delivery hear of a receipt. STARTED and AUTO_REPLIED are no evidence: they may be about anything."""

FAILED = (DeliveryState.EXPIRED, DeliveryState.BOUNCED)


def waits(delivery: Delivery, attempt: Attempt) -> bool:
    """Tell whether news must wait, because a sender still has the delivery and will record what it knows."""
    return delivery.state is DeliveryState.SENDING or attempt.state is AttemptState.SENDING


def fold(
    story: Story, delivery: Delivery, attempt: Attempt, kind: ReceiptKind, *, proof: str, now: datetime
) -> bool:
    """Change a story by one receipt about one of its attempts; return whether that made the attempt accepted.

    Args:
        proof: who says so, for `attempts.settled_by`.
        now: when a message that goes on is due.
    """
    if kind not in EVENTS:
        return False
    of_attempt, of_delivery = EVENTS[kind]
    moved = _move_attempt(delivery, attempt, of_attempt, proof)
    if of_attempt is Event.ABSENT and not moved:
        return False  # another attempt is what the delivery waits for
    new = after(delivery.state, of_delivery)
    if isinstance(new, DeliveryState):
        delivery.state, delivery.changed = new, True
        if delivery is story.last:
            _move_message(story, delivery, now)
        _close_others(delivery)
    return moved and of_attempt is Event.PROVEN


def _move_attempt(delivery: Delivery, attempt: Attempt, event: Event, proof: str) -> bool:
    new = after(attempt.state, event)
    taken = any(one.state is AttemptState.ACCEPTED for one in delivery.attempts.values())
    if not isinstance(new, AttemptState) or (new is AttemptState.ACCEPTED and taken):
        return False
    attempt.state, attempt.settled_by, attempt.changed = new, proof, True
    return True


def _close_others(delivery: Delivery) -> None:
    """Give up what is in doubt of a delivery that another attempt has brought."""
    if delivery.state in {DeliveryState.READY, DeliveryState.IN_DOUBT}:
        return
    for other in delivery.attempts.values():
        if other.state in OPEN_ATTEMPT:
            _move_attempt(delivery, other, Event.ABANDONED, "evidence: another attempt of it was taken")


def _move_message(story: Story, delivery: Delivery, now: datetime) -> None:
    """Let the message hear what its last delivery came to."""
    if delivery.state is DeliveryState.READY:
        _become(story, Event.ABSENT, channel=delivery.channel, due_at=min(story.due_at or now, now))
    elif delivery.state not in FAILED:
        _become(story, Event.PROVEN, channel=delivery.channel)
    else:
        used_up = delivery.channel not in story.tried
        left = [name for name in story.ranked if name not in (*story.tried, delivery.channel)]
        going_on = bool(left) and not story.stopped
        if going_on:
            moved = _become(story, Event.FALLBACK, reason=Reason.FALLBACK, channel=left[0], due_at=now)
        else:
            moved = _become(story, Event.EXHAUSTED, reason=delivery.state, channel=delivery.channel)
        if moved and used_up:
            story.tried.append(delivery.channel)


def _become(
    story: Story, event: Event, *, channel: str, reason: str = "", due_at: datetime | None = None
) -> bool:
    new = after(story.state, event)
    if not isinstance(new, MessageState):
        return False
    story.state, story.reason, story.channel, story.changed = new, str(reason), channel, True
    story.due_at = due_at or story.due_at
    return True
