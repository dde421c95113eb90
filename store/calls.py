"""Call tasks: a message that must reach its customer and has no channel left is told by telephone. One for each."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.statements import SOONEST
from store.tables import STUCK
from tidings.reason import Reason


def open_calls(connection: Connection, *, now: datetime) -> int:
    """Open a call for every required message without a channel left, once; close those that went out meanwhile.

    Customers who wish that a person calls them are called about every required message of theirs, besides.

    A document that was held gave its key back, and may have gone out as another message since. Returns how many opened.
    """
    opened = connection.execute(_OPEN, {"now": now}).rowcount
    connection.execute(_MEANWHILE, {"now": now})
    return opened + connection.execute(_WISHED, {"now": now, "wished": WISHED}).rowcount


WISHED = Reason.CALL_WISHED.value
"""Why a customer is called about a message that reaches them anyway: they asked for a person."""
_WISHED = text(f"""
    WITH said AS (
        SELECT DISTINCT ON (s.customer_id, s.brand) s.customer_id, s.brand, s.value -> 'call' = 'true' AS call, s.at
          FROM statements s WHERE s.kind = 'manner' ORDER BY s.customer_id, s.brand, {SOONEST["manner"]}
    )
    INSERT INTO calls (message_id, because, opened_at)
    SELECT m.id, :wished, :now FROM said s JOIN messages m ON m.customer_id = s.customer_id AND m.planned_at >= s.at
      JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal'
     WHERE s.call AND s.brand IN (m.brand, 'all') AND m.purpose_class = 'required' AND m.copy = 0
       AND m.state IN ('ready', 'in_delivery', 'done')
       AND (s.brand <> 'all' OR NOT EXISTS (
             SELECT 1 FROM said o WHERE o.customer_id = s.customer_id AND o.brand = m.brand))
    ON CONFLICT (message_id) DO NOTHING
""")

_SENT = """
    SELECT 1 FROM messages x WHERE x.customer_id = m.customer_id AND x.brand = m.brand AND x.document = m.document
       AND x.purpose = m.purpose AND x.id <> m.id AND x.state = 'done'
"""
_OPEN = text(f"""
    INSERT INTO calls (message_id, because, opened_at)
    SELECT m.id, m.reason, :now FROM (SELECT * FROM messages WHERE {STUCK}) m
    JOIN runs r ON r.id = m.run_id AND r.mode <> 'rehearsal' LEFT JOIN calls c ON c.message_id = m.id
    WHERE (c.id IS NULL OR c.closed_by = 'system') AND NOT EXISTS ({_SENT})
      AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.address = 'erased')
    ON CONFLICT (message_id) DO UPDATE SET because = excluded.because, opened_at = excluded.opened_at, closed_at = NULL,
        closed_by = '', note = ''
""")
_MEANWHILE = text(f"""
    UPDATE calls c SET closed_at = :now, closed_by = 'system', note = 'it goes out after all'
    FROM messages m WHERE m.id = c.message_id AND c.closed_at IS NULL AND c.because <> '{WISHED}'
      AND (m.state NOT IN ('undeliverable', 'held') OR EXISTS ({_SENT}))
""")


def waiting_calls(connection: Connection) -> list[Mapping[str, Any]]:
    """Return the calls to make, oldest first.

    Returns:
        {call, message, customer, name, phone, run, document, because, since, taken_by ('' nobody), taken_at}
    """
    rows = connection.execute(
        text("""
            SELECT c.id AS call, m.id::text AS message, coalesce((SELECT f.reference FROM customer_references f
                       WHERE f.customer_id = m.customer_id ORDER BY f.source LIMIT 1), m.customer_id::text) AS customer,
                   concat_ws(' ', nullif(u.first_name, ''), nullif(u.last_name, ''), nullif(u.company, '')) AS name,
                   coalesce((SELECT a.value FROM addresses a WHERE a.customer_id = u.id AND a.channel = 'sms'
                             AND a.removed_at IS NULL ORDER BY a.position, a.id LIMIT 1), '') AS phone,
                   m.run_id AS run, m.document, c.because, c.opened_at AS since,
                   c.taken_by, c.taken_at
            FROM calls c JOIN messages m ON m.id = c.message_id JOIN customers u ON u.id = m.customer_id
            WHERE c.closed_at IS NULL ORDER BY c.opened_at, c.id
        """)
    )
    return [dict(row) for row in rows.mappings()]


def take_call(connection: Connection, call: int, *, by: str, now: datetime) -> Mapping[str, Any] | None:
    """Take a call that nobody has, or give it back (`by` ''); returns {message, customer_id}, None: not to be had."""
    row = connection.execute(
        text("""
            UPDATE calls c SET taken_by = :by, taken_at = CASE WHEN :by <> '' THEN CAST(:now AS timestamptz) END
            FROM messages m WHERE c.id = :call AND c.closed_at IS NULL AND m.id = c.message_id
              AND (c.taken_by = '' OR :by = '' OR c.taken_by = :by)
            RETURNING m.id::text AS message, m.customer_id
        """),
        {"call": call, "by": by, "now": now},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def call_of(connection: Connection, call: int) -> Mapping[str, Any] | None:
    """Return an open call: {message, customer_id, brand, purpose, taken_by}; None when it is not to be made."""
    row = connection.execute(
        text("""
            SELECT m.id::text AS message, m.customer_id, m.brand, m.purpose, c.taken_by
            FROM calls c JOIN messages m ON m.id = c.message_id WHERE c.id = :call AND c.closed_at IS NULL
        """),
        {"call": call},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def close_call(
    connection: Connection, call: int, *, by: str, note: str, now: datetime
) -> Mapping[str, Any] | None:
    """Close a call; returns {message, customer_id, brand, purpose}, None when there is no such call to make."""
    row = connection.execute(
        text("""
            UPDATE calls c SET closed_at = :now, closed_by = :by, note = :note FROM messages m
            WHERE c.id = :call AND c.closed_at IS NULL AND m.id = c.message_id
            RETURNING m.id::text AS message, m.customer_id, m.brand, m.purpose
        """),
        {"call": call, "by": f"staff:{by}", "note": note, "now": now},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None
