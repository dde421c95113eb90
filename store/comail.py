"""Letters of one customer in one envelope, inside the caller's transaction: who could go along, and who went.

What may ride waits for what carries it: a letter of marketing is not claimed by itself while a required one of the same
customer and brand is due now, in a run that is being sent. Whatever becomes of that one, it is due no more, and the
other one is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from store.claims import Due
from store.hot import array, rows
from tidings.state import OPEN_ATTEMPT, AttemptState, within


@dataclass(frozen=True, kw_only=True, slots=True)
class Companion:
    """A letter that is due now beside one that is being claimed, locked by this transaction, and so is its run."""

    due: Due
    run: str
    top: str
    """The message of the other one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Inside:
    """A letter in the envelope of another one."""

    delivery: str
    top: str
    """The delivery whose address is in the window."""
    sheets: int
    """Of the whole envelope."""
    saved: Decimal


def lock_companions(
    connection: Connection, tops: Sequence[str], *, mode: str, now: datetime
) -> list[Companion]:
    """Lock the letters of marketing that are due beside some required ones, each named once.

    Args:
        connection: whose transaction holds the customers of `tops` (`store.claims.lock_due`).
        tops: messages that are being claimed as letters.
        mode: of the runs.
        now: when.
    """
    found = rows(connection, _COMPANIONS, {"tops": array(tops), "mode": mode, "now": now})
    seen: dict[str, Companion] = {}
    for message, customer, tried, reason, run, top in found:
        due = Due(message=message, customer=customer, tried=tried, falling=reason == "fallback")
        seen.setdefault(message, Companion(due=due, run=run, top=top))
    return list(seen.values())


_COMPANIONS = """
    SELECT m.id::text, m.customer_id, m.tried, m.reason, m.run_id, h.id::text
    FROM messages h JOIN messages m ON m.customer_id = h.customer_id AND m.brand = h.brand
    JOIN runs r ON r.id = m.run_id
    WHERE h.id = ANY(%(tops)s::uuid[]) AND m.state = 'ready' AND m.channel = 'letter' AND m.due_at <= %(now)s
      AND r.purpose_class = 'marketing' AND r.state IN ('sending', 'finished') AND r.mode = %(mode)s
    ORDER BY m.due_at, m.id, h.id
    FOR NO KEY UPDATE OF m SKIP LOCKED FOR SHARE OF r SKIP LOCKED
"""


def put_inside(
    connection: Connection, inside: Sequence[Inside], alone: Sequence[str], *, now: datetime
) -> None:
    """Note which deliveries are about to be handed over in another one's envelope, and which by themselves."""
    rows(
        connection,
        "DELETE FROM envelopes WHERE delivery_id = ANY(%(alone)s::uuid[])",
        {"alone": array(alone)},
    )
    values = {
        "deliveries": array(one.delivery for one in inside),
        "tops": array(one.top for one in inside),
        "sheets": array(one.sheets for one in inside),
        "saved": array(one.saved for one in inside),
        "now": now,
    }
    if inside:
        rows(connection, _PUT, values)


_PUT = """
    INSERT INTO envelopes (delivery_id, top_id, sheets, saved, at)
    SELECT d, t, s, p, %(now)s
    FROM unnest(%(deliveries)s::uuid[], %(tops)s::uuid[], %(sheets)s::smallint[], %(saved)s::numeric[])
        AS c(d, t, s, p)
    ON CONFLICT (delivery_id) DO UPDATE SET top_id = EXCLUDED.top_id, sheets = EXCLUDED.sheets,
        saved = EXCLUDED.saved, at = EXCLUDED.at
"""


def saved_by(connection: Connection, deliveries: Sequence[str]) -> dict[str, Decimal]:
    """Return what was saved by deliveries that went, or may have gone, in another one's envelope."""
    statement = (
        "SELECT delivery_id::text, saved FROM envelopes WHERE delivery_id = ANY(%(deliveries)s::uuid[])"
    )
    return dict(rows(connection, statement, {"deliveries": array(deliveries)}))


