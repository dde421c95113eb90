"""What an outcome means for its message: the one place that knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from store.claims import Claimed
from store.outcomes import Step
from tidings.channel import Channel
from tidings.outcome import Accepted, ErrorClass, Outcome, Refused, Rejected, Unknown
from tidings.reason import Reason
from tidings.state import AttemptState, DeliveryState, Event, MessageState, target

TRIES = 6
"""After so many refusals of one delivery its channel is used up."""

LANE_PATIENCE = timedelta(days=2)
"""But not so soon where the whole lane stands still, for a wrong password, a quota or a relay that is away: somebody
is told of that (`tidings alerts`), and nobody's own address or message is to blame."""

LONGEST_WAIT = timedelta(hours=6)


@dataclass(kw_only=True, slots=True)  # not frozen, which is 2 us of each mail; nobody changes one
class Built:
    """What was made for an attempt."""

    content_hash: str
    parts: int
    cost: Decimal


def step(
    claimed: Claimed,
    outcome: Outcome,
    built: Built | None,
    *,
    next_channels: Sequence[str],
    now: datetime,
    keyed: bool = False,
) -> Step:
    """Return the states after an outcome.

    What goes out again after a doubt and comes to nothing says nothing about the try before it, which may have been
    taken: the delivery is in doubt again, not failed. Except that a provider with keys that rejects what was handed
    over has looked for the key first, and found nothing under it; a refusal may come before it looks.

    Args:
        claimed: the attempt.
        outcome: its end.
        built: what was sent, or None when nothing could be made.
        next_channels: what the message may fall back to, most wished first.
        now: business time.
        keyed: the provider takes the same key once, and remembers this one.
    """
    match outcome:
        case Accepted(reference=reference):
            return _taken(claimed, built, reference)
        case Unknown(code=code, detail=detail):
            return _step(
                claimed,
                built,
                Event.UNKNOWN,
                error=ErrorClass.UNKNOWN,
                code=code,
                detail=detail,
            )
        case Refused(called=False, wait=wait, code=code):
            return cancelled(claimed, due_at=now + _spread(wait, claimed), code=code)
        case Refused() if not _used_up(outcome, claimed, now):
            return _step(
                claimed,
                built,
                Event.REFUSED,
                reason=Reason.BACK_OFF,
                due_at=now + back_off(outcome.wait, claimed),
                error=outcome.error,
                code=outcome.code,
                detail=outcome.detail,
            )
        case Refused(error=error, code=code, detail=detail) | Rejected(error=error, code=code, detail=detail):
            heard = Event.REFUSED if isinstance(outcome, Refused) else Event.REJECTED
            never_taken = keyed and built is not None and isinstance(outcome, Rejected)
            if claimed.doubt and not never_taken:
                return _in_doubt_again(claimed, built, heard, error, code, detail)
            return _over(claimed, built, heard, error, code, detail, next_channels, now)


_TAKEN = [target(machine, Event.ACCEPTED) for machine in (AttemptState, DeliveryState, MessageState)]


def _taken(claimed: Claimed, built: Built | None, reference: str) -> Step:
    """Return `_step` of what was accepted, written out: this is nearly every message's."""
    attempt, delivery, message = _TAKEN
    return Step(
        attempt=claimed.attempt,
        delivery=claimed.delivery,
        message=claimed.message,
        customer=claimed.customer,
        attempt_state=attempt,
        delivery_state=delivery,
        message_state=message,
        channel=claimed.channel,
        provider_reference=reference,
        content_hash=built.content_hash if built else None,
        parts=built.parts if built else 1,
        cost=str(built.cost) if built else "0",
        claim=claimed,
    )


def back_off(wait: timedelta, claimed: Claimed) -> timedelta:
    """Return how long to wait: doubled at each try, at most six hours, spread by the message's own id.

    The spread comes from the id and not from chance, so that a replay waits just as long.
    """
    return min(_spread(wait * 2 ** min(claimed.refused, TRIES), claimed), LONGEST_WAIT)


def _spread(wait: timedelta, claimed: Claimed) -> timedelta:
    return wait * (1 + 0.25 * int(claimed.message[-4:], 16) / 0xFFFF)


def _used_up(outcome: Refused, claimed: Claimed, now: datetime) -> bool:
    """Tell whether a refusal was the last one that is waited for."""
    answered = outcome.error is ErrorClass.TRANSIENT and outcome.code[:1].isdigit()
    return claimed.refused + 1 >= TRIES and (answered or now - claimed.created_at >= LANE_PATIENCE)


def cancelled(claimed: Claimed, *, due_at: datetime, code: str) -> Step:
    """Return the step of an attempt that certainly never began: the message is ready again, at the latest when due."""
    return _step(
        claimed,
        None,
        Event.CANCELLED,
        reason=Reason.BACK_OFF,
        due_at=due_at,
        code=code,
    )


def _in_doubt_again(
    claimed: Claimed, built: Built | None, heard: Event, error: ErrorClass, code: str, detail: str
) -> Step:
    """The second try is closed with its answer, the first is in doubt: evidence or a person ends it."""
    return _step(
        claimed,
        built,
        heard,
        Event.DOUBTED,
        Event.DOUBTED,
        error=error,
        code=code,
        detail=detail,
        doubt=claimed.doubt,
    )


def _over(
    claimed: Claimed,
    built: Built | None,
    heard: Event,
    error: ErrorClass,
    code: str,
    detail: str,
    next_channels: Sequence[str],
    now: datetime,
) -> Step:
    """The delivery has failed for good: the next channel, unless the message itself is wrong or none is left.

    A dead device is not the customer: the next claim, which no longer sees it, takes another device or moves on.
    """
    device = claimed.channel == Channel.PUSH and error is ErrorClass.ADDRESS
    goes_on = device or (bool(next_channels) and error is not ErrorClass.DATA)
    onwards = next_channels[0] if goes_on and not device else claimed.channel
    return _step(
        claimed,
        built,
        heard,
        Event.REJECTED,
        Event.FALLBACK if goes_on else Event.EXHAUSTED,
        reason=Reason.FALLBACK if goes_on else error.value,
        due_at=now if goes_on else None,
        channel=onwards,
        used_up="" if device else claimed.channel,
        error=error,
        code=code,
        detail=detail,
    )


def _step(
    claimed: Claimed,
    built: Built | None,
    attempt: Event,
    delivery: Event | None = None,
    message: Event | None = None,
    *,
    reason: str = "",
    due_at: datetime | None = None,
    channel: str | None = None,
    used_up: str = "",
    error: ErrorClass | None = None,
    code: str = "",
    detail: str = "",
    doubt: str | None = None,
) -> Step:
    """Return a step after what attempt, delivery and message hear: the attempt's own event, unless another is named."""
    return Step(
        attempt=claimed.attempt,
        delivery=claimed.delivery,
        message=claimed.message,
        customer=claimed.customer,
        attempt_state=target(AttemptState, attempt),
        delivery_state=target(DeliveryState, delivery or attempt),
        message_state=target(MessageState, message or attempt),
        reason=str(reason),
        due_at=due_at,
        channel=channel or claimed.channel,
        used_up=used_up,
        error_class=error.value if error else "",
        code=code,
        detail=detail[:500],
        doubt=doubt,
        content_hash=built.content_hash if built else None,
        parts=built.parts if built else 1,
        cost=str(built.cost) if built else "0",
        claim=claimed,
    )
