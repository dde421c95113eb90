"""Do-not-mail registers (Robinson lists): dated files of digests, the newest of each country and kind counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from store.driver import driver_of
from store.facts_of_persons import LISTED

KINDS = ("letter", "phone", "email")
_CHANNELS = {"letter": ["letter"], "phone": ["sms", "whatsapp"], "email": ["email"]}
KEPT = 2
"""Of so many files of a country and kind the entries are kept: the newest, and the one before it."""

_COLUMNS = "id, country, kind, dated, file, digest, entries, actor, recorded_at"


def newest(connection: Connection, known_at: datetime | None = None) -> Sequence[Any]:
    """Return the newest register of each country and kind, of those that had been imported by an instant."""
    query = f"""
        SELECT DISTINCT ON (country, kind) {_COLUMNS} FROM registers
         WHERE CAST(:known_at AS timestamptz) IS NULL OR recorded_at <= :known_at
         ORDER BY country, kind, dated DESC
    """
    return connection.execute(text(query), {"known_at": known_at}).all()


def listing(connection: Connection) -> Sequence[Any]:
    """Return all registers, the newest first."""
    return connection.execute(
        text(f"SELECT {_COLUMNS} FROM registers ORDER BY dated DESC, country, kind")
    ).all()


def find(connection: Connection, *, country: str, kind: str, dated: date) -> Any | None:
    """Return a register, None when that file is not here."""
    query = f"SELECT {_COLUMNS} FROM registers WHERE (country, kind, dated) = (:country, :kind, :dated)"
    return connection.execute(text(query), {"country": country, "kind": kind, "dated": dated}).one_or_none()


def add(
    connection: Connection,
    *,
    country: str,
    kind: str,
    dated: date,
    file: str,
    digest: str,
    entries: Iterable[bytes],
    actor: str,
    now: datetime,
) -> int:
    """Write a register with its entries (SHA-256, 32 bytes each; doubled ones once); return how many there are."""
    register = connection.scalar(
        text("""
            INSERT INTO registers (country, kind, dated, file, digest, entries, actor, recorded_at)
            VALUES (:country, :kind, :dated, :file, :digest, 0, :actor, :now) RETURNING id
        """),
        {
            "country": country, "kind": kind, "dated": dated, "file": file, "digest": digest, "actor": actor,
            "now": now,
        },
    )  # fmt: skip
    count = 0
    with (
        driver_of(connection).cursor() as cursor,
        cursor.copy("COPY register_entries (register_id, digest) FROM STDIN") as copy,
    ):
        for entry in set(entries):
            copy.write_row((register, entry))
            count += 1
    connection.execute(
        text("UPDATE registers SET entries = :count WHERE id = :register"),
        {"count": count, "register": register},
    )
    connection.execute(
        text("""
            DELETE FROM register_entries WHERE register_id IN (
                SELECT id FROM registers WHERE (country, kind) = (:country, :kind)
                 ORDER BY dated DESC OFFSET :kept)
        """),
        {"country": country, "kind": kind, "kept": KEPT},
    )
    return count


def listed(connection: Connection, *, country: str, kind: str) -> int:
    """Return how many addresses the newest register of a country and kind lists."""
    query = f"""
        SELECT count(*) FROM addresses a
         WHERE a.removed_at IS NULL AND a.channel = ANY(%(channels)s) AND {LISTED} IS NOT NULL
    """
    found = [one.id for one in newest(connection) if (one.country, one.kind) == (country, kind)]
    values = {"registers": found, "channels": _CHANNELS[kind]}
    return int(connection.exec_driver_sql(query, values).scalar_one())


def unapplied(connection: Connection) -> list[int]:
    """Return the registers for which nothing that waited was decided again yet."""
    return list(connection.scalars(text("SELECT id FROM registers WHERE applied_at IS NULL ORDER BY id")))


def apply(connection: Connection, registers: Sequence[int], *, now: datetime) -> None:
    """Note that what had waited for some registers was decided again."""
    values = {"registers": list(registers), "now": now}
    connection.execute(text("UPDATE registers SET applied_at = :now WHERE id = ANY(:registers)"), values)


def runs_waiting(connection: Connection, *, reason: str) -> list[str]:
    """Return the runs, not stopped, that have messages held for a reason."""
    query = """
        SELECT r.id FROM runs r WHERE r.state IN ('sending', 'finished', 'paused', 'waiting_release') AND EXISTS (
            SELECT 1 FROM messages m WHERE m.run_id = r.id AND m.state = 'held' AND m.reason = :reason)
        ORDER BY r.id
    """
    return list(connection.scalars(text(query), {"reason": str(reason)}))


def waiting(connection: Connection, run: str, *, reason: str, after: str | None, limit: int) -> list[str]:
    """Return messages of a run that are held for a reason, by id, those after one."""
    query = """
        SELECT id::text FROM messages WHERE run_id = :run AND state = 'held' AND reason = :reason
           AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)) ORDER BY id LIMIT :limit
    """
    values = {"run": run, "reason": str(reason), "after": after, "limit": limit}
    return list(connection.scalars(text(query), values))