def beside(connection: Connection, references: Sequence[str]) -> dict[str, list[str]]:
    """Return the references of the letters that lay in one envelope with others, by the reference of the other one."""
    found: dict[str, list[str]] = {}
    for one, other in rows(connection, _BESIDE, {"references": array(references)}):
        found.setdefault(one, []).append(other)
    return found


_BESIDE = """
    SELECT n.reference, o.reference
    FROM deliveries n LEFT JOIN envelopes e ON e.delivery_id = n.id
    CROSS JOIN LATERAL (
        SELECT e.top_id AS id WHERE e.top_id IS NOT NULL
        UNION ALL SELECT x.delivery_id FROM envelopes x WHERE x.top_id = coalesce(e.top_id, n.id)
    ) b JOIN deliveries o ON o.id = b.id AND o.id <> n.id
    WHERE n.reference = ANY(%(references)s) ORDER BY n.reference, o.reference
"""


def shared_of(connection: Connection, run: str) -> tuple[int, Decimal]:
    """Return how many letters of a run went in the envelope of another one, and the postage that this saved."""
    count, saved = connection.execute(_SHARED, {"run": run}).one()
    return count, saved


_SHARED = text("""
    SELECT count(*)::int, coalesce(sum(e.saved), 0)
    FROM envelopes e JOIN deliveries d ON d.id = e.delivery_id JOIN messages m ON m.id = d.message_id
    WHERE m.run_id = :run AND d.state NOT IN ('ready', 'recalled', 'rejected')
""")


def take_apart(connection: Connection, deliveries: Sequence[str]) -> None:
    """Forget the envelopes that did not come about: one of the two was printed in another batch, or not at all.

    The postage that was saved is paid then.
    """
    rows(connection, _APART, {"deliveries": array(deliveries)})


_APART = f"""
    WITH apart AS (
        DELETE FROM envelopes e
        WHERE (e.delivery_id = ANY(%(deliveries)s::uuid[]) OR e.top_id = ANY(%(deliveries)s::uuid[]))
          AND EXISTS (
            SELECT 1 FROM attempts a
            WHERE a.delivery_id = e.delivery_id AND a.state = '{AttemptState.ACCEPTED}' AND NOT EXISTS (
                SELECT 1 FROM attempts t WHERE t.delivery_id = e.top_id
                   AND (t.state IN ({within(OPEN_ATTEMPT)}, '{AttemptState.ABANDONED}')
                       OR (t.state = '{AttemptState.ACCEPTED}' AND t.provider_reference = a.provider_reference))))
        RETURNING e.delivery_id, e.saved
    )
    UPDATE messages m SET cost = m.cost + a.saved FROM apart a JOIN deliveries d ON d.id = a.delivery_id
    WHERE m.id = d.message_id
"""


def of_messages(connection: Connection, messages: Sequence[str]) -> dict[str, Mapping[str, object]]:
    """Return what is known of the envelopes that letters shared, by message.

    Returns:
        For a letter inside {with_message, with_purpose, with_document, sheets, saved, at, inside: True}; for the one on
        top the same of the first one inside it, with `inside: False`.
    """
    found = connection.execute(_OF_MESSAGES, {"messages": list(messages)})
    told: dict[str, Mapping[str, object]] = {}
    for row in found:
        told.setdefault(
            row.message, {name: value for name, value in row._mapping.items() if name != "message"}
        )
    return told


_OF_MESSAGES = text("""
    SELECT o.message_id::text AS message, m.id::text AS with_message, m.purpose AS with_purpose,
           m.document AS with_document, e.sheets, e.saved, e.at, o.id = e.delivery_id AS inside
    FROM deliveries o CROSS JOIN LATERAL (
        SELECT x.*, x.top_id AS other FROM envelopes x WHERE x.delivery_id = o.id
        UNION ALL SELECT x.*, x.delivery_id FROM envelopes x WHERE x.top_id = o.id
    ) e JOIN deliveries d ON d.id = e.other
    JOIN messages m ON m.id = d.message_id
    WHERE o.message_id = ANY(CAST(:messages AS uuid[])) AND o.state NOT IN ('ready', 'recalled', 'rejected')
    ORDER BY o.message_id, o.number DESC, m.id
""")
