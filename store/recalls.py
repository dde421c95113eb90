"""Messages that are taken back before they leave, inside the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """A message that somebody wants to take back, locked by the transaction."""

    state: str
    channel: str
    reference: str | None
    """Of its newest delivery."""
    provider: str | None
    provider_reference: str | None
    doubtful: bool
    """Whether an attempt of that delivery was given up in doubt: it may have been taken."""


def lock_waiting(connection: Connection, message: str) -> Waiting | None:
    """Lock a message and return how far it has come; a claim of it comes wholly before or wholly after."""
    locked = connection.execute(
        text(
            "SELECT state, coalesce(channel, '') AS channel FROM messages WHERE id = CAST(:id AS uuid) FOR UPDATE"
        ),
        {"id": message},
    ).one_or_none()
    if locked is None:
        return None
    newest = connection.execute(
        text("""
            SELECT d.reference, a.provider, a.provider_reference,
                   EXISTS (SELECT 1 FROM attempts x WHERE x.delivery_id = d.id AND x.state = 'abandoned') AS doubtful
            FROM deliveries d
            LEFT JOIN attempts a ON a.delivery_id = d.id WHERE d.message_id = CAST(:id AS uuid)
            ORDER BY d.number DESC, a.number DESC LIMIT 1
        """),
        {"id": message},
    ).one_or_none()
    return Waiting(
        state=locked.state,
        channel=locked.channel,
        reference=newest.reference if newest else None,
        provider=newest.provider if newest else None,
        provider_reference=newest.provider_reference if newest else None,
        doubtful=bool(newest and newest.doubtful),
    )


def take_back(
    connection: Connection,
    message: str,
    *,
    message_state: str,
    delivery_state: str,
    reason: str,
    now: datetime,
) -> None:
    """Write the states of a message that was taken back and of its delivery that waited."""
    connection.execute(
        text("""
            WITH d AS (
                UPDATE deliveries SET state = :delivery_state, updated_at = :now
                WHERE message_id = CAST(:id AS uuid) AND state = 'ready'
            )
            UPDATE messages SET state = :message_state, reason = :reason, due_at = NULL, updated_at = :now
            WHERE id = CAST(:id AS uuid)
        """),
        {
            "id": message,
            "message_state": message_state,
            "delivery_state": delivery_state,
            "reason": reason,
            "now": now,
        },
    )


def spared(connection: Connection, run: str) -> list[tuple[str, str, int]]:
    """Return (channel, because, messages) of what a run's messages did not have to take, because they were answered.

    What takes that channel after all, because the answered one came back later, was not spared.
    """
    rows = connection.execute(
        text("""
            SELECT r.channel, r.because, count(*) AS n FROM recalls r JOIN messages m ON m.id = r.message_id
             WHERE r.run_id = :run AND m.channel IS DISTINCT FROM r.channel GROUP BY 1, 2 ORDER BY 1, 2
        """),
        {"run": run},
    )
    return [(row.channel, row.because, row.n) for row in rows]
