"""A copy: the same message once more, because a person asked for it and said why."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection

from store.audit import note
from store.once_more import add_copy, lock_original
from tidings.channel import Channel
from tidings.problem import Problem


def ask_for_copy(
    connection: Connection, message: str, *, by: str, because: str, channel: Channel | None, now: datetime
) -> str:
    """Make the next copy of a message ready; returns the copy's id. Consent and suppression bind it as any message.

    Args:
        connection: in a transaction.
        message: which.
        by: who asks: staff:NAME or key:NAME.
        because: why.
        channel: where it went before when None.
        now: this moment.

    Raises:
        Problem: no such message, it was never sent, or name or reason are missing.
    """
    name, reason = " ".join(by.removeprefix("staff:").split()), " ".join(because.split())
    if not name or not reason:
        raise Problem("A copy needs a name and a reason.", todo='Say --by NAME --because "...".')
    try:
        wanted = str(UUID(message))
    except ValueError as error:
        raise Problem(f"{message!r} is not a message's id.", todo="The timeline shows them.") from error
    original = lock_original(connection, wanted)
    if original is None:
        raise Problem(f"There is no message {message}.", todo="`tidings timeline CUSTOMER` shows them.")
    if original.state not in {"done", "undeliverable"} or original.copy:
        raise Problem(f"Message {message} is {original.state}; only what was sent, or failed, can be copied.")
    others = [other for other in Channel if channel is not None and other is not channel]
    made = add_copy(connection, wanted, channel=channel, others=others, because=f"{name}: {reason}", now=now)
    note(
        connection,
        actor=by,
        action="copy",
        subject=wanted,
        detail={"because": reason, "message": made},
    )
    return made
