"""The audit log: who did what, and why. Append-only, and a hash chain.

As a transaction commits, `chain_audit` (migration 0012_staff) gives each of its rows the next position and the hash

    SHA-256(hash of the row before || UTF-8 of the JSON array [position, id, at, actor, action, subject, detail])

so whoever changes, removes or slips in a row has to change every later one. `broken` computes it again, without the
database's own functions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, text

from store.tables import audit

OPENED = "open_customer"
_EACH = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One row of the audit."""

    position: int
    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    hash: str
    """Hexadecimal, as everywhere outside the store."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The newest row of the chain; whoever keeps it elsewhere can prove later that nothing before it has changed."""

    position: int
    hash: str


class Break(StrEnum):
    """What somebody did to the audit."""

    CHANGED = "changed"
    MISSING = "missing"
    INSERTED = "inserted"
    TRUNCATED = "truncated"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What looking at the whole chain found."""

    rows: int
    """That were looked at and hold."""
    head: Head | None
    """The last of them."""
    broken: Break | None = None
    """The first thing that is wrong."""
    position: int | None = None
    id: int | None = None


def note(
    connection: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Write down what somebody did."""
    connection.execute(
        insert(audit).values(actor=actor, action=action, subject=subject, detail=dict(detail or {}))
    )


def opened_because(connection: Connection, *, actor: str, customer: int, because: str) -> None:
    """Write down that somebody opens one customer, and why; the one they had open before is closed by it."""
    note(connection, actor=actor, action=OPENED, subject=f"customer:{customer}", detail={"because": because})


def open_reason(connection: Connection, *, actor: str, customer: int, since: datetime) -> str | None:
    """Return why somebody has this customer open: only the last one that they opened, and only since a moment."""
    row = connection.execute(
        text("""SELECT subject, detail ->> 'because' AS because FROM audit
                WHERE actor = :actor AND action = :action AND at >= :since ORDER BY id DESC LIMIT 1"""),
        {"actor": actor, "action": OPENED, "since": since},
    ).first()
    return str(row.because) if row and row.subject == f"customer:{customer}" else None


def listed(
    connection: Connection, *, before: int | None = None, who: str = "", what: str = "", limit: int = 100
) -> Sequence[Entry]:
    """Return rows, newest first.

    Args:
        connection: to read by.
        before: only rows before this position of the chain.
        who: a part of the actor.
        what: a part of the action or the subject.
        limit: at most so many.
    """
    rows = connection.execute(
        text("""
            SELECT c.position, a.id, a.at, a.actor, a.action, a.subject, a.detail, encode(c.hash, 'hex') AS hash
            FROM audit_chain c JOIN audit a ON a.id = c.audit_id
            WHERE (CAST(:before AS bigint) IS NULL OR c.position < :before)
              AND strpos(lower(a.actor), lower(:who)) > 0
              AND (strpos(lower(a.action), lower(:what)) > 0 OR strpos(lower(a.subject), lower(:what)) > 0)
            ORDER BY c.position DESC LIMIT :limit
        """),
        {"before": before, "who": who, "what": what, "limit": limit},
    )
    return [Entry(**row._mapping) for row in rows]


def head(connection: Connection) -> Head | None:
    """Return the newest row of the chain; None as long as nobody did anything."""
    return hash_at(connection, None)


def hash_at(connection: Connection, position: int | None) -> Head | None:
    """Return the row at a position of the chain; None when there is none."""
    row = connection.execute(
        text("""SELECT position, encode(hash, 'hex') AS hash FROM audit_chain
                WHERE CAST(:position AS bigint) IS NULL OR position = :position ORDER BY position DESC LIMIT 1"""),
        {"position": position},
    ).first()
    return Head(position=row.position, hash=row.hash) if row else None


_ALL = text("""
    SELECT c.position, coalesce(a.id, c.audit_id) AS id, c.previous, c.hash, a.id IS NULL AS gone,
        convert_to(jsonb_build_array(c.position, a.id, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
                                     a.actor, a.action, a.subject, a.detail)::text, 'UTF8') AS said
    FROM audit_chain c FULL JOIN audit a ON a.id = c.audit_id ORDER BY c.position NULLS LAST, a.id
""")


def verdict(connection: Connection, *, known: Head | None = None) -> Verdict:
    """Look at every row and say what is the first thing wrong, if anything is.

    Args:
        connection: to read by; what is written meanwhile is not looked at.
        known: a head that was kept elsewhere: shows whether the end was cut off, or everything after it made anew.
    """
    rows, last, unmet = 0, b"", known
    with connection.execute(_ALL, execution_options={"yield_per": _EACH}) as found:
        for row in found:
            wrong = _wrong(row, rows + 1, last)
            if not wrong and unmet and unmet.position == row.position:
                wrong = None if unmet.hash == row.hash.hex() else Break.CHANGED
                unmet = None
            if wrong:
                place = rows + 1 if wrong is Break.MISSING else row.position
                return Verdict(rows=rows, head=_head(rows, last), broken=wrong, position=place, id=row.id)
            rows, last = rows + 1, row.hash
    if unmet:
        return Verdict(rows=rows, head=_head(rows, last), broken=Break.TRUNCATED, position=rows + 1)
    return Verdict(rows=rows, head=_head(rows, last))


def _wrong(row: Any, position: int, last: bytes) -> Break | None:
    if row.position is None:
        return Break.INSERTED
    if row.position > position or row.gone:
        return Break.MISSING
    fits = row.previous == last and hashlib.sha256(last + row.said).digest() == row.hash
    return None if fits and row.position == position else Break.CHANGED


def _head(rows: int, last: bytes) -> Head | None:
    return Head(position=rows, hash=last.hex()) if rows else None
