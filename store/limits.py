"""What is shared out over a whole run or among several: rival campaigns, a budget, one letter for a household."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, select, text

from store.arrays import read_arrays
from store.tables import customers as people
from tidings.campaign import USUAL_PRIORITY

if TYPE_CHECKING:
    import polars as pl


def rivals(connection: Connection, run: str, *, priority: int, until: datetime) -> Sequence[Any]:
    """Return other campaigns of a higher priority that may still send marketing before an instant.

    Rows (id, campaign, brand, purpose, priority, starts_at, frozen, definition).
    """
    statement = text("""
        SELECT r.id, concat_ws('/', r.options #>> '{campaign,name}', r.options #>> '{campaign,edition}') AS campaign,
               r.brand, r.purpose, coalesce((r.options #>> '{campaign,priority}')::int, :usual) AS priority,
               r.starts_at, r.state <> 'scheduled' AS frozen, r.options -> 'campaign' AS definition
          FROM runs r
         WHERE r.kind = 'campaign' AND r.purpose_class = 'marketing' AND r.mode <> 'rehearsal' AND r.id <> :run
           AND r.state IN ('scheduled', 'planning', 'waiting_release', 'sending') AND r.starts_at < :until
           AND coalesce((r.options #>> '{campaign,priority}')::int, :usual) > :priority
         ORDER BY r.starts_at, r.id
    """)
    values = {"run": run, "priority": priority, "until": until, "usual": USUAL_PRIORITY}
    return connection.execute(statement, values).all()


def unsent_of(
    connection: Connection, run: str, customers: Sequence[int]
) -> list[tuple[int, datetime | None]]:
    """Return (customer, when it is due) of what a run has not sent to some customers yet."""
    rows = connection.execute(
        text("""
            SELECT customer_id, due_at FROM messages
             WHERE run_id = :run AND customer_id = ANY(:customers) AND state IN ('planned', 'ready') AND copy = 0
             UNION ALL
            SELECT c.id, NULL FROM undecided u CROSS JOIN unnest(u.customers) AS c(id)
             WHERE u.run_id = :run AND u.first <= :last AND u.customers[cardinality(u.customers)] >= :first
               AND c.id = ANY(:customers)
        """),
        {
            "run": run,
            "customers": list(customers),
            "first": min(customers, default=0),
            "last": max(customers, default=0),
        },
    )
    return [(row.customer_id, row.due_at) for row in rows]


def members_among(
    connection: Connection, audience: ColumnElement[bool], customers: Sequence[int]
) -> list[int]:
    """Return those of some customers whom a condition selects."""
    query = select(people.c.id).where(people.c.id.in_(list(customers)), audience)
    return list(connection.scalars(query))


def lists_of(connection: Connection, run: str) -> pl.DataFrame:
    """Return the ranked lists of what a run is ready to send: message, channel, rank, expected; by message and rank."""
    import polars as pl

    shape = {"message": pl.String(), "channel": pl.String(), "rank": pl.Int32(), "expected": pl.Float64()}
    query = """
        SELECT m.id::text AS message, e.channel, e.rank, coalesce(e.expected, 0) AS expected
          FROM messages m, jsonb_to_recordset(m.decision) AS e(channel text, rank int, expected float)
         WHERE m.run_id = %(run)s AND m.state = 'ready' AND m.copy = 0 AND e.rank IS NOT NULL
    """
    return read_arrays(connection, [(query, shape)], {"run": run})[0].sort("message", "rank")


def write_shares(
    connection: Connection, run: str, shares: pl.DataFrame, *, everything: Sequence[str]
) -> None:
    """Keep what the budget closes of messages (message, over_budget, gain); of the run's others, `everything`."""
    connection.execute(text("DROP TABLE IF EXISTS shared"))
    connection.execute(
        text("CREATE TEMP TABLE shared (message uuid, over_budget text[], gain float) ON COMMIT DROP")
    )
    cursor = connection.connection.cursor()
    with cursor.copy("COPY shared (message, over_budget, gain) FROM STDIN") as copy:
        for row in shares.select("message", "over_budget", "gain").iter_rows():
            copy.write_row(row)
    connection.execute(
        text("""
            UPDATE messages m SET over_budget = coalesce(s.over_budget, CAST(:everything AS text[])), gain = s.gain
              FROM messages x LEFT JOIN shared s ON s.message = x.id
             WHERE x.id = m.id AND m.run_id = :run AND m.copy = 0
        """),
        {"run": run, "everything": list(everything)},
    )


def shares_of(
    connection: Connection, messages: Sequence[str]
) -> Mapping[str, tuple[list[str] | None, float | None]]:
    """Return what the budget closes of some messages, None where it was not shared out, and what it would gain."""
    rows = connection.execute(
        text(
            "SELECT id::text AS id, over_budget, gain FROM messages WHERE id = ANY(CAST(:messages AS uuid[]))"
        ),
        {"messages": list(messages)},
    )
    return {row.id: (row.over_budget, row.gain) for row in rows}


HOUSEHOLD = """
    coalesce('ref ' || nullif(trim(c.attributes ->> 'household'), ''), CASE WHEN c.last_name <> ''
        AND jsonb_array_length(coalesce(nullif(a.postal -> 'street', 'null'), '[]')) > 0 THEN
        regexp_replace(lower(concat_ws('|', c.last_name, a.postal ->> 'street', a.postal ->> 'postal_code',
            a.postal ->> 'city', a.postal ->> 'country')), '[^[:alnum:]|]', '', 'g') END)
"""
"""Letters and digits count, not how they are written: "Storgata 1" is "storgata 1.", O'Neil is Oneil."""


def letters_of_households(connection: Connection, run: str) -> pl.DataFrame:
    """Return message, customer, household, gone of a run's letters to households with several of them.

    `gone`: it has left, or is leaving.
    """
    import polars as pl

    shape = {
        "message": pl.String(),
        "customer": pl.Int64(),
        "household": pl.String(),
        "gone": pl.Boolean(),
    }
    query = f"""
        SELECT message, customer, household, gone FROM (
            SELECT m.id::text AS message, m.customer_id AS customer, {HOUSEHOLD} AS household,
                   m.state <> 'ready' AS gone, count(*) OVER (PARTITION BY {HOUSEHOLD}) AS several
              FROM messages m JOIN customers c ON c.id = m.customer_id
              JOIN LATERAL (SELECT (e ->> 'address')::bigint AS id FROM jsonb_array_elements(m.decision) e
                             WHERE e ->> 'channel' = 'letter' AND e ->> 'rank' IS NOT NULL) f ON true
              JOIN addresses a ON a.id = f.id
             WHERE m.run_id = %(run)s AND m.state IN ('ready', 'in_delivery', 'done') AND m.channel = 'letter'
               AND m.copy = 0
        ) q WHERE several > 1 AND household IS NOT NULL
    """
    return read_arrays(connection, [(query, shape)], {"run": run})[0]


def cover(connection: Connection, pairs: Sequence[tuple[str, str]]) -> int:
    """Hold letters (message, covered_by) that another letter of the household stands for; returns how many.

    The letter that goes is told whom it stands for.
    """
    values = {"messages": [one for one, _ in pairs], "by": [other for _, other in pairs]}
    if not pairs:
        return 0
    done = connection.execute(
        text("""
            UPDATE messages m SET state = 'held', reason = 'household', covered_by = p.by,
                   updated_at = clock_timestamp(),
                   decision = (SELECT jsonb_agg(CASE WHEN e ->> 'channel' <> 'letter' THEN e
                       ELSE e || jsonb_build_object('evidence', coalesce(nullif(e -> 'evidence', 'null'), '{}')
                                                                || jsonb_build_object('covered_by', p.by)) END)
                       FROM jsonb_array_elements(m.decision) e)
              FROM unnest(CAST(:messages AS uuid[]), CAST(:by AS uuid[])) AS p(message, by)
             WHERE m.id = p.message AND m.state = 'ready'
        """),
        values,
    )
    connection.execute(_NAMES_BEFORE, {"by": sorted(set(values["by"]))})
    return done.rowcount


_NAMES = text("""
    UPDATE messages m SET data = CASE WHEN h.names IS NULL THEN m.data - 'household'
                                 ELSE jsonb_set(m.data, '{household}', h.names) END
      FROM (SELECT b.id, (SELECT jsonb_agg(trim(concat_ws(' ', x.data #>> '{customer,first_name}',
                x.data #>> '{customer,last_name}')) ORDER BY x.customer_id)
              FROM messages x WHERE x.covered_by = b.id AND x.reason = 'household') AS names
              FROM unnest(CAST(:by AS uuid[])) AS b(id)) h
     WHERE m.id = h.id
""")
"""Who else a letter is for, as `data.household`."""
_NAMES_BEFORE = text(f"{_NAMES.text} AND m.state = 'ready'")
"""The same of a letter that has not left."""


def runs_fallen(connection: Connection, *, due: datetime | None) -> Sequence[str]:
    """Return the runs of marketing with letters that wait, or are due by an instant, as another channel was tried."""
    query = """
        SELECT DISTINCT run_id FROM messages WHERE state = 'ready' AND tried <> '{}' AND channel = 'letter'
           AND purpose_class = 'marketing' AND copy = 0 AND (CAST(:due AS timestamptz) IS NULL OR due_at <= :due)
         ORDER BY run_id
    """
    return connection.scalars(text(query), {"due": due}).all()


def leave_households(connection: Connection, customers: Sequence[int], *, now: datetime) -> None:
    """Take who was erased out of their household: no letter names them, and the next one has what they had."""
    values = {"customers": list(customers)}
    named = connection.scalars(
        text("""
            SELECT DISTINCT covered_by::text FROM messages
             WHERE customer_id = ANY(:customers) AND covered_by IS NOT NULL AND reason <> 'household'
        """),
        values,
    ).all()
    connection.execute(_NAMES, {"by": named})
    runs = connection.scalars(
        text("""
            SELECT DISTINCT m.run_id FROM messages m JOIN runs r ON r.id = m.run_id
             WHERE m.customer_id = ANY(:customers) AND r.state IN ('waiting_release', 'sending', 'paused')
               AND EXISTS (SELECT 1 FROM messages x WHERE x.covered_by = m.id)
        """),
        values,
    ).all()
    uncover(connection, runs, now=now)


def uncover(connection: Connection, runs: Sequence[str], *, now: datetime) -> int:
    """Let the next one of a household have the letter when the one that stood for all goes another way, or nowhere.

    It stands for the others then, and has the first one's share of the budget; returns how many letters were let go.
    """
    due = connection.execute(
        text("""
            SELECT DISTINCT ON (m.covered_by) m.covered_by::text AS left_over, m.id::text AS next
              FROM messages m JOIN messages b ON b.id = m.covered_by
             WHERE m.run_id = ANY(:runs) AND m.covered_by IS NOT NULL AND m.reason = 'household'
               AND (b.state IN ('held', 'undeliverable', 'cancelled', 'suppressed') OR b.channel <> 'letter')
             ORDER BY m.covered_by, m.customer_id, m.id
        """),
        {"runs": list(runs)},
    ).all()
    for row in due:
        values = {"before": row.left_over, "next": row.next, "now": now}
        for statement in (_LET_GO, _STAND_FOR, _GIVE_UP):
            connection.execute(text(statement), values)
        connection.execute(_NAMES, {"by": [row.next]})
    return len(due)


_LET_GO = """
    UPDATE messages m SET state = 'ready', reason = '', channel = 'letter', due_at = :now, covered_by = NULL,
           over_budget = b.over_budget, updated_at = clock_timestamp(),
           decision = (SELECT jsonb_agg(e #- '{evidence,covered_by}') FROM jsonb_array_elements(m.decision) e)
      FROM messages b WHERE m.id = CAST(:next AS uuid) AND b.id = CAST(:before AS uuid) AND m.state = 'held'
"""
_STAND_FOR = """
    UPDATE messages SET covered_by = CAST(:next AS uuid)
     WHERE covered_by = CAST(:before AS uuid) AND reason = 'household'
"""
_GIVE_UP = """
    UPDATE messages SET over_budget = over_budget || '{letter}', data = data - 'household'
     WHERE id = CAST(:before AS uuid)
"""
