"""Silence past a run's wait moves a message to the customer's next channel (`fallback_after` of a campaign)."""

from datetime import datetime

from sqlalchemy import Connection, text

from tidings.state import DeliveryState, Event, MessageState, sources, target, within


def fall_back(connection: Connection, *, now: datetime) -> int:
    """Make messages ready on their next channel whose delivery nobody reacted to in time; returns how many.

    A delivery that the provider accepted or reported as delivered may stay silent. A reaction is any touchpoint from
    the customer after the delivery: a click, an open by a person, a reply, a payment. A message without a channel left
    stays where it is.
    """
    return connection.execute(_SILENT, {"now": now}).rowcount


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
          AND NOT EXISTS (
              SELECT 1 FROM touchpoints t WHERE t.customer_id = m.customer_id AND t.direction = 'in' AND NOT t.machine
                AND t.at >= d.created_at)
          AND NOT EXISTS (SELECT 1 FROM deliveries n WHERE n.message_id = m.id AND n.number > d.number)
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ), moved AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.SILENCE)}', updated_at = clock_timestamp()
        FROM silent s WHERE d.id = s.delivery AND s.next IS NOT NULL RETURNING d.id
    )
    UPDATE messages m SET state = '{target(MessageState, Event.FALLBACK)}', reason = 'fallback', channel = s.next,
        tried = m.tried || s.channel, due_at = :now, updated_at = clock_timestamp()
    FROM silent s JOIN moved ON moved.id = s.delivery WHERE m.id = s.message
""")
