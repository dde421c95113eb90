"""Several records of one person: which belong together, who was merged with whom, and what was taken back.

`merges` is the log (append-only); `persons` is what it adds up to: a row for every record that is merged with another
one, the kept record included. A record without a row is a person of its own, which almost all are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from store.undecided import write_undecided

MEMBERS = """
    ARRAY(SELECT whole_p.customer_id FROM persons own_p JOIN persons whole_p ON whole_p.person_id = own_p.person_id
           WHERE own_p.customer_id = {customer} UNION SELECT {customer})
"""
"""SQL for all records of the person to whom a record belongs, itself included.

`customer` may be a column of the query around it, so no name in here may be one that is used there.
"""

ALL_OF_M = """
    LEFT JOIN persons own_p ON own_p.customer_id = m.customer_id
    LEFT JOIN persons whole_p ON whole_p.person_id = own_p.person_id
    CROSS JOIN LATERAL (SELECT coalesce(whole_p.customer_id, m.customer_id) AS record) whose
"""
"""SQL to join each record of the person of a message `m` as `whose.record`, for whole runs; MEMBERS asks one by one."""

PERSON = (
    "coalesce((SELECT own_p.person_id FROM persons own_p WHERE own_p.customer_id = {customer}), {customer})"
)
"""SQL for the record that is kept of the person to whom a record belongs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """One merge that stands."""

    id: int
    kept: int
    gone: int
    since: int
    """The last consent event before it: what was said later counts for the whole person."""
    held: Sequence[str]
    """Messages that it held, because their twins go out."""
    because: str
    actor: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One row of `persons`."""

    customer: int
    person: int
    since: int


def person_of(connection: Connection, customer: int) -> int:
    """Return the record that is kept of a person, the record itself where it is the only one."""
    return int(
        connection.execute(
            text(f"SELECT {PERSON.format(customer='CAST(:customer AS bigint)')}"), {"customer": customer}
        ).scalar_one()
    )


def members(connection: Connection, customer: int) -> list[int]:
    """Return all records of a record's person, sorted."""
    statement = text(f"SELECT unnest({MEMBERS.format(customer='CAST(:customer AS bigint)')}) ORDER BY 1")
    return list(connection.execute(statement, {"customer": customer}).scalars())


def standing_merges(connection: Connection, customers: Iterable[int]) -> list[Merge]:
    """Return the merges that stand between records, in the order they were made."""
    rows = connection.execute(
        text("""
            SELECT id, kept_id AS kept, gone_id AS gone, since, held, because, actor, at FROM merges m
            WHERE action = 'merge' AND (kept_id = ANY(:ids) OR gone_id = ANY(:ids))
              AND NOT EXISTS (SELECT FROM merges s WHERE s.undoes = m.id) ORDER BY id
        """),
        {"ids": list(customers)},
    )
    return [Merge(**row._mapping) for row in rows]


def write_merge(
    connection: Connection,
    *,
    action: str,
    kept: int,
    gone: int,
    because: str,
    actor: str,
    now: datetime,
    held: Sequence[str] = (),
    undoes: int | None = None,
) -> int:
    """Write one line of the log; the caller holds the locks of both persons. Returns its id."""
    row = connection.execute(
        text("""
            INSERT INTO merges (action, kept_id, gone_id, undoes, since, held, because, actor, at)
            SELECT :action, :kept, :gone, :undoes, coalesce(max(id), 0), CAST(:held AS uuid[]), :because, :actor, :now
            FROM consents RETURNING id
        """),
        {
            "action": action,
            "kept": kept,
            "gone": gone,
            "undoes": undoes,
            "held": list(held),
            "because": because,
            "actor": actor,
            "now": now,
        },
    )
    return int(row.scalar_one())


def rewrite(connection: Connection, customers: Sequence[int], rows: Sequence[Member]) -> None:
    """Replace the rows of some records; those that get none are persons of their own again."""
    connection.execute(text("DELETE FROM persons WHERE customer_id = ANY(:ids)"), {"ids": list(customers)})
    if rows:
        connection.execute(
            text("INSERT INTO persons (customer_id, person_id, since) VALUES (:customer, :person, :since)"),
            [{"customer": one.customer, "person": one.person, "since": one.since} for one in rows],
        )


