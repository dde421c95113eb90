"""Silence past a run's wait moves a message to the customer's next channel (`fallback_after` of a campaign).

An answer that comes before the next channel has left takes it back: the recall race.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from store.persons import MEMBERS
from tidings.channel import Channel
from tidings.purpose import PurposeClass
from tidings.reason import Reason
from tidings.state import DeliveryState, Event, MessageState, sources, target, within

_MAY_HAVE_COME = within(sources(DeliveryState, Event.SILENCE, Event.OVERTAKEN))
_PERSON = "t.direction = 'in' AND NOT t.machine AND t.at >= d.created_at"
"""A reaction to a delivery: whatever a person did after it, on any channel; what a machine opened is none."""
_ANSWERED = f"""
    deliveries d, touchpoints t
     WHERE d.message_id = m.id AND d.state IN ({_MAY_HAVE_COME}) AND {_PERSON}
       AND t.customer_id = ANY({MEMBERS.format(customer="m.customer_id")})
"""
"""The same to any delivery of a message, by any record of its customer.

It may be told late: who paid after the e-mail answered, also when an SMS has left meanwhile.
"""


def fall_back(connection: Connection, *, now: datetime, letters_at: datetime | None = None) -> int:
    """Make messages ready on their next channel whose delivery nobody reacted to in time; returns how many.

    A delivery that the provider accepted or reported as delivered may stay silent. A reaction is any touchpoint from
    the customer after the delivery: a click, an open by a person, a reply, a payment. A message without a channel left
    stays where it is, and so does one of an offer that was over before today.

    Args:
        connection: in whose transaction.
        now: business time.
        letters_at: when a letter leaves that backs up another message: the print house's next cut-off; None: at once.
    """
    yesterday = (now.astimezone(UTC).date() - timedelta(days=1)).isoformat()
    values = {"now": now, "letters_at": letters_at or now, "yesterday": yesterday}
    return connection.execute(_SILENT, values).rowcount


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


def stay(connection: Connection, messages: Sequence[str]) -> list[str]:
    """Leave messages on the channel where nobody reacted, of those that have no other one left; returns them.

    What arrived there is done, as it is where there was no next channel from the beginning.

    Args:
        connection: in whose transaction they are locked.
        messages: that wait for their next channel, which has closed.
    """
    if not messages:
        return []
    return [str(row.id) for row in connection.execute(_STAY, {"messages": list(messages)})]


_SILENT = text(f"""
    WITH silent AS (
        SELECT d.id AS delivery, m.id, m.customer_id, d.channel,
               (SELECT c.channel FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int)
                WHERE c.rank IS NOT NULL AND c.channel <> d.channel AND c.channel <> ALL (m.tried)
                ORDER BY c.rank LIMIT 1) AS next
        FROM messages m
        JOIN runs r ON r.id = m.run_id
        JOIN deliveries d ON d.message_id = m.id AND d.state IN ({within(sources(DeliveryState, Event.SILENCE))})
        WHERE m.state = '{MessageState.DONE}' AND r.state IN ('sending', 'finished') AND r.mode <> 'rehearsal'
          AND r.options -> 'fallback_after' ? d.channel
          AND d.created_at + make_interval(secs => (r.options -> 'fallback_after' ->> d.channel)::float8) <= :now
          AND (r.purpose_class <> '{PurposeClass.MARKETING}' OR coalesce(
                  r.options #>> '{{campaign,data,valid_until}}' NOT BETWEEN
                  CAST(CAST(r.starts_at AT TIME ZONE 'UTC' AS date) AS text) AND :yesterday, true))
          AND NOT EXISTS (SELECT 1 FROM touchpoints t WHERE t.customer_id = m.customer_id AND {_PERSON})
          AND NOT EXISTS (SELECT 1 FROM deliveries n WHERE n.message_id = m.id AND n.number > d.number)
        FOR NO KEY UPDATE OF m SKIP LOCKED
    ), unheard AS (  -- OFFSET: looked up for the few that are left, never joined
        SELECT * FROM silent m WHERE m.next IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {_ANSWERED} OFFSET 0)
    ), moved AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.SILENCE)}', updated_at = clock_timestamp()
        FROM unheard s WHERE d.id = s.delivery RETURNING d.id
    )
    UPDATE messages m SET state = '{target(MessageState, Event.FALLBACK)}', reason = 'fallback', channel = s.next,
        tried = m.tried || s.channel, due_at = CASE s.next WHEN '{Channel.LETTER}' THEN :letters_at ELSE :now END,
        updated_at = clock_timestamp()
    FROM unheard s JOIN moved ON moved.id = s.delivery WHERE m.id = s.id
""")

_OVERTAKEN = text(f"""
    WITH overtaken AS (
        SELECT m.id, m.run_id, m.channel AS spared, d.id AS delivery, d.channel AS answered, d.kind
        FROM messages m
        JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal'
        CROSS JOIN LATERAL (
            SELECT d.id, d.channel, t.kind FROM {_ANSWERED}
               AND d.state IN ({within(sources(DeliveryState, Event.OVERTAKEN))})
             ORDER BY d.number DESC, t.at, t.id LIMIT 1) d
        WHERE m.state IN ({within(sources(MessageState, Event.OVERTAKEN))}) AND m.tried <> '{{}}'
          AND (CAST(:messages AS uuid[]) IS NULL OR m.id = ANY(CAST(:messages AS uuid[])))
          AND (CAST(:customers AS bigint[]) IS NULL OR m.customer_id = ANY(CAST(:customers AS bigint[])))
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

_STAY = text(f"""
    WITH silent AS (
        SELECT DISTINCT ON (m.id) m.id, m.channel AS closed, d.id AS delivery, d.channel
        FROM messages m JOIN deliveries d ON d.message_id = m.id AND d.state = '{DeliveryState.SILENT}'
        WHERE m.id = ANY(CAST(:messages AS uuid[])) AND m.state IN ({within(sources(MessageState, Event.STAYS))})
        ORDER BY m.id, d.number DESC
    ), here AS (
        UPDATE deliveries d SET state = CASE WHEN EXISTS (
                SELECT FROM touchpoints t
                WHERE t.message_id = s.id AND t.channel = s.channel AND t.kind = 'delivered' AND t.direction = 'out')
            THEN '{target(DeliveryState, Event.DELIVERED)}' ELSE '{target(DeliveryState, Event.STAYS)}' END,
            updated_at = clock_timestamp()
        FROM silent s WHERE d.id = s.delivery
    ), unsent AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.RECALL)}', updated_at = clock_timestamp()
        FROM silent s WHERE d.message_id = s.id AND d.state = '{DeliveryState.READY}'
    ), counted AS (
        DELETE FROM went_on w USING silent s WHERE w.message_id = s.id AND w.channel = s.channel
    )
    UPDATE messages m SET state = '{target(MessageState, Event.STAYS)}', reason = '', channel = s.channel,
        tried = array_remove(m.tried, s.channel) || s.closed, due_at = NULL, updated_at = clock_timestamp()
    FROM silent s WHERE m.id = s.id RETURNING m.id
""")
