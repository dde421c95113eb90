"""Codes that were sent to an address: who can repeat one has it in hand. Only digests are kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

MOST_TRIES = 5
"""Wrong codes after which a code is worth nothing: of 1,000,000 possible ones a guesser sees five."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """A code that may still be used."""

    id: int
    customer: int
    brand: str
    kind: str
    channel: str
    value: str
    digest: bytes
    made_at: datetime


def make(
    connection: Connection,
    *,
    customer: int,
    brand: str,
    kind: str,
    channel: str,
    value: str,
    now: datetime,
    expires_at: datetime,
) -> int:
    """Write a code whose digest follows, in place of an older one for the same; returns its id."""
    values = {
        "customer": customer, "brand": brand, "kind": kind, "channel": channel, "value": value, "now": now,
        "expires_at": expires_at,
    }  # fmt: skip
    connection.execute(
        text("""
            UPDATE codes SET expires_at = :now WHERE customer_id = :customer AND kind = :kind AND used_at IS NULL
               AND expires_at > :now AND (kind <> 'address' OR (channel, value) = (:channel, :value))
        """),
        values,
    )
    made = connection.execute(
        text("""
            INSERT INTO codes (customer_id, brand, kind, channel, value, digest, made_at, expires_at)
            VALUES (:customer, :brand, :kind, :channel, :value, '', :now, :expires_at) RETURNING id
        """),
        values,
    )
    return int(made.scalar_one())


def set_digest(connection: Connection, code: int, digest: bytes) -> None:
    """Write the digest of a code, which is made with its id."""
    connection.execute(
        text("UPDATE codes SET digest = :digest WHERE id = :code"), {"code": code, "digest": digest}
    )


_OPEN = f"""
    SELECT id, customer_id AS customer, brand, kind, channel, value, digest, made_at FROM codes
     WHERE used_at IS NULL AND expires_at > :now AND tries < {MOST_TRIES}
"""


def waiting(
    connection: Connection, customer: int, kind: str, *, now: datetime, locked: bool = False
) -> list[Code]:
    """Return a customer's codes of a kind that can still be used, oldest first; locked, tries come one by one."""
    lock = " FOR UPDATE" if locked else ""
    rows = connection.execute(
        text(f"{_OPEN} AND customer_id = :customer AND kind = :kind ORDER BY id" + lock),
        {"customer": customer, "kind": kind, "now": now},
    )
    return [Code(**row) for row in rows.mappings()]


def find(connection: Connection, code: int, *, now: datetime) -> Code | None:
    """Return a code that can still be used, None when it cannot."""
    row = connection.execute(text(f"{_OPEN} AND id = :code"), {"code": code, "now": now}).mappings().first()
    return Code(**row) if row else None


def use(connection: Connection, code: int, *, now: datetime) -> bool:
    """Use a code up; False when somebody else just did."""
    used = connection.execute(
        text("UPDATE codes SET used_at = :now WHERE id = :code AND used_at IS NULL"),
        {"code": code, "now": now},
    )
    return used.rowcount == 1


def missed(connection: Connection, found: Sequence[int]) -> None:
    """Count a wrong answer to these codes."""
    connection.execute(
        text("UPDATE codes SET tries = tries + 1 WHERE id = ANY(CAST(:codes AS bigint[]))"),
        {"codes": list(found)},
    )
