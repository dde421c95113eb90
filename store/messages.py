"""Messages: what is to be decided, what was, and the counts that a report is made of."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text

from store.arrays import read_arrays

if TYPE_CHECKING:
    import polars as pl


def planned(connection: Connection, run_id: str, shard: int, *, limit: int) -> list[tuple[str, int]]:
    """Lock and return (message, customer) of a shard that nobody has decided yet.

    What another process is deciding is waited for, not skipped: whoever has planned a run has seen it planned whole.
    """
    import polars as pl

    # In the order of the ids, which is that of their text, too. Were the ids themselves asked for in order, the planner
    # would walk all messages there are by their primary key, shard after shard.
    query = """
        SELECT id::text AS message, customer_id FROM messages
         WHERE run_id = %(run)s AND shard = %(shard)s AND state = 'planned'
         ORDER BY id::text COLLATE "C" LIMIT %(limit)s FOR UPDATE
    """
    values = {"run": run_id, "shard": shard, "limit": limit}
    [left] = read_arrays(connection, [(query, {"message": pl.String(), "customer_id": pl.Int64()})], values)
    return left.rows()


def to_ask_again(connection: Connection, messages: Sequence[str]) -> list[tuple[str, int, list[str]]]:
    """Return (message, customer, channels tried) of some messages, locked, in the order of their ids."""
    rows = connection.execute(
        text("""
            SELECT id::text AS id, customer_id, tried FROM messages WHERE id = ANY(CAST(:messages AS uuid[]))
             ORDER BY id FOR UPDATE
        """),
        {"messages": list(messages)},
    )
    return [(row.id, row.customer_id, list(row.tried)) for row in rows]


def write_decisions(
    connection: Connection, decided: "pl.DataFrame", *, keep_keys: bool, anew: bool = False
) -> None:
    """Store verdicts.

    Columns: message, state, reason, channel, due_at, language, decision (JSON), input_digest, cost, propensity (of
    the first channel, kept as it was first; `anew`: as it is now, where the plan was not yet done).

    A held message of a campaign keeps its key, for an edition's audience is frozen; a held document gives its key back,
    for a corrected file or a new address shall be able to send it.
    """
    columns = [
        "message",
        "state",
        "reason",
        "channel",
        "due_at",
        "language",
        "decision",
        "input_digest",
        "cost",
        "propensity",
    ]
    connection.execute(text("DROP TABLE IF EXISTS decided"))
    connection.execute(
        text("""
            CREATE TEMP TABLE decided (message uuid, state text, reason text, channel text, due_at timestamptz,
                language text, decision jsonb, input_digest text, cost numeric, propensity double precision)
            ON COMMIT DROP
        """)
    )
    cursor = connection.connection.cursor()
    # A text that says what stands for null would be in quotes, and so is itself.
    told = decided.select(columns).write_csv(
        include_header=False, null_value="\\N", quote_style="non_numeric"
    )
    with cursor.copy(f"COPY decided ({', '.join(columns)}) FROM STDIN (FORMAT csv, NULL '\\N')") as copy:
        copy.write(told)
    connection.execute(
        text("""
            UPDATE messages m SET state = d.state, reason = d.reason, channel = d.channel,
                first_channel = CASE WHEN :anew THEN d.channel ELSE coalesce(m.first_channel, d.channel) END,
                due_at = d.due_at,
                language = CASE WHEN m.invoice_id IS NOT NULL AND m.language <> '' THEN m.language ELSE d.language END,
                decision = d.decision, input_digest = d.input_digest, cost = d.cost, updated_at = clock_timestamp(),
                propensity = CASE WHEN :anew OR m.first_channel IS NULL THEN d.propensity ELSE m.propensity END,
                dedupe_key = CASE WHEN d.state = 'held' AND NOT :keep AND NOT EXISTS (
                    SELECT 1 FROM deliveries x WHERE x.message_id = m.id) THEN NULL ELSE m.dedupe_key END
            FROM decided d WHERE m.id = d.message
              -- The planner knows nothing of what was just copied, and would read all messages of all runs for it.
              AND m.id = ANY(ARRAY(SELECT message FROM decided))
        """),
        {"keep": keep_keys, "anew": anew},
    )


def zones_of(connection: Connection, messages: Sequence[str]) -> list[str]:
    """Return the time zones of the customers of some messages, each once, as they are written."""
    statement = text("""
        SELECT DISTINCT c.time_zone FROM messages m JOIN customers c ON c.id = m.customer_id
        WHERE m.id = ANY(CAST(:messages AS uuid[]))
    """)
    return list(connection.scalars(statement, {"messages": list(messages)}))


def hold_until(connection: Connection, messages: Sequence[str], instants: Mapping[str, datetime]) -> None:
    """Let messages that are ready wait until the instant of their customer's time zone, or longer where they do."""
    connection.execute(
        text("""
            UPDATE messages m SET due_at = greatest(m.due_at, z.at)
            FROM customers c, unnest(CAST(:zones AS text[]), CAST(:instants AS timestamptz[])) AS z(zone, at)
            WHERE m.id = ANY(CAST(:messages AS uuid[])) AND m.state = 'ready' AND c.id = m.customer_id
              AND c.time_zone = z.zone
        """),
        {"messages": list(messages), "zones": list(instants), "instants": list(instants.values())},
    )


