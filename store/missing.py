"""Who has not got a run's message, and why: one query over the rows that the run's report is counted from."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

PIECE = 5_000
"""Rows that are read at a time where a run is read whole."""


def missing(connection: Connection, run: str) -> list[Mapping[str, Any]]:
    """Return everybody whose message is not done, by customer.

    Each is {customer, message, document, state, reason, channel, since}. A reason is never empty: what has none of its
    own says how far it is.
    """
    return [dict(row) for row in connection.execute(_MISSING, {"run": run}).mappings()]


def each_missing(connection: Connection, run: str) -> Iterator[Row[Any]]:
    """Yield what `missing` returns, a piece at a time: a run of a million needs no memory."""
    options = {"stream_results": True, "yield_per": PIECE}
    yield from connection.execute(_MISSING, {"run": run}, execution_options=options)


def some_without(
    connection: Connection, run: str, reason: str, *, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Return (message, customer, document, state, reason, channel, since) of messages that will not be sent, by id.

    Args:
        reason: only these.
        after: the message after which to go on; None: from the beginning.
        limit: how many at most.
    """
    return connection.execute(
        text(f"""
            SELECT {_COLUMNS} FROM messages m
            WHERE m.run_id = :run AND m.state IN ('held', 'suppressed', 'cancelled', 'undeliverable') AND m.copy = 0
              AND m.reason = :reason AND (CAST(:after AS uuid) IS NULL OR m.id > CAST(:after AS uuid))
            ORDER BY m.id LIMIT :limit
        """),
        {"run": run, "reason": reason, "after": after, "limit": limit},
    ).all()


def some_waiting(connection: Connection, run: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return the same of some messages that are still to go or on their way; which ones is chance."""
    return connection.execute(
        text(f"""
            SELECT {_COLUMNS} FROM messages m
            WHERE m.run_id = :run AND m.state IN ('planned', 'ready', 'in_delivery') AND m.copy = 0
            UNION ALL SELECT {_COLUMNS} FROM {_UNDECIDED} LIMIT :limit
        """),
        {"run": run, "limit": limit},
    ).all()


_UNDECIDED = """
    (SELECT message_id(u.key_prefix || c.id) AS id, u.run_id, c.id AS customer_id, u.document, 'planned' AS state,
            '' AS reason, CAST(NULL AS text) AS channel, u.planned_at AS updated_at
       FROM undecided u CROSS JOIN unnest(u.customers) AS c(id) WHERE u.run_id = :run) AS m
"""
"""Messages that are not written yet: they are with their decision."""
_REFERENCE = """
    coalesce((SELECT f.reference FROM customer_references f WHERE f.customer_id = m.customer_id
              ORDER BY f.source LIMIT 1), m.customer_id::text)
"""
_COLUMNS = f"""
    m.id::text AS message, {_REFERENCE} AS customer, m.document, m.state, m.reason, m.channel, m.updated_at AS since
"""
_MISSING = text(f"""
    SELECT {_REFERENCE} AS customer,
           m.id::text AS message, m.document, m.state,
           CASE WHEN m.reason <> '' THEN m.reason
                WHEN m.state = 'in_delivery' THEN
                    CASE WHEN EXISTS (SELECT 1 FROM deliveries d WHERE d.message_id = m.id AND d.state = 'in_doubt')
                         THEN 'in_doubt' ELSE 'sending' END
                WHEN m.state = 'planned' THEN 'undecided'
                WHEN r.state IN ('waiting_release', 'paused', 'stopped', 'planning', 'scheduled') THEN r.state
                ELSE 'due' END AS reason,
           m.channel, m.updated_at AS since
    FROM (
        SELECT id, run_id, customer_id, document, state, reason, channel, updated_at FROM messages
        WHERE run_id = :run AND copy = 0 AND state <> 'done'
        UNION ALL SELECT * FROM {_UNDECIDED}
    ) AS m JOIN runs r ON r.id = m.run_id
    WHERE r.state <> 'scheduled' ORDER BY m.customer_id, m.id
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
