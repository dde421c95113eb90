"""Versions of the policy: each set of rules that was ever used is kept, once."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, text


class Rules(Protocol):
    """What is kept of a policy (`preferences.policy.Policy`)."""

    @property
    def digest(self) -> str:
        """Equal rules, equal digest."""

    def to_json(self) -> str:
        """Return the rules as JSON."""


_ADD = text("""
    INSERT INTO policies (digest, rules) VALUES (:digest, CAST(:rules AS jsonb)) ON CONFLICT (digest) DO NOTHING
    RETURNING version
""")


def current_policy(connection: Connection, policy: Rules) -> int:
    """Return the version of these rules, a new one when they were never used before."""
    known = text("SELECT version FROM policies WHERE digest = :digest")
    values = {"digest": policy.digest}
    found = connection.execute(known, values).scalar()
    if found is None:
        found = connection.execute(_ADD, {**values, "rules": policy.to_json()}).scalar()
    if found is None:  # somebody else wrote the same rules at the same time
        found = connection.execute(known, values).scalar_one()
    return int(found)


def rules_of(connection: Connection, version: int) -> str:
    """Return the rules of a version as JSON, for `preferences.policy.policy_from`.

    Raises:
        sqlalchemy.exc.NoResultFound: there is no such version.
    """
    rules = connection.execute(
        text("SELECT rules::text FROM policies WHERE version = :version"), {"version": version}
    )
    return str(rules.scalar_one())


def versions(connection: Connection) -> list[int]:
    """Return every version that was ever used, the newest first."""
    return list(connection.scalars(text("SELECT version FROM policies ORDER BY version DESC")))