def letters_due(connection: Connection, messages: Sequence[str]) -> list[datetime]:
    """Return when letters among some messages are due, each instant once."""
    statement = text("""
        SELECT DISTINCT due_at FROM messages
        WHERE id = ANY(CAST(:messages AS uuid[])) AND state = 'ready' AND channel = 'letter' AND due_at IS NOT NULL
        ORDER BY due_at
    """)
    return list(connection.scalars(statement, {"messages": list(messages)}))


def collect_at(
    connection: Connection,
    messages: Sequence[str],
    *,
    due: datetime,
    leaves: datetime,
    evidence: Mapping[str, str],
) -> None:
    """Let letters that are due at an instant wait until they are collected; what they waited for before stays told.

    `evidence` stands beside that of the decision, which can be proved from the facts alone.
    """
    connection.execute(
        text("""
            UPDATE messages SET due_at = :leaves, reason = CASE WHEN reason = '' THEN 'cut_off' ELSE reason END,
                decision = (SELECT jsonb_agg(CASE WHEN e ->> 'channel' = 'letter'
                    THEN e || jsonb_build_object('collection', CAST(:evidence AS jsonb)) ELSE e END ORDER BY n)
                    FROM jsonb_array_elements(decision) WITH ORDINALITY AS x(e, n))
            WHERE id = ANY(CAST(:messages AS uuid[])) AND state = 'ready' AND channel = 'letter' AND due_at = :due
        """),
        {"messages": list(messages), "due": due, "leaves": leaves, "evidence": json.dumps(evidence)},
    )


def counts(connection: Connection, run_id: str) -> Sequence[Any]:
    """Return rows (state, reason, first_channel, channel, n, cost) of a run: what its report is made of.

    Copies are left out. The counts are kept with every change of a message (`store.tables.run_tally`), so that nobody
    scans a million messages to look at them.
    """
    return connection.execute(
        text("""
            SELECT state, reason, nullif(first_channel, '') AS first_channel, nullif(channel, '') AS channel,
                   CAST(sum(messages) AS bigint) AS n, sum(cost) AS cost
            FROM run_tally WHERE run_id = :run GROUP BY 1, 2, 3, 4 HAVING sum(messages) <> 0
        """),
        {"run": run_id},
    ).all()


def unfinished(connection: Connection, run_id: str, *, now: datetime) -> bool:
    """Tell whether the run has work that can be done now: something undecided, due, or left by a dead process."""
    from store.doubts import LOST

    return bool(
        connection.scalar(
            text(f"""
                SELECT EXISTS (SELECT 1 FROM messages m WHERE m.run_id = :run
                               AND (m.state = 'planned' OR (m.state = 'ready' AND m.due_at <= :now)))
                    OR EXISTS (SELECT 1 FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
                               JOIN messages m ON m.id = d.message_id
                               WHERE m.run_id = :run AND {LOST})
            """),
            {"run": run_id, "now": now},
        )
    )


def renderings(connection: Connection, run_id: str) -> list[tuple[str, str]]:
    """Return the (language, channel) pairs that a run's messages may be rendered in, fallbacks included."""
    rows = connection.execute(
        text("""
            SELECT DISTINCT m.language, c.channel
            FROM messages m, jsonb_to_recordset(m.decision) AS c(channel text, rank int)
            WHERE m.run_id = :run AND m.state = 'ready' AND c.rank IS NOT NULL ORDER BY 1, 2
        """),
        {"run": run_id},
    )
    return [(row.language, row.channel) for row in rows]


def pending(connection: Connection, run_id: str) -> bool:
    """Tell whether anything of a run may still be sent by itself."""
    return bool(
        connection.scalar(
            text(
                "SELECT EXISTS (SELECT 1 FROM messages WHERE run_id = :run AND state IN ('planned', 'ready'))"
            ),
            {"run": run_id},
        )
    )
