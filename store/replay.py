"""What one customer got in a while, to be decided once more under another choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from tidings.reason import Reason


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """One message as it went."""

    message: str
    topic: str
    purpose: str
    purpose_class: str
    channel: str
    """Where it was accepted; '' when nothing was sent, for want of permission or of a channel."""
    allowed: Sequence[str]
    """Channels that the run and its template allowed; empty when that is not known any more."""


def past(
    connection: Connection, *, records: Sequence[int], brand: str, since: datetime, most: int
) -> list[Past]:
    """Return the messages of a customer's records from a brand since a moment, newest first, at most so many."""
    rows = connection.execute(
        text("""
            SELECT m.id::text AS message, r.topic, m.purpose, m.purpose_class,
                   CASE m.state WHEN 'done' THEN coalesce(m.channel, '') ELSE '' END AS channel,
                   ARRAY(SELECT e ->> 'channel' FROM jsonb_array_elements(m.decision) e
                          WHERE e ->> 'reason' <> :not_allowed) AS allowed
              FROM messages m JOIN runs r ON r.id = m.run_id
             WHERE m.customer_id = ANY(CAST(:records AS bigint[])) AND m.brand = :brand AND m.planned_at > :since
               AND m.copy = 0 AND r.mode <> 'rehearsal'
               AND (m.state = 'done' OR (m.state = 'held' AND m.reason = ANY(CAST(:wanting AS text[]))))
             ORDER BY m.planned_at DESC, m.id LIMIT :most
        """),
        {
            "records": list(records),
            "brand": brand,
            "since": since,
            "most": most,
            "not_allowed": str(Reason.NOT_ALLOWED),
            "wanting": [str(Reason.NO_CONSENT), str(Reason.NO_CHANNEL)],
        },
    )
    return [Past(**row) for row in rows.mappings()]
