"""Silence past a run's wait moves a message to the customer's next channel (`fallback_after` of a campaign).

An answer that comes before the next channel has left takes it back: the recall race.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from tidings.channel import Channel
from tidings.reason import Reason
from tidings.state import DeliveryState, Event, MessageState, sources, target, within

_ANSWERED = """touchpoints t WHERE t.customer_id = m.customer_id AND t.direction = 'in' AND NOT t.machine
                AND t.at >= d.created_at"""
"""A reaction: whatever a person did after the delivery, on any channel; what a machine opened is none."""


def fall_back(connection: Connection, *, now: datetime, letters_at: datetime | None = None) -> int:
    """Make messages ready on their next channel whose delivery nobody reacted to in time; returns how many.

    A delivery that the provider accepted or reported as delivered may stay silent. A reaction is any touchpoint from
    the customer after the delivery: a click, an open by a person, a reply, a payment. A message without a channel left
    stays where it is.

    Args:
        connection: in whose transaction.
        now: business time.
        letters_at: when a letter leaves that backs up another message: the print house's next cut-off; None: at once.
    """
    return connection.execute(_SILENT, {"now": now, "letters_at": letters_at or now}).rowcount


def take_back_overtaken(
    connection: Connection,
    *,
    now: datetime,
    messages: Sequence[str] | None = None,
    customers: Sequence[int] | None = None,
) -> list[str]:
    """End messages whose customer answered after all while the next channel had not left; returns them.

    The message is done on the channel that was answered. What it did not have to take is kept in `recalls`.

    Args:
        connection: in whose transaction; a message that somebody else has is left to them.
        now: business time.
        messages: only these; None: all.
        customers: only theirs; None: everybody's.
    """
    if messages is not None and not messages:
        return []
    values = {"messages": messages, "customers": customers}
    rows = connection.execute(
        _OVERTAKEN, {"now": now, **{key: some and list(some) for key, some in values.items()}}
    )
    return [str(row.id) for row in rows]


_SILENT = text(f"""
    WITH silent AS (
        SELECT d.id AS delivery, m.id AS message, d.channel,
               (SELECT c.channel FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int)
                WHERE c.rank IS NOT NULL AND c.channel <> d.channel AND c.channel <> ALL (m.tried)
                ORDER BY c.rank LIMIT 1) AS next
        FROM messages m
        JOIN runs r ON r.id = m.run_id
        JOIN deliveries d ON d.message_id = m.id AND d.state IN ({within(sources(DeliveryState, Event.SILENCE))})
        WHERE m.state = '{MessageState.DONE}' AND r.state IN ('sending', 'finished') AND r.mode <> 'rehearsal'
          AND r.options -> 'fallback_after' ? d.channel
          AND d.created_at + make_interval(secs => (r.options -> 'fallback_after' ->> d.channel)::float8) <= :now
          AND NOT EXISTS (SELECT 1 FROM {_ANSWERED})
          AND NOT EXISTS (SELECT 1 FROM deliveries n WHERE n.message_id = m.id AND n.number > d.number)
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ), moved AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.SILENCE)}', updated_at = clock_timestamp()
        FROM silent s WHERE d.id = s.delivery AND s.next IS NOT NULL RETURNING d.id
    )
    UPDATE messages m SET state = '{target(MessageState, Event.FALLBACK)}', reason = 'fallback', channel = s.next,
        tried = m.tried || s.channel, due_at = CASE s.next WHEN '{Channel.LETTER}' THEN :letters_at ELSE :now END,
        updated_at = clock_timestamp()
    FROM silent s JOIN moved ON moved.id = s.delivery WHERE m.id = s.message
""")

_OVERTAKEN = text(f"""
    WITH overtaken AS (
        SELECT m.id, m.run_id, m.channel AS spared, d.id AS delivery, d.channel AS answered, a.kind
        FROM messages m
        JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal'
        JOIN deliveries d ON d.message_id = m.id AND d.state IN ({within(sources(DeliveryState, Event.OVERTAKEN))})
        CROSS JOIN LATERAL (SELECT t.kind FROM {_ANSWERED} ORDER BY t.at, t.id LIMIT 1) a
        WHERE m.state IN ({within(sources(MessageState, Event.OVERTAKEN))}) AND m.tried <> '{{}}'
          AND (CAST(:messages AS uuid[]) IS NULL OR m.id = ANY(CAST(:messages AS uuid[])))
          AND (CAST(:customers AS bigint[]) IS NULL OR m.customer_id = ANY(CAST(:customers AS bigint[])))
          AND NOT EXISTS (SELECT 1 FROM deliveries n WHERE n.message_id = m.id AND n.number > d.number
                             AND n.state IN ({within(sources(DeliveryState, Event.OVERTAKEN))}))
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ), arrived AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.OVERTAKEN)}', updated_at = clock_timestamp()
        FROM overtaken o WHERE d.id = o.delivery
    ), unsent AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.RECALL)}', updated_at = clock_timestamp()
        FROM overtaken o WHERE d.message_id = o.id AND d.state = '{DeliveryState.READY}'
    ), noted AS (
        INSERT INTO recalls (message_id, channel, run_id, because, at)
        SELECT id, spared, run_id, kind, :now FROM overtaken ON CONFLICT DO NOTHING
    )
    UPDATE messages m SET state = '{target(MessageState, Event.OVERTAKEN)}', reason = '{Reason.RECALLED}',
        channel = o.answered, tried = array_remove(m.tried, o.answered), due_at = NULL, updated_at = clock_timestamp()
    FROM overtaken o WHERE m.id = o.id RETURNING m.id
""")
