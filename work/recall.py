"""A message taken back before it left: it was overtaken, or a person says so."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from store.audit import note
from store.recalls import Waiting, lock_waiting, take_back
from tidings.problem import Problem
from tidings.reason import Reason
from tidings.state import DeliveryState, Event, MessageState, Nothing, after


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """What was taken back."""

    message: str
    channel: str
    """By which it would have gone."""
    delivery: str | None
    """The reference of a delivery that waited for another try."""


def recall(connection: Connection, message: str, *, because: str, actor: str, now: datetime) -> Recalled:
    """Take a message back that is not handed over yet; recorded with name and reason.

    A batch is handed over when it appears where the print house collects (docs/providers/spool.md), so a letter can be
    recalled while it waits: for its time, for a release, for another try. What a provider has, or may have, cannot be.

    Args:
        connection: in whose transaction; a sender that claims meanwhile waits, or was first.
        message: its id.
        because: why.
        actor: who, like `staff:Ingrid Moen`, `system`.
        now: when.

    Raises:
        Problem: no such message, it has left or may have, or name or reason are missing.
    """
    reason = " ".join(because.split())
    if not reason or (actor != "system" and not actor.partition(":")[2].strip()):
        raise Problem("A recall needs a name and a reason.", todo='Say --by NAME --because "...".')
    try:
        wanted = str(UUID(message))
    except ValueError as error:
        raise Problem(f"{message!r} is not a message's id.", todo="The timeline shows them.") from error
    found = lock_waiting(connection, wanted)
    if found is None:
        raise Problem(f"There is no message {message}.", todo="`tidings timeline CUSTOMER` shows them.")
    if found.doubtful or found.state not in {MessageState.PLANNED, MessageState.READY}:
        raise _too_late(wanted, found)
    to = after(MessageState(found.state), Event.RECALL)
    open_to = after(DeliveryState.READY, Event.RECALL)
    if isinstance(to, Nothing) or isinstance(open_to, Nothing):
        raise _too_late(wanted, found)
    take_back(connection, wanted, message_state=to, delivery_state=open_to, reason=Reason.RECALLED, now=now)
    note(
        connection,
        actor=actor,
        action="recall",
        subject=wanted,
        detail={"because": reason, "channel": found.channel},
    )
    return Recalled(message=wanted, channel=found.channel, delivery=found.reference)


def _too_late(message: str, found: Waiting) -> Problem:
    """Return why a message cannot be recalled, and what can be done."""
    if found.state == MessageState.DONE and found.provider_reference:
        return Problem(
            f"Message {message} was handed over to {found.provider} as {found.provider_reference}.",
            todo="Ask there whether it can be stopped; what comes back is told to `tidings returned`.",
        )
    if found.doubtful or found.state == MessageState.IN_DELIVERY:
        return Problem(
            f"Message {message} is being handed over, or may have been.",
            todo="`tidings doubts` shows what is in doubt.",
        )
    return Problem(f"Message {message} is {found.state}; there is nothing to recall.")