def lock_unsent(connection: Connection, customers: Sequence[int]) -> None:
    """Lock what is not yet on its way to some records, before their own rows, as a claim does."""
    write_undecided(connection, people=customers)
    connection.execute(
        text("""
            SELECT id FROM messages WHERE customer_id = ANY(:ids) AND state IN ('planned', 'ready')
            ORDER BY id FOR NO KEY UPDATE
        """),
        {"ids": list(customers)},
    )


def hold_twins(
    connection: Connection, kept: Sequence[int], gone: Sequence[int], *, reason: str, now: datetime
) -> list[str]:
    """Hold what both records would get: the one not sent yet, the gone record's where neither is. Returns which."""
    rows = connection.execute(_TWINS, {"kept": list(kept), "gone": list(gone), "reason": reason, "now": now})
    return sorted(str(row.id) for row in rows)


_TWINS = text("""
    WITH unsent AS (
        SELECT id, customer_id = ANY(:gone) AS gone, brand, purpose, document FROM messages
        WHERE customer_id = ANY(CAST(:kept AS bigint[]) || CAST(:gone AS bigint[])) AND copy = 0
          AND state IN ('planned', 'ready')
    )
    UPDATE messages m SET state = 'held', reason = :reason, updated_at = :now FROM unsent u
    WHERE m.id = u.id AND m.state IN ('planned', 'ready') AND EXISTS (
        SELECT FROM messages x
        WHERE x.customer_id = ANY(CASE WHEN u.gone THEN CAST(:kept AS bigint[]) ELSE CAST(:gone AS bigint[]) END)
          AND (x.brand, x.purpose, x.document) = (u.brand, u.purpose, u.document) AND x.copy = 0
          AND (x.state IN ('in_delivery', 'done') OR u.gone AND x.state IN ('planned', 'ready')))
    RETURNING m.id
""")


def release_twins(connection: Connection, messages: Sequence[str], *, reason: str, now: datetime) -> int:
    """Let messages be decided again that a merge held, where their runs go on; returns how many."""
    done = connection.execute(
        text("""
            UPDATE messages m SET state = 'planned', reason = '', updated_at = :now FROM runs r
            WHERE m.id = ANY(CAST(:ids AS uuid[])) AND m.state = 'held' AND m.reason = :reason
              AND r.id = m.run_id AND r.state NOT IN ('stopped', 'finished')
        """),
        {"ids": list(messages), "reason": reason, "now": now},
    )
    return done.rowcount


def carry_denials(
    connection: Connection,
    *,
    since: int,
    kept: Sequence[int],
    gone: Sequence[int],
    to_kept: int,
    to_gone: int,
    now: datetime,
) -> int:
    """Append to each side of a split what the other one took back while they were one; returns how many.

    A denial binds both from then on; a consent stays with the record that it was written on.
    """
    done = connection.execute(
        text("""
            INSERT INTO consents (customer_id, brand, topic, channel, action, source, proof, actor, at, recorded_at)
            SELECT CASE WHEN customer_id = ANY(:kept) THEN CAST(:to_gone AS bigint) ELSE :to_kept END, brand, topic,
                   channel, action, source, proof, actor, at, :now FROM consents
            WHERE customer_id = ANY(CAST(:kept AS bigint[]) || CAST(:gone AS bigint[])) AND id > :since
              AND action IN ('withdrawn', 'objected') ORDER BY id
        """),
        {
            "kept": list(kept),
            "gone": list(gone),
            "since": since,
            "to_kept": to_kept,
            "to_gone": to_gone,
            "now": now,
        },
    )
    return done.rowcount


def told(connection: Connection, customer: int) -> list[dict[str, Any]]:
    """Return all merges and splits of a person's records, newest first, with the references of both sides."""
    rows = connection.execute(
        text(f"""
            SELECT m.id, m.action, m.because, m.actor, m.at, m.kept_id AS kept, m.gone_id AS gone,
                   (SELECT string_agg(r.reference, ', ' ORDER BY r.source) FROM customer_references r
                     WHERE r.customer_id = m.kept_id) AS kept_reference,
                   (SELECT string_agg(r.reference, ', ' ORDER BY r.source) FROM customer_references r
                     WHERE r.customer_id = m.gone_id) AS gone_reference,
                   m.action = 'merge' AND NOT EXISTS (SELECT FROM merges s WHERE s.undoes = m.id) AS stands
            FROM merges m WHERE m.kept_id = ANY({MEMBERS.format(customer=":customer")})
               OR m.gone_id = ANY({MEMBERS.format(customer=":customer")})
            ORDER BY m.id DESC
        """),
        {"customer": customer},
    )
    return [dict(row) for row in rows.mappings()]
