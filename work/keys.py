"""Keys of other systems: made and revoked by somebody, and both are in the audit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection

from store import keys
from store.audit import note
from store.keys import Key
from tidings.problem import Problem
from tidings.role import Role


def add(
    connection: Connection,
    name: str,
    role: Role,
    *,
    scopes: Collection[str],
    known: Collection[str],
    expires_at: datetime | None,
    by: str,
    now: datetime,
) -> str:
    """Make a key and return its secret, which nobody can read again.

    Args:
        connection: in a transaction.
        name: who holds it.
        role: the most that it may.
        scopes: of that, only these; none: all.
        known: the scopes that there are.
        expires_at: it works until then (exclusive); None: until it is revoked.
        by: who makes it, like `staff:ann`.
        now: the moment.

    Raises:
        Problem: the name is taken or empty, a scope is unknown, or the key would have expired already.
    """
    if unknown := sorted(set(scopes) - set(known)):
        raise Problem(f"There is no scope {unknown[0]!r}.", todo=f"Choose of {', '.join(known)}.")
    if not name.strip():
        raise Problem("A key needs a name.", todo="Name the system that holds it.")
    if expires_at is not None and expires_at <= now:
        last = expires_at - timedelta(microseconds=1)
        raise Problem(f"{last:%Y-%m-%d} is over already.", todo="Choose a later day.")
    secret = keys.add(connection, name=name.strip(), role=role, scopes=sorted(scopes), expires_at=expires_at)
    note(
        connection,
        actor=by,
        action="add_key",
        subject=f"key:{name.strip()}",
        detail={"role": role, "scopes": sorted(scopes)},
    )
    return secret


def revoke(connection: Connection, name: str, *, by: str, now: datetime) -> Key:
    """Revoke a key at once.

    Raises:
        Problem: there is no such key.
    """
    key = keys.revoke(connection, name=name, at=now)
    note(connection, actor=by, action="revoke_key", subject=f"key:{name}")
    return key
