"""Outcomes: what became of attempts, in batches, and what is in doubt, inside the caller's transaction.

Nothing here decides: `work.outcome` works out the steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from store.owner import DEAD


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What an outcome means for its attempt, delivery and message; `work.deliver` works it out."""

    attempt: str
    delivery: str
    message: str
    customer: int
    attempt_state: str
    delivery_state: str
    message_state: str
    reason: str = ""
    due_at: datetime | None = None
    channel: str
    """The lane the message is in afterwards."""
    used_up: str = ""
    """A channel that is not tried again."""
    error_class: str = ""
    code: str = ""
    detail: str = ""
    provider_reference: str | None = None
    content_hash: str | None = None
    parts: int = 1
    cost: str = "0"


def record(connection: Connection, steps: Sequence[Step], *, now: datetime) -> None:
    """Write the outcomes of a batch: attempts, deliveries, messages and, where accepted, the touchpoints.

    An attempt that was settled meanwhile (its lease ended and somebody named it unknown) still takes its outcome: an
    answer of the provider is evidence. An attempt that is closed already is left alone.
    """
    rows = [
        {name: getattr(step, name) for name in Step.__slots__}
        | {"due_at": step.due_at.isoformat() if step.due_at else None}
        for step in steps
    ]
    connection.execute(_RECORD, {"steps": rows, "now": now})


_RECORD = text("""
    WITH s AS (
        SELECT * FROM jsonb_to_recordset(:steps) AS s(
            attempt uuid, delivery uuid, message uuid, customer bigint, attempt_state text, delivery_state text,
            message_state text, reason text, due_at timestamptz, channel text, used_up text, error_class text,
            code text, detail text, provider_reference text, content_hash text, parts smallint, cost numeric)
    ), a AS (
        UPDATE attempts a SET state = s.attempt_state, error_class = s.error_class, code = s.code, detail = s.detail,
            provider_reference = s.provider_reference, ended_at = :now
        FROM s WHERE a.id = s.attempt AND a.state IN ('sending', 'unknown')
        RETURNING a.id, a.provider
    ), d AS (
        UPDATE deliveries d SET state = s.delivery_state, content_hash = coalesce(d.content_hash, s.content_hash),
            parts = s.parts, updated_at = clock_timestamp()
        FROM s JOIN a ON a.id = s.attempt WHERE d.id = s.delivery AND d.state IN ('sending', 'in_doubt')
        RETURNING d.id, d.channel, d.reference
    ), m AS (
        UPDATE messages m SET state = s.message_state, reason = s.reason, due_at = coalesce(s.due_at, m.due_at),
            channel = s.channel, cost = CASE WHEN s.message_state = 'done' THEN s.cost ELSE m.cost END,
            tried = CASE WHEN s.used_up = '' OR s.used_up = ANY(m.tried) THEN m.tried ELSE m.tried || s.used_up END,
            updated_at = clock_timestamp()
        FROM s JOIN d ON d.id = s.delivery WHERE m.id = s.message
        RETURNING m.id, m.brand, m.purpose, m.run_id
    )
    INSERT INTO touchpoints (customer_id, brand, source, external_id, direction, channel, kind, purpose, message_id,
                             detail, at)
    SELECT s.customer, m.brand, 'delivery', s.attempt::text, 'out', d.channel,
           CASE s.attempt_state WHEN 'accepted' THEN 'sent' WHEN 'rejected' THEN 'rejected' ELSE 'in_doubt' END,
           m.purpose, m.id, jsonb_build_object('reference', d.reference, 'code', s.code), :now
    FROM s JOIN d ON d.id = s.delivery JOIN m ON m.id = s.message
    JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal'  -- what a colleague got is not the customer's history
    WHERE s.attempt_state IN ('accepted', 'rejected', 'unknown')
    ON CONFLICT (source, external_id) DO NOTHING
""").bindparams(bindparam("steps", type_=JSONB))


def name_doubts(connection: Connection, *, run: str | None = None) -> int:
    """Turn attempts left `sending` by a dead process, or past their lease, into named doubts; return how many."""
    result = connection.execute(
        text(f"""
            WITH lost AS (
                SELECT a.id, a.delivery_id FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                JOIN messages m ON m.id = d.message_id
                WHERE a.state = 'sending' AND ({DEAD.text} OR a.lease_until < clock_timestamp())
                  AND (CAST(:run AS text) IS NULL OR m.run_id = :run)
                ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
            ), named AS (
                UPDATE attempts a SET state = 'unknown', error_class = 'unknown', code = 'sender_died',
                    ended_at = clock_timestamp()
                FROM lost WHERE a.id = lost.id RETURNING a.delivery_id
            )
            UPDATE deliveries d SET state = 'in_doubt', updated_at = clock_timestamp()
            FROM named WHERE d.id = named.delivery_id
        """),
        {"run": run},
    )
    return result.rowcount


def resend_doubts(
    connection: Connection, *, keyed: Sequence[str], now: datetime, run: str | None = None
) -> int:
    """Make ready again what may be sent again although in doubt; return how many.

    `keyed` providers take the same key again and keep one copy. Elsewhere only a required purpose is sent once more,
    under the same reference and the same bytes; a second doubt stays, and a person settles it.
    """
    result = connection.execute(
        text("""
            WITH again AS (
                SELECT a.id, a.delivery_id, a.provider = ANY(:keyed) AS by_key
                FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN messages m ON m.id = d.message_id
                WHERE a.state = 'unknown' AND d.state = 'in_doubt' AND m.state = 'in_delivery'
                  AND (CAST(:run AS text) IS NULL OR m.run_id = :run)
                  AND (a.provider = ANY(:keyed) OR (m.purpose_class = 'required' AND NOT EXISTS (
                        SELECT 1 FROM attempts x WHERE x.delivery_id = d.id AND x.state = 'abandoned')))
                ORDER BY a.id FOR UPDATE OF a SKIP LOCKED
            ), left_behind AS (
                UPDATE attempts a SET state = 'abandoned',
                    settled_by = CASE WHEN again.by_key THEN 'key: sent again under the same key'
                                      ELSE 'policy: required purposes are sent once more' END
                FROM again WHERE a.id = again.id RETURNING a.delivery_id
            ), reopened AS (
                UPDATE deliveries d SET state = 'ready', updated_at = clock_timestamp()
                FROM left_behind WHERE d.id = left_behind.delivery_id RETURNING d.message_id, d.channel
            )
            UPDATE messages m SET state = 'ready', channel = reopened.channel, due_at = least(m.due_at, :now),
                reason = '', updated_at = clock_timestamp()
            FROM reopened WHERE m.id = reopened.message_id
        """),
        {"keyed": list(keyed), "now": now, "run": run},
    )
    return result.rowcount


def doubts(connection: Connection, run: str) -> list[Mapping[str, Any]]:
    """Return what is in doubt in a run: message, customer, channel, provider, since."""
    rows = connection.execute(
        text("""
            SELECT m.id::text AS message, m.document, d.channel, a.provider, a.started_at
            FROM attempts a JOIN deliveries d ON d.id = a.delivery_id JOIN messages m ON m.id = d.message_id
            WHERE m.run_id = :run AND a.state IN ('unknown', 'sending') ORDER BY a.started_at, m.id
        """),
        {"run": run},
    )
    return [dict(row._mapping) for row in rows]
