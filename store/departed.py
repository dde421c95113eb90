"""What had left when the store was lost, as far as a restored backup does not know it (`work.departures`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from tidings.state import DeliveryState, Event, MessageState, sources, target, within


@dataclass(frozen=True, kw_only=True, slots=True)
class Departure:
    """A batch that was about to leave."""

    at: datetime
    channel: str
    provider: str
    attempt: str
    """The first of the batch: a store that knows it knows all of them."""
    messages: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """A ready message of this store that had left before; its address on that channel."""

    message: str
    channel: str
    provider: str
    at: datetime
    address: int


def remember(connection: Connection, departures: Iterable[Departure]) -> int:
    """Write down what left and this store does not know of; of several times the last counts. Returns how many.

    A message goes on to the next channel only when it was not taken by the one before, so only the last is in doubt.
    """
    for one in departures:
        values = {
            "messages": list(one.messages), "channel": one.channel, "provider": one.provider, "at": one.at,
            "attempt": one.attempt,
        }  # fmt: skip
        connection.execute(_REMEMBER, values)
    return connection.scalar(text("SELECT count(*) FROM departed")) or 0


_REMEMBER = text("""
    INSERT INTO departed (message, channel, provider, at)
    SELECT DISTINCT one, :channel, :provider, CAST(:at AS timestamptz) FROM unnest(CAST(:messages AS uuid[])) AS one
    WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE id = CAST(:attempt AS uuid))
    ON CONFLICT (message) DO UPDATE SET channel = excluded.channel, provider = excluded.provider, at = excluded.at
        WHERE departed.at <= excluded.at
""")


def known(connection: Connection) -> bool:
    """Tell whether anything is written down."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT 1 FROM departed)")))


def strangers(connection: Connection) -> int:
    """Return how many messages are written down that this store has never planned."""
    statement = (
        "SELECT count(*) FROM departed x WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = x.message)"
    )
    return connection.scalar(text(statement)) or 0


def move_on(connection: Connection, *, now: datetime) -> int:
    """Make ready on the next channel what left there after this store took it for done; returns how many."""
    return connection.execute(_MOVE_ON, {"now": now}).rowcount


_MOVE_ON = text(f"""
    WITH behind AS (
        SELECT DISTINCT ON (m.id) m.id AS message, d.id AS delivery, d.channel AS was, d.state, x.channel
        FROM departed x JOIN messages m ON m.id = x.message AND m.state = '{MessageState.DONE}'
        JOIN deliveries d ON d.message_id = m.id
        ORDER BY m.id, d.number DESC
    ), moved AS (
        UPDATE deliveries d SET state = '{target(DeliveryState, Event.SILENCE)}', updated_at = clock_timestamp()
        FROM behind b WHERE d.id = b.delivery AND b.was <> b.channel
          AND d.state IN ({within(sources(DeliveryState, Event.SILENCE))}) RETURNING d.id
    )
    UPDATE messages m SET state = '{target(MessageState, Event.FALLBACK)}', reason = 'fallback', channel = b.channel,
        tried = m.tried || b.was, due_at = :now, updated_at = clock_timestamp()
    FROM behind b JOIN moved ON moved.id = b.delivery WHERE m.id = b.message
""")


def ready(connection: Connection, *, run: str | None = None, shard: int | None = None) -> list[Left]:
    """Return the ready messages that had left, locked, each on the channel that it left on.

    One whose address on that channel is not known any more stays on the channel that it is on.
    """
    rows = connection.execute(_READY, {"run": run, "shard": shard}).all()
    return [
        Left(message=row.message, channel=row.channel, provider=row.provider, at=row.at, address=row.address)
        for row in rows
    ]


_READY = text("""
    WITH found AS (
        SELECT m.id, x.at, x.provider, coalesce(there.channel, m.channel) AS channel,
               coalesce(there.address, here.address) AS address
        FROM departed x JOIN messages m ON m.id = x.message AND m.state = 'ready'
        LEFT JOIN LATERAL (
            SELECT c.channel, c.address FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int, address bigint)
            WHERE c.channel = x.channel AND c.address IS NOT NULL ORDER BY c.rank LIMIT 1) there ON true
        LEFT JOIN LATERAL (
            SELECT c.address FROM jsonb_to_recordset(m.decision) AS c(channel text, rank int, address bigint)
            WHERE c.channel = m.channel AND c.address IS NOT NULL ORDER BY c.rank LIMIT 1) here ON true
        WHERE (CAST(:run AS text) IS NULL OR m.run_id = :run)
          AND (CAST(:shard AS int) IS NULL OR m.shard = :shard)
        ORDER BY m.id FOR UPDATE OF m
    )
    UPDATE messages m SET channel = f.channel,
        tried = CASE WHEN m.channel = f.channel THEN m.tried ELSE m.tried || m.channel END,
        updated_at = clock_timestamp()
    FROM found f WHERE m.id = f.id AND f.address IS NOT NULL
    RETURNING m.id::text AS message, f.channel, f.provider, f.at, f.address
""")


def forget(connection: Connection, messages: Sequence[str]) -> None:
    """Forget what is named now."""
    connection.execute(
        text("DELETE FROM departed WHERE message = ANY(CAST(:messages AS uuid[]))"),
        {"messages": list(messages)},
    )


BLIND = "restored_blind_at"


def note_blind(connection: Connection, *, now: datetime) -> None:
    """Remember that a backup was restored and nobody knows what had left since."""
    connection.execute(
        text("""
            INSERT INTO installation (key, value) VALUES (:key, :now)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value
        """),
        {"key": BLIND, "now": now.isoformat()},
    )


def blind_since(connection: Connection) -> datetime | None:
    """Return when a backup was restored without knowing what had left since; None: never."""
    found = connection.scalar(text("SELECT value FROM installation WHERE key = :key"), {"key": BLIND})
    return None if found is None else datetime.fromisoformat(found)
