"""API keys, kept as SHA-256 only, and the answers to requests that carried an `Idempotency-Key`."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import insert as upsert

from store import tables
from tidings.problem import Problem
from tidings.role import Role

PREFIX = "tdg_"
"""What our keys begin with, so that scanners for leaked secrets know one when they see it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key without its secret."""

    id: int
    name: str
    role: str
    scopes: Sequence[str]
    """Like `touchpoints:write`; empty: all that the role may."""
    created_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    """To the minute."""
    revoked_at: datetime | None


_KEY = "id, name, role, scopes, created_at, expires_at, used_at, revoked_at"
_SEEN = timedelta(minutes=1)
"""How exactly it is known when a key was used last: not every request writes."""


def digest(secret: str) -> bytes:
    """Return what is stored of a key: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).digest()


def add(
    connection: Connection,
    *,
    name: str,
    role: Role,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> str:
    """Make a key and return its secret, which is shown once and never kept.

    Args:
        connection: in a transaction.
        name: stands in the audit of what the key did.
        role: the most that it may.
        scopes: of that, only these; none: all.
        expires_at: it works until then (exclusive); None: until it is revoked.

    Raises:
        Problem: the name is taken (also by a revoked key: names in the audit stay one person's).
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    made = connection.execute(
        upsert(tables.api_keys)
        .values(
            name=name,
            role=role.value,
            key_hash=digest(secret),
            scopes=sorted(set(scopes)),
            expires_at=expires_at,
        )
        .on_conflict_do_nothing(index_elements=["name"])
        .returning(tables.api_keys.c.id)
    ).scalar()
    if made is None:
        raise Problem(
            f"There is already a key named {name!r}.", todo="Choose another name; `tidings keys list`."
        )
    return secret


def listed(connection: Connection) -> list[Key]:
    """Return all keys, oldest first, revoked ones too."""
    rows = connection.execute(text(f"SELECT {_KEY} FROM api_keys ORDER BY id")).mappings()
    return [Key(**row) for row in rows]


def revoke(connection: Connection, *, name: str, at: datetime) -> Key:
    """Revoke a key at once; a key that is revoked already stays as it was.

    Raises:
        Problem: there is no such key.
    """
    row = (
        connection.execute(
            text(f"""UPDATE api_keys SET revoked_at = coalesce(revoked_at, :at) WHERE name = :name
                     RETURNING {_KEY}"""),
            {"name": name, "at": at},
        )
        .mappings()
        .first()
    )
    if row is None:
        raise Problem(f"There is no key named {name!r}.", todo="`tidings keys list` shows them.")
    return Key(**row)


_FIND = text(
    f"SELECT {_KEY} FROM api_keys WHERE key_hash = :digest AND revoked_at IS NULL AND (expires_at > :now) IS NOT FALSE"
)


def find(connection: Connection, secret: str, *, now: datetime) -> Key | None:
    """Return the key that is in force with this secret, and note that it was used."""
    row = connection.execute(_FIND, {"digest": digest(secret), "now": now}).mappings().first()
    if row is None:
        return None
    key = Key(**row)
    if key.used_at is None or now - key.used_at >= _SEEN:
        connection.execute(
            text("UPDATE api_keys SET used_at = greatest(used_at, :now) WHERE id = :id"),
            {"id": key.id, "now": now},
        )
    return key


@dataclass(frozen=True, kw_only=True, slots=True)
class Claimed:
    """The request is ours to carry out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InProgress:
    """The same request is being carried out by somebody else right now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherBody:
    """The key was used for another request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """The same request was answered before."""

    status: int
    answer: Any


def claim(
    connection: Connection,
    *,
    key: int,
    idempotency_key: str,
    request_hash: str,
    stale_before: datetime,
    at: datetime,
) -> Claimed | InProgress | OtherBody | Answered:
    """Claim one request; commit before carrying it out.

    A claim without an answer from before `stale_before` was left by a process that died; it is taken over.
    """
    row = connection.execute(
        text("""
            INSERT INTO api_requests (api_key_id, idempotency_key, request_hash, created_at)
            VALUES (:key, :idempotency_key, :request_hash, :at)
            ON CONFLICT (api_key_id, idempotency_key) DO UPDATE SET created_at = excluded.created_at
                WHERE api_requests.status IS NULL AND api_requests.created_at < :stale_before
                  AND api_requests.request_hash = excluded.request_hash
            RETURNING 1
        """),
        {
            "key": key,
            "idempotency_key": idempotency_key,
            "request_hash": request_hash,
            "stale_before": stale_before,
            "at": at,
        },
    ).first()
    if row is not None:
        return Claimed()
    known = connection.execute(
        text("""SELECT request_hash, status, answer FROM api_requests
                WHERE api_key_id = :key AND idempotency_key = :idempotency_key"""),
        {"key": key, "idempotency_key": idempotency_key},
    ).one_or_none()
    if known is None:  # given up between our two statements
        return InProgress()
    if known.request_hash != request_hash:
        return OtherBody()
    if known.status is None:
        return InProgress()
    return Answered(status=known.status, answer=known.answer)


def answer(connection: Connection, *, key: int, idempotency_key: str, status: int, body: Any) -> None:
    """Keep the answer for the next time the same request comes."""
    connection.execute(
        tables.api_requests.update()
        .where(
            tables.api_requests.c.api_key_id == key, tables.api_requests.c.idempotency_key == idempotency_key
        )
        .values(status=status, answer=body)
    )


def give_up(connection: Connection, *, key: int, idempotency_key: str) -> None:
    """Forget a claim whose request could not be carried out, so that the corrected one may use the same key."""
    connection.execute(
        tables.api_requests.delete().where(
            tables.api_requests.c.api_key_id == key,
            tables.api_requests.c.idempotency_key == idempotency_key,
            tables.api_requests.c.status.is_(None),
        )
    )
