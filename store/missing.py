"""Who has not got a run's message, and why: one query over the rows that the run's report is counted from."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text


def missing(connection: Connection, run: str) -> list[Mapping[str, Any]]:
    """Return everybody whose message is not done, by customer.

    Each is {customer, message, document, state, reason, channel, since}. A reason is never empty: what has none of its
    own says how far it is.
    """
    return [dict(row) for row in connection.execute(_MISSING, {"run": run}).mappings()]


_MISSING = text("""
    SELECT coalesce((SELECT f.reference FROM customer_references f WHERE f.customer_id = m.customer_id
                     ORDER BY f.source LIMIT 1), m.customer_id::text) AS customer,
           m.id::text AS message, m.document, m.state,
           CASE WHEN m.reason <> '' THEN m.reason
                WHEN m.state = 'in_delivery' THEN
                    CASE WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.state = 'in_doubt')
                         THEN 'in_doubt' ELSE 'sending' END
                WHEN m.state = 'planned' THEN 'undecided'
                WHEN r.state IN ('waiting_release', 'paused', 'stopped', 'planning', 'scheduled') THEN r.state
                ELSE 'due' END AS reason,
           m.channel, m.updated_at AS since
    FROM messages m JOIN runs r ON r.id = m.run_id
    WHERE m.run_id = :run AND m.copy = 0 AND m.state <> 'done' AND r.state <> 'scheduled'
    ORDER BY m.customer_id, m.id
""")


def rejected(connection: Connection, run: str) -> list[Mapping[str, Any]]:
    """Return the documents of an invoice run that were held because they are wrong, in the form of `missing`."""
    return [dict(row) for row in connection.execute(_REJECTED, {"run": run}).mappings()]


_REJECTED = text("""
    SELECT CAST(NULL AS text) AS customer, CAST(NULL AS text) AS message, item ->> 'number' AS document,
           'held' AS state, by.reason, CAST(NULL AS text) AS channel, r.created_at AS since
    FROM runs r, jsonb_each(r.rejected) AS by(reason, items), jsonb_array_elements(by.items) AS item
    WHERE r.id = :run ORDER BY CAST(item ->> 'row' AS bigint)
""")
