"""Slips: short messages with a link or a code that a customer asks for on a page, sent outside of runs.

A page only writes the row; who sends it finds out whether the address is anybody's. What was in a slip (the address,
the code) is emptied as soon as it is settled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from store.persons import MEMBERS
from store.tables import slips


@dataclass(frozen=True, kw_only=True, slots=True)
class Slip:
    """One slip, taken by this process until its lease ends."""

    id: int
    kind: str
    """link, document, code, confirm, saved."""
    customer: int | None
    """None: somebody who gave an address on a public page."""
    brand: str
    channel: str
    value: str
    language: str
    detail: Mapping[str, Any]
    tries: int
    asked_at: datetime


def ask(
    connection: Connection,
    *,
    kind: str,
    channel: str,
    value: str,
    brand: str,
    language: str,
    now: datetime,
    customer: int | None = None,
    detail: Mapping[str, Any] | None = None,
    dropped: bool = False,
) -> None:
    """Write a slip; one that is `dropped` takes the same time and goes nowhere."""
    connection.execute(
        slips.insert().values(
            kind=kind,
            customer_id=customer,
            brand=brand,
            channel=channel,
            value="" if dropped else value,
            language=language,
            detail={} if dropped else dict(detail or {}),
            state="dropped" if dropped else "waiting",
            asked_at=now,
            due_at=now,
            settled_at=now if dropped else None,
        )
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirmation:
    """What a slip of kind `saved` says, and where it goes."""

    customer: int
    brand: str
    channel: str
    value: str
    language: str


_CONFIRM = text("""
    INSERT INTO slips (kind, customer_id, brand, channel, value, language, asked_at, due_at)
    SELECT 'saved', c.customer, c.brand, c.channel, c.value, c.language, :now, :now
      FROM unnest(CAST(:customers AS bigint[]), CAST(:brands AS text[]), CAST(:channels AS text[]),
                  CAST(:addresses AS text[]), CAST(:languages AS text[]))
           AS c (customer, brand, channel, value, language)
     WHERE NOT EXISTS (SELECT FROM slips s
                        WHERE s.customer_id = c.customer AND s.kind = 'saved' AND s.asked_at > :since)
""")


def confirm(
    connection: Connection, confirmations: Sequence[Confirmation], *, since: datetime, now: datetime
) -> None:
    """Write slips of kind `saved`, one a customer, for who has none since a moment; the caller holds the locks."""
    if not confirmations:
        return
    connection.execute(
        _CONFIRM,
        {
            "customers": [one.customer for one in confirmations],
            "brands": [one.brand for one in confirmations],
            "channels": [one.channel for one in confirmations],
            "addresses": [one.value for one in confirmations],
            "languages": [one.language for one in confirmations],
            "since": since,
            "now": now,
        },
    )


def take(connection: Connection, *, now: datetime, lease: timedelta, limit: int) -> list[Slip]:
    """Take what is due; who does not report back within the lease has died, and another process takes it again."""
    found = connection.execute(
        text("""
            WITH due AS (
                SELECT id FROM slips WHERE state = 'waiting' AND due_at <= :now
                ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
            )
            UPDATE slips s SET due_at = CAST(:now AS timestamptz) + :lease, tries = s.tries + 1
            FROM due WHERE s.id = due.id
            RETURNING s.id, s.kind, s.customer_id AS customer, s.brand, s.channel, s.value, s.language, s.detail,
                      s.tries, s.asked_at
        """),
        {"now": now, "lease": lease, "limit": limit},
    )
    return sorted((Slip(**row) for row in found.mappings()), key=lambda slip: slip.id)


def settle(connection: Connection, slip: int, *, sent: bool, now: datetime) -> None:
    """Note what became of a slip, and forget what was in it."""
    connection.execute(
        text(
            "UPDATE slips SET state = :state, settled_at = :now, value = '', detail = '{}' WHERE id = :slip"
        ),
        {"slip": slip, "state": "sent" if sent else "dropped", "now": now},
    )


def again(connection: Connection, slip: int, *, due_at: datetime) -> None:
    """Let a slip wait for another try."""
    connection.execute(
        text("UPDATE slips SET due_at = :due_at WHERE id = :slip"), {"slip": slip, "due_at": due_at}
    )


_PLATFORM = text(f"""
    SELECT a.platform FROM addresses a
     WHERE a.customer_id = ANY({MEMBERS.format(customer="CAST(:customer AS bigint)")}) AND a.channel = :channel
       AND a.value = :value AND a.removed_at IS NULL AND a.state = 'usable'
       AND NOT EXISTS (SELECT FROM suppressions s WHERE s.channel = a.channel AND s.value = a.value
                          AND s.lifted_at IS NULL AND s.brand IN (:brand, 'all'))
     LIMIT 1
""")


def platform_of(connection: Connection, slip: Slip) -> str | None:
    """Return the platform of a customer's address that may be used today, '' where it has none; None: it may not."""
    values = {"customer": slip.customer, "channel": slip.channel, "value": slip.value, "brand": slip.brand}
    found: str | None = connection.scalar(_PLATFORM, values)
    return found


def whose(connection: Connection, *, channel: str, values: list[str], brand: str, most: int) -> list[int]:
    """Return the customers with one of these addresses, usable and not closed by them; at most so many."""
    rows = connection.execute(
        text("""
            SELECT DISTINCT a.customer_id FROM addresses a
             WHERE a.channel = :channel AND a.value = ANY(CAST(:values AS text[])) AND a.removed_at IS NULL
               AND a.state = 'usable' AND NOT EXISTS (SELECT 1 FROM suppressions s WHERE s.channel = a.channel
                   AND s.value = a.value AND s.lifted_at IS NULL AND s.brand IN (:brand, 'all'))
             ORDER BY a.customer_id LIMIT :most
        """),
        {"channel": channel, "values": values, "brand": brand, "most": most},
    )
    return list(rows.scalars())
