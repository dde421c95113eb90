"""What a piece of evidence does to a message's story: the table of `tidings.state`, applied. Pure but for the story.

Evidence commutes: in any order, any number of times, the delivery and the message end in the same state. The one thing
that may depend on the order is which of two attempts of one delivery is called the accepted one, for there is at most
one and both were taken.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from store.stories import Attempt, Delivery, Story
from tidings.channel import Channel
from tidings.outcome import ErrorClass
from tidings.reason import Reason
from tidings.receipt import ReceiptKind
from tidings.state import (
    ARRIVED,
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
    story: Story,
    delivery: Delivery,
    attempt: Attempt,
    kind: ReceiptKind,
    *,
    proof: str,
    now: datetime,
    error: ErrorClass | None = None,
) -> bool:
    """Change a story by one receipt about one of its attempts; return whether that made the attempt accepted.

    Args:
        proof: who says so, for `attempts.settled_by`.
        now: when a message that goes on is due.
        error: why it did not arrive.
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
        _move_message(story, delivery, error, now)
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


def _move_message(story: Story, delivery: Delivery, error: ErrorClass | None, now: datetime) -> None:
    """Let the message hear what its deliveries come to, after news about one of them.

    An earlier delivery that arrived after all, although its channel counted as used up, ends the message: the next one
    is recalled while it waits. What a sender has, or what is in doubt, is left to its own end.
    """
    last = story.last
    earlier = [one for one in story.deliveries.values() if one.number < last.number and one.state in ARRIVED]
    if last.state in ARRIVED:
        _become(story, Event.PROVEN, channel=last.channel)
    elif earlier and last.state in (DeliveryState.READY, *FAILED, DeliveryState.REJECTED):
        recalled = after(last.state, Event.RECALL)
        if isinstance(recalled, DeliveryState):
            last.state, last.changed = recalled, True
        _become(story, Event.PROVEN, channel=earlier[-1].channel)
    elif last.state is DeliveryState.READY and delivery is last:
        _become(story, Event.ABSENT, channel=last.channel, due_at=min(story.due_at or now, now))
    elif last.state in (*FAILED, DeliveryState.REJECTED) and (
        delivery is last or story.state is MessageState.DONE
    ):
        _go_on(story, (delivery, last), error, now)


def _go_on(story: Story, failed: tuple[Delivery, Delivery], error: ErrorClass | None, now: datetime) -> None:
    """Take the next channel, or another device: a dead one is suppressed, so the next claim sees what is left.

    After a STOP an offer goes on only where the customer has consented to that very channel.
    """
    news, last = failed
    device = news.channel == Channel.PUSH and error is ErrorClass.ADDRESS and not story.rehearsal
    over = {last.channel, news.channel} - ({news.channel} if device else set())
    left = [name for name in story.ranked if name not in story.tried and name not in over]
    if story.marketing and error is ErrorClass.OPT_OUT:
        left = [name for name in left if name in story.own]
    if (device or left) and not story.stopped:
        to = news.channel if device else left[0]
        moved = _become(story, Event.FALLBACK, reason=Reason.FALLBACK, channel=to, due_at=now)
    else:
        moved = _become(story, Event.EXHAUSTED, reason=news.state, channel=last.channel)
    if moved:
        story.tried.extend(sorted(over - set(story.tried)))


def _become(
    story: Story, event: Event, *, channel: str, reason: str = "", due_at: datetime | None = None
) -> bool:
    new = after(story.state, event)
    if not isinstance(new, MessageState):
        return False
    story.state, story.reason, story.channel, story.changed = new, str(reason), channel, True
    story.due_at = due_at or story.due_at
    return True
