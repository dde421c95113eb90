"""Stories: a message with its deliveries and attempts, locked, changed in memory, written back in one go.

The order of the locks is messages, attempts, deliveries, and nothing here waits for one of them: what somebody else
has is left to the next time, so that a fold and a sender never wait for each other.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, text

from store.consents import OWN
from tidings.state import AttemptState, DeliveryState, MessageState


@dataclass(kw_only=True, slots=True)
class Attempt:
    """One row of `attempts`, as it is and as it will be."""

    id: str
    provider: str
    state: AttemptState
    settled_by: str = ""
    changed: bool = False


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One row of `deliveries`."""

    id: str
    number: int
    channel: str
    address: str
    reference: str
    state: DeliveryState
    attempts: dict[str, Attempt] = field(default_factory=dict)
    changed: bool = False


@dataclass(kw_only=True, slots=True)
class Story:
    """One message with everything that was tried for it."""

    message: str
    customer: int
    brand: str
    purpose: str
    state: MessageState
    reason: str
    channel: str | None
    due_at: datetime | None
    tried: list[str]
    ranked: Sequence[str]
    """Its channels as decided, most wished first."""
    stopped: bool
    """Its run was stopped for good."""
    rehearsal: bool
    """It went to a colleague: no part of the customer's history."""
    marketing: bool = False
    own: Sequence[str] = ()
    """Channels that the customer named when consenting to what the run is about."""
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    changed: bool = False

    @property
    def last(self) -> Delivery:
        """The delivery on which the message's own state hangs: the latest, of those that were not recalled if any."""
        return max(
            self.deliveries.values(),
            key=lambda delivery: (delivery.state is not DeliveryState.RECALLED, delivery.number),
        )


def lock_stories(connection: Connection, messages: Iterable[str]) -> dict[str, Story]:
    """Lock and read messages by their ids; those that somebody else is at work on are missing."""
    rows = connection.execute(_LOCK, {"messages": sorted(set(messages))}).all()
    if not rows:
        return {}
    stories = {
        str(row.id): Story(
            message=str(row.id),
            customer=row.customer_id,
            brand=row.brand,
            purpose=row.purpose,
            state=MessageState(row.state),
            reason=row.reason,
            channel=row.channel,
            due_at=row.due_at,
            tried=list(row.tried),
            ranked=row.ranked or (),
            stopped=row.stopped,
            rehearsal=row.rehearsal,
            marketing=row.marketing,
            own=row.own,
        )
        for row in rows
    }
    ours = {"messages": list(stories)}
    attempts = connection.execute(_ATTEMPTS, ours).all()
    for row in connection.execute(_DELIVERIES, ours):
        stories[str(row.message_id)].deliveries[str(row.id)] = Delivery(
            id=str(row.id),
            number=row.number,
            channel=row.channel,
            address=row.address,
            reference=row.reference,
            state=DeliveryState(row.state),
        )
    for row in attempts:
        delivery = stories[str(row.message_id)].deliveries.get(str(row.delivery_id))
        if delivery is not None:
            delivery.attempts[str(row.id)] = Attempt(
                id=str(row.id),
                provider=row.provider,
                state=AttemptState(row.state),
                settled_by=row.settled_by,
            )
    for row in connection.execute(_SIZES, ours):
        story = stories[str(row.message_id)]
        read = sum(len(delivery.attempts) for delivery in story.deliveries.values())
        if (row.deliveries, row.attempts) != (len(story.deliveries), read):
            del stories[story.message]
    return stories


_LOCK = text(f"""
    SELECT m.id, m.customer_id, m.brand, m.purpose, m.state, m.reason, m.channel, m.due_at, m.tried,
           r.state = 'stopped' AS stopped, r.mode = 'rehearsal' AS rehearsal,
           r.purpose_class = 'marketing' AS marketing,
           {OWN.format(customer="m.customer_id", brand="m.brand", topic="r.topic")} AS own,
           (SELECT array_agg(c.channel ORDER BY c.rank) FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int)
             WHERE c.rank IS NOT NULL) AS ranked
    FROM messages m JOIN runs r ON r.id = m.run_id WHERE m.id = ANY(CAST(:messages AS uuid[]))
    ORDER BY m.id FOR NO KEY UPDATE OF m SKIP LOCKED
""")
_ATTEMPTS = text("""
    SELECT a.id, a.delivery_id, d.message_id, a.provider, a.state, a.settled_by
    FROM attempts a JOIN deliveries d ON d.id = a.delivery_id WHERE d.message_id = ANY(CAST(:messages AS uuid[]))
    ORDER BY a.id FOR NO KEY UPDATE OF a SKIP LOCKED
""")
_DELIVERIES = text("""
    SELECT id, message_id, number, channel, address, reference, state FROM deliveries
    WHERE message_id = ANY(CAST(:messages AS uuid[])) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
""")
_SIZES = text("""
    SELECT d.message_id, count(DISTINCT d.id) AS deliveries, count(a.id) AS attempts
    FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id
    WHERE d.message_id = ANY(CAST(:messages AS uuid[])) GROUP BY 1
""")


def write_stories(connection: Connection, stories: Iterable[Story], *, now: datetime) -> None:
    """Write back what was changed; the rows are still locked."""
    told = list(stories)
    deliveries = [delivery for story in told for delivery in story.deliveries.values()]
    attempts = [
        attempt for delivery in deliveries for attempt in delivery.attempts.values() if attempt.changed
    ]
    # First what stops being accepted or open, then what becomes it: one index allows one of each.
    if attempts:
        connection.execute(
            _WRITE_ATTEMPTS,
            {"now": now, **_columns(attempts, ("id", "state", "settled_by"))},
        )
    if moved := [delivery for delivery in deliveries if delivery.changed]:
        connection.execute(_WRITE_DELIVERIES, _columns(moved, ("id", "state")))
    if written := [story for story in told if story.changed]:
        values = _columns(written, ("message", "state", "reason", "channel", "due_at"))
        tried = [",".join(story.tried) for story in written]
        connection.execute(_WRITE_MESSAGES, {**values, "tried": tried})


def _columns(rows: Sequence[object], names: Sequence[str]) -> Mapping[str, object]:
    return {name: [getattr(row, name) for row in rows] for name in names}


_WRITE_ATTEMPTS = text("""
    UPDATE attempts a SET state = s.state, settled_by = s.settled_by, ended_at = coalesce(a.ended_at, :now)
    FROM unnest(CAST(:id AS uuid[]), CAST(:state AS text[]), CAST(:settled_by AS text[])) AS s(id, state, settled_by)
    WHERE a.id = s.id
""")
_WRITE_DELIVERIES = text("""
    UPDATE deliveries d SET state = s.state, updated_at = clock_timestamp()
    FROM unnest(CAST(:id AS uuid[]), CAST(:state AS text[])) AS s(id, state) WHERE d.id = s.id
""")
_WRITE_MESSAGES = text("""
    UPDATE messages m SET state = s.state, reason = s.reason, channel = s.channel, due_at = s.due_at,
        tried = string_to_array(s.tried, ','),
        updated_at = clock_timestamp()
    FROM unnest(CAST(:message AS uuid[]), CAST(:state AS text[]), CAST(:reason AS text[]), CAST(:channel AS text[]),
                CAST(:due_at AS timestamptz[]), CAST(:tried AS text[]))
        AS s(id, state, reason, channel, due_at, tried)
    WHERE m.id = s.id
""")
